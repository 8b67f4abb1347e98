"""What network sources are made of, without a network: timelines, floods, pictures in a stream of bytes, traces."""

import contextlib
import re
from itertools import pairwise

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st
from sampler_footage import number_in, picture

from vigie_frame_sampler.flood import BURST_S, PICTURES_A_SECOND, PacedGrid, ReadingPace, Spacing
from vigie_frame_sampler.jpeg_decode import decode_jpeg
from vigie_frame_sampler.jpeg_stream import MAX_BETWEEN_BYTES, JpegStream, NoPicturesError, wall_clock_ms
from vigie_frame_sampler.notes import Notes
from vigie_frame_sampler.timeline import STILL_PICTURES, Timeline
from vigie_frame_sampler.trace import traceparent

JPEGS = [simplejpeg.encode_jpeg(picture(n, 64, 48), 85, "RGB", "420") for n in range(4)]
BODY = b"".join(
    b"--b\r\nContent-Type: image/jpeg\r\nX-Timestamp: %d.25\r\n\r\n%s\r\n" % (1_700_000_000 + n, jpeg)
    for n, jpeg in enumerate(JPEGS)
)


def test_a_timeline_begins_at_zero_and_follows_the_stream():
    timeline = Timeline()
    placed = [timeline.place(900.0 + n * 0.04, 5.0 + n * 0.04 + 0.01 * (n % 3)) for n in range(100)]
    assert placed == pytest.approx([n * 0.04 for n in range(100)])
    assert (timeline.jumps, timeline.distrusted) == (0, None)


@pytest.mark.parametrize("jump_s", [36_000.0, -36_000.0, -1.5, 2.5])
def test_a_jump_is_bridged_by_arrival(jump_s):
    timeline = Timeline()
    placed = [timeline.place(n * 0.2 + (jump_s if n >= 10 else 0), n * 0.2) for n in range(20)]
    assert placed == pytest.approx([n * 0.2 for n in range(20)])
    assert timeline.jumps == 1


def test_a_network_that_holds_back_and_hands_over_is_no_jump():
    timeline = Timeline()
    arrivals = [n * 0.1 if n < 20 or n > 70 else 7.0 for n in range(150)]
    assert [timeline.place(n * 0.1, at) for n, at in enumerate(arrivals)] == pytest.approx(
        [n * 0.1 for n in range(150)]
    )
    assert (timeline.jumps, timeline.distrusted) == (0, None)


@pytest.mark.parametrize("pace", [0.0, 0.1, 20.0])
def test_timestamps_at_another_pace_are_given_up_for_arrival(pace):
    timeline = Timeline()
    placed = [timeline.place(n * 0.04 * pace, n * 0.04) for n in range(500)]
    assert timeline.distrusted is not None
    assert [b - a for a, b in pairwise(placed[200:])] == pytest.approx([0.04] * 299)


def test_missing_timestamps_are_filled_in_by_arrival():
    timeline = Timeline()
    placed = [timeline.place(None if n % 2 else n * 0.1, n * 0.1) for n in range(STILL_PICTURES * 4)]
    assert all(b >= a for a, b in pairwise(placed))
    assert placed[-1] == pytest.approx((STILL_PICTURES * 4 - 1) * 0.1, abs=0.2)


def test_reordered_pictures_keep_their_order():
    timeline = Timeline()
    stamps = [0.0, 0.12, 0.04, 0.08, 0.24, 0.16, 0.20]
    assert [timeline.place(s, n * 0.04) for n, s in enumerate(stamps)] == pytest.approx(stamps)


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=2, max_size=200))
def test_no_timestamps_lead_the_timeline_away_from_arrival_for_long(stamps):
    timeline = Timeline()
    placed = [timeline.place(stamp, n * 0.2) for n, stamp in enumerate(stamps)]
    assert max(abs(b - a) for a, b in pairwise(placed)) < 5.0


def test_a_flood_earns_no_more_pictures_than_the_rate():
    grid = PacedGrid(5.0)
    taken = 0
    for n in range(20_000):  # 20 s of arrival, in which 1,000 s of the stream come
        grid.arrived(n * 0.001)
        taken += grid.wants(n * 0.05) and grid.take(n * 0.05)
    assert taken <= 20 * 5 * 1.25 + BURST_S * 5 + 1
    assert taken >= 20 * 5


def test_an_even_stream_is_never_refused_a_picture():
    grid = PacedGrid(5.0)
    taken = 0
    for n in range(2_500):
        grid.arrived(n * 0.04)
        taken += grid.take(n * 0.04)
    assert (taken, grid.refused) == (500, 0)


def test_reading_rests_evenly_once_too_much_comes():
    pace, now_s = ReadingPace(), 0.0
    for _ in range(2_000):
        now_s += 0.0001
        now_s += pace.rest_s(now_s)
    assert now_s == pytest.approx(2_000 / PICTURES_A_SECOND - 1.0, abs=0.2)
    assert pace.floods >= 5
    assert all(ReadingPace().rest_s(n * 0.04) == 0.0 for n in range(100))


def test_the_interval_of_a_source_is_measured():
    spacing = Spacing()
    assert [spacing.add(n * 0.2) for n in range(5)] == [None] * 5
    assert spacing.add(1.0) == pytest.approx(0.2)


@given(st.lists(st.integers(1, len(BODY)), max_size=8))
def test_the_same_pictures_are_found_however_the_bytes_come(cuts):
    stream, edges = JpegStream(), sorted({0, *cuts, len(BODY)})
    parts = [part for a, b in pairwise(edges) for part in stream.feed(BODY[a:b])]
    assert [part.jpeg for part in parts] == JPEGS
    assert [part.stream_ms for part in parts] == [1_700_000_000_250 + n * 1000 for n in range(4)]


def test_a_picture_inside_another_and_one_that_breaks_off_are_told_apart():
    thumbnail = b"\xff\xe1" + (len(JPEGS[0]) + 2).to_bytes(2, "big") + JPEGS[0]
    nested = JPEGS[1][:2] + thumbnail + JPEGS[1][2:]
    torn = JPEGS[2][:-12]  # within its coded data
    stream = JpegStream()
    assert [part.jpeg for part in stream.feed(nested + torn + JPEGS[3])] == [nested, JPEGS[3]]
    assert stream.torn >= 1


def test_a_large_picture_that_breaks_off_costs_itself_alone():
    data = bytes(MAX_BETWEEN_BYTES + 50_000)  # coded data, as far as markers go
    large = JPEGS[0][:-2] + data
    line = b"\r\nX-Timestamp: 1700000009.25\r\n\r\n"
    stream = JpegStream()
    found = [(part.jpeg, part.stream_ms) for part in stream.feed(large + line + JPEGS[1] + large + line + JPEGS[2])]
    assert found == [(JPEGS[1], 1_700_000_009_250), (JPEGS[2], 1_700_000_009_250)]
    assert stream.torn == 2


@given(st.binary(max_size=4_000))
def test_random_bytes_before_a_picture_do_not_hide_the_next_two(noise):
    stream = JpegStream()
    list(stream.feed(noise + b"\r\n" + JPEGS[0] + b"\r\n" + JPEGS[1]))
    found = [part.jpeg for part in stream.feed(b"\r\n" + b"\0" * 70_000 + JPEGS[2] + b"\r\n" + JPEGS[3])]
    assert not found or found[-1].endswith(JPEGS[3])


def test_bytes_without_a_picture_are_given_up():
    with pytest.raises(NoPicturesError, match="256 KiB without the beginning of a JPEG"):
        list(JpegStream().feed(bytes(MAX_BETWEEN_BYTES + 10)))


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1700000000.250000", 1_700_000_000_250),
        (" 1700000000250 ", 1_700_000_000_250),
        ("1700000000250000", 1_700_000_000_250),
        ("1700000000", None),
        ("yesterday", None),
        ("", None),
        ("1.7e9", None),
    ],
)
def test_the_time_of_a_part_is_read_in_the_units_that_cameras_use(text, ms):
    assert wall_clock_ms(text) == ms


@pytest.mark.parametrize("subsampling", ["420", "422", "444", "440"])
@pytest.mark.parametrize("width", [1280, 640, 600, 320])
def test_a_picture_is_decoded_in_the_sampled_size_with_its_colours(subsampling, width):
    image = picture(77, 1280, 720)
    frame, size = decode_jpeg(simplejpeg.encode_jpeg(image, 95, "RGB", subsampling), width)
    assert size == (1280, 720)
    assert (frame.width, frame.height) == (width, round(width * 720 / 1280 / 2) * 2)
    shown = frame.to_ndarray(format="rgb24")
    assert number_in(shown) == 77
    square = shown[int(frame.height * 0.52), int(frame.width * (8 + 77 * 6 + 16) / 1280)]
    assert np.abs(square.astype(int) - (200, 60, 40)).max() < 14


def test_a_grey_picture_and_odd_sides_are_decoded():
    grey = simplejpeg.encode_jpeg(np.full((49, 65, 1), 120, np.uint8), 90, "GRAY", "GRAY")
    frame, size = decode_jpeg(grey, 960)
    assert (size, frame.width, frame.height) == ((65, 49), 64, 48)


def test_a_header_that_announces_a_bomb_is_refused():
    start = JPEGS[0].index(b"\xff\xc0")
    bomb = JPEGS[0][: start + 5] + b"\xfd\xe8\xfd\xe8" + JPEGS[0][start + 9 :]
    with pytest.raises(ValueError, match="65000 × 65000 pixels"):
        decode_jpeg(bomb, 960)


def test_half_a_picture_is_no_picture():
    whole = simplejpeg.encode_jpeg(picture(77, 320, 192), 85, "RGB", "420")
    with pytest.raises(ValueError, match="premature end"):
        decode_jpeg(whole[: len(whole) * 2 // 3] + b"\xff\xd9", 960)


@given(st.binary(max_size=600), st.integers(2, 800))
def test_random_bytes_in_a_picture_are_at_most_an_error_of_value(noise, at):
    with contextlib.suppress(ValueError):
        decode_jpeg(JPEGS[0][:at] + noise + JPEGS[0][at:], 64)


def test_troubles_are_counted_and_told_at_intervals():
    told = []
    notes = Notes(told.append)
    notes.total("torn", 0, "broke off")
    notes.total("torn", 2, "broke off")
    notes.total("torn", 5, "broke off")
    assert notes._troubles["torn"].unsaid == 3
    notes.connected()
    notes.add("corrupt", "no end")
    assert told == [
        {"trouble": "torn", "count": 2, "why": "broke off"},
        {"trouble": "corrupt", "count": 1, "why": "no end"},
    ]


def test_a_frame_begins_a_trace_that_is_always_the_same():
    header = traceparent("01957c2a-7a00-7c3e-8d11-2f6a4c9e0b35", 41)
    assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-01", header)
    assert header == traceparent("01957c2a-7a00-7c3e-8d11-2f6a4c9e0b35", 41)
    assert header != traceparent("01957c2a-7a00-7c3e-8d11-2f6a4c9e0b35", 42)
