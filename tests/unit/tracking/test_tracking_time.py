"""Watched and blind time, sessions, and records out of their turn."""

import pytest

from vigie_tracking.core import TrackingCore

PARKED = (600, 300, 760, 400)


def endings(values):
    return [
        (value["captured_at"] - 1_764_000_000_000, track_id, reason)
        for value in values
        if value is not None
        for track_id, reason in zip(value["ended_track_id"], value["ended_reason"], strict=True)
    ]


def test_a_parked_car_keeps_its_id_through_thirty_blind_seconds(detections, tracked):
    records = [detections(k, k * 200, [PARKED], classes="car") for k in range(20)]
    records += [detections(20 + k, 4000 + k * 1000, status="offline", width=0, height=0) for k in range(30)]
    records += [detections(50 + k, 34_000 + k * 200, [PARKED], classes="car") for k in range(5)]
    values = tracked(records)
    assert [v["track_id"] for v in values] == [[0]] * 20 + [[]] * 30 + [[0]] * 5
    assert endings(values) == []


def test_it_does_so_without_any_record_of_the_blindness(detections, tracked):
    records = [detections(k, k * 200, [PARKED], classes="car") for k in range(20)]
    records += [detections(90 + k, 34_000 + k * 200, [PARKED], classes="car") for k in range(5)]
    assert {i for v in tracked(records) for i in v["track_id"]} == {0}


@pytest.mark.parametrize("status", ["shed", "failed", "offline", "frozen", "dark", "blurred", "unknown"])
def test_a_record_that_was_not_looked_at_is_passed_on_without_boxes(detections, tracked, status):
    blind = detections(1, 200, [PARKED], classes="car", status=status, reason="why")
    values = tracked([detections(0, 0, [PARKED], classes="car"), blind])
    assert {name: values[1][name] for name in ("seq", "status", "reason", "frame_ref")} == {
        name: blind[name] for name in ("seq", "status", "reason", "frame_ref")
    }
    assert [values[1][name] for name in ("x1", "score", "object_class", "model_index", "track_id", "vx")] == [[]] * 6


def test_a_moved_camera_is_tracked_on(detections, tracked):
    records = [detections(k, k * 200, [PARKED], classes="car", status="moved", reason="why") for k in range(5)]
    values = tracked(records)
    assert [(v["track_id"], v["status"], v["reason"]) for v in values] == [([0], "moved", "why")] * 5


def test_a_still_scene_at_a_tenth_of_a_frame_a_second_keeps_what_stands_there(detections, tracked):
    records = [detections(k, k * 200, [PARKED], classes="car") for k in range(10)]
    seen = [k for k in range(20) if k not in {5, 6, 12}]  # the detector misses it now and then
    records += [
        detections(10 + k, 2_000 + k * 10_000, [PARKED] if k in seen else [], classes="car", watched_ms=10_000)
        for k in range(20)
    ]
    values = tracked(records)
    assert {i for v in values for i in v["track_id"]} == {0}
    assert endings(values) == []


def test_shed_frames_in_between_do_not_stop_the_clock_of_forgetting(detections, tracked):
    records = [detections(0, 0, [PARKED], classes="car")]
    records += [detections(k, k * 200, status="shed" if k % 2 else "ok") for k in range(1, 20)]
    assert endings(tracked(records)) == [(3200, 0, "lost")]


def test_whoever_moved_has_gone_when_the_camera_sees_again(detections, tracked, walker):
    one = walker(300, 500, 80, 0)
    records = [detections(k, k * 200, [one.box(k / 5)]) for k in range(10)]
    records += [detections(10, 12_000, [one.box(1.8)])]
    values = tracked(records)
    assert endings(values) == [(12_000, 0, "lost")]
    assert values[-1]["track_id"] == [10 * 4096]


def test_blindness_ends_every_track_after_ten_minutes(detections, tracked):
    records = [detections(0, 0, [PARKED], classes="car")]
    records += [detections(1 + k, 200 + k * 60_000, status="offline") for k in range(13)]
    assert endings(tracked(records)) == [(600_200, 0, "lost")]


def test_slow_sampling_forgets_by_looks(detections, tracked):
    records = [detections(0, 0, [PARKED], classes="car")] + [detections(k, k * 5000) for k in range(1, 6)]
    assert endings(tracked(records)) == [(20_000, 0, "lost")]


def test_a_new_session_ends_the_tracks_of_the_old_one(detections, tracked, next_session):
    values = tracked(
        [
            detections(5, 0, [PARKED], classes="car"),
            detections(0, 100, [PARKED], classes="car", session=next_session(1)),
        ]
    )
    assert endings(values) == [(100, 5 * 4096, "session")]
    assert values[1]["track_id"] == [0]


def test_records_of_an_older_session_are_dropped(detections, tracked, next_session):
    core = TrackingCore(0)
    values = tracked(
        [
            detections(0, 0, [PARKED], session=next_session(1)),
            detections(7, 100, [PARKED]),
            detections(1, 200, [PARKED], session=next_session(1)),
        ],
        core,
    )
    assert [None if v is None else v["track_id"] for v in values] == [[0], None, [0]]
    assert core.tally.dropped == 1


def test_the_end_of_a_session_ends_its_tracks(detections, tracked):
    values = tracked([detections(0, 0, [PARKED]), detections(1, 200, status="ended")])
    assert endings(values) == [(200, 0, "session")]


@pytest.mark.parametrize(("seq", "at_ms"), [(3, 600), (2, 800), (3, 800), (4, 600), (4, 400)])
def test_a_record_whose_seq_or_time_does_not_rise_is_dropped_and_changes_nothing(detections, tracked, seq, at_ms):
    core = TrackingCore(0)
    tracked([detections(3, 600, [PARKED])], core)
    before = core.snapshot()
    again = detections(seq, at_ms, [(0, 0, 50, 50)])
    message_time_of_the_first = 1_764_000_000_000 + 640
    outputs = core.process(_message(again, message_time_of_the_first))
    assert (list(outputs), core.tally.dropped) == ([], 1)
    assert core.snapshot() == before


def test_cameras_do_not_touch_each_other(detections, tracked):
    alone = [detections(k, k * 200, [PARKED], camera="b") for k in range(5)]
    others = [detections(k, k * 200, [PARKED, (0, 0, 90, 90)], camera=c) for k in range(5) for c in ("a", "c")]
    mixed = sorted(alone + others, key=lambda r: (r["seq"], r["camera_id"]))
    assert [v for v in tracked(mixed) if v["camera_id"] == "b"] == tracked(alone)


def test_a_camera_unseen_for_a_day_leaves_the_state(detections):
    core = TrackingCore(0)
    day = 24 * 3600 * 1000
    for name in ("a", "b", "c"):
        core.process(_message(detections(0, 0, [PARKED], camera=name), 1000))
    for name in ("b", "c"):
        core.process(_message(detections(1, 200, [PARKED], camera=name), day))
    outputs = core.process(_message(detections(2, 400, [PARKED], camera="c"), day + 61_001))
    assert outputs[0].value["track_id"] == [0]
    assert (b"\x00a0" in core.snapshot(), core.live_tracks) == (False, 2)


def test_a_gap_in_the_log_is_blind_time(detections, tracked):
    core = TrackingCore(0)
    tracked([detections(k, k * 200, [PARKED], classes="car") for k in range(5)], core)
    core.gap(5, 100)
    assert tracked([detections(100, 20_000, [PARKED], classes="car")], core)[0]["track_id"] == [0]


def _message(record, appended_at):
    from vigie_common.stream import Message

    return Message("detections", 0, 0, record["camera_id"], appended_at, record)
