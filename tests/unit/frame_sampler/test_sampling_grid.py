"""The sampling grid: rate, drift, jitter, jumps."""

import random

from hypothesis import given
from hypothesis import strategies as st

from vigie_frame_sampler.sampling import EventGrid

RATES = st.sampled_from([0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0])
SOURCES = st.sampled_from([10.0, 12.5, 15.0, 24.0, 25.0, 29.97, 30.0, 50.0])


def taken(fps, times, source_s=0.04):
    grid = EventGrid(fps, source_s)
    return [t for t in times if grid.take(t)]


@given(fps=RATES, source=SOURCES, seconds=st.integers(5, 600))
def test_the_rate_is_kept_without_drift(fps, source, seconds):
    got = taken(fps, [n / source for n in range(int(seconds * source))], 1 / source)
    assert abs(len(got) - seconds * fps) <= 1


@given(fps=RATES, source=SOURCES)
def test_each_picture_is_the_nearest_to_its_place_on_the_grid(fps, source):
    for place, t in enumerate(taken(fps, [n / source for n in range(2_000)], 1 / source)):
        assert abs(t - place / fps) <= 0.5 / source + 0.25 / fps + 1e-9


@given(source=SOURCES, seed=st.integers(0, 1_000))
def test_a_source_at_the_sampling_rate_loses_nothing_to_jitter(source, seed):
    noise = random.Random(seed)
    times = [max(0.0, n / source + noise.uniform(-0.2, 0.2) / source) for n in range(500)]
    times[0] = 0.0
    assert taken(source, times, 1 / source) == times


@given(
    fps=RATES,
    gaps=st.lists(st.floats(0.001, 30.0, allow_nan=False), min_size=1, max_size=300),
)
def test_at_most_one_picture_of_a_cell_is_taken_and_the_first_always_is(fps, gaps):
    times, t = [], 100.0
    for gap in gaps:
        times.append(t)
        t += gap
    got = taken(fps, times)
    assert got[0] == times[0]
    early = min(0.25, 0.5 * 0.04 * fps)
    cells = [int((t - times[0]) * fps + early) for t in times]
    assert [int((t - times[0]) * fps + early) for t in got] == sorted(set(cells))


def test_a_jump_forward_brings_one_picture_and_no_burst():
    assert taken(1.0, [0.0, 0.5, 1.0, 60.0, 60.5, 61.0, 61.2]) == [0.0, 1.0, 60.0, 61.0]


@given(fps=RATES, times=st.lists(st.floats(0.0, 1_000.0, allow_nan=False), min_size=2, max_size=50))
def test_a_later_picture_than_a_wanted_one_is_wanted_too(fps, times):
    grid = EventGrid(fps)
    grid.take(0.0)
    wanted = [grid.wants(t) for t in sorted(times)]
    assert wanted == sorted(wanted)
