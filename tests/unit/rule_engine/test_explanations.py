"""What operators read, in each language."""

import pytest

from vigie_rule_engine.texts import duration, explanation, fill, placeholders_of


@pytest.mark.parametrize(
    ("seconds", "fr", "en"),
    [
        (0.4, "0,4 s", "0.4 s"),
        (1.0, "1 s", "1 s"),
        (59.4, "59 s", "59 s"),
        (60.0, "1 min", "1 min"),
        (200.0, "3 min 20 s", "3 min 20 s"),
        (3599.7, "1 h", "1 h"),
        (7500.0, "2 h 05 min", "2 h 05 min"),
    ],
)
def test_durations_as_people_say_them(seconds, fr, en):
    assert (duration(seconds, "fr"), duration(seconds, "en")) == (fr, en)


def test_each_language_has_its_words():
    explain = {"fr": "{object.class} depuis {facts.stopped_for}", "en": "{object.class} for {facts.stopped_for}"}
    said = explanation(explain, {"object.class": "truck"}, {"stopped_for_s": 200.0}, unmoved=False)
    assert said == {"fr": "camion depuis 3 min 20 s", "en": "truck for 3 min 20 s"}


@pytest.mark.parametrize(
    ("people", "said"),
    [(3.0, "3"), (4.26, "4.3"), (9.96, "10"), (12.4, "12"), (120.0, "120"), (1234.0, "1234"), (-127.4, "-127")],
)
def test_a_number_has_two_digits_or_all_before_the_point(people, said):
    assert fill("{facts.people} people", {}, {"people": people}, "en") == f"{said} people"


@pytest.mark.parametrize(
    ("name", "fr", "en"),
    [
        ("facts.moved", "1,5 hauteurs", "1.5 heights"),
        ("facts.moved_heights", "1,5 hauteurs", "1.5 heights"),
        ("facts.speed", "0,3 hauteurs/s", "0.3 heights/s"),
        ("facts.score", "0,81", "0.81"),
        ("facts.seen_for_s", "4 s", "4 s"),
    ],
)
def test_measured_values_carry_their_units(name, fr, en):
    facts = {"moved_heights": 1.5, "speed_heights_per_s": 0.3, "score": 0.81, "seen_for_s": 4.0}
    assert [fill("{" + name + "}", {}, facts, language) for language in ("fr", "en")] == [fr, en]


def test_what_is_not_known_stays_as_it_was_written():
    assert fill("{facts.altitude} {nobody}", {}, {}, "fr") == "{facts.altitude} {nobody}"


def test_a_placeholder_may_leave_out_the_unit_of_a_fact():
    known = placeholders_of("stopped")
    assert {"facts.stopped_for", "facts.stopped_for_s", "direction", "zone.name", "camera.title"} <= known
    assert not {"facts.present_for", "object.colour", ""} & known


def test_a_placeholder_leaves_out_a_whole_unit_or_none():
    known = placeholders_of("presence")
    assert {"facts.speed", "facts.speed_heights_per_s"} <= known
    assert "facts.speed_heights_per" not in known


def test_an_event_carries_the_time_zone_and_the_languages_of_its_site(street, rule, obj):
    scene = street([rule("presence", numbers={"for_s": 1.0})])
    scene.during(3, lambda _: [obj(1, 0.5, 0.5)])
    (event,) = scene.events("OPEN")
    assert (event["time_zone"], event["languages"]) == ("Europe/Paris", ["fr", "en"])
