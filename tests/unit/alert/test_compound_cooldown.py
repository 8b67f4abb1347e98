"""A compound with a cooldown: one alert in a place, and what still goes on when it is over is told then."""

import itertools

import pytest

from vigie_alert.database import DATABASE
from vigie_alert.handler import _reach
from vigie_alert.store import AlertStore, Turn
from vigie_common.errors import PoisonRecordError
from vigie_common.stream.records import Message

START = 1_800_000_000_000
COOLS = {"cooldown_ms": 60_000}


@pytest.fixture
def met(member):
    """The log of two members that meet at `at_s` for `lasts_s` seconds; `on=True`: they go on."""

    def make(at_s, lasts_s=10, *, on=False, compound=COOLS, **fields):
        rules = ("fall", "crowd")
        opened = [member(rule, at_s, compound=compound, **fields) for rule in rules]
        return opened + ([] if on else [member(rule, at_s, "CLOSE", 1, lasts_s=lasts_s, **fields) for rule in rules])

    return make


@pytest.fixture
def affirmed(affirmation, stamp):
    """The affirmation of a minute in which the episodes of these events are open."""

    def make(minute, events, **fields):
        return affirmation(minute, [e["episode_id"] for e in events], compounds=[stamp(**COOLS)], **fields)

    return make


def told(book, events):
    """State, start and time of each revision, seconds after the start."""
    revisions = [r for event in events for r in book.apply_event(event)]
    return [(r["state"], (r["started_at"] - START) / 1000, (r["updated_at"] - START) / 1000) for r in revisions]


@pytest.mark.parametrize(("cooldown_ms", "alerts"), [(0, 2), (19_999, 2), (20_000, 2), (60_000, 1)])
def test_while_it_cools_down_no_other_alert_opens_in_that_place(book, met, cooldown_ms, alerts):
    compound = {"cooldown_ms": cooldown_ms}
    found = told(book, [*met(0, compound=compound), *met(20, compound=compound)])
    assert [state for state, _, _ in found] == ["OPEN", "ENDED"] * alerts


def test_what_goes_on_when_it_is_over_is_told_then_with_the_start_it_had(book, met, affirmed):
    first, second = met(0), met(20, on=True)
    assert told(book, first) == [("OPEN", 0.0, 0.0), ("ENDED", 0.0, 10.0)]
    assert told(book, second) == []
    assert told(book, [affirmed(0, second)]) == [("OPEN", 20.0, 60.0)]
    assert told(book, [affirmed(1, second)]) == []


def test_what_is_over_before_is_never_told_and_its_members_count_for_no_other(book, met, member):
    assert told(book, [*met(0), *met(20)])[2:] == []
    assert told(book, [member("fall", 61, compound=COOLS, subject="b")]) == []


def test_what_ends_unseen_after_the_cooldown_is_told_and_ended(book, met):
    assert told(book, [*met(0), *met(20, lasts_s=50)])[2:] == [("OPEN", 20.0, 60.0), ("ENDED", 20.0, 70.0)]


def test_one_that_was_held_back_cools_down_from_when_it_was_told(book, met):
    log = [*met(0), *met(20, lasts_s=50), *met(100, lasts_s=10), *met(121)]
    assert [start for state, start, _ in told(book, log) if state == "OPEN"] == [0.0, 20.0, 121.0]


def test_members_that_come_meanwhile_join_in_silence(book, met, member, affirmed):
    second = [*met(20, on=True), member("fall", 40, compound=COOLS, subject="b")]
    told(book, met(0) + second)
    (alert,) = book.apply_event(affirmed(0, second))
    assert alert["related_ids"] == [
        e["episode_id"] for e in sorted(second, key=lambda e: (e["started_at"], e["episode_id"]))
    ]
    assert alert["explanation"]["facts"]["episodes"] == 3.0


def test_it_cools_down_from_when_its_members_were_told_not_from_their_start(book, met):
    log = met(0, lasts_s=30, at=START + 25_000)
    assert [r["detected_at"] - START for e in log[:2] for r in book.apply_event(e)] == [25_000]
    assert [state for state, _, _ in told(book, [*log[2:], *met(80, lasts_s=3)])] == ["ENDED"]


def test_another_place_does_not_cool_down(book, met):
    log = [*met(0), *met(20, camera_id="cam-2")]
    assert [state for state, _, _ in told(book, log)] == ["OPEN", "ENDED"] * 2


def test_an_operator_who_closes_it_does_not_end_its_cooldown(book, met, member, closing):
    (opened,) = [r for event in met(0, on=True) for r in book.apply_event(event)]
    book.apply_decision(closing(opened["id"]))
    assert told(book, met(9, on=True, subject="b")) == []
    assert told(book, [member("fall", 65, compound=COOLS, subject="c")]) == [
        ("OPEN", 9.0, 60.0),
        ("UPDATED", 9.0, 65.0),
    ]


@pytest.mark.parametrize(
    ("now", "states"),
    [
        ({"cooldown_ms": 0}, ["OPEN"]),
        ({"cooldown_ms": 30_000}, ["OPEN"]),
        ({"cooldown_ms": 60_000, "within_ms": 20_000}, []),
        ({"cooldown_ms": 90_000}, []),
    ],
    ids=["no longer", "shorter", "changed in something else", "longer"],
)
async def test_a_cooldown_is_the_one_that_is_published_now(served, met, now, states):
    await served(met(0))
    assert [r["state"] for r in await served(met(35, on=True, compound=now | {"version": "v10"}))] == states


async def test_a_cooldown_that_is_new_counts_from_the_last_alert(served, met):
    await served(met(0, compound={"cooldown_ms": 0}))
    assert await served(met(35, on=True, compound=COOLS | {"version": "v10"})) == []


def test_what_an_older_version_holds_back_is_joined_by_its_own_members_alone(book, met, member):
    new = COOLS | {"version": "v10"}
    told(book, [*met(0), *met(20, on=True), *met(30, on=True, subject="b", compound=new)])
    (opened, joined) = [r for e in met(61, on=True, subject="c", compound=new) for r in book.apply_event(e)][:2]
    assert (opened["started_at"] - START, opened["rule"]["version"], len(opened["related_ids"])) == (30_000, "v10", 2)
    assert (joined["state"], len(joined["related_ids"])) == ("UPDATED", 3)


def test_nothing_is_told_under_an_authorisation_that_ended_meanwhile(book, met, affirmed, stamp):
    brief = COOLS | {"authorisation": stamp()["authorisation"] | {"valid_until": START + 50_000}}
    second = met(20, on=True, compound=brief)
    told(book, met(0))
    assert told(book, [*second, affirmed(0, second), affirmed(1, second)]) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_in_which_cameras_arrive_does_not_matter_where_all_are_needed(book, member, order):
    across = COOLS | {"same": "site", "min_rules": 1, "min_cameras": 3}

    def log(at_s):
        events = [member("crowd", at_s + i, camera_id=f"cam-{i}", compound=across) for i in range(3)]
        return [events[i] for i in order]

    def ends(at_s, lasts_s):
        return [member("crowd", at_s + i, "CLOSE", 1, lasts_s=lasts_s, camera_id=f"cam-{i}") for i in order]

    found = told(book, [*log(0), *ends(0, 5), *log(20), *ends(20, 60)])
    assert [one for one in found if one[0] == "OPEN"][1:] == [("OPEN", 22.0, 62.0)]


def test_a_repeated_log_changes_nothing(book, met, affirmed):
    second = met(20, lasts_s=50)
    log = [*met(0), *second[:2], affirmed(0, second), *second[2:]]
    assert len(told(book, log)) == 4
    assert told(book, log) == []


@pytest.mark.parametrize("cooldown_ms", [-1, 604_800_001])
def test_a_cooldown_that_means_nothing_is_refused(book, member, cooldown_ms):
    with pytest.raises(PoisonRecordError, match=f"compound distress has cooldown_ms {cooldown_ms}"):
        book.apply_event(member("fall", 0, compound={"cooldown_ms": cooldown_ms}))


async def test_it_goes_on_across_a_restart(served, met, affirmed):
    second = met(20, on=True)
    log = [*met(0), *second, affirmed(0, second), *met(100, camera_id="cam-1", subject="b")]
    found = [(r["state"], (r["started_at"] - START) / 1000) for r in await served(log)]
    assert [one for one in found if one[0] != "UPDATED"] == [("OPEN", 0.0), ("ENDED", 0.0), ("OPEN", 20.0)]


async def test_a_cooldown_that_is_long_over_is_forgotten(tmp_path, met):
    engine = DATABASE.open(f"sqlite:///{tmp_path}/alerts.db")
    await DATABASE.migrate(engine)
    store = AlertStore(engine, [])
    messages = [Message("rule-events", 0, i, "cam-1", 0, event) for i, event in enumerate(met(0))]

    def cooling(book):
        return Turn([c.opened_at - START for c in book.meetings.cooling.values()])

    await store.transact(_reach(messages), lambda book: Turn(told(book, [m.value for m in messages])))
    assert await store.transact(_reach(messages), cooling) == [0]
    await store.forget_members(START + 1)
    assert await store.transact(_reach(messages), cooling) == []
    await engine.dispose()
