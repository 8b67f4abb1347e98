"""One object in two boxes is one track; two objects, however close, are two."""

import pytest

FPS = [10, 5, 2]


def drive(detections, fps, seconds, boxes_at, classes, scores):
    """Records of boxes that are a function of time."""
    return [
        detections(k, round(k * 1000 / fps), boxes_at(k / fps), classes=classes, scores=scores)
        for k in range(int(fps * seconds))
    ]


def ids(values):
    return {track for value in values for track in value["track_id"]}


@pytest.mark.parametrize("fps", FPS)
def test_a_van_seen_as_car_and_as_truck_lures_no_neighbour_that_is_hidden(detections, tracked, fps):
    """A car passes behind it and is not found meanwhile: the van's second box must not become the car."""

    def van(s):
        return [(500, 300, 700, 420), (496, 304, 704, 420)]

    def car(s):
        left = 200 + 100 * s
        return [] if 2.0 < s < 4.8 else [(left, 300, left + 150, 390)]

    records = [
        detections(
            k,
            round(k * 1000 / fps),
            van(k / fps) + car(k / fps),
            classes=["car", "truck", "car"][: 2 + len(car(k / fps))],
            scores=[0.8, 0.6, 0.7][: 2 + len(car(k / fps))],
        )
        for k in range(8 * fps)
    ]
    values = tracked(records)
    assert {len(v["track_id"]) - len(r["x1"]) for v, r in zip(values, records, strict=True)} == {-1}
    assert len(ids(values)) == 2


def test_of_two_boxes_the_one_stays_that_the_track_expects(detections, tracked):
    """Not the better score: the box would leap from one extent to the other with every flicker."""
    records = [
        detections(
            k,
            k * 200,
            [(100, 200, 300, 320), (100, 220, 300, 320)],
            classes=["truck", "car"],
            scores=[0.9, 0.2] if k == 0 else [0.6, 0.8],
        )
        for k in range(10)
    ]
    assert [value["y1"] for value in tracked(records)] == [[200.0]] * 10


def test_without_a_track_the_better_score_stays(detections, tracked):
    values = tracked(
        [detections(0, 0, [(100, 200, 300, 320), (102, 200, 302, 320)], classes=["car", "truck"], scores=[0.7, 0.8])]
    )
    assert values[0]["object_class"] == ["truck"]


@pytest.mark.parametrize("fps", FPS)
def test_a_car_that_overtakes_a_truck_before_it_keeps_its_track_and_the_truck_its_own(detections, tracked, fps):
    def boxes(s):
        return [(300 + 20 * s, 300, 500 + 20 * s, 400), (60 + 100 * s, 310, 260 + 100 * s, 405)]

    values = tracked(drive(detections, fps, 6, boxes, ["truck", "car"], [0.8, 0.8]))
    assert ids(values) == {0, 1}
    assert [reason for v in values for reason in v["ended_reason"]] == []


def test_a_track_that_rides_on_an_older_one_ends_as_a_duplicate(detections, tracked):
    """Seen apart at first, as when a van comes round a corner: it is one vehicle all the same."""

    def boxes(s):
        ahead = 100 + 30 * s + max(20.0, 80 - 40 * s)
        return [(100 + 30 * s, 200, 300 + 30 * s, 320), (ahead, 195, ahead + 200, 320)]

    records = drive(detections, 5, 8, boxes, ["car", "truck"], [0.8, 0.8])
    values = tracked(records)
    ends = [(k, v["ended_track_id"], v["ended_reason"]) for k, v in enumerate(values) if v["ended_track_id"]]
    assert [(track, reason) for _, track, reason in ends] == [([1], ["duplicate"])]
    assert {len(v["track_id"]) for v in values[ends[0][0] :]} == {1}


@pytest.mark.parametrize("fps", FPS)
def test_two_people_side_by_side_are_two_tracks(detections, tracked, fps):
    def boxes(s):
        return [(100 + 40 * s, 300, 140 + 40 * s, 400), (118 + 40 * s, 302, 158 + 40 * s, 404)]

    values = tracked(drive(detections, fps, 10, boxes, "person", 0.8))
    assert ids(values) == {0, 1}
    assert {len(v["track_id"]) for v in values} == {2}


def test_a_person_before_a_car_is_a_track(detections, tracked):
    values = tracked([detections(0, 0, [(100, 200, 300, 320), (160, 210, 200, 320)], classes=["car", "person"])])
    assert values[0]["track_id"] == [0, 1]


def test_half_a_body_begins_no_track(detections, tracked):
    """From the head to the belt: less than half the whole."""
    values = tracked([detections(k, k * 200, [(100, 200, 150, 330), (103, 200, 148, 255)]) for k in range(5)])
    assert [value["track_id"] for value in values] == [[0]] * 5


def test_a_child_before_an_adult_is_a_track(detections, tracked):
    values = tracked([detections(k, k * 200, [(100, 200, 150, 330), (112, 270, 138, 330)]) for k in range(5)])
    assert [value["track_id"] for value in values] == [[0, 1]] * 5
