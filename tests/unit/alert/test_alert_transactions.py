"""What the alert service asks its database for."""

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from vigie_alert.database import DATABASE
from vigie_alert.handler import _reach
from vigie_alert.loading import Reach
from vigie_alert.publication import publication
from vigie_alert.store import AlertStore, Turn
from vigie_common.codec import Codec
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
    assert (
        await store_of_no_database.transact(Reach(members_since=5), lambda book: Turn(len(book.standings.by_id))) == 0
    )


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


class Shared:
    """A store whose transactions are counted."""

    def __init__(self, engine):
        self.woken = []
        self.store = AlertStore(engine, [lambda: self.woken.append(0), lambda: self.woken.append(1)])
        self.begun = 0
        sa.event.listen(engine.sync_engine, "begin", self._begins)

    def _begins(self, _connection):
        self.begun += 1

    def open(self, event):
        """Let the store open the alert of an event; gives how many revisions that brought."""
        codec = Codec.pinned()

        def work(book):
            revisions = book.apply_event(event)
            return Turn(len(revisions), [publication(revision, START, (), codec) for revision in revisions])

        return self.store.transact(_reach([Message("rule-events", 0, 0, "", 0, event)]), work)


@pytest.fixture
async def shared(tmp_path):
    engine = DATABASE.open(f"sqlite:///{tmp_path}/alerts.db")
    await DATABASE.migrate(engine)
    yield Shared(engine)
    await engine.dispose()


async def test_those_who_wait_share_a_transaction_and_each_is_told_its_own(shared, rule_event):
    events = [rule_event(camera_id=f"cam-{number}") for number in range(8)]
    told = await asyncio.gather(*(shared.open(event) for event in [*events, events[0]]))
    assert told == [1] * 8 + [0]
    assert shared.begun == 2
    assert await shared.store.known(e["episode_id"] for e in events) == {e["episode_id"] for e in events}
    assert sorted(set(shared.woken)) == [0, 1]


async def test_only_the_relay_of_a_shard_that_has_something_is_woken(shared, rule_event):
    await shared.open(rule_event())
    assert len(shared.woken) == 1


async def test_what_spoils_a_transaction_is_told_to_all_who_shared_it(shared, rule_event):
    first, second, third = (rule_event(camera_id=f"cam-{number}") for number in range(3))

    def spoilt(_book):
        raise ValueError("spoilt")

    alone = asyncio.create_task(shared.open(first))
    spoils = asyncio.create_task(shared.store.transact(Reach(alert_ids=frozenset({"x"})), spoilt))
    beside = asyncio.create_task(shared.open(second))
    assert await alone == 1
    for task in (spoils, beside):
        with pytest.raises(ValueError, match="spoilt"):
            await task
    assert await shared.store.known([first["episode_id"], second["episode_id"]]) == {first["episode_id"]}
    assert await asyncio.gather(shared.open(second), shared.open(third)) == [1, 1]


async def test_who_leaves_takes_nobody_along(shared, rule_event):
    events = [rule_event(camera_id=f"cam-{number}") for number in range(4)]
    begun = asyncio.Event()

    def slow(_book):
        begun.set()
        return Turn(None)

    holder = asyncio.create_task(shared.store.transact(Reach(alert_ids=frozenset({"x"})), slow))
    await asyncio.sleep(0)
    leader, waiting, leaving, last = (asyncio.create_task(shared.open(event)) for event in events)
    await begun.wait()
    leaving.cancel()  # while it waits
    await holder
    while shared.begun < 2:
        await asyncio.sleep(0)
    leader.cancel()  # in the transaction that it runs for others too
    assert await asyncio.gather(waiting, last) == [1, 1]
    assert leader.cancelled()
    assert leaving.cancelled()
    assert events[2]["episode_id"] not in await shared.store.known(e["episode_id"] for e in events)
