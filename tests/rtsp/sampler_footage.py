"""Footage for the sampler's tests, made on the spot: pictures whose content tells which one they are."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

DIGITS = 8
"""A picture carries its number in this many blocks along its upper edge, white for 1, black for 0."""


def picture(number, width=320, height=192, background=110):
    """A picture (height, width, 3) uint8 RGB: its number in blocks above, a square that moves below."""
    image = np.full((height, width, 3), background, np.uint8)
    block = width // DIGITS
    for digit in range(DIGITS):
        image[: height // 4, digit * block : (digit + 1) * block] = 235 if number >> digit & 1 else 20
    left = 8 + (number * 6) % (width - 48)
    image[height // 2 : height // 2 + 32, left : left + 32] = (200, 60, 40)
    return image


def number_in(image):
    """The number that `picture` wrote (modulo 256), from a decoded image (height, width[, 3])."""
    grey = image if image.ndim == 2 else image.mean(axis=2)
    height, width = grey.shape
    block = width / DIGITS
    row = grey[height // 8]
    return sum(1 << digit for digit in range(DIGITS) if row[int((digit + 0.5) * block)] > 127)


def write_clip(
    path, *, pictures=50, rate=25, gop=25, codec="libx264", b_frames=0, width=320, height=192, options=None, shades=None
):
    """A video file; returns its path. `shades`: luma of whole pictures instead of numbered ones."""
    defaults = {"libx264": {"preset": "ultrafast", "sc_threshold": "0", "x264-params": "keyint_min=1"}}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=(defaults.get(codec, {}) | (options or {})))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if codec == "mjpeg":
            stream.pix_fmt = "yuvj420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = b_frames
        stream.codec_context.thread_count = 1
        for number in range(pictures):
            pixels = (
                picture(number, width, height)
                if shades is None
                else np.full((height, width, 3), shades[number], np.uint8)
            )
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
