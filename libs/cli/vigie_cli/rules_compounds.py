"""The compounds that rule events make, as a replay shows them: the alert service's own fold, under the rules' modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vigie_alert.book import AlertBook
from vigie_alert.compound import TEMPLATE
from vigie_cli.rules_difference import STILL_OPEN, Happening
from vigie_cli.wording import said, terminal_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def compound_happenings(events: Iterable[Mapping[str, Any]]) -> tuple[Happening, ...]:
    """The alerts of compounds, those in shadow too, in the order of time.

    Args:
        events: rule events of a core.
    """
    book = AlertBook()
    newest: dict[str, Mapping[str, Any]] = {}
    modes: dict[str, str] = {}
    meant: dict[tuple[str, str, str], str] = {}
    at = 0

    def note(alerts: Iterable[Mapping[str, Any]]) -> None:
        for alert in alerts:
            if alert["rule"]["template"] == TEMPLATE:
                newest[alert["id"]] = alert
                stamped = (alert["camera"]["id"], alert["rule"]["id"], alert["rule"]["version"])
                modes.setdefault(alert["id"], meant[stamped])

    # of two at one instant the CLOSE comes first: what ends then is no longer there
    for event in sorted(events, key=lambda e: (e["at"], e["kind"] == "OPEN")):
        at = event["at"]
        meant |= {(event["camera_id"], stamp["id"], stamp["version"]): stamp["mode"] for stamp in event["compounds"]}
        # members alert for themselves elsewhere; a compound in shadow is followed as one that alerts
        stamps = [stamp | {"mode": "test"} for stamp in event["compounds"]]
        note(book.apply_event({**event, "mode": "shadow", "authorisation": None, "compounds": stamps}))
    note(book.meetings.tell_held(at))
    found = [_happening(alert, modes[identity]) for identity, alert in newest.items()]
    return tuple(sorted(found, key=lambda h: (h.at, h.camera, h.rule, h.scope)))


def _happening(alert: Mapping[str, Any], mode: str) -> Happening:
    return Happening(
        rule=alert["rule"]["id"],
        camera=alert["camera"]["id"],
        scope=alert["zone"],
        kind="open",
        at=alert["detected_at"],
        started_at=alert["started_at"],
        ended_at=alert["ended_at"],
        reason=alert["ended_reason"] or STILL_OPEN,
        mode=mode,
        subject="",
        id=alert["id"],
        text=said(alert["explanation"]["text"], terminal_language()),
    )
