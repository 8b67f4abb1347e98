"""Turns at Triton where a deadline and an answer meet in the same moment."""

import asyncio
import time

import numpy as np
import pytest

from vigie_common.errors import VigieError
from vigie_common.stream import Message
from vigie_inference.failures import ModelNotServedError
from vigie_inference.lane import Lane, Ticket
from vigie_inference.limiter import Limiter
from vigie_inference.service import Inference
from vigie_inference.settings import InferenceSettings
from vigie_inference.triton import Answer


class GivenUpError(VigieError):
    """Too old."""


def ticket(left_s, camera="cam-1"):
    return Ticket(camera, 1.0, lambda: left_s, GivenUpError)


async def a_turn(lane, left_s):
    async with lane.turn(ticket(left_s)):
        return "went"


def test_a_turn_that_comes_in_the_moment_of_its_deadline_is_handed_on():
    async def both():
        lane = Lane("m", Limiter(1, 1, 10.0, 1.0))
        async with lane.turn(ticket(5.0)):
            late = asyncio.create_task(a_turn(lane, 0.05))
            await asyncio.sleep(0)
            time.sleep(0.1)  # noqa: ASYNC251 - the loop is busy past the deadline: both are due in its next round
            await asyncio.sleep(0)
        outcome = await asyncio.gather(late, return_exceptions=True)
        return [type(each) for each in outcome], await asyncio.wait_for(a_turn(lane, 5.0), 5.0)

    assert asyncio.run(both()) == ([GivenUpError], "went")


async def settle():
    """Let whatever is due in the loop happen."""
    for _ in range(5):
        await asyncio.sleep(0)


async def in_turn(lane, camera, order):
    async with lane.turn(ticket(60.0, camera)):
        order.append(camera)


async def given_up(lane, claim):
    with pytest.raises(GivenUpError):
        async with lane.turn(claim):
            pass


def test_a_camera_is_not_charged_for_a_frame_that_was_too_old_before_its_turn():
    async def run():
        lane, order = Lane("m", Limiter(1, 1, 10.0, 1.0)), []
        async with lane.turn(ticket(60.0, "x")):
            filler = asyncio.create_task(in_turn(lane, "w", []))
            await settle()
            await given_up(lane, ticket(0.01, "a"))
            waiting = [asyncio.create_task(in_turn(lane, camera, order)) for camera in "ab"]
            await settle()
        await asyncio.gather(filler, *waiting)
        return order

    assert asyncio.run(run()) == ["a", "b"]


def test_a_camera_is_charged_for_a_turn_that_was_in_vain_even_if_its_next_never_came():
    async def run():
        lane, order = Lane("m", Limiter(1, 1, 10.0, 1.0)), []
        claim, held = ticket(0.05, "a"), asyncio.Event()

        async def in_vain():
            async with lane.turn(claim):
                pass

        async def hold():
            async with lane.turn(ticket(60.0, "w")):
                await held.wait()

        async with lane.turn(ticket(60.0, "x")):
            first = asyncio.create_task(in_vain())
            await settle()
            others = [asyncio.create_task(hold()), asyncio.create_task(in_turn(lane, "w", order))]
            await settle()
        await first  # its turn was in vain, and now it is w's
        await given_up(lane, claim)
        others += [asyncio.create_task(in_turn(lane, camera, order)) for camera in "ab"]
        await settle()
        held.set()
        await asyncio.gather(*others)
        return order

    assert asyncio.run(run()) == ["b", "w", "a"]


def test_while_triton_is_away_one_image_at_a_time_tries():
    async def run():
        lane, granted, answered = Lane("m", Limiter(4, 4, 10.0, 4.0)), [], asyncio.Event()

        async def go():
            async with lane.turn(ticket(60.0)) as in_flight:
                granted.append(in_flight)
                await answered.wait()

        lane.halt(away=True)
        tasks = [asyncio.create_task(go()) for _ in range(4)]
        await settle()
        alone = list(granted)
        while not granted:
            await asyncio.sleep(0.01)
        await settle()
        tried = list(granted)
        lane.answers()
        answered.set()
        await asyncio.gather(*tasks)
        return alone, tried, granted

    assert asyncio.run(run()) == ([], [1], [1, 1, 2, 3])


def test_a_model_that_is_served_again_while_one_asks_why_it_was_not_is_asked_again(frame):
    class Loading:
        """A Triton that has loaded the model between its refusal and the answer about its state."""

        url = "127.0.0.1:8001"
        refused = False

        async def answer(self, model, jpeg):
            del model
            if jpeg == b"first" and not self.refused:
                self.refused = True
                raise ModelNotServedError("loading")
            return Answer(np.empty((0, 6), np.float32), "v1")

        async def states(self):
            await asyncio.sleep(0.01)  # meanwhile the second frame is answered
            return {"yolox-s": None}

        def forget_versions(self):
            """Nothing is remembered."""

    async def both():
        inference = Inference(InferenceSettings(), Loading())
        now_ms = time.time_ns() // 1_000_000
        messages = [
            Message("frames", 0, n, "cam-1", now_ms, frame(seq=n, models=["yolox-s"], jpeg=jpeg))
            for n, jpeg in enumerate((b"first", b"second"))
        ]
        return [done async for done in inference.handle(messages)]

    assert [done.outputs[0].value["status"] for done in asyncio.run(both())] == ["ok", "ok"]
