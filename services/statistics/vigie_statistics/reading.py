"""What a rule event says in figures: one table of templates, one function a kind of event. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vigie_common.errors import PoisonRecordError
from vigie_statistics.rows import Camera, Cell
from vigie_statistics.series import Series
from vigie_statistics.sketches import bin_of
from vigie_statistics.windows import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

COUNTED_MODES: Final = frozenset({"shadow", "exercise", "live"})
"""Not those of a rule's tests or of a replay. Counting needs no authorisation: shadow counts."""
DWELLING: Final = frozenset({"presence", "dwell"})
"""Templates whose episode is somebody's stay."""
WHOLE_STAYS: Final = frozenset({"over", "condition_false", "track_lost"})
"""Ends of a stay that was seen whole; a camera that went blind, or a rule that changed, cuts it short."""
CONGESTION: Final = "congestion"


class Said(NamedTuple):
    """One event's share in one series, at one instant."""

    at: int
    """Event time: decides the windows, ms."""
    series: Series
    cell: Cell


def read_event(event: Mapping[str, Any], camera: Camera) -> list[Said]:
    """What an event adds to figures; keeps the camera's open episodes up to date.

    Raises:
        PoisonRecordError: a count lacks what its template promises.
    """
    if event["kind"] == "AFFIRM":
        return [said for episode in event["open_episodes"] for said in _goes_on(camera, episode, event["minute"])]
    if event["mode"] not in COUNTED_MODES or event["rule"]["status"] != "stable":
        return []
    try:
        return list(_READERS.get(event["kind"], _nothing)(event, camera))
    except KeyError as missing:
        raise PoisonRecordError(
            f"{event['kind']} {event['id']} of template {event['rule']['template']} lacks the fact {missing}: "
            "was it written by another version of the rule engine?"
        ) from None


def _nothing(_event: Mapping[str, Any], _camera: Camera) -> Iterator[Said]:
    return iter(())


def _series(event: Mapping[str, Any], measure: str) -> Series:
    """Series of what an event measures: of its object's class, or of its rule's classes if it is about a zone."""
    objects = event["objects"] if event["subject"] else ()
    named = objects[0]["object_class"] if objects else "+".join(event["rule"].get("classes", ()))
    kind = event["scope_kind"] if event["scope"] and event["scope_kind"] in {"zone", "line"} else "none"
    if kind == "none" and event["scope"]:
        kind = "zone"  # a track's episode in a zone
    direction = event["direction"] or "none" if measure == "crossings" else "none"
    return Series(measure, kind, event["scope"], named, direction, event["rule"]["id"])


def _crossing(event: Mapping[str, Any]) -> Iterator[Said]:
    label = event["direction_label"] or ""
    yield Said(event["started_at"], _series(event, "crossings"), Cell(value=1.0, samples=1, label=label))


def _zone(event: Mapping[str, Any]) -> Iterator[Said]:
    facts = event["facts"]
    at, mean, watched_s = _minute(event), facts["mean"], facts["watched_s"]
    mean_cell = Cell(value=mean * watched_s, weight=watched_s, samples=1)
    yield Said(at, _series(event, "occupancy_mean"), mean_cell)
    yield Said(at, _series(event, "occupancy_max"), Cell(most=facts["max"], samples=1))


def _unique(event: Mapping[str, Any]) -> Iterator[Said]:
    facts = event["facts"]
    cell = Cell(value=facts["entered"], low=facts["low"], high=facts["high"], samples=1)
    yield Said(_minute(event), _series(event, "unique"), cell)


def _minute(event: Mapping[str, Any]) -> int:
    minute = event["minute"]
    return int(minute if minute is not None else event["started_at"])


_COUNTS: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[Said]]]] = {
    "count_line": _crossing,
    "count_zone": _zone,
    "unique_count": _unique,
}


def _count(event: Mapping[str, Any], _camera: Camera) -> Iterator[Said]:
    reader = _COUNTS.get(event["rule"]["template"])
    return iter(()) if reader is None else reader(event)


def _opened(event: Mapping[str, Any], camera: Camera) -> Iterator[Said]:
    yield Said(event["started_at"], _series(event, "episodes"), Cell(value=1.0, samples=1))
    if event["rule"]["template"] == CONGESTION:
        camera.episodes[event["episode_id"]] = (_series(event, "congestion_minutes").key(), event["started_at"])
        yield from _queue(event, camera)


def _queue(event: Mapping[str, Any], _camera: Camera) -> Iterator[Said]:
    if event["rule"]["template"] == CONGESTION:
        yield Said(event["at"], _series(event, "queue_length"), Cell(most=event["facts"]["vehicles"], samples=1))


def _closed(event: Mapping[str, Any], camera: Camera) -> Iterator[Said]:
    template, ended = event["rule"]["template"], event["ended_at"]
    if template in DWELLING and event["ended_reason"] in WHOLE_STAYS and ended is not None:
        seconds = max(0.0, (ended - event["started_at"]) / 1000)
        yield Said(ended, _series(event, "dwell"), Cell(value=seconds, samples=1, bins={bin_of(seconds): 1}))
    if template == CONGESTION and ended is not None:
        begun = (_series(event, "congestion_minutes").key(), event["started_at"])
        series, since = camera.episodes.pop(event["episode_id"], begun)
        yield from _minutes(Series.of_key(series), since, ended)


def _goes_on(camera: Camera, episode: str, minute: int) -> Iterator[Said]:
    """The time of an open episode up to the end of a minute that affirms it."""
    if episode in camera.episodes:
        series, since = camera.episodes[episode]
        until = minute + MINUTE_MS
        if until > since:
            camera.episodes[episode] = (series, until)
            yield from _minutes(Series.of_key(series), since, until)


def _minutes(series: Series, since: int, until: int) -> Iterator[Said]:
    """Minutes of time, minute by minute; taken back where an episode ended before what was already added up."""
    sign, first, last = (1.0, since, until) if until >= since else (-1.0, until, since)
    at = first
    while at < last:
        end = min(at - at % MINUTE_MS + MINUTE_MS, last)
        yield Said(at, series, Cell(value=sign * (end - at) / MINUTE_MS, samples=1 if sign > 0 else 0))
        at = end


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any], Camera], Iterator[Said]]]] = {
    "COUNT": _count,
    "OPEN": _opened,
    "UPDATE": _queue,
    "CLOSE": _closed,
}
