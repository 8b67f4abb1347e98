"""Compound rules: members that meet within a time, in one place, are one alert."""

import itertools

import pytest

from vigie_alert.lifecycle import AFFIRMATIONS_TO_LOSE
from vigie_common.errors import PoisonRecordError

START = 1_800_000_000_000
AUTHORISATION = {"id": "a-9", "legal_basis": "decree", "reference": "order 40", "valid_until": 1_900_000_000_000}


def found(revisions):
    return [(r["rule"]["id"], r["revision"], r["state"], (r["started_at"] - START) / 1000) for r in revisions]


def test_two_rules_on_one_camera_within_the_time_are_one_alert(book, member):
    first, second = member("fall", 0), member("crowd", 20)
    assert book.apply_event(first) == []
    (alert,) = book.apply_event(second)
    assert found([alert]) == [("distress", 1, "OPEN", 20.0)]
    assert alert["related_ids"] == [first["episode_id"], second["episode_id"]]
    assert alert["explanation"]["text"] == {"en": "crowd, fall on cam-1"}
    assert alert["explanation"]["facts"] == {"cameras": 1.0, "episodes": 2.0, "rules": 2.0, "spread_s": 20.0}
    assert (alert["severity"], alert["category"], alert["rule"]["template"]) == ("critical", "distress", "compound")
    assert alert["rule"]["authorisation"] == "a-9"


def test_an_episode_that_still_goes_on_counts_however_long_ago_it_began(book, member):
    book.apply_event(member("fall", 0))
    assert found(book.apply_event(member("crowd", 600))) == [("distress", 1, "OPEN", 600.0)]


@pytest.mark.parametrize(("gap_s", "alerts"), [(29.9, 1), (30.0, 1), (30.1, 0)])
def test_an_episode_counts_for_the_time_after_its_end(book, member, gap_s, alerts):
    book.apply_event(member("fall", 0))
    book.apply_event(member("fall", 0, "CLOSE", 1, lasts_s=5))
    assert len(book.apply_event(member("crowd", 5 + gap_s))) == alerts


def test_the_same_rule_twice_is_not_two_rules(book, member):
    book.apply_event(member("fall", 0, subject="a"))
    assert book.apply_event(member("fall", 1, subject="b")) == []


def test_another_camera_is_another_place(book, member):
    book.apply_event(member("fall", 0))
    assert book.apply_event(member("crowd", 1, camera_id="cam-2")) == []


def test_another_zone_is_another_place_only_if_the_compound_asks_for_it(book, member):
    zone = {"same": "zone"}
    book.apply_event(member("fall", 0, compound=zone))
    assert book.apply_event(member("crowd", 1, scope="pont", compound=zone)) == []
    assert len(book.apply_event(member("crowd", 2, compound=zone))) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"scope_kind": "zone"}, {"scope_kind": "line"}),
        ({"scope_kind": "line"}, {"scope_kind": "line"}),
        ({"scope_kind": "track", "scope": ""}, {"scope_kind": "track", "scope": ""}),
    ],
    ids=["a zone and a line of one name", "one line", "the whole image"],
)
def test_in_one_zone_is_what_is_in_a_zone_that_has_a_name(book, member, first, second):
    zone = {"same": "zone"}
    book.apply_event(member("fall", 0, compound=zone, **first))
    assert book.apply_event(member("cross", 1, compound=zone, **second)) == []


def test_an_object_in_a_zone_and_the_zone_as_a_whole_are_in_one_zone(book, member):
    zone = {"same": "zone"}
    book.apply_event(member("fall", 0, scope_kind="track", compound=zone))
    (alert,) = book.apply_event(member("crowd", 1, scope_kind="zone", compound=zone))
    assert alert["zone"] == "quai"


def test_one_rule_on_several_cameras_of_a_site(book, member):
    across = {"same": "site", "min_rules": 1, "min_cameras": 3}
    assert book.apply_event(member("crowd", 0, camera_id="cam-1", compound=across)) == []
    assert book.apply_event(member("crowd", 5, camera_id="cam-2", compound=across)) == []
    (alert,) = book.apply_event(member("crowd", 9, camera_id="cam-3", compound=across))
    assert (found([alert]), alert["camera"]["id"]) == ([("distress", 1, "OPEN", 9.0)], "cam-3")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_arrival_does_not_matter_where_all_are_needed(book, member, order):
    across = {"same": "site", "min_rules": 1, "min_cameras": 3}
    events = [member("crowd", 5 * i, camera_id=f"cam-{i}", compound=across) for i in range(3)]
    (alert,) = [r for i in order for r in book.apply_event(events[i])]
    assert (alert["started_at"] - START, sorted(alert["related_ids"])) == (
        10_000,
        sorted(e["episode_id"] for e in events),
    )


def test_a_member_that_comes_later_joins_the_open_alert(book, member):
    (opened,) = [r for e in (member("fall", 0), member("crowd", 1)) for r in book.apply_event(e)]
    third = member("fall", 8, subject="b")
    (updated,) = book.apply_event(third)
    assert (updated["id"], updated["revision"], updated["state"]) == (opened["id"], 2, "UPDATED")
    assert updated["related_ids"] == [*opened["related_ids"], third["episode_id"]]


def test_what_was_over_before_they_met_is_not_among_those_who_met(book, member):
    book.apply_event(member("fall", 0))
    book.apply_event(member("fall", 0, "CLOSE", 1, lasts_s=5))
    for event in (member("fall", 600, subject="b"), member("crowd", 601)):
        book.apply_event(event)
    (updated,) = book.apply_event(member("fall", 608, subject="c"))
    assert updated["explanation"]["facts"]["episodes"] == 3.0


def test_it_ends_with_its_last_member_and_its_members_count_for_no_other(book, member):
    for event in (member("fall", 0), member("crowd", 1)):
        book.apply_event(event)
    assert book.apply_event(member("fall", 0, "CLOSE", 1, lasts_s=5)) == []
    (ended,) = book.apply_event(member("crowd", 1, "CLOSE", 1, lasts_s=9))
    assert (ended["state"], ended["ended_reason"], ended["ended_at"] - START) == ("ENDED", "over", 10_000)
    assert book.apply_event(member("fall", 15)) == []


def test_a_repeated_log_changes_nothing(book, member):
    log = [member("fall", 0), member("crowd", 1), member("fall", 8, subject="b"), member("fall", 0, "CLOSE", 1)]
    log += [member("crowd", 1, "CLOSE", 1), member("fall", 8, "CLOSE", 1, subject="b")]
    first = [r for event in log for r in book.apply_event(event)]
    assert [r["revision"] for r in first] == [1, 2, 3]
    assert [r for event in log for r in book.apply_event(event)] == []


def test_affirmations_of_a_camera_do_not_end_a_compound_while_they_list_its_members(book, member, affirmation, stamp):
    events = [member("fall", 0), member("crowd", 1)]
    for event in events:
        book.apply_event(event)
    listed = [event["episode_id"] for event in events]
    assert [r for m in range(1, 9) for r in book.apply_event(affirmation(m, listed, compounds=[stamp()]))] == []
    ends = [r for m in range(9, 9 + AFFIRMATIONS_TO_LOSE) for r in book.apply_event(affirmation(m, []))]
    assert [(r["state"], r["ended_reason"]) for r in ends] == [("ENDED", "over")]


UNTIL = START + 60_000
BRIEF = {"authorisation": AUTHORISATION | {"valid_until": UNTIL}}


def ends(revisions):
    return [(r["ended_reason"], (r["ended_at"] - START) / 1000) for r in revisions if r["state"] == "ENDED"]


def test_it_ends_with_the_authorisation_though_its_members_go_on(book, member, affirmation, stamp):
    events = [member("fall", 0, compound=BRIEF), member("crowd", 1, compound=BRIEF)]
    listed = [event["episode_id"] for event in events]
    assert [r["state"] for event in events for r in book.apply_event(event)] == ["OPEN"]
    minutes = [affirmation(minute, listed, compounds=[stamp(**BRIEF)]) for minute in (-1, 0, 1)]
    affirmed = [r for minute in minutes for r in book.apply_event(minute)]
    assert ends(affirmed) == [("authorisation_ended", 60.0)]
    assert book.apply_event(member("crowd", 1, "CLOSE", 1, lasts_s=90)) == []


def test_an_end_that_is_told_after_the_authorisation_is_the_end_of_the_authorisation(book, member):
    for event in (member("fall", 0, compound=BRIEF), member("crowd", 1, compound=BRIEF)):
        book.apply_event(event)
    book.apply_event(member("fall", 0, "CLOSE", 1, lasts_s=5))
    assert ends(book.apply_event(member("crowd", 1, "CLOSE", 1, lasts_s=300))) == [("authorisation_ended", 60.0)]


def test_members_of_several_cameras_are_there_each_under_its_own_authorisation(book, member, affirmation, stamp):
    across = {"same": "site", "min_rules": 1, "min_cameras": 2}
    first = member("crowd", 0, camera_id="cam-1", compound=across | BRIEF)
    second = member("crowd", 1, camera_id="cam-2", compound=across)
    assert [r["state"] for event in (first, second) for r in book.apply_event(event)] == ["OPEN"]
    assert book.apply_event(affirmation(0, [first["episode_id"]], compounds=[stamp(**across | BRIEF)])) == []
    third = member("crowd", 70, camera_id="cam-3", compound=across)
    assert [r["state"] for r in book.apply_event(third)] == ["UPDATED"]
    for event, kind in ((second, "cam-2"), (third, "cam-3")):
        at_s = (event["started_at"] - START) // 1000
        revisions = book.apply_event(member("crowd", at_s, "CLOSE", 1, camera_id=kind, lasts_s=100))
    assert ends(revisions) == [("over", 170.0)]


def test_a_member_whose_authorisation_has_ended_meets_nobody(book, member):
    across = {"same": "site", "min_rules": 1, "min_cameras": 2}
    book.apply_event(member("crowd", 0, camera_id="cam-1", compound=across | BRIEF))
    assert book.apply_event(member("crowd", 61, camera_id="cam-2", compound=across)) == []


def test_after_the_authorisation_a_new_one_needs_new_members(book, member):
    across = {"same": "site", "min_rules": 1, "min_cameras": 2}
    for camera in ("cam-1", "cam-2"):
        book.apply_event(member("crowd", 0, camera_id=camera, compound=across | BRIEF))
    revisions = book.apply_event(member("crowd", 70, camera_id="cam-3", compound=across))
    assert ends(revisions) == [("authorisation_ended", 60.0)]
    assert len(revisions) == 1
    assert found(book.apply_event(member("crowd", 80, camera_id="cam-4", compound=across))) == [
        ("distress", 1, "OPEN", 80.0)
    ]


SHADOW = {"mode": "shadow", "authorisation": None}
RENEWED = {"authorisation": AUTHORISATION | {"id": "a-10"}}


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ([], "rule_changed"),
        ([{"id": "another"}], "rule_changed"),
        ([{"version": "v10"}], "rule_changed"),
        ([SHADOW], "authorisation_ended"),
        ([{"mode": "live"}], "authorisation_ended"),
    ],
    ids=["gone", "another", "other parameters", "authorisation withdrawn", "another mode"],
)
def test_it_ends_once_when_its_cameras_no_longer_name_it_as_it_was(book, member, affirmation, stamp, now, reason):
    events = [member("fall", 0), member("crowd", 1)]
    for event in events:
        book.apply_event(event)
    listed = [event["episode_id"] for event in events]
    revisions = [
        r for m in (0, 0, 1) for r in book.apply_event(affirmation(m, listed, compounds=[stamp(**c) for c in now]))
    ]
    assert ends(revisions) == [(reason, 60.0)]
    assert book.apply_event(member("crowd", 1, "CLOSE", 1, lasts_s=90)) == []


@pytest.mark.parametrize("now", [{}, RENEWED, {"title": {"en": "Another"}, "severity": "info"}])
def test_it_goes_on_while_it_decides_as_it_did(book, member, affirmation, stamp, now):
    events = [member("fall", 0), member("crowd", 1)]
    for event in events:
        book.apply_event(event)
    listed = [event["episode_id"] for event in events]
    assert [r for m in range(3) for r in book.apply_event(affirmation(m, listed, compounds=[stamp(**now)]))] == []
    assert book.apply_event(member("fall", 0, "CLOSE", 1, lasts_s=200)) == []
    assert ends(book.apply_event(member("crowd", 1, "CLOSE", 1, lasts_s=300))) == [("over", 301.0)]


def test_across_cameras_it_ends_when_the_last_of_them_no_longer_names_it(book, member, affirmation):
    across = {"same": "site", "min_rules": 1, "min_cameras": 2}
    cameras = ("cam/1", "cam-2")
    listed = {}
    for camera in cameras:
        event = member("crowd", 0, camera_id=camera, compound=across)
        book.apply_event(event)
        listed[camera] = [event["episode_id"]]
    told = [book.apply_event(affirmation(0, listed[camera], camera_id=camera)) for camera in cameras]
    assert [ends(revisions) for revisions in told] == [[], [("rule_changed", 60.0)]]


def test_a_compound_in_shadow_leaves_no_trace(book, member):
    shadow = {"mode": "shadow", "authorisation": None}
    for event in (member("fall", 0, compound=shadow), member("crowd", 1, compound=shadow)):
        assert book.apply_event(event) == []
    assert book.meetings.members == {}


def test_members_that_alert_by_themselves_do_so_too(book, member):
    alerting = {"mode": "exercise", "authorisation": AUTHORISATION}
    book.apply_event(member("fall", 0, **alerting))
    assert found(book.apply_event(member("crowd", 1, **alerting))) == [
        ("crowd", 1, "OPEN", 1.0),
        ("distress", 1, "OPEN", 1.0),
    ]


def test_when_an_operator_closes_it_its_members_count_for_no_other(book, member, closing):
    (opened,) = [r for e in (member("fall", 0), member("crowd", 1)) for r in book.apply_event(e)]
    (closed,) = book.apply_decision(closing(opened["id"]))
    assert (closed["state"], closed["ended_reason"]) == ("ENDED", "closed")
    assert book.apply_event(member("fall", 9, subject="b")) == []
    (again,) = book.apply_event(member("crowd", 10, subject="b"))
    assert (again["id"] != opened["id"], len(again["related_ids"])) == (True, 2)


def test_another_decision_leaves_its_members_as_they_are(book, member, closing):
    (opened,) = [r for e in (member("fall", 0), member("crowd", 1)) for r in book.apply_event(e)]
    book.apply_decision(closing(opened["id"]) | {"decision": "confirm"})
    assert found(book.apply_event(member("fall", 9, subject="b"))) == [("distress", 3, "UPDATED", 1.0)]


async def test_what_an_operator_closed_is_closed_after_a_restart(served, member, closing):
    (opened,) = await served([member("fall", 0), member("crowd", 1)])
    revisions = await served([closing(opened["id"]), member("fall", 9, subject="b"), member("crowd", 10, subject="b")])
    assert [(r["state"], len(r["related_ids"])) for r in revisions] == [("ENDED", 2), ("OPEN", 2)]


@pytest.mark.parametrize("late_s", [0, 2 * 3600, 30 * 86_400])
async def test_an_episode_that_is_told_long_after_its_start_meets_those_who_were_there_then(served, member, late_s):
    log = [member("rest", -3000), member("rest", -3000, "CLOSE", 1), member("fall", 0)]
    log += [member("fall", 0, "CLOSE", 1, lasts_s=600), member("crowd", 300, at=START + 1000 * (300 + late_s))]
    (alert,) = await served(log)
    assert found([alert]) == [("distress", 1, "OPEN", 300.0)]
    assert alert["related_ids"] == [log[2]["episode_id"], log[-1]["episode_id"]]


async def test_members_of_an_alert_that_lasts_for_hours_count_for_no_other(served, member):
    log = [member("fall", 0), member("crowd", 1), member("fall", 0, "CLOSE", 1, lasts_s=5)]
    log += [member("crowd", 1, "CLOSE", 1, lasts_s=3 * 3600), member("rest", 3, at=START + 4 * 3600_000)]
    log += [member("crowd", 4, subject="b", at=START + 4 * 3600_000 + 1)]
    assert [state for _, _, state, _ in found(await served(log))] == ["OPEN", "ENDED", "OPEN"]


def test_a_compound_that_alerts_without_an_authorisation_is_refused(book, member):
    with pytest.raises(PoisonRecordError, match="compound distress has mode exercise but no authorisation"):
        book.apply_event(member("fall", 0, compound={"authorisation": None}))
    with pytest.raises(PoisonRecordError, match="within_ms 3600001"):
        book.apply_event(member("fall", 0, compound={"within_ms": 3_600_001}))
