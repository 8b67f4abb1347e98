"""Any ONNX detector by onnxruntime on the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-not-found] # lives in Triton's environment only

from vigie_backend.boxes import finish
from vigie_backend.decoders import DECODERS, letterbox

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from vigie_backend.boxes import Floats
    from vigie_backend.description import Description


class NetworkDetector:
    """A network and its decoder. Deterministic with one thread."""

    def __init__(self, description: Description, folder: Path) -> None:
        self._description = description
        self._decoder = DECODERS[description.decoder]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = description.threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / description.file), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name

    def detect(self, image: npt.NDArray[np.uint8]) -> Floats:
        """DETECTIONS (n, 6) float32 in pixels of `image` (h, w, 3) BGR."""
        size = (image.shape[1], image.shape[0])
        into = (self._description.width, self._description.height)
        box = letterbox(size, into)
        scaled = cv2.resize(image, (box.width, box.height), interpolation=cv2.INTER_LINEAR)
        tensor = self._decoder.tensor(np.asarray(scaled, dtype=np.uint8), into)
        (output,) = self._session.run([self._output], {self._input: tensor})
        found = self._decoder.candidates(output, self._description)
        return finish(found.xyxy / np.float32(box.ratio), found.scores, found.labels, size, self._description)
