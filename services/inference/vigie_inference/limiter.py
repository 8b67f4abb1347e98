"""How many images may be at Triton at once for one model: TCP Vegas over its answers. Pure: time is passed in.

Brakmo and Peterson, "TCP Vegas: End to End Congestion Avoidance on a Global Internet", IEEE JSAC 13(8), 1995, as
services use it for requests (Netflix's concurrency-limits, VegasLimit): with r0 the shortest answer ever and r the
usual one now, limit x (1 - r0 / r) requests wait in Triton's queue. Fewer than ALPHA: one more may go; more than BETA:
one less. So Triton always has a batch to take up, and no long queue stands where nobody can shed it or be fair.
A refusal for a full queue, a time-out or a lack of memory cuts the limit at once (Jacobson 1988, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ALPHA: Final = 8.0
"""Waiting requests below which the limit rises: half of the batch that Triton may take up at once."""
BETA: Final = 16.0
"""Waiting requests above which it falls: one whole batch (`repository.MAX_BATCH`)."""
CUT: Final = 0.5
"""What a sign of overload leaves of the limit."""
SLOW_SHARE: Final = 0.25
"""An answer that takes more than this share of the time-out stops the rise, more than twice of it turns it round."""


@dataclass(slots=True)
class Limiter:
    """The limit of one model, from `least` to `most`."""

    least: int
    most: int
    timeout_s: float
    """After which a request is given up."""
    estimate: float
    """The limit before rounding."""
    shortest_s: float = float("inf")
    """The shortest answer since the start or the last `forget`."""
    rate: float = 0.0
    """Answers a second while as many were at Triton as might be; 0: not known."""
    _answers: int = 0
    _sum_s: float = 0.0
    _most_in_flight: int = 0
    _since_s: float = 0.0
    _cut_at_s: float = float("-inf")

    @property
    def limit(self) -> int:
        """Images that may be at Triton at once."""
        return int(self.estimate)

    def answered(self, now_s: float, took_s: float, in_flight: int) -> None:
        """An image sent when `in_flight` were at Triton, itself included, came back after `took_s`.

        The limit moves by one step a window, which is as many answers as the limit.
        """
        self.shortest_s = min(self.shortest_s, max(took_s, 1e-6))
        if self._answers == 0:
            self._since_s = now_s - took_s
        self._answers += 1
        self._sum_s += took_s
        self._most_in_flight = max(self._most_in_flight, in_flight)
        if self._answers < self.limit:
            return
        usual_s = max(self._sum_s / self._answers, self.shortest_s)
        waiting = self.estimate * (1 - self.shortest_s / usual_s)
        if waiting > BETA or usual_s > 2 * SLOW_SHARE * self.timeout_s:
            self._move(self.estimate - 1)
        elif waiting < ALPHA and usual_s <= SLOW_SHARE * self.timeout_s and 2 * self._most_in_flight >= self.estimate:
            self._move(self.estimate + 1)
        self._fresh_window()

    def overloaded(self, now_s: float, sent_at_s: float) -> None:
        """Triton refused for want of room or memory, or let the time-out pass, an image sent at `sent_at_s`.

        Images that were already under way when the limit was cut do not cut it again.
        """
        if sent_at_s < self._cut_at_s:
            return
        self._cut_at_s = now_s
        self._move(self.estimate * CUT)
        self._fresh_window()

    def forget(self) -> None:
        """Triton was away, or the model is another one: what is short is to be learnt again; the limit stays."""
        self.shortest_s = float("inf")
        self._fresh_window()

    def _move(self, to: float) -> None:
        self.estimate = min(max(to, float(self.least)), float(self.most))

    def _fresh_window(self) -> None:
        self._answers, self._sum_s, self._most_in_flight = 0, 0.0, 0
