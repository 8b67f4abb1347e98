"""One picture from a camera itself, through the sampler's own reader: scaled and masked as a frame would be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import av.error

from vigie_common.errors import BadInputError, DependencyError, VigieError
from vigie_common.identity import session_id
from vigie_frame_sampler.credentials import without_credentials
from vigie_frame_sampler.frames import FrameWriter
from vigie_frame_sampler.plan import plan_from_record
from vigie_frame_sampler.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAULTS: Final = (av.error.FFmpegError, ValueError)


def picture_of(camera: Mapping[str, Any]) -> bytes:
    """The JPEG of the first picture that the source of a Camera record gives; its masks are burned in.

    Raises:
        BadInputError: the source cannot be read as the record says, or credentials are missing in this shell.
        DependencyError: the camera does not give a picture now.
    """
    plan = plan_from_record(camera)
    try:
        for picture in open_source(plan).pictures(lambda: False):
            frame: bytes = FrameWriter(plan, session_id).image(picture, 0, "arrival")["jpeg"]
            return frame
    except BadInputError:
        raise
    except VigieError as away:
        raise DependencyError(without_credentials(str(away))) from None
    except _FAULTS as fault:
        raise DependencyError(without_credentials(f"camera {plan.camera_id}: {fault}")) from None
    raise BadInputError(f"camera {plan.camera_id}: its source has no picture in it")
