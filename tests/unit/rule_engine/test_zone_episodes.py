"""Rules over a zone as a whole: episodes without a subject, updates, and counts by the minute."""

from itertools import pairwise

import pytest


def crowd(obj, people, x=0.5):
    return [obj(i, x + 0.02 * (i % 4), 0.6 + 0.02 * (i // 4)) for i in range(1, people + 1)]


@pytest.fixture
def gathering(rule):
    return rule("gathering", numbers={"people": 3.0, "for_s": 5.0})


def test_a_zone_has_one_episode_that_names_no_subject_and_shows_all(street, gathering, obj):
    s = street([gathering]).during(20, lambda _: crowd(obj, 4)).empty(20)
    opened, closed = s.events()
    assert (opened["scope_kind"], opened["scope"], opened["subject"]) == ("zone", "place", "")
    assert ([o["track_id"] for o in opened["objects"]], opened["facts"]) == ([1, 2, 3, 4], {"people": 4.0})
    assert (closed["ended_reason"], closed["ended_at"] - opened["started_at"]) == ("over", 26_400)


def test_it_goes_on_while_its_people_change(street, gathering, obj):
    s = street([gathering])
    s.during(20, lambda _: crowd(obj, 4))
    s.during(20, lambda _: [obj(100 + i, 0.6 + 0.02 * i, 0.6) for i in range(4)])
    assert s.kinds() == ["OPEN"]


def test_a_group_that_grows_is_told_once_a_minute_at_most(street, gathering, obj):
    s = street([gathering], fps=2.0).during(300, lambda t: crowd(obj, 3 + int(t // 20)))
    told = [(round((e["at"] - s.events("OPEN")[0]["at"]) / 1000), e["facts"]["people"]) for e in s.events("UPDATE")]
    assert all(later[0] - before[0] >= 60 for before, later in pairwise(told))
    assert [people for _, people in told] == sorted({people for _, people in told})
    assert len(told) >= 3
    assert [e["ordinal"] for e in s.events("OPEN", "UPDATE")] == list(range(len(told) + 1))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [(4, 5, []), (4, 6, [6.0]), (4, 3, []), (12, 14, []), (12, 15, [15.0]), (12, 9, [9.0])],
)
def test_a_group_is_told_again_when_it_has_changed_by_a_quarter_and_by_two(street, gathering, obj, before, after, told):
    s = street([gathering], fps=2.0).during(20, lambda _: crowd(obj, before)).during(90, lambda _: crowd(obj, after))
    assert [event["facts"]["people"] for event in s.events("UPDATE")] == told


def test_a_group_that_stays_as_it_is_is_not_told_again(street, gathering, obj):
    s = street([gathering], fps=2.0).during(300, lambda _: crowd(obj, 4))
    assert s.events("UPDATE") == []


def test_a_zone_that_is_edited_ends_its_episode(street, gathering, camera, obj):
    s = street([gathering]).during(10, lambda _: crowd(obj, 4))
    moved = {"name": "place", "x": [0.2, 0.7, 0.7, 0.2], "y": [0.4, 0.4, 0.9, 0.9]}
    s.publish(camera={"zones": [moved], "version": "v2"})
    s.during(2, lambda _: crowd(obj, 4))
    assert s.story()[1][2] == "rule_changed"
    s.during(10, lambda _: crowd(obj, 4))
    assert s.kinds() == ["OPEN", "CLOSE", "OPEN"]


def test_blind_time_neither_matures_nor_closes_a_zone(street, gathering, obj):
    s = street([gathering]).during(3, lambda _: crowd(obj, 4)).empty(60, "offline").during(1, lambda _: crowd(obj, 4))
    assert s.kinds() == []
    s.during(10, lambda _: crowd(obj, 4)).empty(300, "dark").during(5, lambda _: crowd(obj, 4))
    assert s.kinds() == ["OPEN"]


# counts by the minute; the street begins on a whole minute


def counts(s):
    return [(e["minute"], e["started_at"], e["facts"]) for e in s.events("COUNT")]


def test_each_minute_has_one_count_with_mean_and_maximum_over_watched_time(street, rule, obj, t0):
    s = street([rule("count_zone")])
    s.during(60, lambda t: crowd(obj, 2 if t < 30 else 4)).during(62, lambda _: crowd(obj, 1))
    first, second = counts(s)
    assert first[:2] == (t0, t0)
    assert first[2] == {"mean": pytest.approx(3.0, abs=0.1), "max": 4.0, "watched_s": 60.0}
    assert second[0] == t0 + 60_000
    assert second[2] == {"mean": pytest.approx(1.05, abs=0.06), "max": 4.0, "watched_s": 60.0}


def test_a_minute_that_nobody_watched_has_no_count_and_one_half_watched_says_so(street, rule, obj):
    s = street([rule("count_zone")])
    s.during(30, lambda _: crowd(obj, 2)).empty(100, "offline").during(60, lambda _: crowd(obj, 2))
    assert [facts["watched_s"] for _, _, facts in counts(s)] == [
        pytest.approx(30, abs=0.5),
        pytest.approx(50, abs=0.5),
    ]


def test_a_change_of_the_rule_ends_its_count_where_it_is(street, rule, obj):
    s = street([rule("count_zone")]).during(30, lambda _: crowd(obj, 2))
    s.publish([rule("count_zone", numbers={"margin_heights": 0.3})])
    s.during(40, lambda _: crowd(obj, 2))
    assert [facts["watched_s"] for _, _, facts in counts(s)] == [pytest.approx(30, abs=0.5), pytest.approx(30, abs=0.5)]
    assert len({e["id"] for e in s.events("COUNT")}) == 2


def test_the_end_of_a_recording_tells_the_minute_so_far(street, rule, obj):
    s = street([rule("unique_count")]).during(20, lambda _: crowd(obj, 3))
    s.outputs += s.core.finish()
    ((_, _, facts),) = counts(s)
    assert facts == {"unique": 3.0, "entered": 3.0, "low": 3.0, "high": 3.0, "watched_s": pytest.approx(20, abs=0.5)}


def test_who_stays_is_unique_in_every_minute_and_enters_once(street, rule, obj):
    s = street([rule("unique_count")]).during(185, lambda _: crowd(obj, 2))
    assert [(facts["unique"], facts["entered"]) for _, _, facts in counts(s)] == [(2, 2), (2, 0), (2, 0)]


def test_a_condition_is_asked_of_each_count(street, rule, obj):
    s = street([rule("count_zone", when="facts.mean > 2.5")])
    s.during(60, lambda _: crowd(obj, 2)).during(62, lambda _: crowd(obj, 4))
    assert [round(facts["mean"]) for _, _, facts in counts(s)] == [4]


def test_a_minute_that_ends_between_two_frames_is_whole(street, rule, obj):
    s = street([rule("count_zone")], fps=2.0, t=0.25)
    s.during(181, lambda _: crowd(obj, 2))
    assert [facts for _, _, facts in counts(s)][1:] == [{"mean": 2.0, "max": 2.0, "watched_s": 60.0}] * 2
