"""What may go wrong with one image at Triton, sorted by what to do about it."""

from __future__ import annotations

from vigie_common.errors import DependencyError, PoisonRecordError, VigieError


class TritonAwayError(DependencyError):
    """Triton does not answer: the same request is right later."""


class TritonFullError(DependencyError):
    """Triton's queue is full, or held the request for too long: the same request is right in a moment."""


class ModelNotServedError(DependencyError):
    """Triton answers but does not serve the model: it is being loaded, was unloaded, or does not exist."""


class InferenceFailedError(DependencyError):
    """Triton took the request and failed: after a few tries the frame is given up."""


class OutOfMemoryError(InferenceFailedError):
    """The model found no memory: fewer images at once may help."""


class TritonSlowError(InferenceFailedError):
    """No answer within the time-out."""


class ImageRefusedError(PoisonRecordError):
    """Triton cannot read the image, now or ever."""


class UnknownModelError(PoisonRecordError):
    """A frame asks for a model that Triton does not have, or for none."""


class FrameTooOldError(VigieError):
    """Nobody needs the answer any more."""
