"""What happens to open episodes when the rules, the camera, the authority or the hour change."""

import pytest


def standing(obj):
    return lambda _: [obj(1, 0.5, 0.7)]


@pytest.fixture
def open_street(street, rule, obj):
    """A street with one open presence, at 5 s."""

    def make(**fields):
        s = street([rule("presence", **fields.pop("rule", {}))], **fields)
        s.during(5, standing(obj))
        assert s.kinds() == ["OPEN"]
        return s

    return make


def test_a_new_text_keeps_the_episode_and_its_id(open_street, rule, obj):
    s = open_street()
    s.publish([rule("presence", title={"fr": "autre"}, severity="critical")])
    s.during(5, standing(obj)).empty(15)
    opened, ended = s.events()
    assert (ended["kind"], ended["ended_reason"], ended["episode_id"]) == ("CLOSE", "track_lost", opened["episode_id"])
    assert ended["rule"] == opened["rule"]


@pytest.mark.parametrize(
    "change",
    [
        {"numbers": {"for_s": 2.0}},
        {"numbers": {"margin_heights": 0.3}},
        {"classes": ["person", "car"]},
        {"when": "local.hour < 23"},
        {"status": "draft"},
        {"camera_tags": ["elsewhere"]},
    ],
)
def test_a_change_of_meaning_ends_the_episode(open_street, rule, obj, change):
    s = open_street()
    s.publish([rule("presence", **change)])
    s.see(obj(1, 0.5, 0.7))
    assert s.story()[1:] == [("CLOSE", 4.8, "rule_changed")]


def test_another_template_ends_the_episode(open_street, rule, obj):
    s = open_street()
    s.publish([rule("stopped", id="presence")])
    s.see(obj(1, 0.5, 0.7))
    assert s.story()[1:] == [("CLOSE", 4.8, "rule_changed")]


def test_another_rule_beside_it_changes_nothing(open_street, rule, obj):
    s = open_street()
    s.publish([rule("presence"), rule("stopped", id="arret", numbers={"for_s": 3.0})])
    s.during(4, standing(obj))
    assert [(e["kind"], e["rule"]["id"]) for e in s.events()] == [("OPEN", "presence"), ("OPEN", "arret")]


def test_a_zone_that_moves_ends_the_episode_and_one_that_stays_does_not(open_street, obj, camera):
    s = open_street()
    other = {"name": "autre", "x": [0.0, 0.1, 0.1], "y": [0.0, 0.0, 0.1]}
    s.publish(camera={"zones": [*camera()["zones"], other], "version": "v2"})
    s.see(obj(1, 0.5, 0.7))
    assert s.kinds() == ["OPEN"]
    moved = {"name": "place", "x": [0.2, 0.7, 0.7, 0.2], "y": [0.4, 0.4, 0.9, 0.9]}
    s.publish(camera={"zones": [moved], "version": "v3"})
    s.see(obj(1, 0.5, 0.7))
    assert s.story()[-1][2] == "rule_changed"


def test_a_withdrawn_bundle_ends_everything_and_says_so_in_coverage(open_street, obj):
    s = open_street()
    s.publish(withdrawn=True)
    s.during(120, standing(obj))
    assert s.story()[1:] == [("CLOSE", 4.8, "rule_changed")]
    assert [o.value["rules"] for o in s.outputs if o.topic == "coverage"] == [[], []]


def test_a_removed_camera_ends_its_episodes(open_street, obj):
    s = open_street()
    s.publish(camera={"removed": True})
    s.see(obj(1, 0.5, 0.7))
    assert s.story()[-1][2] == "rule_changed"
    assert s.core.open_episodes == 0


def test_a_removed_camera_that_says_no_more_ends_with_the_next_record_of_its_partition(open_street):
    s = open_street()
    s.publish(camera={"removed": True})
    s.take(s.record(camera_id="cam-2"), appended_at=s.record()["captured_at"] + 61_000)
    assert s.story()[-1][2] == "rule_changed"


def test_a_camera_that_falls_silent_ends_as_offline_while_others_are_heard(open_street):
    s = open_street(others=["cam-2"])
    for seconds in (590, 650):
        s.hear("cam-2", seconds)
        assert s.kinds() == ["OPEN"]
    s.hear("cam-2", 710)
    assert s.story()[-1] == ("CLOSE", 4.8, "camera_offline")


def test_a_camera_unheard_of_for_a_day_is_dropped(open_street):
    s = open_street()
    s.hear("cam-2", 86_500)
    assert list(s.core._cameras) == []


# authority


@pytest.mark.parametrize(
    ("status", "authorised", "mode"),
    [
        ("stable", None, "shadow"),
        ("stable", {"mode": "live"}, "live"),
        ("stable", {"mode": "exercise"}, "exercise"),
        ("test", {"mode": "live"}, "shadow"),
        ("stable", {"categories": ["traffic"]}, "shadow"),
        ("stable", {"camera_tags": ["elsewhere"]}, "shadow"),
        ("stable", {"camera_tags": [], "camera_ids": ["cam-1"]}, "live"),
        ("stable", {"camera_tags": [], "camera_ids": []}, "shadow"),
        ("stable", {"valid_until": 1000}, "shadow"),
        ("stable", {"valid_from": 4_000_000_000_000}, "shadow"),
    ],
)
def test_the_mode_needs_a_stable_rule_and_an_authorisation_in_force(
    open_street, authorisation, status, authorised, mode
):
    given = [] if authorised is None else [authorisation(**authorised)]
    s = open_street(rule={"status": status}, authorisations=given)
    (event,) = s.events()
    assert (event["mode"], event["authorisation"] is not None) == (mode, mode != "shadow")


def test_live_comes_before_exercise(open_street, authorisation):
    both = [authorisation(id="a", mode="exercise"), authorisation(id="b")]
    assert open_street(authorisations=both).events()[0]["authorisation"]["id"] == "b"


@pytest.mark.parametrize("mode", ["replay", "test"])
def test_a_forced_mode_needs_no_authorisation(open_street, mode):
    assert open_street(mode=mode).events()[0]["mode"] == mode


def test_an_authorisation_that_expires_ends_the_episode_and_it_goes_on_in_shadow(open_street, authorisation, obj, t0):
    s = open_street(authorisations=[authorisation(valid_until=t0 + 10_000)])
    s.during(10, standing(obj))
    assert s.story() == [("OPEN", 1.0, None), ("CLOSE", 9.8, "authorisation_ended"), ("OPEN", 11.0, None)]
    assert [e["mode"] for e in s.events("OPEN")] == ["live", "shadow"]
    assert len({e["episode_id"] for e in s.events("OPEN")}) == 2


def test_a_withdrawn_authorisation_ends_the_episode(open_street, authorisation, obj):
    s = open_street(authorisations=[authorisation()])
    s.publish(authorisations=[])
    s.see(obj(1, 0.5, 0.7))
    assert s.story()[-1][2] == "authorisation_ended"


def test_a_rule_that_goes_back_to_test_ends_its_live_episode(open_street, rule, authorisation, obj):
    s = open_street(authorisations=[authorisation()])
    s.publish([rule("presence", status="test")])
    s.see(obj(1, 0.5, 0.7))
    assert s.story()[-1][2] == "rule_changed"


def test_what_was_in_shadow_begins_anew_once_it_is_authorised(open_street, authorisation, obj):
    s = open_street()
    s.publish(authorisations=[authorisation()])
    s.during(3, standing(obj))
    assert [(e["kind"], e["mode"]) for e in s.events()] == [("OPEN", "shadow"), ("CLOSE", "shadow"), ("OPEN", "live")]


# conditions: the street begins at 10:00 in Paris


def test_a_condition_that_is_false_when_it_matures_is_asked_again_each_minute(street, rule, obj):
    s = street([rule("presence", when="local.minute >= 2")])
    s.during(180, standing(obj))
    ((kind, opened, _),) = s.story()
    assert (kind, opened) == ("OPEN", 121.0)
    assert s.events()[0]["facts"]["present_for_s"] == 121.0


def test_a_condition_that_becomes_false_ends_the_episode(street, rule, obj):
    s = street([rule("presence", when="local.minute < 2")])
    s.during(180, standing(obj))
    assert s.story() == [("OPEN", 1.0, None), ("CLOSE", 121.0, "condition_false")]


def test_it_may_open_again_under_another_id(street, rule, obj):
    s = street([rule("presence", when="local.minute < 2 || local.minute > 3")])
    s.during(360, standing(obj))
    assert s.kinds() == ["OPEN", "CLOSE", "OPEN"]
    assert len({e["episode_id"] for e in s.events("OPEN")}) == 2


def test_a_condition_is_asked_for_each_count(street, rule, obj):
    s = street([rule("count_line", when='object.class == "person" && facts.moved_heights > 1000.0')])
    s.during(10, lambda t: [obj(1, 0.2 + 0.06 * t, 0.5)])
    assert s.story() == []


def test_a_wrong_condition_refuses_its_rule_and_the_others_run(street, rule, obj):
    s = street([rule("presence"), rule("stopped", when="local.huor > 7")])
    s.during(3, standing(obj))
    (table,) = s.core.tables()
    assert [(e["rule"], e["camera_id"]) for e in table.errors] == [("stopped", "cam-1")]
    assert "local.huor" in table.errors[0]["message"]
    assert s.kinds() == ["OPEN"]


def test_a_rule_that_is_changed_and_changed_back_opens_another_episode(open_street, rule, obj, t0):
    s = open_street()
    s.publish([rule("presence", version="2", numbers={"for_s": 2.0})])
    s.during(5, standing(obj))
    s.publish([rule("presence")])
    s.during(5, standing(obj))
    opened = s.events("OPEN")
    assert [(e["rule"]["version"], e["started_at"] - t0) for e in opened] == [("1", 0), ("2", 5000), ("1", 10_000)]
    assert len({e["episode_id"] for e in opened}) == 3


def test_a_zone_rule_that_is_changed_and_changed_back_opens_another_episode(street, rule, obj):
    def density(**numbers):
        return rule("object_class", classes=["fire"], numbers={"for_s": 1.0} | numbers)

    s = street([density()])
    burns = lambda _: [obj(1, 0.5, 0.7, cls="fire")]  # noqa: E731 - as `standing`
    for numbers in ({}, {"for_s": 2.0}, {}):
        s.publish([density(**numbers)])
        s.during(8, burns)
    opened = s.events("OPEN")
    assert (len(opened), len({e["episode_id"] for e in opened})) == (3, 3)


def test_a_record_that_makes_the_sampling_rate_another_counts_by_the_old_one_after_a_restart_too(street, rule, obj):
    told = []
    for restarted in (False, True):
        s = street([rule("presence")], fps=0.5)
        s.during(58, standing(obj))
        if restarted:
            s.restart()
        s.publish(camera={"sampling": {"fps": 5.0, "width": 960}, "version": "v2"})
        s.t += 2
        s.during(6, standing(obj))
        told.append([o.value["watched_s"] for o in s.outputs if o.topic == "coverage"])
    assert told == [[60.0], [60.0]]


def test_the_end_of_an_authorisation_is_not_missed_when_a_clock_that_was_ahead_is_put_right(
    street, rule, obj, authorisation, t0
):
    s = street([rule("presence")], authorisations=[authorisation(valid_until=t0 + 60_000)])
    s.t = 7200.0
    s.during(5, standing(obj))
    s.session, s.t = s.session[:-1] + "9", 30.0
    s.during(60, standing(obj))
    assert [(e["kind"], e["mode"], e["ended_reason"]) for e in s.events()[2:]] == [
        ("OPEN", "live", None),
        ("CLOSE", "live", "authorisation_ended"),
        ("OPEN", "shadow", None),
    ]


def test_what_a_metric_rule_measured_has_its_name_after_a_restart_too(street, rule, obj, camera, calibration):
    line = {"name": "porte", "x1": 0.2, "y1": 0.7, "x2": 0.8, "y2": 0.7, "in_label": "", "out_label": ""}
    for restarted in (False, True):
        s = street(
            [rule("wrong_way", lines=["porte"], zones=[], numbers={"progress_m": 0.5, "for_s": 0.4})],
            camera=camera(calibration=calibration, lines=[line]),
        )
        s.during(6, lambda t: [obj(1, 0.85 - 0.08 * t, 0.7)])
        if restarted:
            s.restart()
        s.publish([])
        s.see()
        opened, closed = s.events()
        assert "progress_m" in opened["facts"]
        assert opened["facts"].keys() == closed["facts"].keys()
