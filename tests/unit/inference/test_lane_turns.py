"""Turns at Triton where a deadline and an answer meet in the same moment."""

import asyncio
import time

import numpy as np

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


def ticket(left_s):
    return Ticket("cam-1", 1.0, lambda: left_s, GivenUpError)


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
