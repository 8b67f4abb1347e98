"""The bundles that were published on the rules topic: which judges when, and what differs between two."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.cameras_deployed import camera_records, site_time_zones
from vigie_cli.configuration_topics import answered, deployment_codec, topic_partitions
from vigie_cli.event_times import moment, written_instant
from vigie_cli.options import WrongOptionError
from vigie_cli.versions import in_force, takeovers
from vigie_common.errors import BadInputError, PoisonRecordError
from vigie_common.stream import judging
from vigie_common.stream.configuration import KNOWN_AFTER_MS
from vigie_common.stream.reading import all_records
from vigie_common.topics import TopicNames
from vigie_common.units import Quantity, written
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.quantities import written_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiokafka import TopicPartition

    from vigie_common.codec import Codec
    from vigie_common.settings import Settings

SHORT: Final = 16
"""Digits of a digest that people are shown; as few as `LEAST` name one."""

LEAST: Final = 6


@dataclass(frozen=True, slots=True)
class Published:
    """One bundle as it lies in the topic."""

    bundle: Mapping[str, Any]
    offset: int
    appended_at: int

    @property
    def digest(self) -> str:
        """Of its content."""
        return str(self.bundle["digest"])

    @property
    def effective_at(self) -> int:
        """Event time from which it judges, ms."""
        return int(self.bundle["effective_at"])


@dataclass(frozen=True, slots=True)
class History:
    """Every bundle of one site, in the order in which they judge: by (effective_at, offset)."""

    site: str
    bundles: tuple[Published, ...]

    def judged(self, captured_at: int, appended_at: int) -> Published | None:
        """What judged a record with this event time and append time, as the rule engine chooses it."""
        return judging(self.bundles, captured_at, appended_at)

    def in_force(self, at_ms: int) -> Published | None:
        """What judges an event of that time that arrives once every bundle is known."""
        return in_force(self.bundles, at_ms)

    def running_since(self, name: str, at_ms: int, part: str = "rules") -> int | None:
        """Event time (ms) from which a rule has run as it does at that time, in this version; None: it does not run.

        Args:
            name: id of the rule, or of a compound.
            at_ms: event time.
            part: `rules` or `compounds`.
        """
        since, version = None, None
        for published in reversed([one for one in self._ever_judged() if one.effective_at <= at_ms]):
            running = [one for one in published.bundle[part] if one["id"] == name and one["status"] != "draft"]
            if not running or version not in {None, running[0]["version"]}:
                break
            version = running[0]["version"]
            since = max(published.effective_at, published.appended_at + KNOWN_AFTER_MS)
        return since

    def _ever_judged(self) -> Iterator[Published]:
        """Without those that another took the place of before they began."""
        for one, following in zip(self.bundles, (*self.bundles[1:], None), strict=True):
            if (
                following is None
                or following.effective_at > one.effective_at
                or following.appended_at > one.effective_at
            ):
                yield one

    def later(self, at_ms: int) -> tuple[Published, ...]:
        """What takes over after that time."""
        return tuple(one for one, _ in self.takeovers(at_ms))

    def takeovers(self, at_ms: int) -> Iterator[tuple[Published, Published | None]]:
        """The same, each with what would judge from then on without it."""
        return takeovers(self.bundles, at_ms, lambda one: one.digest)

    def with_next(self, bundle: Mapping[str, Any]) -> History:
        """As it is once this bundle is published too."""
        offset = max((one.offset for one in self.bundles), default=-1) + 1
        bundles = (*self.bundles, Published(bundle, offset, 0))
        return History(self.site, tuple(sorted(bundles, key=lambda one: (one.effective_at, one.offset))))

    def named(self, digest: str) -> Published:
        """The bundle whose digest begins so.

        Raises:
            BadInputError: there is none, or more than one.
        """
        if len(digest) < LEAST:
            raise WrongOptionError(f"--digest {digest}: give at least its first {LEAST} digits")
        found = {one.digest: one for one in self.bundles if one.digest.startswith(digest)}
        if len(found) != 1:
            listed = "; ".join(dict.fromkeys(one.digest[:SHORT] for one in reversed(self.bundles)))
            what = "several bundles begin so" if found else "no bundle of this site begins so"
            raise BadInputError(f"--digest {digest}: {what}; published were, newest first: {listed or 'none'}")
        return next(iter(found.values()))


async def read_histories(settings: Settings) -> dict[str, History]:
    """Every site's bundles.

    Raises:
        DependencyError: Kafka does not answer, or has no topics.
    """
    topic = TopicNames(settings.topic_prefix).full("rules")
    async with answered(settings):
        partitions = await topic_partitions(settings, [topic])
        async with deployment_codec(settings) as codec:
            return await bundle_histories(settings, partitions[topic], codec)


async def bundle_histories(settings: Settings, partitions: list[TopicPartition], codec: Codec) -> dict[str, History]:
    """The same, over a known topic; what is no bundle is passed over."""
    found: dict[str, list[Published]] = {}
    async for record in all_records(settings, partitions):
        try:
            bundle = codec.decode_as("rule-bundle", record.value)
        except PoisonRecordError:
            continue
        found.setdefault(str(bundle["site"]), []).append(Published(bundle, record.offset, record.timestamp))
    return {
        site: History(site, tuple(sorted(bundles, key=lambda one: (one.effective_at, one.offset))))
        for site, bundles in sorted(found.items())
    }


def chosen_site(histories: Mapping[str, History], site: str | None) -> History:
    """The site that was asked for, or the only one.

    Raises:
        BadInputError: there is no such site, or several to choose from.
    """
    if site is None and len(histories) == 1:
        return next(iter(histories.values()))
    if site is None or site not in histories:
        known = ", ".join(histories) or "none"
        raise BadInputError(f"--site {site or 'is missing'}: sites with published rules are {known}")
    return histories[site]


async def published_zone(settings: Settings, site: str | None, *, several: bool = False) -> str:
    """Time zone of the site that was asked for, or of the only one; of `several` that are meant together UTC.

    Raises:
        BadInputError: there is no such site, or several to choose from.
    """
    histories = await read_histories(settings)
    if several and site is None and len(histories) != 1:
        return "UTC"
    return site_time_zones(await camera_records(settings)).get(chosen_site(histories, site).site, "UTC")


def way_back(site: str, digest: str, zone: str, at: int | None = None) -> str:
    """The command that brings a bundle back: soon, or at the event time (ms) at which another is to take over."""
    when = "" if at is None else f" --at {written_instant(at, zone)}"
    return f"vigie rules publish --digest {digest[:SHORT]} --site {site}{when}"


async def live_bundle(settings: Settings, site: str) -> Mapping[str, Any] | None:
    """The bundle that judges this site now, None if there is none yet."""
    history = (await read_histories(settings)).get(site)
    now = history.in_force(time.time_ns() // 1_000_000) if history is not None else None
    return None if now is None else now.bundle


_PARTS: Final = (("rules", "rule"), ("compounds", "compound rule"), ("authorisations", "authorisation"))


def bundle_differences(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Iterator[str]:
    """What another bundle says otherwise: one line for each rule, compound rule and authorisation."""
    old_bundle: Mapping[str, Any] = before if before is not None else {}
    for part, noun in _PARTS:
        old = {str(one["id"]): one for one in old_bundle.get(part, ())}
        new = {str(one["id"]): one for one in after.get(part, ())}
        for name in sorted(old | new):
            if name not in old:
                status = f" ({new[name]['status']})" if "status" in new[name] else ""
                yield f"{noun} {name}: added{status}"
            elif name not in new:
                yield f"{noun} {name}: removed"
            elif old[name] != new[name]:
                yield f"{noun} {name}: {', '.join(_fields(_authored(old[name]), _authored(new[name])))}"


_KEYS: Final = {
    "camera_tags": "cameras.tags",
    "camera_ids": "cameras.ids",
    "zones": "zone",
    "lines": "line",
    "min_rules": "at_least.rules",
    "min_cameras": "at_least.cameras",
}
"""Fields of the records whose key in the files is another."""

_DURATIONS_MS: Final = {"cooldown_ms": "cooldown", "within_ms": "within"}
_INSTANTS: Final = {"valid_from": "from", "valid_until": "until"}


def _authored(record: Mapping[str, Any]) -> dict[str, Any]:
    """A rule, compound or authorisation of a bundle in the keys and units of its file."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        if key == "numbers":
            template = TEMPLATES.get(record["template"])
            found |= dict(value) if template is None else written_parameters(template, value)
        elif key in _DURATIONS_MS:
            found[_DURATIONS_MS[key]] = written(Quantity(value / 1000, "s")) if value else None
        elif key in _INSTANTS:
            found[_INSTANTS[key]] = f"{moment(value, 'UTC')[:16]} UTC"
        else:
            found[_KEYS.get(key, key)] = value
    return found


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before == after or key == "version":
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from (f"{key}.{inner}" for inner in _fields(before, after))
        else:
            yield f"{key}: {_short(before)} → {_short(after)}"


def _short(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 50 else text[:49] + "…"
