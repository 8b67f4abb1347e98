"""Records of several cameras arrive in any order: the alerts of a compound are those of the episodes' own times."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigie_alert.book import AlertBook

START = 1_800_000_000_000
ACROSS = {"same": "site", "min_cameras": 2}


@pytest.fixture
def episode(member):
    """The OPEN and CLOSE of an episode of a rule on a camera, from and to seconds after the start."""

    def make(rule, camera, begins, ends):
        fields = {"camera_id": camera, "compound": ACROSS, "subject": f"{begins}"}
        return [member(rule, begins, **fields), member(rule, begins, "CLOSE", 1, lasts_s=ends - begins, **fields)]

    return make


def interleaved(first, second):
    """Every order of two cameras' records, each camera's own kept."""
    for places in itertools.combinations(range(len(first) + len(second)), len(second)):
        sources = iter(first), iter(second)
        yield [next(sources[place in places]) for place in range(len(first) + len(second))]


def outcome(revisions, names):
    """Start, end and members of each alert, as its last revision has them."""
    newest = {r["id"]: r for r in revisions}
    return sorted(
        (
            (r["started_at"] - START) // 1000,
            r["ended_at"] and (r["ended_at"] - START) // 1000,
            sorted(names[identity] for identity in r["related_ids"]),
            r["explanation"]["facts"]["episodes"],
        )
        for r in newest.values()
    )


def named(**episodes):
    return {log[0]["episode_id"]: name for name, log in episodes.items()}


def test_one_that_began_after_the_end_is_of_no_order_a_member(episode):
    falls = episode("fall", "cam-1", 0, 10), episode("fall", "cam-1", 20, 30)
    crowd = episode("crowd", "cam-2", 5, 8)
    names = named(fall=falls[0], later=falls[1], crowd=crowd)
    found = []
    for log in interleaved(falls[0] + falls[1], crowd):
        book = AlertBook()
        found.append(outcome([r for event in log for r in book.apply_event(event)], names))
    assert found == [[(5, 10, ["crowd", "fall"], 2.0)]] * 15


def test_those_that_began_after_the_end_meet_each_other(episode):
    falls = episode("fall", "cam-1", 0, 10), episode("fall", "cam-1", 20, 30)
    crowds = episode("crowd", "cam-2", 5, 8), episode("crowd", "cam-2", 25, 40)
    names = named(fall=falls[0], crowd=crowds[0], fall2=falls[1], crowd2=crowds[1])
    log = [falls[0][0], crowds[0][0], falls[0][1], falls[1][0], falls[1][1], *crowds[0][1:], *crowds[1]]
    late = [crowds[0][0], *falls[0], *falls[1], crowds[0][1], *crowds[1]]
    for order in (log, late, [*falls[0], *crowds[0], *falls[1], *crowds[1]]):
        book = AlertBook()
        found = outcome([r for event in order for r in book.apply_event(event)], names)
        assert found == [(5, 10, ["crowd", "fall"], 2.0), (25, 40, ["crowd2", "fall2"], 2.0)]


async def test_they_do_so_after_a_restart_and_though_both_are_over_when_the_end_is_known(served, member, episode):
    first, crowd = episode("fall", "cam-1", 0, 10), episode("crowd", "cam-2", 5, 8)
    fall2, crowd2 = episode("fall", "cam-1", 20, 30), episode("crowd", "cam-3", 25, 28)
    names = named(fall=first, crowd=crowd, fall2=fall2, crowd2=crowd2)
    revisions = await served([*first[:1], *crowd[:1], *first[1:], *fall2[:1], *crowd2, *fall2[1:], *crowd[1:]])
    assert outcome(revisions, names) == [(5, 10, ["crowd", "fall"], 2.0), (25, 30, ["crowd2", "fall2"], 2.0)]
    assert [r["revision"] for r in revisions] == [1, 2, 3, 4, 1, 2]


@st.composite
def deliveries(draw):
    """Episodes as (rule, camera, begins, ends), and an order of their records: indices, an OPEN before its CLOSE."""
    places = st.sampled_from([("fall", "cam-1"), ("crowd", "cam-2"), ("crowd", "cam-3")])
    spans = st.tuples(places, st.integers(0, 60), st.integers(1, 40))
    drawn = draw(st.lists(spans, min_size=2, max_size=6, unique_by=lambda span: span[:2]))
    order = draw(st.permutations([number for number in range(len(drawn)) for _ in range(2)]))
    return [(*place, begins, begins + lasts) for place, begins, lasts in drawn], order


def instant(event):
    return event["started_at"] if event["kind"] == "OPEN" else event["ended_at"]


def told(log):
    """The revisions of a log, and whether one was told before a record of an earlier instant came."""
    book, revisions, too_late = AlertBook(), [], False
    for number, event in enumerate(log):
        new, later = book.apply_event(event), log[number + 1 :]
        opened = [instant(e) <= r["started_at"] for r in new for e in later if r["revision"] == 1]
        begins = [e["started_at"] for e in later if e["kind"] == "OPEN"]
        ended = [at <= r["ended_at"] for r in new for at in begins if r["state"] == "ENDED"]
        too_late, revisions = too_late or any(opened + ended), revisions + new
    return revisions, too_late


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(delivery=deliveries())
def test_only_a_record_of_before_what_was_told_can_change_the_outcome(delivery, episode):
    spans, order = delivery
    logs = [episode(*span) for span in spans]
    names = {log[0]["episode_id"]: number for number, log in enumerate(logs)}
    records = [iter(log) for log in logs]
    revisions, too_late = told([next(records[number]) for number in order])
    in_time = sorted((e for log in logs for e in log), key=lambda e: (instant(e), e["kind"] == "OPEN"))
    assert too_late or outcome(revisions, names) == outcome(told(in_time)[0], names)


def test_who_joins_changes_neither_the_place_nor_the_boxes(book, member):
    opened = member("fall", 0, camera_id="cam-1", compound=ACROSS)
    (alert,) = [
        r for e in (opened, member("crowd", 1, camera_id="cam-2", compound=ACROSS)) for r in book.apply_event(e)
    ]
    there = {"objects": [], "location": {"lat": 43.8, "lon": 4.3, "error_m": 1.0}}
    (joined,) = book.apply_event(member("fall", 2, camera_id="cam-3", compound=ACROSS, **there))
    kept = ("camera", "zone", "objects", "confidence", "location", "model")
    assert {name: joined[name] for name in kept} == {name: alert[name] for name in kept}
    assert len(joined["related_ids"]) == 3
