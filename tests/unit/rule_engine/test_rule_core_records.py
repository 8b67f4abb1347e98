"""Records that come wrong, late, again or from another session: what is passed over, and what changes nothing."""

import math

import pytest

from vigie_common.errors import PoisonRecordError
from vigie_common.stream import ConfigVersion, FixedView, Message


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("corner", ["x1", "y1", "x2", "y2"])
def test_a_box_that_is_not_finite_is_passed_over_and_the_others_are_judged(street, rule, obj, value, corner):
    s = street([rule("presence")])
    for _ in range(10):
        record = s.record([obj(1, 0.5, 0.7), obj(2, 0.6, 0.7)])
        record[corner][0] = value
        s.take(record)
        s.t += 0.2
    assert [e["subject"] for e in s.events()] == [f"{s.session}:2"]


def test_a_box_without_area_is_passed_over(street, rule, obj):
    s = street([rule("presence")])
    s.during(3, lambda _: [obj(1, 0.5, 0.7, 0.0), obj(2, 0.5, 0.7, -0.2)])
    assert s.story() == []


@pytest.mark.parametrize(("back_s", "judged"), [(0.2, False), (60.0, False), (60.2, True)])
def test_a_new_session_may_set_the_clock_back_by_more_than_a_minute(street, rule, back_s, judged):
    s = street([rule("presence")]).empty(100)
    s.session, s.t = s.session[:-4] + "0099", s.t - 0.2 - back_s
    s.see()
    assert s.core.tally.records["time_went_back"] == (0 if judged else 1)
    assert s.core._cameras["cam-1"].sessions[-1] == (s.session if judged else s.session[:-4] + "0001")


def test_a_record_is_worth_two_intervals_or_a_second_of_watched_time(street, rule):
    for fps, worth_ms in ((5.0, 1_000), (2.0, 1_000), (1.0, 2_000), (0.2, 10_000)):
        s = street([rule("presence")], fps=fps)
        s.see()
        s.t += 40
        s.see()
        assert s.core._cameras["cam-1"].watched == worth_ms


def test_time_that_goes_back_within_a_session_is_not_judged(street, rule, obj):
    s = street([rule("presence")])
    s.during(3, lambda _: [obj(1, 0.5, 0.7)])
    before = s.core.snapshot()
    s.t -= 1.0
    assert s.see(obj(1, 0.9, 0.95)) == []
    assert s.core.snapshot() == before
    assert s.core.tally.records["time_went_back"] == 1


def test_only_the_newest_of_two_overlapping_sessions_counts(street, rule, obj):
    s = street([rule("presence")])
    s.see(obj(1, 0.5, 0.7))
    old, s.session = s.session, s.session[:-1] + "9"
    s.see(obj(1, 0.5, 0.7))
    s.session = old
    s.see(obj(1, 0.5, 0.7))
    assert s.core.tally.records["old_session"] == 1


def test_an_id_of_a_new_session_is_not_the_same_id_of_the_old_one(street, rule, obj):
    s = street([rule("presence", zones=[])])
    s.during(3, lambda _: [obj(1, 0.2, 0.7)])
    first, s.session = s.session, s.session[:-1] + "9"
    s.during(3, lambda _: [obj(1, 0.8, 0.7)])
    assert [e["subject"] for e in s.events("OPEN")] == [f"{first}:1", f"{s.session}:1"]


def test_a_recording_that_begins_again_is_judged_again(street, rule, obj):
    s = street([rule("presence")])
    s.during(300, lambda _: [obj(1, 0.5, 0.7)])
    s.t, s.session = 0.0, s.session[:-1] + "9"
    s.during(5, lambda _: [obj(1, 0.5, 0.7)])
    assert [kind for kind, _, _ in s.story()] == ["OPEN", "CLOSE", "OPEN"]


@pytest.mark.parametrize("column", ["x1", "y2", "score", "object_class", "model_index"])
def test_columns_of_different_lengths_are_poison_and_change_nothing(street, rule, obj, column):
    s = street([rule("presence")])
    s.during(3, lambda _: [obj(1, 0.5, 0.7)])
    before = s.core.snapshot()
    record = s.record([obj(1, 0.5, 0.7)])
    record[column].append(record[column][0])
    with pytest.raises(PoisonRecordError, match=f"camera cam-1, seq 15: 1 track ids but 2 {column}"):
        s.take(record)
    assert s.core.snapshot() == before


def test_boxes_in_a_frame_without_a_size_are_poison(street, rule, obj):
    s = street([rule("presence")])
    with pytest.raises(PoisonRecordError, match="0x0 pixels"):
        s.take(s.record([obj(1, 0.5, 0.7)], width=0, height=0))


def test_a_camera_that_nobody_has_declared_says_nothing(street, rule, obj):
    s = street([rule("presence")])
    assert s.take(s.record([obj(1, 0.5, 0.7)], camera_id="cam-9")) == []
    assert s.core.tally.records["unknown_camera"] == 1


def test_a_camera_without_rules_is_still_covered(street, obj):
    s = street([])
    s.bundle = None
    s.during(61, lambda _: [obj(1, 0.5, 0.7)])
    (coverage,) = [o.value for o in s.outputs if o.topic == "coverage"]
    assert (coverage["bundle_digest"], coverage["rules"], coverage["watched_s"]) == ("", [], 60.0)


def test_a_record_that_is_refused_takes_nothing_of_what_was_due_with_it(street, rule, obj):
    s = street([rule("presence")], others=["cam-2"]).during(5, lambda _: [obj(1, 0.5, 0.7)])
    s.publish(camera={"removed": True})
    before = s.core.snapshot()
    at = s.record()["captured_at"] + 61_000
    with pytest.raises(PoisonRecordError):
        s.take(s.record(camera_id="cam-2", captured_at=at, track_id=[1]), appended_at=at)
    assert s.core.snapshot() == before
    s.take(s.record(camera_id="cam-2", captured_at=at), appended_at=at)
    assert s.story()[-1] == ("CLOSE", 4.8, "rule_changed")


def test_a_camera_is_removed_by_its_own_time_and_not_by_that_of_one_whose_clock_is_ahead(street, rule, obj, t0):
    s = street([rule("presence")], others=["cam-2"]).during(5, lambda _: [obj(1, 0.5, 0.7)])
    view, tomorrow = s.view(), t0 + 86_400_000
    removed = ConfigVersion("cam-1", tomorrow, 1, t0, s.camera | {"removed": True})
    ahead = FixedView({"cameras": {**view.versions["cameras"], "cam-1": removed}, "rules": view.versions["rules"]})

    def heard(appended_at):
        record = s.record(camera_id="cam-2", captured_at=tomorrow + appended_at)
        return s.core.process(Message("tracks", 0, s.offset, "cam-2", appended_at, record), ahead)

    assert [o for o in heard(t0 + 70_000) if o.value.get("kind") == "CLOSE"] == []
    (closed,) = (o.value for o in heard(tomorrow + 1) if o.value.get("kind") == "CLOSE")
    assert closed["ended_reason"] == "rule_changed"
