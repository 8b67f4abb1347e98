"""Whether an alerts topic keeps its word: no double, no gap, no revision with two contents. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from vigie_alert.compound import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Key = tuple[str, str, str, str, str, str]
"""Mode, site, camera, rule (of a compound with its version), zone, subject: at most one of a key is open at a time."""


@dataclass(slots=True)
class Audit:
    """What reading the whole topic showed."""

    records: int = 0
    repeats: int = 0
    """Records whose (id, revision) had come before with the same content: allowed."""
    alerts: int = 0
    open: int = 0
    doubles: list[str] = field(default_factory=list)
    """Two alerts of one key open at the same time."""
    conflicts: list[str] = field(default_factory=list)
    """One (id, revision) with two contents."""
    disorder: list[str] = field(default_factory=list)
    """A revision whose predecessor came later or never (that a topic begins in the middle is retention)."""

    @property
    def sound(self) -> bool:
        """Whether all was as promised."""
        return not (self.doubles or self.conflicts or self.disorder)


def audit(alerts: Iterable[Mapping[str, Any]]) -> Audit:
    """Check the records of an alerts topic, each partition in its order."""
    found = Audit()
    revisions: dict[str, dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for alert in alerts:
        found.records += 1
        known = revisions[alert["id"]]
        before = known.get(alert["revision"])
        if before is not None:
            found.repeats += 1
            if before != alert:
                found.conflicts.append(f"{alert['id']} revision {alert['revision']}: two different contents")
        elif known and alert["revision"] != max(known) + 1:
            found.disorder.append(f"{alert['id']}: revision {alert['revision']} came after {max(known)}")
        known.setdefault(alert["revision"], alert)
    found.alerts = len(revisions)
    spans: dict[Key, list[tuple[int, float, str]]] = defaultdict(list)
    for alert_id, known in revisions.items():
        first, last = known[min(known)], known[max(known)]
        found.open += last["state"] != "ENDED"
        spans[_key(first)].append((first["detected_at"], _ended(known), alert_id))
    for key, alerts_of_key in spans.items():
        for (_, end, earlier), (start, _, later) in pairwise(sorted(alerts_of_key)):
            if start < end:
                found.doubles.append(f"{earlier} and {later} are open together for {'/'.join(key)}")
    return found


def _key(alert: Mapping[str, Any]) -> Key:
    return (
        alert["mode"],
        alert["site"],
        alert["camera"]["id"],
        f"{alert['rule']['id']} {alert['rule']['version']}" if _is_compound(alert) else alert["rule"]["id"],
        alert["zone"],
        alert["subject"],
    )


def _is_compound(alert: Mapping[str, Any]) -> bool:
    return bool(alert["rule"]["template"] == TEMPLATE)


def _ended(revisions: Mapping[int, Mapping[str, Any]]) -> float:
    """Event time from which another alert may take its key (an operator's clock does not count)."""
    for number in sorted(revisions):
        alert = revisions[number]
        if alert["state"] == "ENDED":
            decided = alert["ended_reason"] == "closed" or alert["decision"] is not None
            # the end of a compound may be known late: another camera's record has told it
            return float(alert["ended_at"] if decided or _is_compound(alert) else alert["updated_at"])
    return float("inf")
