"""What leaves the sampler: masks burned in at every size, full range, every pixel layout."""

import av
import numpy as np
import pytest
import simplejpeg
from av.video.reformatter import ColorRange
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vigie_frame_sampler.masks import draw_masks
from vigie_frame_sampler.plan import Mask
from vigie_frame_sampler.planes import jpeg_of, planes_of, sampled_size

TRIANGLE = Mask("t", ((0.10, 0.15), (0.55, 0.20), (0.30, 0.80)))
EDGE = Mask("e", ((0.7, 0.0), (1.0, 0.0), (1.0, 1.0), (0.7, 1.0)))
SECRET = 200


def inside(polygon, xs, ys):
    """Even-odd test of points against a polygon of pixels."""
    hit = np.zeros(xs.shape, bool)
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if y1 != y2:
            crosses = (ys < y1) != (ys < y2)
            hit ^= crosses & (xs < (x2 - x1) * (ys - y1) / (y2 - y1) + x1)
    return hit


def frame_of(pixels, layout="yuv420p"):
    return av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=layout)


@pytest.mark.parametrize("source", [(1920, 1080), (1280, 720), (767, 431), (320, 192)])
@pytest.mark.parametrize("width", [960, 640, 321, 64])
def test_masks_hide_every_pixel_they_touch(source, width):
    frame = frame_of(np.full((source[1], source[0], 3), SECRET, np.uint8))
    planes = planes_of(frame, width)
    stamp = draw_masks([TRIANGLE, EDGE], planes.width, planes.height)
    stamp.burn(planes)
    image = simplejpeg.decode_jpeg(jpeg_of(planes))
    height, width = image.shape[:2]
    xs, ys = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    for mask in (TRIANGLE, EDGE):
        polygon = [(x * width, y * height) for x, y in mask.points]
        hidden = inside(polygon, xs, ys)
        assert hidden.any()
        assert int(image[hidden].max()) < 60  # black, but for the ringing of the JPEG along the edge
    assert int(image[-1, 0].min()) > 180


def test_the_planes_themselves_are_black_and_grey_under_a_mask():
    frame = frame_of(np.random.default_rng(0).integers(0, 256, (192, 320, 3), np.uint8))
    planes = planes_of(frame, 320)
    stamp = draw_masks([TRIANGLE], planes.width, planes.height)
    stamp.burn(planes)
    assert set(planes.y[stamp.hidden]) == {0}
    quarter = stamp.hidden.reshape(planes.height // 2, 2, planes.width // 2, 2).any(axis=(1, 3))
    assert set(planes.u[quarter]) | set(planes.v[quarter]) == {128}


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(st.tuples(*[st.integers(0, 10_000).map(lambda n: n / 10_000)] * 2), min_size=3, max_size=8),
    width=st.integers(8, 100).map(lambda n: n * 2),
    height=st.integers(8, 60).map(lambda n: n * 2),
)
@example(points=[(0.0, 0.9981), (0.0006, 0.9981), (0.0499, 0.9125)], width=200, height=16)
@example(points=[(0.0, 0.9981)] * 3, width=16, height=16)
def test_no_pixel_whose_centre_lies_in_a_mask_shows(points, width, height):
    stamp = draw_masks([Mask("m", tuple(points))], width, height)
    xs, ys = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    hidden = inside([(x * width, y * height) for x, y in points], xs, ys)
    assert not (hidden & ~stamp.hidden).any()


def test_limited_range_becomes_full_range():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, 32:] = 255
    frame = frame_of(pixels)
    assert int(np.frombuffer(frame.planes[0], np.uint8).min()) == 16  # the footage really is of limited range
    planes = planes_of(frame, 64)
    assert (int(planes.y.min()), int(planes.y.max())) == (0, 255)


def test_full_range_is_left_as_it_is():
    frame = frame_of(np.full((64, 64, 3), 100, np.uint8), "yuvj420p")
    frame.color_range = ColorRange.JPEG
    assert set(planes_of(frame, 64).y.flat) == {100}


def test_below_black_stays_black():
    frame = frame_of(np.zeros((64, 64, 3), np.uint8))
    luma = np.frombuffer(frame.planes[0], np.uint8)
    luma.flags.writeable or luma.setflags(write=True)
    luma[:] = 3
    assert set(planes_of(frame, 64).y.flat) == {0}


@pytest.mark.parametrize("layout", ["yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "nv12", "yuv444p", "rgb24", "gray"])
def test_every_pixel_layout_gives_the_same_grey(layout):
    pixels = np.full((96, 160, 3), 90, np.uint8)
    image = simplejpeg.decode_jpeg(jpeg_of(planes_of(frame_of(pixels, layout), 80)))
    assert image.shape == (48, 80, 3)
    assert np.abs(image.astype(int) - 90).max() <= 3


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p", "rgb24"])
def test_colours_survive(layout):
    pixels = np.empty((96, 160, 3), np.uint8)
    pixels[:] = (180, 60, 40)
    image = simplejpeg.decode_jpeg(jpeg_of(planes_of(frame_of(pixels, layout), 160)))
    assert np.abs(image[48, 80].astype(int) - (180, 60, 40)).max() <= 8


@pytest.mark.parametrize(
    ("source", "width", "expected"),
    [
        ((1920, 1080), 960, (960, 540)),
        ((768, 576), 960, (768, 576)),
        ((767, 431), 960, (766, 430)),
        ((4000, 10), 16, (16, 2)),
    ],
)
def test_the_sampled_size_is_even_proportional_and_never_larger(source, width, expected):
    assert sampled_size(*source, width) == expected
