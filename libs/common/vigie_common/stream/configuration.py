"""Configuration that takes effect at an event time, so that a replay judges as the first run did.

The version that judges a record is the one with the greatest (effective_at, offset) such that effective_at is not
after the record's captured_at, and its own append time lies `KNOWN_AFTER_MS` or more before the record's append
time. Both append times are the broker's: a late publication or a camera with a wrong clock changes nothing between
a first run and a replay.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vigie_common.stream.records import ConfigVersion

KNOWN_AFTER_MS: Final = 5000


class Versioned(Protocol):
    """Something published that takes effect at an event time; ms."""

    @property
    def effective_at(self) -> int:
        """Event time from which it judges."""
        ...

    @property
    def appended_at(self) -> int:
        """The broker's append time."""
        ...


V = TypeVar("V", bound=Versioned)


def judging(versions: Sequence[V], captured_at: int, appended_at: int) -> V | None:
    """The version that judges a record with these times, or none.

    Args:
        versions: sorted by (effective_at, offset).
        captured_at: event time of the record, ms.
        appended_at: its append time, ms.
    """
    for version in reversed(versions):
        if version.effective_at <= captured_at and version.appended_at + KNOWN_AFTER_MS <= appended_at:
            return version
    return None


@dataclass(slots=True)
class Timeline:
    """Every version of every configuration record that has been read."""

    _versions: dict[str, dict[str, list[ConfigVersion]]] = field(default_factory=dict)
    """By topic and key, sorted by (effective_at, offset)."""
    _sorted_keys: dict[str, list[str]] = field(default_factory=dict)

    def add(self, topic: str, version: ConfigVersion) -> None:
        """Take a version in; one that is known already changes nothing."""
        keys = self._versions.setdefault(topic, {})
        if version.key not in keys:
            insort(self._sorted_keys.setdefault(topic, []), version.key)
        versions = keys.setdefault(version.key, [])
        if all(known.offset != version.offset for known in versions):
            insort(versions, version, key=lambda v: (v.effective_at, v.offset))

    def at(self, topic: str, key: str, captured_at: int, appended_at: int) -> ConfigVersion | None:
        """The version that judges a record with these times, or none."""
        return judging(self._versions.get(topic, {}).get(key, ()), captured_at, appended_at)

    def keys(self, topic: str) -> Iterable[str]:
        """Every key of the topic, sorted."""
        return self._sorted_keys.get(topic, ())

    def view(self, captured_at: int, appended_at: int) -> View:
        """The configuration for a record with these times."""
        return View(self, captured_at, appended_at)


@dataclass(frozen=True, slots=True)
class View:
    """The configuration in force for one record (a `ConfigView`)."""

    timeline: Timeline
    captured_at: int
    appended_at: int

    def value(self, topic: str, key: str) -> ConfigVersion | None:
        """The version that judges, or none yet."""
        return self.timeline.at(topic, key, self.captured_at, self.appended_at)

    def items(self, topic: str) -> Iterator[ConfigVersion]:
        """The version in force of every key, in the order of the keys."""
        for key in self.timeline.keys(topic):
            version = self.value(topic, key)
            if version is not None:
                yield version


@dataclass(frozen=True, slots=True)
class FixedView:
    """Configuration that holds throughout: `vigie replay`, `vigie rules test`."""

    versions: Mapping[str, Mapping[str, ConfigVersion]]
    """By topic and key."""

    def value(self, topic: str, key: str) -> ConfigVersion | None:
        """The version that judges, or none."""
        return self.versions.get(topic, {}).get(key)

    def items(self, topic: str) -> Iterator[ConfigVersion]:
        """Every version, in the order of the keys."""
        for _, version in sorted(self.versions.get(topic, {}).items()):
            yield version
