"""`vigie rules explain`: what came nearest, what was counted."""

import re

import pytest
from typer.testing import CliRunner

from vigie_cli.rules import app
from vigie_cli.rules_answer import blind_words, values
from vigie_common.errors import BadInputError
from vigie_rule_engine.trace import Measured, Sample

RULE = """\
rule: asked
title: {{en: Asked, fr: Demandé}}
status: test
template: {template}
cameras: {{ids: [maison-carree-02]}}
with: {{classes: [person], {more}}}
category: presence
"""


@pytest.fixture
def explained(site):
    """The answer about a rule of a template at a second, people standing or walking: (t) -> [(track, x, foot)]."""

    def ask(template, more, people, at_s=20, seconds=60, options=None):
        (site / "rules/asked.yaml").write_text(RULE.format(template=template, more=more), encoding="utf-8")
        rows = ["t_s,track_id,class,x1,y1,x2,y2"]
        for t in (k / 2 for k in range(seconds * 2)):
            rows += [f"{t},{n},person,{x - 0.02:.4f},{y - 0.2:.4f},{x + 0.02:.4f},{y:.4f}" for n, x, y in people(t)]
        (site / "seen.csv").write_text("\n".join(rows), encoding="utf-8")
        asked = ["--rule", "asked", "--camera", "maison-carree-02", "--at", f"2026-01-05T12:00:{at_s:02}"]
        result = CliRunner().invoke(
            app, ["explain", *asked, "--tracks", f"{site}/seen.csv", "--rules", str(site), *(options or ())]
        )
        if isinstance(result.exception, BadInputError):
            raise result.exception
        assert result.exit_code == 0, result.exception
        if options is not None:
            return result.stdout.splitlines()
        return [line.strip() for line in result.stdout.split("course (")[0].splitlines()[1:]]

    return ask


def test_what_came_nearest_is_what_lacked_least(explained):
    said = explained("gathering", "people: 5, for: 5s", lambda _: [(n, 0.5 + 0.03 * n, 0.7) for n in range(3)])
    assert said[0] == "the template never said on; the zone came nearest at 12:00:20.0"
    assert said[1].startswith("then: template off; people together 3 (needs >= 5)")


@pytest.mark.parametrize("template", ["count_line", "line_cross"])
def test_who_turned_back_at_the_line_is_told_by_how_much(explained, template):
    def turns_back(t):
        return [(1, 0.5, 0.45 + 0.011 * t if t < 16 else max(0.45, 0.626 - 0.011 * (t - 16)))]

    said = explained(template, "line: porte", turns_back, at_s=18)
    assert said[0].startswith("nobody surely crossed the line; a person (1) came nearest at 12:00:")
    assert said[1].startswith("then: template hold; past the line 0.0"), said[1]
    assert "(needs >= 0.2); past the band for 0 s (needs >= 0.4); or deep 0.0" in said[1]


def test_who_passed_beside_the_line_is_told_how_far(explained):
    said = explained("count_line", "line: porte", lambda t: [(1, 0.97, 0.45 + 0.011 * t)], at_s=18)
    assert "past the line 0." in said[1]
    assert "beside its ends 0.6" in said[1], said[1]


def test_a_crossing_is_counted_and_nobody_was_to_be_alerted(explained):
    said = explained("count_line", "line: porte", lambda t: [(1, 0.5, 0.45 + 0.011 * t)], at_s=18)
    assert said[0].startswith("counted 2026-01-05 12:00:18.5 (in); id "), said
    assert said[1].startswith("then: moved_heights ")
    assert len(said) == 2


def test_a_minute_is_explained_by_its_own_facts(explained):
    def leave(t):
        return [(n, 0.5 + 0.03 * n, 0.7) for n in range(2 if t < 90 else 1)]

    said = explained("count_zone", "zone: livraison", leave, at_s=20, seconds=150)
    assert said[0].startswith("counted 2026-01-05 12:00:00.0 (minute); id ")
    assert said[1].startswith("then: max 2; mean 2; watched_s 60")
    assert len(said) == 2


def stays_as_another(t):
    """Somebody walks in and stays; another track begins beside, and theirs ends."""
    return [(1, min(0.5, 0.3 + 0.05 * t), 0.75)] * (t < 22) + [(2, 0.58, 0.75)] * (t > 21)


def test_a_stay_that_went_on_with_another_track_names_the_one_before(explained):
    said = explained("dwell", "zone: livraison, for: 40s", stays_as_another, at_s=50)
    assert said[0].startswith("opened 2026-01-05 12:00:4"), said
    assert said[1].startswith("then: template on; in the zone for 4")
    assert said[2] == (
        "it went on with the stay of person 1, last seen 12:00:21.5: one was taken for the other; what it moved "
        "and for how long it was seen are its own"
    )


def test_so_does_one_that_has_not_lasted_yet(explained):
    said = explained("dwell", "zone: livraison, for: 100s", stays_as_another, at_s=50)
    assert said[0].startswith("a person (2) came nearest at 12:00:"), said
    assert said[2].startswith("it went on with the stay of person 1, last seen 12:00:21.5")


def test_two_who_came_in_the_same_frame_went_on_with_nobodys_stay(explained):
    def both(t):
        return [(n, 0.3 + 0.1 * n + 0.05 * min(t, 2), 0.75) for n in (1, 2)]

    for template in ("dwell", "presence"):
        said = explained(template, "zone: livraison, for: 20s", both, at_s=40)
        assert said[0].startswith("opened"), said
        assert not any("went on" in line for line in said), said


def test_the_course_is_of_whom_the_answer_names_around_the_moment_however_much_went_before(explained):
    """Some flicker in the zone; who is asked about comes only then."""

    def people(t):
        flickers = [(n, 0.3 + 0.04 * n, 0.7) for n in range(5, 9) if (t * 2 + n) % 2]
        return [*(flickers if t < 24 else []), (2, max(0.55, 0.97 - 0.01 * t), 0.75)]

    def ask(*options):
        return explained("dwell", "zone: livraison, for: 90s", people, 50, 60, options=options)

    said = ask()
    course = said[said.index("course (from, to; what the template said; where the episode stood; the last values):") :]
    [named] = re.findall(r"a person \((\d)\) came nearest", said[1])
    own = [line.split() for line in course[1 : course.index("others within 30 s of the moment:")]]
    assert {(line[1], line[2], line[3]) for line in own} == {("person", named, "livraison")}
    spans = [line[0].split("-") for line in own]
    assert any(begin <= "12:00:50.0" <= end for begin, end in spans), spans
    assert len(course) <= 43
    assert course[-1].endswith(" more: --track ID shows one object, --json every frame")
    other = ask("--track", "5")
    assert {line.split()[2] for line in other if "livraison" in line and "-12:0" in line} == {"5"}, other
    with pytest.raises(
        BadInputError, match=r"^--track 77: was not in view in this time; nearest to the moment there were .*\b2, "
    ):
        ask("--track", "77")
    assert len(course[course.index("others within 30 s of the moment:") :]) <= 7


COOLS = "zone: livraison, for: 2s}\ncooldown: 45s #"


def comes_and_goes(t):
    return [(1, 0.45 + 0.01 * t, 0.7)] if t < 8 else [(2, 0.45 + 0.01 * (t - 20), 0.7)] if 20 <= t < 32 else []


def test_what_only_the_cooldown_kept_from_opening_is_told_so_with_the_episode_that_it_is_for(explained):
    said = explained("presence", COOLS, comes_and_goes, at_s=25)
    assert said[0].startswith("a person (2) held for "), said
    assert said[0].endswith(
        " s, which is enough, but the rule was cooling down until 12:00:50.0: another episode opened at 12:00:05.0"
    ), said
    assert re.search(r"; held [\d.]+ s \(needs >= 2\); cooling down for [\d.]+ s more", said[1]), said


def test_what_opened_once_the_rule_had_cooled_is_told_what_it_waited_for(explained):
    def stays(t):
        return comes_and_goes(t) if t < 32 else [(2, 0.57, 0.7)]

    said = explained("presence", COOLS, stays, at_s=25)
    assert said[0].startswith("opened 2026-01-05 12:00:50.0: it had held since 12:00:20.0; episode "), said
    assert "before that the rule was cooling down until 12:00:50.0: another episode opened at 12:00:05.0" in said


def sample(**fields):
    known = {"at": 0, "scope": "z", "subject": "s:1", "object_class": "person", "verdict": "on", "phase": "pending"}
    known |= {"since": 0, "held_s": 35.667, "for_s": 60.0, "mode": "shadow", "authorisation": None, "condition": None}
    known |= {"measured": (Measured("in the zone for", 35.667, ">=", 60.0, "s"),), "facts": {"dwell_s": 35.67, "n": 2}}
    return Sample(**(known | fields))


def test_no_value_is_told_twice_and_no_fact_of_a_frame_that_did_not_show_it():
    assert values(sample()) == "template on; in the zone for 35.7 s (needs >= 60); n 2"
    unseen = values(sample(verdict="unseen", facts={"dwell_s": 45.57}))
    assert unseen == "template unseen; in the zone for 35.7 s (needs >= 60)"
    assert values(sample(measured=())) == "template on; held 35.667 s (needs >= 60); n 2"


def test_times_without_sight_that_are_not_listed_are_counted():
    spans = [("shed", 1000 * k, 1000 * k + 500) for k in range(7)]
    assert blind_words(spans, "UTC") == (
        "shed 00:00:00.0-00:00:00.5, shed 00:00:01.0-00:00:01.5, shed 00:00:02.0-00:00:02.5, "
        "shed 00:00:03.0-00:00:03.5, shed 00:00:04.0-00:00:04.5, and 2 times more"
    )
