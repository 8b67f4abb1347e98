"""Any ONNX detector by onnxruntime on the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-not-found] # lives in Triton's environment only

from vigie_backend.boxes import finish
from vigie_backend.decoders import DECODERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from vigie_backend.boxes import Floats
    from vigie_backend.description import Description


TYPES: dict[str, type[np.floating[Any]]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
"""What a network may take; half precision is converted on the way in and out."""


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
        self._input, self._type = _input(self._session.get_inputs(), description)
        self._outputs = [output.name for output in self._session.get_outputs()]

    def detect(self, image: npt.NDArray[np.uint8]) -> Floats:
        """DETECTIONS (n, 6) float32 in pixels of `image` (h, w, 3) BGR."""
        size = (image.shape[1], image.shape[0])
        into = (self._description.width, self._description.height)
        place = self._decoder.geometry(size, into)
        scaled = cv2.resize(image, (place.width, place.height), interpolation=cv2.INTER_LINEAR)
        tensor = self._decoder.tensor(np.asarray(scaled, dtype=np.uint8), place, into)
        outputs = self._session.run(self._outputs, {self._input: tensor.astype(self._type, copy=False)})
        whole = [np.asarray(output, dtype=np.float32) for output in outputs]
        found = self._decoder.candidates(whole, self._description)
        return finish(place.onto_image(found.xyxy), found.scores, found.labels, size, self._description)


def _input(inputs: Sequence[Any], description: Description) -> tuple[str, type[np.floating[Any]]]:
    """Name and type of the one input, an image.

    Raises:
        ValueError: the file wants another image than the catalogue says, or more than an image.
    """
    image = inputs[0]
    expected = [1, 3, description.height, description.width]
    sides = len(image.shape) == len(expected) and all(
        not isinstance(side, int) or side == due for side, due in zip(image.shape, expected, strict=True)
    )
    if len(inputs) != 1 or not sides or image.type not in TYPES:
        found = " and ".join(f"{each.name}: {each.type} {each.shape}" for each in inputs)
        raise ValueError(
            f"model {description.name}: its file takes {found}, the catalogue says one image {expected} of "
            f"{' or '.join(TYPES)}: correct its input in the catalogue, or export the network without its postprocessor"
        )
    return image.name, TYPES[image.type]
