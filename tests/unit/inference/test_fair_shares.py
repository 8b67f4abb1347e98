"""Who loses what when Triton cannot keep up: the pure cores alone and in a simulated overload."""

import heapq
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_inference.fair_queue import FairQueue
from vigie_inference.fairness import Fairness, Pace, affordable, allot

MAX_AGE_S = 20.0
BATCH = 64


def drained(queue):
    return [queue.pop() for _ in range(len(queue))]


def test_cameras_take_turns_whatever_each_has_queued():
    queue = FairQueue()
    for i in range(100):
        queue.push("flood", 1.0, ("flood", i))
    for i in range(3):
        queue.push("a", 1.0, ("a", i))
        queue.push("b", 1.0, ("b", i))
    first = [name for name, _ in drained(queue)[:9]]
    assert Counter(first) == {"flood": 3, "a": 3, "b": 3}


def test_a_cameras_frames_keep_their_order_and_weights_are_shares():
    queue = FairQueue()
    for i in range(40):
        queue.push("twice", 2.0, ("twice", i))
        queue.push("once", 1.0, ("once", i))
    out = drained(queue)
    assert [i for name, i in out if name == "twice"] == list(range(40))
    assert Counter(name for name, _ in out[:30]) == {"twice": 20, "once": 10}


def test_a_frame_that_had_its_turn_in_vain_is_among_the_next():
    queue = FairQueue()
    for i in range(10):
        queue.push("a", 1.0, i)
    first = queue.pop()
    queue.push_again(first)
    assert first in (queue.pop(), queue.pop())


def test_a_camera_is_not_charged_for_frames_that_needed_no_turn():
    queue = FairQueue()
    for i in range(3):
        queue.push("a", 1.0, ("a", i))
        queue.push("b", 1.0, ("b", i))
    for _ in range(3):
        queue.give_back("a", 1.0)
    queue.push("a", 1.0, ("a", 3))
    assert drained(queue).index(("a", 3)) < 4


def test_who_was_ahead_starts_even_once_nobody_waits():
    queue = FairQueue()
    for i in range(50):
        queue.push("a", 1.0, i)
    drained(queue)
    queue.push("a", 1.0, "a")
    queue.push("b", 1.0, "b")
    assert drained(queue) == ["a", "b"]


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(1, 60), st.floats(0.1, 50)), min_size=1),
    st.floats(0, 100),
)
def test_shares_are_max_min_fair(cameras, budget):
    counts = {name: count for name, (count, _) in cameras.items()}
    weights = {name: weight for name, (_, weight) in cameras.items()}
    shares = allot(counts, weights, budget)
    assert sum(shares.values()) == pytest.approx(min(budget, sum(counts.values())))
    level = {name: shares[name] / weights[name] for name in counts}
    for name, count in counts.items():
        assert 0 <= shares[name] <= count
        if shares[name] < count - 1e-6:  # who wants more has at least anybody's level
            assert level[name] >= max(level.values()) - 1e-6


@pytest.mark.parametrize(
    ("frames", "age_s", "pace", "expected"),
    [
        (64, 0.0, Pace(), 64),
        (64, 15.0, Pace(), 64),  # a restart of 15 s blinds nobody
        (64, 17.1, Pace(), 32),
        (64, 19.0, Pace(), 0),
        (64, 300.0, Pace(), 0),
        (64, 0.0, Pace(1.0, 1.0), 17.1),  # one a second
        (64, 14.0, Pace(5.0, 1000.0), 0),  # its turn comes 5 s later
        (64, 0.0, Pace(300.0, 0.001), 1),  # however slow, one is tried
    ],
)
def test_what_can_be_looked_at_falls_with_age_and_with_the_measured_pace(frames, age_s, pace, expected):
    assert affordable(frames, age_s, MAX_AGE_S, pace) == pytest.approx(expected)


def test_a_small_batch_does_not_make_a_partition_slow():
    assert Pace().after(1, 1, 0.1, 16) == (0.05, 160.0)
    assert Pace().after(0, 0, 3.0, 16) == Pace()


def test_frames_that_grew_too_old_do_not_count_as_got_through():
    assert Pace().after(64, 10, 20.0, 16) == (10.0, 0.5)


def test_without_a_greatest_age_nothing_is_ever_shed():
    assert Fairness().keep(0, ["a"] * 50, 10.0**9, 0.0, Pace(60.0, 0.001)) == [True] * 50


def test_what_is_kept_is_spread_over_a_cameras_frames():
    fairness = Fairness()
    for i in range(64):
        fairness.saw("a", 100 * i)
    kept = [keep for _ in range(4) for keep in fairness.keep(0, ["a"] * 64, 18.0, MAX_AGE_S, Pace())]
    at = [i for i, keep in enumerate(kept) if keep]
    assert len(at) == pytest.approx(256 * (19 - 18) / (19 * 0.2), abs=1)
    assert {b - a for a, b in pairwise(at)} <= {3, 4, 5}


def overload(rates, capacity, seconds=240, partitions=4):
    """Cameras by rate onto partitions, batches of each in hand, one Triton of `capacity` frames a second.

    Gives by camera how many frames there were, were looked at, and the longest time without a look, seconds, after the
    first minute.
    """
    log = {p: [] for p in range(partitions)}
    for number, (camera, rate) in enumerate(sorted(rates.items())):
        log[number % partitions] += [(i / rate + number * 1e-3, camera) for i in range(int(seconds * rate))]
    for frames in log.values():
        frames.sort()
    fairness, queue, taken = Fairness(), FairQueue(), dict.fromkeys(log, 0)
    left, began, sent, late, pace = dict.fromkeys(log, 0), {}, {}, {}, {}
    waiting: set[tuple[int, str, float]] = set()
    looked = {camera: [] for camera in rates}
    events = [(0.0, 0, -1)]
    now = 0.0
    while events:
        now, _, _ = heapq.heappop(events)
        for p, frames in log.items():
            if left[p]:
                continue
            if p in began:
                pace[p] = pace.get(p, Pace()).after(
                    sent[p], sent[p] - late[p], now - began.pop(p), 0 if len(queue) else 16
                )
            batch = [frame for frame in frames[taken[p] : taken[p] + BATCH] if frame[0] <= now]
            if not batch:
                continue
            taken[p] += len(batch)
            for at, camera in batch:
                fairness.saw(camera, round(at * 1000))
            kept = fairness.keep(p, [c for _, c in batch], now - batch[-1][0], MAX_AGE_S, pace.get(p, Pace()))
            began[p], sent[p], late[p] = now, sum(kept), 0
            for (at, camera), keep in zip(batch, kept, strict=True):
                if keep:
                    left[p] += 1
                    waiting.add((p, camera, at))
                    queue.push(camera, fairness.weight(camera), (p, camera, at))
        for frame in [frame for frame in waiting if now - frame[2] > MAX_AGE_S]:  # too old where they stand
            waiting.remove(frame)
            queue.give_back(frame[1], fairness.weight(frame[1]))
            left[frame[0]] -= 1
            late[frame[0]] += 1
        served = False
        while len(queue) and not served:
            frame = queue.pop()
            if frame in waiting:
                waiting.remove(frame)
                left[frame[0]] -= 1
                looked[frame[1]].append(frame[2])
                served = True
        if now < seconds:
            heapq.heappush(events, (now + (1 / capacity if served else 0.01), 0, 0))
    return {
        camera: (
            sum(60 <= i / rate < seconds - MAX_AGE_S for i in range(int(seconds * rate))),
            sum(60 <= at < seconds - MAX_AGE_S for at in times),
            max((b - a for a, b in pairwise(times) if a >= 60), default=float("inf")),
        )
        for camera, times in ((camera, looked[camera]) for camera, rate in rates.items())
        for rate in (rates[camera],)
    }


def shares(outcome):
    return {camera: looked / there for camera, (there, looked, _) in outcome.items()}


def test_enough_capacity_loses_nothing():
    outcome = overload({f"c{i:02}": 2.0 for i in range(20)}, capacity=60)
    assert set(shares(outcome).values()) == {1.0}


def test_under_overload_cameras_lose_in_proportion_to_their_rates():
    rates = {f"c{i:02}": 1.0 + i % 4 for i in range(16)}  # 1 to 4 frames a second: 40
    kept = shares(overload(rates, capacity=20))
    assert sum(kept[c] * rates[c] for c in rates) == pytest.approx(20, rel=0.15)
    assert all(0.45 < share < 0.58 for share in kept.values()), kept


def test_a_camera_that_floods_pushes_out_no_other_camera():
    rates = {f"c{i:02}": 2.0 for i in range(19)} | {"flood": 200.0}
    kept = shares(overload(rates, capacity=46))  # the others ask for 38
    beside = {camera for number, camera in enumerate(sorted(rates)) if number % 4 == 3} - {"flood"}
    assert all(kept[camera] > 0.45 for camera in beside), kept  # of one partition; in turn they would get 0.08
    assert all(kept[camera] == 1.0 for camera in rates.keys() - beside - {"flood"})
    assert kept["flood"] < 0.1


def test_however_slow_triton_is_no_camera_starves():
    rates = {f"c{i:02}": 2.0 for i in range(39)} | {"flood": 100.0}
    outcome = overload(rates, capacity=4)
    looked = {camera: count for camera, (_, count, _) in outcome.items() if camera != "flood"}
    assert min(looked.values()) > 0.4 * max(looked.values()), looked
    assert max(gap for camera, (_, _, gap) in outcome.items() if camera != "flood") < 60
