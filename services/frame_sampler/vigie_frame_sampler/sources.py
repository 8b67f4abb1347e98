"""Where pictures come from: one interface over files, folders and RTSP cameras.

A source gives the wanted pictures of one connection, or of one whole recording. It ends by returning only when
a recording is over; everything else is an error that names the camera and the fix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vigie_frame_sampler.picture import Limits, Picture
from vigie_frame_sampler.recording_source import RecordingSource
from vigie_frame_sampler.rtsp_source import RtspSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vigie_frame_sampler.plan import CameraPlan


class Source(Protocol):
    """Pictures of one camera, thinned out to its sampling rate."""

    def pictures(self, stopped: Callable[[], bool]) -> Iterator[Picture]:
        """The wanted pictures, until the recording ends or `stopped()`.

        Raises:
            BadInputError: what the camera's version says cannot work; it has to be changed.
            SourceError: it does not work now.
        """
        ...

    def remark(self) -> str | None:
        """What was wrong with a recording that was read to its end, if anything."""
        ...


def open_source(plan: CameraPlan, limits: Limits | None = None) -> Source:
    """The source of a camera. Nothing is opened before the first picture is asked for."""
    return RtspSource(plan, limits or Limits()) if plan.kind == "rtsp" else RecordingSource(plan)
