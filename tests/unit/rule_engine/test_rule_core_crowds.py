"""A crowd before one camera: everyone is judged, up to a bound, and the room it took is given back."""

from vigie_rule_engine.layers.limits import MOST_SUBJECTS


def test_two_thousand_boxes_are_judged_and_no_more_are_kept(street, rule, obj):
    s = street([rule("presence", zones=[])])
    crowd = [obj(i, 0.0003 * i, 0.7, 0.002) for i in range(1, 3001)]  # so thin that no two are one
    for _ in range(8):
        s.see(*crowd)
    assert len(s.events("OPEN")) == 2048


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
