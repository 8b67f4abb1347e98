"""The state: cut anywhere, it goes on as if nothing had been; and whatever comes in, it stays whole."""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_common.errors import PoisonRecordError, VigieError
from vigie_common.identity import episode_id
from vigie_common.stream import ConfigVersion, FixedView, Message
from vigie_rule_engine.core import RuleCore
from vigie_rule_engine.layers.limits import MOST_SUBJECTS
from vigie_rule_engine.measures import facts_of
from vigie_rule_engine.snapshot import FORMAT


def busy(street, rule, authorisation, t0, camera, calibration):
    """Rules of every template, with a condition and an authorisation that expires."""
    return street(
        [
            rule("presence", numbers={"for_s": 2.0}),
            rule("stopped", numbers={"for_s": 6.0}, when="local.minute != 1", classes=["person", "car"]),
            rule("dwell", numbers={"for_s": 4.0}),
            rule("line_cross"),
            rule("wrong_way", lines=["porte"], numbers={"progress_m": 0.5}),
            rule("person_down", numbers={"for_s": 1.0, "aspect": 0.3}),
            rule("abandoned_object", classes=["car"], numbers={"for_s": 1.0, "alone_s": 1.0}),
            rule("gathering", numbers={"people": 2.0, "for_s": 1.0}),
            rule("density", numbers={"enter": 0.01, "leave": 0.005, "for_s": 1.0}),
            rule(
                "congestion", numbers={"vehicles": 1.0, "free_flow_heights_per_s": 2.0, "for_s": 1.0}, classes=["car"]
            ),
            rule("object_class", zones=[]),
            rule("count_zone", when="facts.mean > 0.5"),
            rule("unique_count", zones=[]),
            rule("count_line"),
        ],
        camera=camera(calibration=calibration),
        authorisations=[authorisation(valid_until=t0 + 70_000)],
    )


frames = st.lists(
    st.tuples(
        st.sampled_from(["ok", "ok", "ok", "ok", "ok", "offline", "shed", "turned"]),
        st.lists(
            st.tuples(
                st.integers(1, 4),
                st.sampled_from([0.3, 0.45, 0.5, 0.52, 0.6, math.nan]),
                st.sampled_from([0.38, 0.45, 0.7]),
                st.sampled_from(["person", "car"]),
            ),
            max_size=4,
        ),
        st.sampled_from([0.2, 0.2, 0.2, 1.0, 20.0, 700.0]),
        st.sampled_from([None, None, None, None, "session", "rules", "camera", "withdrawn", "size"]),
    ),
    min_size=1,
    max_size=40,
)


def play(s, steps, cuts, obj, rule):
    """The bytes-equal form of all that is said, and the snapshot at the end."""
    for index, (status, boxes, wait, change) in enumerate(steps):
        if index in cuts:
            s.restart()
        if change == "session":
            s.session = s.session[:-4] + f"{index + 16:04x}"
        elif change == "rules":
            changed = rule("count_line", numbers={"band_heights": 0.05 + 0.01 * index}, version=f"{index}")
            s.publish([*(r for r in s.bundle["rules"] if r["id"] not in {"count_line", "abandoned_object"}), changed])
        elif change == "camera":
            s.publish(camera={"version": f"v{index}", "lines": []})
        elif change == "withdrawn":
            s.publish(withdrawn=not s.bundle["withdrawn"])
        elif change == "size":
            s.size = (640, 360) if s.size[0] == 960 else (960, 720)
        s.see(*(obj(*box[:3], 0.2, box[3]) for box in boxes), status=status)
        s.t = round(s.t + wait - 0.2, 6)
    return repr(s.outputs), s.core.snapshot()


@settings(max_examples=40, deadline=None)
@given(steps=frames, data=st.data())
def test_a_restart_at_any_record_says_the_same_and_ends_in_the_same_bytes(
    street, rule, authorisation, obj, t0, camera, calibration, steps, data
):
    cuts = data.draw(st.sets(st.integers(0, len(steps) - 1), max_size=4))
    whole = play(busy(street, rule, authorisation, t0, camera, calibration), steps, set(), obj, rule)
    cut = play(busy(street, rule, authorisation, t0, camera, calibration), steps, cuts, obj, rule)
    assert cut == whole


@settings(max_examples=30, deadline=None)
@given(steps=frames)
def test_every_close_has_its_open_and_every_affirmation_lists_what_is_open(
    street, rule, authorisation, obj, t0, camera, calibration, steps
):
    s = busy(street, rule, authorisation, t0, camera, calibration)
    play(s, steps, set(), obj, rule)
    s.outputs += s.core.finish()
    opened = set()
    keys = set()
    for event in s.events("OPEN", "UPDATE", "CLOSE", "COUNT", "AFFIRM"):
        if event["kind"] == "OPEN":
            opened.add(event["episode_id"])
        elif event["kind"] == "UPDATE":
            assert event["episode_id"] in opened
        elif event["kind"] == "CLOSE":
            opened.remove(event["episode_id"])
            assert event["started_at"] <= event["ended_at"] <= event["at"]
        elif event["kind"] == "AFFIRM":
            assert event["open_episodes"] == sorted(opened)
        assert event["id"] not in keys or event["kind"] == "AFFIRM"
        keys.add(event["id"])
    assert opened == set()


def test_the_same_input_gives_the_same_bytes(street, rule, authorisation, obj, t0, camera, calibration, errors):
    def run():
        s = busy(street, rule, authorisation, t0, camera, calibration)
        s.during(90, lambda t: [obj(i, 0.1 * i + 0.005 * t, 0.7) for i in range(1, 6)], errors(3))
        return repr(s.outputs), s.core.snapshot()

    assert run() == run()


def test_the_id_of_an_episode_is_that_of_its_parts(street, rule, obj):
    s = street([rule("presence", version="7f")])
    s.during(3, lambda _: [obj(9, 0.5, 0.7)])
    (event,) = s.events()
    parts = ("nimes", "cam-1", "presence", "7f", "place", f"{s.session}:9", event["started_at"])
    assert event["episode_id"] == episode_id(*parts)
    assert (event["id"], event["ordinal"]) == (f"{event['episode_id']}:0", 0)


def test_an_event_tells_all_that_an_alert_needs(street, rule, authorisation, obj):
    s = street([rule("presence")], authorisations=[authorisation()])
    s.during(3, lambda _: [obj(9, 0.5, 0.7)])
    (event,) = s.events()
    assert event["location"] == {"lat": 43.8383, "lon": 4.3561, "accuracy_m": None, "method": "camera_position"}
    assert event["frame_ref"] == {"partition": 0, "offset": 5}
    assert (event["session"], event["seq"], event["model"]) == (s.session, 5, {"name": "yolox-nano", "version": "m1"})
    assert event["objects"] == [
        {
            "track_id": 9,
            "object_class": "person",
            "score": 0.8,
            "x1": pytest.approx(458.4),
            "y1": pytest.approx(270.0),
            "x2": pytest.approx(501.6),
            "y2": pytest.approx(378.0),
        }
    ]
    assert (event["zone_x"], event["zone_y"]) == ([0.3, 0.7, 0.7, 0.3], [0.4, 0.4, 0.9, 0.9])


# what comes in wrong


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


def test_an_event_shows_fifty_objects_and_counts_all(street, rule, obj):
    people = [obj(k, 0.31 + 0.004 * k, 0.7, 0.2) for k in range(1, 61)]
    s = street([rule("gathering")]).during(120, lambda _: people)
    (event,) = s.events("OPEN")
    assert (len(event["objects"]), event["facts"]["people"]) == (50, 60)


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


def test_two_thousand_boxes_are_judged_and_no_more_are_kept(street, rule, obj):
    s = street([rule("presence", zones=[])])
    crowd = [obj(i, 0.0003 * i, 0.7, 0.002) for i in range(1, 3001)]  # so thin that no two are one
    for _ in range(8):
        s.see(*crowd)
    assert len(s.events("OPEN")) == 2048


@pytest.mark.parametrize("state", [b"", b"\x00", b"\x93\x63\x00\x90", b"\xff" * 40])
def test_a_damaged_state_is_refused(state):
    with pytest.raises(VigieError, match=r"state cannot be read .*: it will be rebuilt from the tracks topic"):
        RuleCore(7).restore(state)


@pytest.fixture
def kept(street, rule, obj):
    """A state with somebody in it, as msgpack reads it: format, two times, cameras."""
    s = street([rule("presence")])
    s.during(3, lambda _: [obj(1, 0.5, 0.7)])
    return msgspec.msgpack.decode(s.core.snapshot())


def test_a_state_of_another_layout_is_refused_by_its_number(kept):
    kept[0] = 99
    with pytest.raises(VigieError, match=rf"layout 99, this version reads {FORMAT}: it will be rebuilt"):
        RuleCore(7).restore(msgspec.msgpack.encode(kept))


@pytest.mark.parametrize("cut", [1, 8])
def test_a_state_with_an_array_cut_short_is_refused_and_nothing_is_taken(kept, cut):
    arrays = kept[3][0][-1]
    arrays[0] = arrays[0][:-cut]
    core = RuleCore(7)
    before = core.snapshot()
    with pytest.raises(VigieError, match="state cannot be read"):
        core.restore(msgspec.msgpack.encode(kept))
    assert core.snapshot() == before


def test_a_gap_in_the_input_is_survived(street, rule, obj):
    s = street([rule("presence")])
    s.during(3, lambda _: [obj(1, 0.5, 0.7)])
    s.core.gap(15, 400)
    s.t += 77
    s.during(3, lambda _: [obj(1, 0.5, 0.7)])
    assert s.kinds() == ["OPEN"]


def crowd(obj, people):
    return lambda _: [
        obj(100 + k, 0.31 + 0.38 * (k % 40) / 40, 0.45 + 0.4 * (k // 40) / 10, 0.05) for k in range(people)
    ]


def test_a_camera_takes_room_for_a_crowd_and_gives_it_back(street, rule, obj):
    s = street([rule("presence"), rule("line_cross")])
    s.during(2, lambda _: [obj(1, 0.5, 0.7)])
    s.core.snapshot()
    alone = s.core.state_bytes
    s.during(2, crowd(obj, 300))
    assert s.core.state_bytes > 10 * alone
    assert s.core.largest_state_bytes == s.core.state_bytes, "it is the only camera"
    s.empty(60)
    s.core.snapshot()
    assert s.core.state_bytes == alone


def test_who_is_left_of_a_crowd_is_who_they_were(street, rule, obj):
    s = street([rule("presence")])
    few = crowd(obj, 5)
    s.during(3, crowd(obj, 300)).during(20, few)
    told = len(s.events())
    s.core.snapshot()
    s.during(20, few)
    assert [e["kind"] for e in s.events()[told:]] == []
    assert len([e for e in s.events("CLOSE") if e["ended_reason"] == "track_lost"]) == 295


def test_no_more_boxes_than_the_bound_have_state(street, rule, obj):
    s = street([rule("presence")])
    s.see(*crowd(obj, 3_000)(0.0))
    assert s.core._cameras["cam-1"].n == MOST_SUBJECTS
    assert len(s.core._cameras["cam-1"].subjects) == MOST_SUBJECTS


@pytest.mark.parametrize("size", [(500, 282), (640, 588), (960, 540)])
def test_frames_of_one_size_are_drawn_once_whatever_it_is(street, rule, obj, size):
    s = street([rule("presence")], size=size)
    s.see(obj(1, 0.5, 0.7))
    plan = s.core._cameras["cam-1"].plan
    s.see(obj(1, 0.5, 0.7))
    assert s.core._cameras["cam-1"].plan is plan


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


def test_a_speed_that_is_not_known_is_left_out(street, rule, obj, camera, calibration):
    speed = rule("speed", classes=["car"], numbers={"limit_mps": 1.0})
    s = street([speed], camera=camera(calibration=calibration)).during(
        2, lambda t: [obj(1, 0.4 + 0.05 * t, 0.7, cls="car")]
    )
    state = s.core._cameras["cam-1"]
    assert facts_of(state, "speed", 0, 0, 0, 1, metric=True)["speed_kmh"] > 0
    state.kept.grounds["speed"] = -1.0
    assert sorted(facts_of(state, "speed", 0, 0, 0, 1, metric=True)) == [
        "limit_kmh", "moved_heights", "score", "seen_for_s", "speed_heights_per_s",
    ]  # fmt: skip
