"""The state: cut anywhere, it goes on as if nothing had been; one that is damaged is refused."""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_common.errors import VigieError
from vigie_rule_engine.core import RuleCore
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


@pytest.mark.parametrize("size", [(500, 282), (640, 588), (960, 540)])
def test_frames_of_one_size_are_drawn_once_whatever_it_is(street, rule, obj, size):
    s = street([rule("presence")], size=size)
    s.see(obj(1, 0.5, 0.7))
    plan = s.core._cameras["cam-1"].plan
    s.see(obj(1, 0.5, 0.7))
    assert s.core._cameras["cam-1"].plan is plan
