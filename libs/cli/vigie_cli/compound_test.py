"""The tests written in compound rules: episodes of the members, through the alert service's own core."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from vigie_alert.book import AlertBook
from vigie_cli.rules_outcome import Found, Outcome, paired
from vigie_common.identity import episode_id, event_id
from vigie_common.units import parse_duration
from vigie_rule_engine.compound_file import compound_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_common.yaml_model import Located
    from vigie_rule_engine.compound_file import CompoundEpisode, CompoundFile, CompoundTest

_START_MS: Final = 1_700_000_000_000
"""Any instant: a compound has no clock of its own."""


def compound_outcomes(compound: Located[CompoundFile]) -> Iterator[Outcome]:
    """The outcome of each test of a compound."""
    for number, test in enumerate(compound.content.tests):
        mark = compound.document.mark(["tests", number])
        yield Outcome(
            compound.content.compound,
            compound.document.file,
            mark.line,
            f"{len(test.episodes)} episodes",
            paired(test.expect, _found(compound.content, test)),
        )


def _found(compound: CompoundFile, test: CompoundTest) -> list[Found]:
    """What the compound says of the test's episodes, told in the order of time."""
    stamp = compound_record(compound) | {"mode": "test", "authorisation": None}
    events = [event for number, episode in enumerate(test.episodes) for event in _events(stamp, number, episode)]
    book = AlertBook()
    newest: dict[str, dict[str, Any]] = {}
    for event in sorted(events, key=lambda e: (e["at"], e["kind"] == "OPEN")):
        newest |= {alert["id"]: alert for alert in book.apply_event(event)}
    # what goes on goes on for ever: no cooldown is longer
    newest |= {alert["id"]: alert for alert in book.meetings.tell_held(sys.maxsize)}
    return [
        Found(
            "open",
            _seconds(alert["started_at"]),
            None if alert["ended_at"] is None else _seconds(alert["ended_at"]),
            alert["ended_reason"],
            next(iter(alert["explanation"]["text"].values()), ""),
        )
        for alert in sorted(newest.values(), key=lambda a: int(a["started_at"]))
    ]


def _events(stamp: dict[str, Any], number: int, episode: CompoundEpisode) -> Iterator[dict[str, Any]]:
    """The OPEN of an episode, and its CLOSE if it ends."""
    start = _START_MS + round(parse_duration(episode.open).value * 1000)
    identity = episode_id("test", episode.camera, episode.rule, "", episode.zone, str(number), start)
    opened = {
        "kind": "OPEN", "id": event_id(identity, 0), "episode_id": identity, "ordinal": 0, "site": "test",
        "camera_id": episode.camera, "camera_version": "", "time_zone": "UTC", "languages": [],
        "session": "", "seq": 0, "at": start, "started_at": start,
        "ended_at": None, "ended_reason": None,
        "rule": {
            "id": episode.rule, "version": "", "template": "", "bundle_digest": "", "status": "test",
            "severity": "info", "category": "",
        },
        "mode": "shadow", "authorisation": None, "scope_kind": "zone" if episode.zone else "none",
        "scope": episode.zone, "subject": str(number), "direction": None, "direction_label": None, "zone_x": [],
        "zone_y": [], "width": 1, "height": 1, "frame_ref": {"partition": 0, "offset": 0}, "source_frame": None,
        "objects": [], "model": {"name": "", "version": ""}, "location": None, "title": {}, "text": {}, "facts": {},
        "open_episodes": [], "minute": None, "compounds": [stamp],
    }  # fmt: skip
    yield opened
    if episode.close is not None:
        end = _START_MS + round(parse_duration(episode.close).value * 1000)
        closing = {"kind": "CLOSE", "id": event_id(identity, 1), "ordinal": 1, "at": end, "ended_at": end}
        yield opened | closing | {"ended_reason": "over", "compounds": []}


def _seconds(at_ms: int) -> float:
    return (at_ms - _START_MS) / 1000
