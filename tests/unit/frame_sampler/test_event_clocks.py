"""Event time: which clock, and that it rises."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vigie_frame_sampler.clock import ARRIVAL_DELAY_MS, LiveClock, RecordingClock, Rising

T0 = 1_700_000_000_000


def test_the_streams_clock_is_used_where_it_agrees_at_the_start():
    clock = LiveClock()
    assert clock.at(5.0, T0, T0 - 1_500) == T0 - 1_500
    assert clock.at(5.5, T0 + 510, T0 - 1_000) == T0 - 1_000
    assert clock.name == "stream"


def test_a_clock_that_disagrees_at_the_start_is_never_used():
    clock = LiveClock()
    assert clock.at(5.0, T0, T0 - 2_001) == T0
    assert clock.at(5.5, T0 + 500, T0 + 500) == T0 + 500
    assert clock.name == "arrival"


def test_a_clock_that_comes_late_is_taken_up_smoothly():
    clock = LiveClock()
    clock.at(0.0, T0, None)
    times = [clock.at(n * 0.5, T0 + n * 500, T0 + n * 500 - 300) for n in range(1, 21)]
    assert clock.name == "stream"
    steps = [b - a for a, b in pairwise([T0, *times])]
    assert all(470 <= step <= 500 for step in steps)
    assert times[-1] == T0 + 10_000 - 300


def test_a_clock_that_comes_in_mid_session_is_not_taken_up():
    clock = LiveClock()
    clock.at(0.0, T0, None)
    clock.at(16.0, T0 + 16_000, T0 + 15_900)
    assert clock.name == "arrival"


def test_the_error_is_the_distance_of_the_streams_clock_from_arrival():
    clock = LiveClock()
    clock.at(0.0, T0, T0 - 180)
    assert clock.error_ms == 180


def test_the_error_of_arrival_is_the_usual_delay_with_jitter_and_the_wait():
    clock = LiveClock()
    clock.at(0.0, T0, None)
    assert clock.error_ms == ARRIVAL_DELAY_MS
    clock.at(1.0, T0 + 1_140, None, wait_ms=30)
    assert clock.error_ms == ARRIVAL_DELAY_MS + 138 + 30


def test_a_camera_clock_set_while_it_runs_is_given_up():
    clock = LiveClock()
    clock.at(0.0, T0, T0)
    assert clock.at(1.0, T0 + 1_000, T0 + 3_600_000) == T0 + 1_000
    assert clock.name == "arrival"


def test_a_clock_that_was_missing_once_is_not_taken_up_again():
    clock = LiveClock()
    clock.at(0.0, T0, T0 - 100)
    clock.at(0.5, T0 + 500, None)
    clock.at(1.0, T0 + 1_000, T0 + 900)
    assert clock.name == "arrival"


def test_late_packets_do_not_move_event_time():
    clock = LiveClock()
    times = [clock.at(n * 0.5, T0 + n * 500 + delay, None) for n, delay in enumerate([40, 0, 300, 10, 180, 0])]
    assert [times[n] - times[1] for n in range(2, 6)] == [501, 1002, 1503, 2000]


def test_a_leap_of_the_stream_against_arrival_follows_arrival():
    clock = LiveClock()
    clock.at(0.0, T0, None)
    assert clock.at(500.0, T0 + 1_000, None) == T0 + 1_000


def test_a_recording_has_its_own_time():
    assert RecordingClock(T0).at(2.04) == T0 + 2_040


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_time_always_rises(times):
    rising = Rising()
    got = [rising(t) for t in times]
    assert got == sorted(set(got))
    assert all(g >= t for g, t in zip(got, times, strict=True))
