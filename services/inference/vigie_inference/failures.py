"""What may go wrong with one image at Triton, sorted by what to do about it."""

from __future__ import annotations

from vigie_common.errors import DependencyError, PoisonRecordError, VigieError


class TritonAwayError(DependencyError):
    """Triton does not answer, or refuses more work for now: the same request is right later."""


class ModelNotServedError(DependencyError):
    """Triton answers but does not serve the model: it is being loaded, was unloaded, or does not exist."""


class InferenceFailedError(DependencyError):
    """Triton took the request and failed: after a few tries the frame is given up."""


class ImageRefusedError(PoisonRecordError):
    """Triton cannot read the image, now or ever."""


class UnknownModelError(PoisonRecordError):
    """A frame asks for a model that Triton does not have, or for none."""


class FrameTooOldError(VigieError):
    """Nobody needs the answer any more."""
