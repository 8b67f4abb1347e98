"""One model's way to Triton: who goes next, how many at once, and a halt while Triton is away.

The shell round `fair_queue` and `limiter`. While Triton is away everybody halts; then one image at a time tries, and
the first answer opens the lane again. So an outage costs a few requests a second, not thousands, and nobody sleeps
when Triton is back.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vigie_inference.fair_queue import FairQueue
from vigie_inference.measures import IN_FLIGHT, LIMIT, QUEUED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from vigie_common.errors import VigieError
    from vigie_inference.limiter import Limiter

FIRST_HALT_S: Final = 0.1
LONGEST_HALT_S: Final = 0.4
"""With gRPC's own pause before it connects again (`triton`, 0.6 s at most) Triton is found within 2 s of its return."""


@dataclass(slots=True)
class Ticket:
    """A frame's claim to be looked at by one model."""

    camera: str
    weight: float
    left_s: Callable[[], float]
    """Seconds in which somebody still needs the answer; infinite: always."""
    too_old: Callable[[], VigieError]
    """What to say when nobody does."""
    tried: bool = False
    """It has had its turn in vain: it is among the next."""


class Lane:
    """The images of one model, on their way to Triton."""

    def __init__(self, model: str, limiter: Limiter) -> None:
        self.limiter = limiter
        self._queue: FairQueue[asyncio.Future[int]] = FairQueue()
        self._in_flight = 0
        self._halt: asyncio.TimerHandle | None = None
        self._halt_s = FIRST_HALT_S
        self._trying = False
        self._gauges = IN_FLIGHT.labels(model), QUEUED.labels(model), LIMIT.labels(model)

    @property
    def at_once(self) -> int:
        """How many images can go without waiting, when none is under way; 0 while others wait."""
        return 0 if len(self._queue) else self.limiter.limit

    @asynccontextmanager
    async def turn(self, ticket: Ticket) -> AsyncIterator[int]:
        """Wait until this frame may go; gives how many are then at Triton, itself included.

        Raises:
            VigieError: nobody needs the answer any more (`Ticket.too_old`).
        """
        if (left_s := ticket.left_s()) <= 0:
            raise ticket.too_old()
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        again = ticket.tried
        if again:
            self._queue.push_again(turn)
        else:
            self._queue.push(ticket.camera, ticket.weight, turn)
        ticket.tried = True
        self._let_go()
        try:
            async with asyncio.timeout(None if math.isinf(left_s) else left_s):
                in_flight = await turn
        except TimeoutError:
            if not again:  # that turn was had
                self._queue.give_back(ticket.camera, ticket.weight)
            self._hand_on(turn)
            raise ticket.too_old() from None
        except asyncio.CancelledError:
            self._hand_on(turn)
            raise
        try:
            yield in_flight
        finally:
            self._back()

    def answers(self) -> None:
        """Triton has answered, whatever: nobody halts any more."""
        self._trying, self._halt_s = False, FIRST_HALT_S

    def halt(self, *, away: bool) -> None:
        """Nobody goes for a moment; after that one at a time tries if Triton is `away`."""
        self._trying = self._trying or away
        if self._halt is None:
            self._halt = asyncio.get_running_loop().call_later(self._halt_s, self._go_on)
            self._halt_s = min(2 * self._halt_s, LONGEST_HALT_S)

    def _go_on(self) -> None:
        self._halt = None
        self._let_go()

    def _hand_on(self, turn: asyncio.Future[int]) -> None:
        """Who stops waiting in the very moment its turn comes leaves it to the next."""
        if turn.done() and not turn.cancelled():
            self._back()

    def _back(self) -> None:
        self._in_flight -= 1
        self._let_go()

    def _let_go(self) -> None:
        room = 1 if self._trying else self.limiter.limit
        while self._halt is None and len(self._queue) and self._in_flight < room:
            turn = self._queue.pop()
            if turn.done():  # too old, or its frame is no longer handled here
                continue
            self._in_flight += 1
            turn.set_result(self._in_flight)
        in_flight, queued, limit = self._gauges
        in_flight.set(self._in_flight)
        queued.set(len(self._queue))
        limit.set(self.limiter.limit)
