"""Coverage and affirmation: one of each a camera-minute, when event time has passed it."""

from zlib import crc32

import pytest

from vigie_rule_engine.core import RuleCore

SPREAD_MS = 10_300
MOMENT_S = crc32(b"cam-1") % SPREAD_MS / 1000  # after a minute, the camera tells of it


def minutes(s, topic="coverage"):
    return [o.value for o in s.outputs if o.topic == topic and (topic == "coverage" or o.value["kind"] == "AFFIRM")]


def seconds(record):
    return {name: value for name, value in record.items() if name.endswith("_s") and value}


def test_each_minute_is_told_by_the_first_record_after_it(street, rule):
    s = street([rule("presence")])
    s.empty(60)
    assert minutes(s) == []
    s.see()
    (first,) = minutes(s)
    assert (first["minute"], first["frames"], seconds(first)) == (
        s.record()["captured_at"] - 60_200,
        300,
        {"watched_s": 60.0},
    )
    assert (first["camera_version"], first["bundle_digest"], first["rules"]) == ("v1", "d1", ["presence"])


@pytest.mark.parametrize("status", ["shed", "failed", "offline", "frozen", "dark", "blurred", "moved"])
def test_every_second_has_its_status(street, rule, status):
    s = street([rule("presence")])
    s.empty(30).empty(20, status).empty(11)
    (minute,) = minutes(s)
    assert seconds(minute) == {"watched_s": pytest.approx(40.0), f"{status}_s": pytest.approx(20.0)}


def test_a_minute_says_for_how_long_each_model_did_not_look(street, rule):
    s = street([rule("presence")])
    s.empty(10)
    for _ in range(round(20 * s.fps)):
        s.see(models_missing=["fire-smoke"])
    s.restart()
    for _ in range(round(5 * s.fps)):
        s.see(models_missing=["fire-smoke", "helmets"])
    s.empty(90)
    first, second = minutes(s)
    assert first["models_missing"] == {"fire-smoke": pytest.approx(25.0), "helmets": pytest.approx(5.0)}
    assert seconds(first) == {"watched_s": pytest.approx(60.0)}
    assert second["models_missing"] == {}


def test_what_lies_longer_back_than_a_frame_is_worth_is_offline(street, rule):
    s = street([rule("presence")])
    s.empty(10)
    s.t = 40.0
    s.empty(20.2)
    (minute,) = minutes(s)
    # 9.8 s, then a gap of 30.2 s of which the next frame is worth one second, then 20 s
    assert seconds(minute) == {"watched_s": pytest.approx(30.8), "offline_s": pytest.approx(29.2)}


def test_a_long_silence_is_told_minute_by_minute(street, rule):
    s = street([rule("presence")])
    s.see()
    s.t = 300.5
    s.see(status="offline")
    told = minutes(s)
    assert [m["minute"] - told[0]["minute"] for m in told] == [60_000 * k for k in range(5)]
    assert [seconds(m) for m in told] == [{"offline_s": 60.0}] * 5
    assert [m["rules"] for m in told] == [["presence"], [], [], [], []]


def test_a_clock_that_leaps_a_week_brings_one_day_of_minutes(street, rule):
    s = street([rule("presence")])
    s.take(s.record(), appended_at=0)
    s.t = 7 * 86_400.0
    s.take(s.record(), appended_at=1000)
    assert len(minutes(s)) == 1 + 1440
    assert minutes(s)[-1]["minute"] == s.record()["captured_at"] - 60_000


def test_a_camera_that_comes_back_after_a_day_begins_anew(street, rule):
    s = street([rule("presence")])
    s.see()
    s.t = 2 * 86_400.0
    s.see()
    assert [(m["frames"], seconds(m)) for m in minutes(s)] == [(1, {})], "the minute of its last sign, and none between"


def test_seconds_of_a_minute_add_up(street, rule, obj):
    s = street([rule("presence")])
    for k, status in enumerate(["ok", "shed", "ok", "offline", "dark"] * 60):
        s.see(status=status)
        s.t = round(s.t + 0.37 * (k % 7), 3)
    told = minutes(s)
    assert len(told) > 4
    assert [sum(seconds(m).values()) for m in told] == [pytest.approx(60.0)] * len(told)


def test_an_affirmation_lists_the_open_episodes(street, rule, obj):
    s = street([rule("presence")])
    s.during(61, lambda _: [obj(1, 0.5, 0.7)])
    s.empty(60)
    (event,) = s.events("OPEN")
    assert [a["open_episodes"] for a in minutes(s, "rule-events")] == [[event["episode_id"]], []]
    (first, _) = minutes(s, "rule-events")
    assert first["minute"] == event["started_at"]
    assert first["id"] == first["episode_id"] + ":0"


def test_affirmations_have_ids_of_their_own(street, rule):
    s = street([rule("presence")])
    s.empty(200)
    ids = [a["id"] for a in minutes(s, "rule-events")]
    assert len(set(ids)) == len(ids) == 3


def test_the_end_of_a_recording_tells_what_is_left(street, rule, obj):
    s = street([rule("presence")])
    s.during(30, lambda _: [obj(1, 0.5, 0.7)])
    s.outputs += s.core.finish()
    assert s.story()[-1] == ("CLOSE", 29.8, "camera_offline")
    assert seconds(minutes(s)[0]) == {"watched_s": pytest.approx(29.8)}


@pytest.fixture
def spread(street, rule):
    """Two streets that see the same: minutes told by the first record after them, and each at its camera's moment."""

    def streets(rules=()):
        both = [street(list(rules) or [rule("presence")]) for _ in range(2)]
        both[1].core = RuleCore(0, spread_ms=SPREAD_MS)
        return both

    return streets


def test_a_camera_tells_of_its_minute_at_a_moment_of_its_own(spread):
    _, s = spread()
    s.empty(60 + MOMENT_S - 0.2)
    assert minutes(s) == []
    s.empty(0.6)
    assert len(minutes(s)) == len(minutes(s, "rule-events")) == 1


def test_what_it_tells_then_is_what_the_minute_was(spread, rule, obj):
    counts = rule("count_zone")
    at_once, later = spread([rule("presence"), counts])
    for s in (at_once, later):
        s.during(30, lambda _: [obj(1, 0.5, 0.7)])
        s.empty(31)
        s.publish(rules=s.bundle["rules"])  # what judged the minute stands in its coverage
        s.empty(29, "dark").empty(41)
    assert minutes(later) == minutes(at_once)
    assert len(minutes(later)) == 2
    assert later.events("COUNT") == at_once.events("COUNT")
    assert len(later.events("COUNT")) > 0
    told = [o.topic for o in later.outputs if o.topic == "coverage" or o.value["kind"] in {"COUNT", "AFFIRM"}]
    assert told[:3] == ["rule-events", "coverage", "rule-events"]  # its count before its coverage: none comes late


def test_an_affirmation_lists_the_episodes_of_its_own_moment(spread, obj):
    _, s = spread()
    s.empty(60)
    s.during(MOMENT_S + 0.4, lambda _: [obj(1, 0.5, 0.7)])
    (opened,) = s.events("OPEN")
    assert [a["open_episodes"] for a in minutes(s, "rule-events")] == [[opened["episode_id"]]]


def test_a_restart_between_a_minute_and_its_moment_tells_the_same(spread, rule, obj):
    _, s = spread([rule("presence"), rule("count_zone")])
    s.during(61, lambda _: [obj(1, 0.5, 0.7)])
    before, state = len(s.outputs), s.core.snapshot()
    s.empty(MOMENT_S + 2)
    (first, t, offset, seq) = (s.outputs[before:], s.t, s.offset, s.seq)
    s.core = RuleCore(0, spread_ms=SPREAD_MS)
    s.core.restore(state)
    assert s.core.snapshot() == state
    steps = round((MOMENT_S + 2) * s.fps)
    s.t, s.offset, s.seq = t - steps / s.fps, offset - steps, seq - steps
    before = len(s.outputs)
    s.empty(MOMENT_S + 2)
    assert s.outputs[before:] == first
    assert "coverage" in [o.topic for o in first]


def test_a_camera_that_is_removed_tells_of_the_minute_it_owes_and_of_the_one_that_runs(spread):
    _, s = spread()
    s.empty(60.4)
    s.publish(camera={"removed": True})
    s.see()
    assert [m["watched_s"] for m in minutes(s)] == [60.0, pytest.approx(0.2)]
    assert len(minutes(s, "rule-events")) == 2


def test_a_camera_that_is_removed_tells_what_its_zones_had_counted(street, rule, obj):
    s = street([rule("count_zone")])
    s.during(30, lambda _: [obj(1, 0.5, 0.7)])
    s.publish(camera={"removed": True})
    s.see()
    (count,) = s.events("COUNT")
    assert count["facts"]["mean"] == pytest.approx(1.0)
    (minute,) = minutes(s)
    assert minute["watched_s"] == pytest.approx(count["facts"]["watched_s"])


def test_a_clock_that_goes_back_tells_of_the_minutes_first(spread):
    _, s = spread()
    s.empty(60.4)
    s.t, s.session = -3600.0, s.session[:-1] + "2"
    s.see()
    assert [m["watched_s"] for m in minutes(s)] == [60.0, pytest.approx(0.2)]


def test_the_minute_that_runs_when_a_clock_starts_again_is_told_as_far_as_it_came(street, rule):
    s = street([rule("presence")])
    s.empty(150)
    s.session, s.t = s.session[:-1] + "9", -600.0
    s.empty(61)
    begun = s.record()["captured_at"] - 61_000 + 600_000
    assert [((m["minute"] - begun) // 60_000, m["watched_s"]) for m in minutes(s)[:3]] == [
        (0, 60.0),
        (1, 60.0),
        (2, pytest.approx(29.8)),
    ]
