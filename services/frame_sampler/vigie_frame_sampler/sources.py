"""Where pictures come from: one interface over files, folders and cameras.

A source gives the wanted pictures of one connection, or of one whole recording. It ends by returning only when
a recording is over; everything else is an error that names the camera and the fix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from vigie_frame_sampler.mjpeg_source import MjpegSource
from vigie_frame_sampler.notes import Notes
from vigie_frame_sampler.picture import Limits, Picture
from vigie_frame_sampler.recording_source import RecordingSource
from vigie_frame_sampler.rtsp_source import RtspSource
from vigie_frame_sampler.snapshot_source import SnapshotSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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


_CAMERAS: Final[Mapping[str, Callable[[CameraPlan, Limits, Notes], Source]]] = {
    "rtsp": RtspSource,
    "mjpeg": MjpegSource,
    "snapshot": SnapshotSource,
}


def open_source(plan: CameraPlan, limits: Limits | None = None, notes: Notes | None = None) -> Source:
    """The source of a camera. Nothing is opened before the first picture is asked for."""
    camera = _CAMERAS.get(plan.kind)
    return RecordingSource(plan) if camera is None else camera(plan, limits or Limits(), notes or Notes())
