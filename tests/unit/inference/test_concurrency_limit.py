"""How many images are at Triton at once: the limiter against simulated servers. No clock: time is passed in."""

import heapq
from itertools import pairwise

import pytest

from vigie_inference.limiter import ALPHA, BETA, Limiter


def limiter(first=16, **fields):
    return Limiter(**({"least": 1, "most": 64, "timeout_s": 10.0, "estimate": float(first)} | fields))


def serve(limit, answers, took_s, start_s=0.0):
    """A server always asked for as much as the limit lets: `took_s(in flight)` an answer, `answers` of them."""
    now, under_way = start_s, []
    for _ in range(answers):
        while len(under_way) < limit.limit:
            heapq.heappush(under_way, (now + took_s(len(under_way) + 1), len(under_way) + 1, now))
        done, in_flight, sent = heapq.heappop(under_way)
        now = max(now, done)
        limit.answered(now, now - sent, in_flight)
    return now


def one_worker(each_s):
    """One image after another: the n-th waits for those before it."""
    return lambda in_flight: each_s * in_flight


def many_workers(each_s, workers):
    return lambda in_flight: each_s * max(1.0, in_flight / workers)


@pytest.mark.parametrize("first", [1, 16, 64])
@pytest.mark.parametrize("each_s", [0.003, 0.08])
def test_one_worker_gets_a_batch_to_take_up_and_no_long_queue(first, each_s):
    limit = limiter(first)
    serve(limit, 5000, one_worker(each_s))
    assert ALPHA <= limit.limit <= 2 * BETA


def test_a_fast_triton_gets_as_much_as_it_can_do_at_once_and_a_batch_more():
    limit = limiter(1)
    serve(limit, 5000, many_workers(0.02, 32))
    assert 32 <= limit.limit <= 32 + BETA


def test_the_bounds_hold():
    low, high = limiter(least=20, first=20), limiter(most=24)
    serve(low, 3000, one_worker(5.0))
    serve(high, 3000, many_workers(0.02, 500))
    assert (low.limit, high.limit) == (20, 24)


def test_answers_near_the_time_out_lower_the_limit_although_they_never_were_faster():
    limit = limiter(timeout_s=1.0)
    serve(limit, 3000, lambda _: 0.6)
    assert limit.limit == 1


def test_a_model_that_is_not_asked_much_keeps_its_limit():
    limit = limiter()
    for i in range(1000):
        limit.answered(float(i), 0.02, 1)
    assert limit.limit == 16


def test_a_refusal_halves_the_limit_once_for_all_that_was_under_way():
    limit = limiter(40)
    for _ in range(30):
        limit.overloaded(100.0, 99.5)
    assert limit.limit == 20
    limit.overloaded(101.0, 100.5)
    assert limit.limit == 10


def test_after_overload_the_limit_rises_again():
    limit = limiter(16)
    for second in range(1, 10):
        limit.overloaded(float(second), second - 0.5)
    assert limit.limit == 1
    serve(limit, 2000, many_workers(0.02, 16), start_s=10.0)
    assert limit.limit >= 16


def test_a_slower_model_in_the_place_of_a_fast_one_settles_within_the_same_bounds():
    limit = limiter(16)
    serve(limit, 2000, one_worker(0.005))
    serve(limit, 2000, one_worker(0.05))
    assert ALPHA <= limit.limit <= 2 * BETA
    limit.forget()
    assert ALPHA <= limit.limit <= 2 * BETA


def test_the_limit_moves_by_one_a_window():
    limit, seen = limiter(8), []
    for i in range(200):
        limit.answered(i * 0.01, 0.01, limit.limit)
        seen.append(limit.limit)
    assert {b - a for a, b in pairwise(seen)} == {0, 1}
    assert [seen.count(n) for n in (9, 10, 11)] == [9, 10, 11]
