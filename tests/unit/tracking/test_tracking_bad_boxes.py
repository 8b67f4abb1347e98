"""What is no box is ignored and counted; what is no record is refused; nothing grows without bound."""

import math

import pytest

from vigie_common.errors import PoisonRecordError
from vigie_tracking.core import TrackingCore
from vigie_tracking.layout import MAX_BOXES, MAX_TRACKS

GOOD = (600, 300, 640, 400)


@pytest.mark.parametrize(
    "bad",
    [
        (math.nan, 0, 10, 10),
        (0, math.nan, 10, 10),
        (0, 0, math.inf, 10),
        (-math.inf, 0, 10, 10),
        (10, 0, 0, 10),
        (0, 10, 10, 0),
        (5, 5, 5, 10),
        (5, 5, 10, 5),
        (0, 0, 2e6, 10),
        (3e38, 0, 3.1e38, 10),
    ],
)
def test_a_bad_box_is_ignored_counted_and_leaves_no_trace(detections, tracked, bad):
    core, clean = TrackingCore(0), TrackingCore(0)
    values = tracked([detections(k, k * 200, [GOOD, bad]) for k in range(3)], core)
    assert values == tracked([detections(k, k * 200, [GOOD]) for k in range(3)], clean)
    assert core.snapshot() == clean.snapshot()
    assert core.tally.ignored_boxes == 3


def test_tracks_say_which_models_did_not_look(detections, tracked):
    first, second = tracked([detections(0, 0, [GOOD]), detections(1, 200, [GOOD], models_missing=["fire-smoke"])])
    assert (first["models_missing"], second["models_missing"]) == ([], ["fire-smoke"])


@pytest.mark.parametrize("score", [math.nan, -0.1, 1.5, math.inf])
def test_a_score_outside_0_to_1_makes_a_bad_box(detections, tracked, score):
    core = TrackingCore(0)
    values = tracked([detections(0, 0, [GOOD, (0, 0, 50, 50)], scores=[0.9, score])], core)
    assert (values[0]["track_id"], core.tally.ignored_boxes) == ([0], 1)


def test_of_five_thousand_boxes_the_best_thousand_are_looked_at(detections, tracked):
    core = TrackingCore(0)
    boxes = [(k % 100 * 50, k // 100 * 50, k % 100 * 50 + 40, k // 100 * 50 + 40) for k in range(5000)]
    scores = [0.6 + (k % 5) * 0.05 for k in range(5000)]
    values = tracked([detections(k, k * 200, boxes, scores=scores) for k in range(3)], core)
    best = sorted(range(4096), key=lambda k: -scores[k])[:MAX_BOXES]
    assert [v["track_id"] for v in values] == [sorted(best)] * 3
    assert core.tally.ignored_boxes == 3 * 4000


def test_ids_stay_unique_when_a_frame_overflows(detections, tracked):
    boxes = [(k * 50, 0, k * 50 + 40, 40) for k in range(6000)]
    first = tracked([detections(0, 0, boxes), detections(1, 200, [(k, 500, k + 40, 540) for k, *_ in boxes])])
    ids = [i for v in first for i in v["track_id"]]
    assert len(ids) == len(set(ids))
    assert len(first[0]["track_id"]) == MAX_BOXES


def test_a_camera_never_has_more_than_its_bound_of_tracks(detections, tracked):
    core = TrackingCore(0)
    values = tracked(
        [
            detections(k, k * 200, [(x * 50, 1000 * k, x * 50 + 40, 1000 * k + 40) for x in range(1000)])
            for k in range(3)
        ],
        core,
    )
    assert [len(v["track_id"]) for v in values] == [1000, MAX_TRACKS - 1000, 0]
    assert core.live_tracks == MAX_TRACKS
    assert core.tally.ignored_boxes == 2 * 1000 - (MAX_TRACKS - 1000)


def test_columns_of_different_lengths_are_refused_and_change_nothing(detections):
    core = TrackingCore(0)
    before = core.snapshot()
    with pytest.raises(
        PoisonRecordError, match=r"cam, seq 0: columns of different lengths \(x1 1, y1 1, x2 1, y2 1, score 2"
    ):
        core.process(_message(detections(0, 0, [GOOD], scores=[0.5, 0.6])))
    assert core.snapshot() == before


def test_a_class_outside_the_taxonomy_is_refused(detections):
    with pytest.raises(PoisonRecordError, match="class 'dragon' is not in the taxonomy"):
        TrackingCore(0).process(_message(detections(0, 0, [GOOD], classes="dragon")))


def test_an_empty_frame_is_a_record_too(detections, tracked):
    assert tracked([detections(0, 0)])[0]["track_id"] == []


def test_a_frame_without_a_size_loses_nobody_to_the_border(detections, tracked):
    records = [detections(k, k * 200, [GOOD] if k == 0 else [], width=0, height=0) for k in range(18)]
    assert [r for v in tracked(records) for r in v["ended_reason"]] == ["lost"]


def _message(record):
    from vigie_common.stream import Message

    return Message("detections", 0, 0, record["camera_id"], record["captured_at"], record)
