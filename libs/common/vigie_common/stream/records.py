"""What passes between a stream loop and a service's core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

Headers = tuple[tuple[str, bytes], ...]


class Message(NamedTuple):
    """One decoded input record."""

    topic: str
    """Logical name: "frames", "tracks"."""
    partition: int
    offset: int
    key: str
    appended_at: int
    """The broker's append time, milliseconds since 1970 UTC."""
    value: Mapping[str, Any]
    """One of the TypedDicts of `vigie_common.records`."""
    headers: Headers = ()


class Output(NamedTuple):
    """One record to produce; the loop encodes it with the topic's schema."""

    topic: str
    """Logical name."""
    key: str
    value: Mapping[str, Any]
    partition: int | None = None
    """None: the input's partition on a camera topic, the key's on any other."""
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Done:
    """A handler has dealt with the record at `offset` (and with all before it); these are its outputs."""

    offset: int
    outputs: Sequence[Output] = ()


@dataclass(frozen=True, slots=True)
class ConfigVersion:
    """One version of a configuration record. Its identity is (topic, key, offset)."""

    key: str
    effective_at: int
    """Event time from which it judges, milliseconds since 1970 UTC."""
    offset: int
    appended_at: int
    value: Mapping[str, Any]


class ConfigView(Protocol):
    """The configuration in force for one record."""

    def value(self, topic: str, key: str) -> ConfigVersion | None:
        """The version that judges, or none yet."""
        ...

    def items(self, topic: str) -> Iterable[ConfigVersion]:
        """The version in force of every key, in the order of the keys."""
        ...


class Handler(Protocol):
    """The logic of a stateless service."""

    def handle(self, batch: Sequence[Message]) -> AsyncIterator[Done]:
        """Deal with records of one partition, in order; yields a `Done` for each, in order.

        Other partitions are handled at the same time. Whatever it raises ends the worker.
        """
        ...


class Core(Protocol):
    """The logic of a stateful service for one input partition. Pure: no clock, no randomness, no I/O."""

    def process(self, message: Message, config: ConfigView) -> Sequence[Output]:
        """Take the next record; same state, record and configuration give the same outputs.

        Raises:
            vigie_common.errors.PoisonRecordError: it cannot be processed, the state is as before: a dead letter.
        """
        ...

    def snapshot(self) -> bytes:
        """The state, byte for byte the same for the same inputs."""
        ...

    def restore(self, state: bytes) -> None:
        """Take over a snapshot.

        Raises:
            vigie_common.errors.VigieError: it is of a layout that this version does not know.
        """
        ...

    def gap(self, first: int, last: int) -> None:
        """The records at offsets first to last - 1 are lost unseen."""
        ...
