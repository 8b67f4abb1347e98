"""Every transition of an alert's life."""

import pytest

from vigie_alert.book import AlertBook
from vigie_alert.lifecycle import AFFIRMATIONS_TO_LOSE
from vigie_common.errors import PoisonRecordError

DECISION = {
    "id": "d-1", "decision": "acknowledge", "reason": None, "by": "op-3", "decided_at": 1_800_000_050_000,
}  # fmt: skip


@pytest.fixture
def book():
    return AlertBook()


def states(revisions):
    return [(r["revision"], r["state"], r["ended_reason"]) for r in revisions]


def test_an_open_event_is_revision_one_with_the_episodes_id(book, rule_event):
    event = rule_event()
    (alert,) = book.apply_event(event)
    assert alert["id"] == event["episode_id"]
    assert states([alert]) == [(1, "OPEN", None)]
    assert alert["rule"] == {
        "id": "presence", "version": "v1", "template": "presence", "bundle_digest": "b1",
        "authorisation": "a-1", "legal_basis": "decree", "reference": "order 12",
    }  # fmt: skip
    assert (alert["started_at"], alert["detected_at"], alert["updated_at"], alert["ended_at"]) == (
        event["started_at"], event["at"], event["at"], None,
    )  # fmt: skip
    assert alert["group_key"] == "nimes/cam-1/intrusion"
    assert (alert["confidence"], alert["confidence_kind"]) == (0.5, "model_score_mean")


def test_boxes_are_normalised_to_the_sampled_frame(book, rule_event):
    (alert,) = book.apply_event(rule_event())
    (box,) = alert["objects"]
    assert (box["x1"], box["y1"], box["x2"], box["y2"]) == (0.1, 0.2, 0.2, 0.8)


def test_an_update_is_the_next_revision_and_keeps_the_opening(book, rule_event):
    opening = rule_event()
    book.apply_event(opening)
    update = rule_event("UPDATE", 1)
    (alert,) = book.apply_event(update)
    assert states([alert]) == [(2, "UPDATED", None)]
    assert (alert["detected_at"], alert["updated_at"]) == (opening["at"], update["at"])
    assert alert["explanation"]["facts"] == {"inside_s": 2.0}


def test_a_close_ends_the_alert_with_its_reason_and_last_instant(book, rule_event):
    book.apply_event(rule_event())
    close = rule_event("CLOSE", 1, ended_reason="track_lost")
    (alert,) = book.apply_event(close)
    assert states([alert]) == [(2, "ENDED", "track_lost")]
    assert alert["ended_at"] == close["ended_at"]


def test_a_close_without_boxes_keeps_the_last_ones(book, rule_event):
    (opened,) = book.apply_event(rule_event())
    (ended,) = book.apply_event(rule_event("CLOSE", 1, objects=[]))
    assert (ended["objects"], ended["confidence"]) == (opened["objects"], opened["confidence"])


def test_a_close_whose_open_is_gone_gives_a_complete_ended_alert(book, rule_event):
    close = rule_event("CLOSE", 4)
    (alert,) = book.apply_event(close)
    assert states([alert]) == [(1, "ENDED", "over")]
    assert (alert["started_at"], alert["ended_at"]) == (close["started_at"], close["ended_at"])
    assert alert["objects"]


def test_an_update_whose_open_is_gone_opens_the_alert(book, rule_event):
    assert states(book.apply_event(rule_event("UPDATE", 3))) == [(1, "OPEN", None)]


@pytest.mark.parametrize("ordinal", [0, 1])
def test_an_ordinal_that_is_not_new_changes_nothing(book, rule_event, ordinal):
    book.apply_event(rule_event())
    book.apply_event(rule_event("UPDATE", 1))
    assert book.apply_event(rule_event("UPDATE", ordinal)) == []


def test_an_end_is_final(book, rule_event):
    book.apply_event(rule_event("CLOSE", 1))
    assert book.apply_event(rule_event("UPDATE", 2)) == []


def test_counts_and_shadow_make_no_alert(book, rule_event):
    assert book.apply_event(rule_event("COUNT")) == []
    assert book.apply_event(rule_event(mode="shadow", authorisation=None)) == []
    assert book.standings.by_id == {}


def test_a_shadow_update_is_ignored_but_a_shadow_close_ends_a_shown_alert(book, rule_event):
    book.apply_event(rule_event())
    assert book.apply_event(rule_event("UPDATE", 1, mode="shadow")) == []
    (ended,) = book.apply_event(rule_event("CLOSE", 2, mode="shadow"))
    assert (ended["state"], ended["mode"]) == ("ENDED", "exercise")


@pytest.mark.parametrize("mode", ["test", "replay"])
def test_test_and_replay_alert_without_an_authorisation(book, rule_event, mode):
    (alert,) = book.apply_event(rule_event(mode=mode, authorisation=None))
    assert (alert["mode"], alert["rule"]["authorisation"]) == (mode, "")


@pytest.mark.parametrize("mode", ["live", "exercise"])
def test_live_and_exercise_without_an_authorisation_are_refused(book, rule_event, mode):
    with pytest.raises(PoisonRecordError, match="names no authorisation"):
        book.apply_event(rule_event(mode=mode, authorisation=None))
    assert book.standings.by_id == {}


def test_an_opening_after_the_authorisation_ended_is_refused(book, rule_event):
    ended = {"id": "a-1", "legal_basis": "x", "reference": "y", "valid_until": 1_800_000_000_000}
    with pytest.raises(PoisonRecordError, match="authorisation a-1 ended"):
        book.apply_event(rule_event(authorisation=ended))


def test_a_newer_episode_of_the_same_key_ends_the_older_one_as_lost(book, rule_event):
    older = rule_event()
    book.apply_event(older)
    newer = rule_event(started_at=1_800_000_100_000)
    lost, opened = book.apply_event(newer)
    assert (lost["id"], lost["state"], lost["ended_reason"]) == (older["episode_id"], "ENDED", "lost")
    assert (lost["ended_at"], lost["updated_at"]) == (older["at"], newer["at"])
    assert states([opened]) == [(1, "OPEN", None)]
    assert (lost["related_ids"], opened["related_ids"]) == ([newer["episode_id"]], [older["episode_id"]])


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "b"}, {"scope": "porte"}, {"camera_id": "cam-2"}, {"rule": {"id": "stopped"}},
        {"mode": "replay"}, {"site": "ales"},
    ],
)  # fmt: skip
def test_another_key_leaves_the_alert_open(book, rule_event, other):
    book.apply_event(rule_event())
    assert len(book.apply_event(rule_event(started_at=1_800_000_100_000, **other))) == 1


def test_a_late_close_of_a_former_episode_leaves_the_newer_open(book, rule_event):
    book.apply_event(rule_event(started_at=1_800_000_100_000))
    (late,) = book.apply_event(rule_event("CLOSE", 3))
    assert states([late]) == [(1, "ENDED", "over")]
    assert sum(s.is_open for s in book.standings.by_id.values()) == 1


def test_five_affirmations_in_a_row_without_it_lose_an_alert_at_its_last_event(book, rule_event, affirmation):
    opening = rule_event()
    book.apply_event(opening)
    for minute in range(AFFIRMATIONS_TO_LOSE - 1):
        assert book.apply_event(affirmation(minute)) == []
    last = affirmation(AFFIRMATIONS_TO_LOSE - 1)
    (lost,) = book.apply_event(last)
    assert states([lost]) == [(2, "ENDED", "lost")]
    assert (lost["ended_at"], lost["updated_at"]) == (opening["at"], last["at"])


def test_being_listed_or_updated_begins_the_count_anew(book, rule_event, affirmation):
    (alert,) = book.apply_event(rule_event())
    for minute in range(4):
        book.apply_event(affirmation(minute))
    book.apply_event(affirmation(4, [alert["id"]]))
    for minute in range(5, 9):
        assert book.apply_event(affirmation(minute)) == []
    book.apply_event(rule_event("UPDATE", 1))
    for minute in range(9, 13):
        assert book.apply_event(affirmation(minute)) == []
    assert states(book.apply_event(affirmation(13))) == [(3, "ENDED", "lost")]


def test_a_repeated_affirmation_counts_once(book, rule_event, affirmation):
    book.apply_event(rule_event())
    for _ in range(10):
        assert book.apply_event(affirmation(0)) == []


async def test_a_camera_whose_clock_was_ahead_is_believed_again_in_its_next_session(served, rule_event, affirmation):
    year = 60 * 24 * 365
    ahead = [affirmation(year, session="s-1"), rule_event(session="s-2")]
    later = [affirmation(minute, session="s-2") for minute in range(AFFIRMATIONS_TO_LOSE)]
    assert states(await served(ahead + later[:-1])) == [(1, "OPEN", None)]
    repeated = [affirmation(minute, session="s-1") for minute in (year, year + 1)]
    assert await served(repeated + later[:-1]) == []
    assert states(await served(later[-1:])) == [(2, "ENDED", "lost")]


def test_another_cameras_affirmation_loses_nothing(book, rule_event, affirmation):
    book.apply_event(rule_event())
    for minute in range(10):
        assert book.apply_event(affirmation(minute, camera_id="cam-2")) == []


@pytest.mark.parametrize("decision", ["acknowledge", "confirm", "reject"])
def test_a_decision_comes_back_as_a_revision(book, rule_event, decision):
    (opened,) = book.apply_event(rule_event())
    given = DECISION | {"alert_id": opened["id"], "decision": decision, "reason": "a dog"}
    (alert,) = book.apply_decision(given)
    assert states([alert]) == [(2, "UPDATED", None)]
    assert alert["decision"] == {
        "kind": decision, "by": "op-3", "reason": "a dog", "decided_at": 1_800_000_050_000,
    }  # fmt: skip


def test_an_operator_can_close_an_alert(book, rule_event):
    event = rule_event()
    book.apply_event(event)
    (alert,) = book.apply_decision(DECISION | {"alert_id": event["episode_id"], "decision": "close"})
    assert states([alert]) == [(2, "ENDED", "closed")]
    assert alert["ended_at"] == event["at"]
    assert book.apply_event(rule_event("UPDATE", 1)) == []


def test_a_decision_on_an_ended_alert_leaves_its_end_as_it_is(book, rule_event):
    (ended,) = book.apply_event(rule_event("CLOSE", 1))
    (alert,) = book.apply_decision(DECISION | {"alert_id": ended["id"], "decision": "close"})
    assert states([alert]) == [(2, "ENDED", "over")]


def test_a_repeated_decision_changes_nothing(book, rule_event):
    (opened,) = book.apply_event(rule_event())
    book.apply_decision(DECISION | {"alert_id": opened["id"]})
    assert book.apply_decision(DECISION | {"alert_id": opened["id"]}) == []


def test_a_decision_survives_later_events(book, rule_event):
    (opened,) = book.apply_event(rule_event())
    book.apply_decision(DECISION | {"alert_id": opened["id"]})
    (alert,) = book.apply_event(rule_event("UPDATE", 1))
    assert alert["decision"]["kind"] == "acknowledge"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"alert_id": "00000000-0000-5000-8000-000000000000"}, "does not exist"),
        ({"alert_id": "../../etc"}, "must be a UUID"),
        ({"decision": "unknown"}, "allowed are"),
        ({"decision": "reject", "reason": " "}, "needs a reason"),
        ({"by": ""}, "by is ''"),
        ({"id": "a\x00b"}, "control characters"),
        (
            {"decided_at": 32_503_680_000_000},
            "decided_at is 32503680000000, which is no time of the years 1970 to 2999",
        ),
    ],
)
def test_a_wrong_decision_is_refused_and_leaves_no_trace(book, rule_event, wrong, says):
    (opened,) = book.apply_event(rule_event())
    with pytest.raises(PoisonRecordError, match=says):
        book.apply_decision(DECISION | {"alert_id": opened["id"]} | wrong)
    assert len(book.apply_decision(DECISION | {"alert_id": opened["id"]})) == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"kind": "unknown"}, "kind is 'unknown'"),
        ({"episode_id": "../escape"}, "must be a UUID"),
        ({"ordinal": -1}, "0 or more"),
        ({"camera_id": ""}, "camera_id"),
        ({"site": "a\x00"}, "site"),
        ({"time_zone": "Mars/Olympus"}, "time_zone is 'Mars/Olympus', and must be an IANA time zone"),
        ({"time_zone": "/etc"}, "must be an IANA time zone"),
        ({"width": 0}, "0 x 360 pixels"),
        ({"kind": "AFFIRM", "minute": None}, "needs the minute"),
        ({"kind": "AFFIRM", "minute": 0, "session": "a\x00"}, "session is"),
        ({"at": 32_503_680_000_000}, "at is 32503680000000, which is no time of the years 1970 to 2999"),
        ({"started_at": -1}, "started_at is -1, which is no time of the years 1970 to 2999"),
        ({"kind": "AFFIRM", "minute": 32_503_680_000_000}, "minute is 32503680000000, which is no time"),
    ],
)
def test_a_wrong_event_is_refused_and_leaves_no_trace(book, rule_event, wrong, says):
    with pytest.raises(PoisonRecordError, match=says):
        book.apply_event(rule_event() | wrong)
    assert (book.standings.by_id, book.affirmed) == ({}, {})


def test_evidence_at_once_is_in_revision_one_and_late_evidence_in_a_later_one(book, rule_event):
    image = {"kind": "image", "uri": "file:///x.jpg", "sha256": "0", "captured_from": 1, "captured_to": 1}
    image |= {"expires_at": 2}
    (alert,) = book.apply_event(rule_event(), [image])
    assert alert["evidence"] == [image]
    (other,) = book.apply_event(rule_event(subject="b"))
    assert other["evidence"] == []
    (later,) = book.apply_evidence(other["id"], [image])
    assert (states([later]), later["evidence"]) == ([(2, "UPDATED", None)], [image])
    (updated,) = book.apply_event(rule_event("UPDATE", 1, subject="b"))
    assert updated["evidence"] == [image]


def test_late_evidence_leaves_an_ended_alert_ended(book, rule_event):
    (ended,) = book.apply_event(rule_event("CLOSE", 1))
    assert states(book.apply_evidence(ended["id"], [])) == [(2, "ENDED", "over")]
