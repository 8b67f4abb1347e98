"""What the cameras of the benchmarks show, encoded once and kept in the download cache; and ffmpeg to compare with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
import cv2
import numpy as np

from vigie_dev.footage import find_footage
from vigie_dev.install import whole
from vigie_dev.places import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

SIMULATOR: Final = Path(__file__).parents[1] / "rtsp" / "simulator.py"
FFMPEG: Final = "imageio-ffmpeg==0.8.1"
"""A static ffmpeg in a wheel, for this comparison alone: where the machine has no ffmpeg of its own."""

_NOISE: Final = 2.0
"""Standard deviation of a sensor's noise, steps of luma: without it, every picture would cost next to nothing."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A camera's stream: size, pictures a second, seconds between key frames, bits a second."""

    width: int
    height: int
    rate: int
    key_s: float
    bits: int
    seconds: int = 8
    codec: str = "libx264"

    @property
    def path(self) -> Path:
        """The encoded clip; made at first use."""
        digest = sha256(json.dumps(astuple(self)).encode()).hexdigest()[:12]
        folder = cache_folder() / "bench" / f"clip-{digest}"
        if not folder.is_dir():
            with whole(folder) as building:
                self._encode(building / "clip.mp4")
        return folder / "clip.mp4"

    def _encode(self, path: Path) -> None:
        random = np.random.default_rng(1)
        grain = np.clip(random.normal(0, _NOISE, (self.height + 64, self.width + 64)), -20, 20).astype(np.int8)
        with av.open(str(path), "w") as container:
            stream = container.add_stream(self.codec, rate=self.rate, options={"preset": "veryfast"})
            stream.width, stream.height, stream.pix_fmt = self.width, self.height, "yuv420p"
            stream.bit_rate = self.bits
            stream.codec_context.gop_size = round(self.key_s * self.rate)
            stream.codec_context.max_b_frames = 0  # as cameras do, whose pictures must not wait for later ones
            for number, image in zip(range(self.seconds * self.rate), self._pictures(), strict=False):
                across, down = random.integers(0, 64, 2)
                seen = grain[down : down + self.height, across : across + self.width, None]
                noisy = np.clip(image.astype(np.int16) + seen, 0, 255).astype(np.uint8)
                frame = av.VideoFrame.from_ndarray(noisy, format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, self.rate)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    def _pictures(self) -> Iterator[np.ndarray]:
        """People crossing a road, enlarged."""
        while True:
            with av.open(str(find_footage())) as footage:
                for frame in footage.decode(video=0):
                    image = frame.to_ndarray(format="bgr24")
                    image = cv2.resize(image, (self.width, self.height), interpolation=cv2.INTER_CUBIC)
                    yield image


MAIN: Final = Clip(1920, 1080, 25, 1.0, 3_000_000)
"""A main stream as cameras are delivered: a key frame a second."""

MAIN_KEYS: Final = Clip(1920, 1080, 25, 0.5, 3_000_000)
"""The same with the key frame interval equal to the sampling period at 2 fps."""

SUB: Final = Clip(640, 360, 10, 1.0, 400_000)
"""A sub-stream."""

SNAPSHOT: Final = Clip(1280, 720, 10, 1.0, 4_000_000)
"""What a camera gives as single pictures, or as MJPEG."""


@contextmanager
def cameras(clip: Clip, count: int) -> Iterator[list[str]]:
    """Simulated RTSP cameras that play a clip for ever, not in step; their addresses."""
    command = [sys.executable, str(SIMULATOR), str(clip.path), "--cameras", str(count), "--spread", str(clip.key_s)]
    simulator = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert simulator.stdout is not None
        port = json.loads(simulator.stdout.readline())["port"]
        yield [f"rtsp://127.0.0.1:{port}/cam{number}" for number in range(count)]
    finally:
        simulator.communicate(timeout=20)


@contextmanager
def http_cameras(clip: Clip, count: int, path: str, rate: float, quality: int = 80) -> Iterator[list[str]]:
    """HTTP cameras that show a clip; their addresses."""
    command = [
        sys.executable,
        str(Path(__file__).with_name("http_cameras.py")),
        str(clip.path),
        str(rate),
        str(quality),
    ]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = json.loads(server.stdout.readline())["port"]
        yield [f"http://127.0.0.1:{port}/{number}/{path}" for number in range(count)]
    finally:
        server.communicate(timeout=20)


def ffmpeg() -> str:
    """An ffmpeg program: the machine's, else one from a pinned wheel, kept in the download cache."""
    own = os.environ.get("FFMPEG") or shutil.which("ffmpeg")
    if own:
        return own
    folder = cache_folder() / "bench" / FFMPEG
    if not folder.is_dir():
        with whole(folder) as building:
            install = ["uv", "pip", "install", "--quiet", "--no-deps", "--target", str(building), FFMPEG]
            subprocess.run([sys.executable, "-m", *install], check=True)
    return str(next(folder.glob("imageio_ffmpeg/binaries/ffmpeg-*")))
