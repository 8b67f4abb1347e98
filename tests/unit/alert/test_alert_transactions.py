"""What the alert service asks its database for."""

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from vigie_alert.handler import _reach
from vigie_alert.store import AlertStore, Reach, Turn
from vigie_common.stream.records import Message

START = 1_800_000_000_000


@pytest.fixture
async def store_of_no_database(tmp_path):
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/not/there.db")
    yield AlertStore(engine, [])
    await engine.dispose()


@pytest.fixture
async def store_of_no_tables(tmp_path):
    """A connection that is refused leaves a thread behind, which speaks up in a later test; this one is closed."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/empty.db")
    yield AlertStore(engine, [])
    await engine.dispose()


async def test_counts_need_no_database(store_of_no_database):
    assert await store_of_no_database.transact(Reach(members_since=5), lambda book: Turn(len(book.standings))) == 0


async def test_whatever_may_touch_an_alert_does(store_of_no_tables):
    with pytest.raises(OperationalError, match="no such table"):
        await store_of_no_tables.transact(Reach(cameras=frozenset({("s", "c")})), lambda _: Turn(0))


@pytest.mark.parametrize("kind", ["OPEN", "UPDATE", "COUNT"])
async def test_what_begins_in_shadow_and_no_compound_waits_for_needs_no_database(
    store_of_no_database, rule_event, kind
):
    event = rule_event(kind, mode="shadow", authorisation=None, compounds=[])
    batch = [Message("rule-events", 0, 0, "", 0, event)]
    assert await store_of_no_database.transact(_reach(batch), lambda book: Turn(book.apply_event(event))) == []


@pytest.mark.parametrize(
    ("kind", "compound", "mode"),
    [("CLOSE", False, "shadow"), ("AFFIRM", False, "shadow"), ("OPEN", True, "shadow"), ("OPEN", False, "live")],
)
async def test_what_may_change_an_alert_or_a_compound_is_looked_up(
    store_of_no_tables, rule_event, stamp, kind, compound, mode
):
    event = rule_event(kind, mode=mode, compounds=[stamp()] if compound else [])
    with pytest.raises(OperationalError, match="no such table"):
        await store_of_no_tables.transact(
            _reach([Message("rule-events", 0, 0, "", 0, event)]), lambda book: Turn(book.apply_event(event))
        )


async def test_a_member_that_ended_before_the_other_began_is_still_found(served, member):
    ended = [member("fall", 0), member("fall", 0, "CLOSE", 1, lasts_s=5)]
    (alert,) = await served([*ended, member("crowd", 34.9)])
    assert (alert["rule"]["id"], alert["state"], alert["started_at"]) == ("distress", "OPEN", START + 34_900)


async def test_a_decision_that_comes_twice_brings_one_revision(served, rule_event, closing):
    opening = rule_event()
    decision = closing(opening["episode_id"]) | {"decision": "confirm"}
    revisions = await served([opening, decision, decision])
    assert [r["revision"] for r in revisions] == [1, 2]
