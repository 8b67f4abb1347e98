"""Triton's side of the model contract, importable here; a frame to make records from."""

import sys

import numpy as np
import pytest

from vigie_common.paths import repository_resource

sys.path.insert(0, str(repository_resource("models/backend")))


@pytest.fixture
def describe():
    """Makes the description of a model, as `detector.json` gives it to a decoder."""
    from vigie_backend.description import Description

    from vigie_common.taxonomy import CLASS_GROUP

    def make(**fields):
        defaults = {
            "name": "test",
            "decoder": "yolox",
            "file": "model.onnx",
            "width": 64,
            "height": 32,
            "score": 0.3,
            "nms_iou": 0.5,
            "classes": (1, 5, 8, -1),
            "groups": CLASS_GROUP,
            "threads": 1,
        }
        return Description(**(defaults | fields))

    return make


@pytest.fixture
def frame():
    """Makes a Frame record."""

    def make(**fields):
        return {
            "camera_id": "cam-1",
            "session": "01900000-0000-7000-8000-000000000000",
            "seq": 7,
            "captured_at": 1_000,
            "clock": "recording",
            "status": "ok",
            "reason": None,
            "camera_version": "v1",
            "models": ["hog"],
            "width": 640,
            "height": 360,
            "source_width": 1920,
            "source_height": 1080,
            "source_frame": 3,
            "jpeg": b"",
        } | fields

    return make


@pytest.fixture
def random():
    return np.random.default_rng(7)
