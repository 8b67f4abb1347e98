"""Footage made on the spot, and plans of cameras."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "rtsp"))

from sampler_footage import write_clip

from vigie_frame_sampler.plan import CameraPlan


@pytest.fixture
def clip(tmp_path):
    """Makes a video file: `clip("name.mp4", pictures=50, rate=25, gop=25, codec="libx264", b_frames=0)`."""
    return lambda name="clip.mp4", **options: write_clip(tmp_path / name, **options)


@pytest.fixture
def plan():
    """Makes the plan of a camera that reads a file as fast as possible."""

    def make(**fields):
        defaults = {
            "camera_id": "cam-1",
            "version": "v1",
            "kind": "file",
            "uri": "clip.mp4",
            "fps": 5.0,
            "width": 320,
            "pace": "fast",
            "start_ms": 1_000_000,
        }
        return CameraPlan(**(defaults | fields))

    return make
