# noqa: INP001 - Triton loads this file by its path
"""Triton's side of the model contract: IMAGE (BYTES, one JPEG) in, DETECTIONS (FP32, n x 6) out.

Triton loads this file once an instance. What to run stands in `detector.json` beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt
import triton_python_backend_utils as pb_utils
from vigie_backend.decoders import DECODERS
from vigie_backend.description import Description, read_description
from vigie_backend.hog import HogDetector
from vigie_backend.image import UnreadableImageError, decode
from vigie_backend.network import NetworkDetector


class Detector(Protocol):
    """What finds boxes in an image."""

    def detect(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """DETECTIONS (n, 6) float32: x1 y1 x2 y2 score class, pixels of `image` (h, w, 3) BGR."""


def detector(description: Description, folder: Path) -> Detector:
    """The detector that a description asks for; `folder` holds its model file."""
    embedded = {"hog": HogDetector}
    return (embedded | dict.fromkeys(DECODERS, NetworkDetector))[description.decoder](description, folder)


class TritonPythonModel:
    """The interface that Triton's Python backend asks for."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the detector that lies beside this file."""
        folder = Path(args["model_repository"]) / args["model_version"]
        description = read_description(folder / "detector.json")
        cv2.setNumThreads(description.threads)
        self._detector = detector(description, folder)

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response a request, each on its own: a bad image fails its request, not its batch."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        images = pb_utils.get_input_tensor_by_name(request, "IMAGE").as_numpy()
        if images.size != 1:
            return _refused(f"IMAGE has {images.size} elements: send one JPEG a request, Triton batches requests")
        try:
            found = self._detector.detect(decode(images.reshape(-1)[0]))
        except UnreadableImageError as error:
            return _refused(str(error))
        return pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor("DETECTIONS", found[np.newaxis])])


def _refused(message: str) -> Any:
    error = pb_utils.TritonError(message, pb_utils.TritonError.INVALID_ARG)
    return pb_utils.InferenceResponse(output_tensors=[], error=error)
