"""Whose image goes to Triton next: start-time fair queueing between cameras. Pure.

Goyal, Vin and Cheng, "Start-time Fair Queueing", IEEE/ACM Transactions on Networking 5(5), 1997: each request gets a
start tag max(virtual time, finish tag of its camera's request before), a finish tag 1 / weight later; the smallest
start tag goes first, and the virtual time is the start tag of the request that went last. Cameras that wait share in
proportion to their weights, whatever each has queued; a camera's own requests stay in their order.
"""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Waiting requests of one model."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Item]] = []
        self._finish: dict[str, float] = {}
        self._virtual_time = 0.0
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, camera: str, weight: float, item: Item) -> None:
        """Queue a camera's request; `weight` > 0 is the camera's share."""
        start = max(self._virtual_time, self._finish.get(camera, 0.0))
        self._finish[camera] = start + 1 / weight
        self._put(start, item)

    def push_again(self, item: Item) -> None:
        """Queue a request that has already had its turn in vain: it is among the next."""
        self._put(self._virtual_time, item)

    def give_back(self, camera: str, weight: float) -> None:
        """One of the camera's requests, still queued, needs no turn any more: it is not charged for it."""
        if camera in self._finish:
            self._finish[camera] = max(self._virtual_time, self._finish[camera] - 1 / weight)

    def pop(self) -> Item:
        """The request whose turn it is.

        Raises:
            IndexError: none waits.
        """
        self._virtual_time, _, item = heapq.heappop(self._heap)
        if not self._heap:  # nobody waits: cameras that are ahead start even
            self._virtual_time = 0.0
            self._finish.clear()
        return item

    def _put(self, start: float, item: Item) -> None:
        heapq.heappush(self._heap, (start, self._arrivals, item))
        self._arrivals += 1
