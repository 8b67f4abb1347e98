"""The person detector inside OpenCV: histograms of oriented gradients and a linear SVM. Nothing to download.

Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", CVPR 2005, with OpenCV's default
64 x 128 people detector. For trying things out: it finds upright people seen from the side and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from vigie_backend.boxes import finish

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from vigie_backend.boxes import Floats
    from vigie_backend.description import Description

STRIDE = (8, 8)
"""Step of the window, pixels of the scaled image; 8 is the block stride: the least that shares work."""
PADDING = (8, 8)
"""Border in which a window may begin, pixels: people who touch the image's edge."""
SCALE_STEP = 1.2
"""Ratio of two levels of the pyramid: 1.2 costs a third of OpenCV's 1.05 and finds nearly as many."""
HIT_MARGIN = 0.0
"""Distance to the SVM's plane from which a window is a candidate."""
MARGINS = (0.215, 0.115, 0.215, 0.15)
"""Left, top, right, bottom: shares of the window around the person, cut off.

The training windows have an eighth above and below and a quarter on each side; these were measured against
yolox-nano on a street clip, where they put the foot within 0.01 heights (median).
"""


class HogDetector:
    """People by HOG. The image is first scaled so that its longer side is the catalogue's input width.

    A person must be about 96 pixels tall to fill the window: scaling 768 up to 960 doubles what is found in
    street views. The score is the logistic function of the SVM margin: 0.5 on the plane.
    """

    def __init__(self, description: Description, folder: Path) -> None:
        del folder  # nothing is loaded
        self._description = description
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector()))

    def detect(self, image: npt.NDArray[np.uint8]) -> Floats:
        """DETECTIONS (n, 6) float32 in pixels of `image` (h, w, 3) BGR."""
        height, width = image.shape[:2]
        ratio = self._description.width / max(height, width)
        window_w, window_h = self._hog.winSize
        scaled = cv2.resize(image, (max(window_w, round(width * ratio)), max(window_h, round(height * ratio))))
        windows, margins = self._hog.detectMultiScale(
            scaled,
            hitThreshold=HIT_MARGIN,
            winStride=STRIDE,
            padding=PADDING,
            scale=SCALE_STEP,
            groupThreshold=0,  # suppression is ours: grouping averages boxes and loses their scores
        )
        ratios = np.asarray([scaled.shape[1] / width, scaled.shape[0] / height], dtype=np.float32)
        xywh = np.asarray(windows, dtype=np.float32).reshape(-1, 4)
        left, top, right, bottom = np.asarray(MARGINS, dtype=np.float32)
        near = xywh[:, :2] + xywh[:, 2:] * (left, top)
        far = xywh[:, :2] + xywh[:, 2:] * (1 - right, 1 - bottom)
        xyxy = np.concatenate([near / ratios, far / ratios], axis=1).astype(np.float32)
        logistic = 1 / (1 + np.exp(-np.asarray(margins, dtype=np.float64).reshape(-1)))
        scores = logistic.astype(np.float32)
        labels = np.zeros(len(xyxy), dtype=np.int64)
        return finish(xyxy, scores, labels, (width, height), self._description)
