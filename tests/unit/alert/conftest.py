import pytest

from vigie_alert.book import AlertBook
from vigie_alert.database import DATABASE
from vigie_alert.handler import _reach
from vigie_alert.store import AlertStore, Turn
from vigie_common.stream.records import Message

START = 1_800_000_000_000


@pytest.fixture
def book():
    return AlertBook()


@pytest.fixture
def served(tmp_path):
    """What a service that restarts after each record makes of them: `await served(events)`, or of decisions too."""

    async def make(records):
        revisions = []
        for record in records:
            engine = DATABASE.open(f"sqlite:///{tmp_path}/served.db")
            await DATABASE.migrate(engine)
            topic = "alert-decisions" if "decision" in record else "rule-events"

            def apply(book, record=record, topic=topic):
                apply = book.apply_decision if topic == "alert-decisions" else book.apply_event
                revisions.extend(apply(record))
                return Turn(None)

            await AlertStore(engine, []).transact(_reach([Message(topic, 0, 0, "", 0, record)]), apply)
            await engine.dispose()
        return revisions

    return make


@pytest.fixture(scope="session")
def closing():
    """The decision of an operator who closes an alert."""

    def make(alert_id):
        decision = {"id": "d-1", "alert_id": alert_id, "decision": "close", "reason": None, "by": "op"}
        return decision | {"decided_at": START}

    return make


@pytest.fixture(scope="session")
def stamp():
    """The stamp of a compound of two rules on one camera; `stamp(mode="live")` changes one field of it."""

    def make(**fields):
        authorisation = {"id": "a-9", "legal_basis": "decree", "reference": "order 40"}
        return {
            "id": "distress", "version": "v9", "same": "camera", "within_ms": 30_000, "min_rules": 2, "min_cameras": 1,
            "cooldown_ms": 0, "severity": "critical", "category": "distress", "mode": "exercise",
            "authorisation": authorisation | {"valid_until": 1_900_000_000_000}, "title": {"en": "Distress"},
            "explain": {"en": "{rules} on {cameras}"},
        } | fields  # fmt: skip

    return make


@pytest.fixture(scope="session")
def member(rule_event, stamp):
    """`member("fall", 10)`: an episode in shadow of rule `fall` that begins 10 s after the start."""

    def make(rule, at_s, kind="OPEN", ordinal=0, lasts_s=5, compound=None, **fields):
        start = START + round(at_s * 1000)
        times = {"at": start if kind == "OPEN" else start + lasts_s * 1000, "mode": "shadow", "authorisation": None}
        if kind == "CLOSE":
            times["ended_at"] = times["at"]
        compounds = [stamp(**(compound or {}))] if kind != "CLOSE" else []
        return rule_event(kind, ordinal, started_at=start, rule={"id": rule}, compounds=compounds, **times | fields)

    return make
