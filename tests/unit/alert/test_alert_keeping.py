"""What the database forgets, and what it must not."""

import os
from datetime import date

import pytest
from structlog.testing import capture_logs

from vigie_alert import keeping
from vigie_alert.database import DATABASE
from vigie_alert.evidence import Gallery
from vigie_alert.loading import Reach
from vigie_alert.outbox import Relay
from vigie_alert.publication import SHARDS, publication
from vigie_alert.settings import AlertSettings
from vigie_alert.store import AlertStore, Turn
from vigie_common.codec import Codec
from vigie_common.compound_terms import LONGEST_COOLDOWN_MS, LONGEST_WITHIN_MS
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.quantities import allowed

OLD, NOW = 1_800_000_000_000, 1_900_000_000_000


@pytest.fixture
async def engine(tmp_path):
    opened = DATABASE.open(f"sqlite:///{tmp_path}/alerts.db")
    await DATABASE.migrate(opened)
    yield opened
    await opened.dispose()


async def stored(engine, events, produced_at, sent):
    """Stores the alerts of these events; `sent` empties the outbox as the broker's acknowledgement does."""

    def work(book):
        revisions = [r for event in events for r in book.apply_event(event)]
        return Turn(None, [publication(r, produced_at, (), Codec.pinned()) for r in revisions])

    await AlertStore(engine, []).transact(Reach(frozenset(e["episode_id"] for e in events)), work)
    for shard in range(SHARDS) if sent else ():
        relay = Relay(engine, None, "alerts", shard)
        async with engine.begin() as connection:
            rows = (await connection.execute(relay._oldest())).all()
        await relay.forget([row.sequence for row in rows])


async def test_only_ended_alerts_that_are_old_and_published_are_forgotten(engine, rule_event):
    store = AlertStore(engine, [])
    old, running, recent, unsent = (rule_event("CLOSE", 1, subject=s) for s in "abcd")
    running = rule_event(subject="b")
    await stored(engine, [old, running], OLD, sent=True)
    await stored(engine, [recent], NOW, sent=True)
    await stored(engine, [unsent], OLD, sent=False)
    assert await store.forget_ended(NOW) == 1
    ids = [e["episode_id"] for e in (old, running, recent, unsent)]
    assert await store.known(ids) == set(ids[1:])
    assert await store.forget_ended(NOW) == 0


def test_members_are_kept_for_longer_than_an_episode_may_be_told_after_its_start():
    waits = [p for template in TEMPLATES.values() for p in template.parameters if p.name == "for"]
    longest_s = max(allowed(p)["s"].most for p in waits) + (LONGEST_COOLDOWN_MS + LONGEST_WITHIN_MS) / 1000
    assert keeping._MEMBERS_KEPT.total_seconds() > longest_s


@pytest.fixture
def gallery(tmp_path):
    return Gallery(AlertSettings(alert_evidence_dir=tmp_path, alert_evidence_days=30), frames=None)


def test_a_day_that_cannot_be_deleted_is_told_and_the_others_go(gallery, tmp_path):
    (tmp_path / "2020-01-01").write_text("a file")
    (tmp_path / "2020-01-02").mkdir()
    with capture_logs() as said:
        assert gallery.sweep(date(2026, 3, 1)) == ["2020-01-02"]
    assert [(line["log_level"], line["folder"]) for line in said] == [("warning", str(tmp_path / "2020-01-01"))]
    assert [left.name for left in tmp_path.iterdir()] == ["2020-01-01"]


def test_a_rival_that_deletes_the_same_day_does_no_harm(gallery, tmp_path, monkeypatch):
    day, delete = tmp_path / "2020-01-01", os.unlink
    day.mkdir()
    for name in "ab":
        (day / f"{name}.jpg").touch()

    def after_the_rival(path, **where):
        delete(path, **where)
        delete(path, **where)

    monkeypatch.setattr(os, "unlink", after_the_rival)
    with capture_logs() as said:
        gallery.sweep(date(2026, 3, 1))
    assert (said, list(tmp_path.iterdir())) == ([], [])
