"""Published versions of one thing, in the order in which they judge: which is in force, and which take over later."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from vigie_common.stream.configuration import Versioned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

V = TypeVar("V", bound=Versioned)


def in_force(versions: Sequence[V], at_ms: int) -> V | None:
    """What judges an event of that time that arrives once every version is known: from five seconds after now on.

    Args:
        versions: sorted by (effective_at, offset).
        at_ms: event time.
    """
    before = [one for one in versions if one.effective_at <= at_ms]
    return before[-1] if before else None


def takeovers(versions: Sequence[V], at_ms: int, content: Callable[[V], object]) -> Iterator[tuple[V, V | None]]:
    """What takes over after that time, each with what would judge from then on without it.

    Of those that hold from one instant only the last published ever judges; one that has what judges already
    changes nothing.

    Args:
        versions: sorted by (effective_at, offset).
        at_ms: event time.
        content: what two versions have in common that judge alike.
    """
    judges = in_force(versions, at_ms)
    for _, same in groupby((one for one in versions if one.effective_at > at_ms), lambda one: one.effective_at):
        *_, last = same
        if judges is None or content(judges) != content(last):
            yield last, judges
        judges = last
