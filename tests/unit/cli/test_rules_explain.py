"""`vigie rules explain`: what came nearest, what was counted."""

import pytest
from typer.testing import CliRunner

from vigie_cli.rules import app

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

    def ask(template, more, people, at_s=20, seconds=60):
        (site / "rules/asked.yaml").write_text(RULE.format(template=template, more=more), encoding="utf-8")
        rows = ["t_s,track_id,class,x1,y1,x2,y2"]
        for t in (k / 2 for k in range(seconds * 2)):
            rows += [f"{t},{n},person,{x - 0.02:.4f},{y - 0.2:.4f},{x + 0.02:.4f},{y:.4f}" for n, x, y in people(t)]
        (site / "seen.csv").write_text("\n".join(rows), encoding="utf-8")
        asked = ["--rule", "asked", "--camera", "maison-carree-02", "--at", f"2026-01-05T12:00:{at_s:02}"]
        result = CliRunner().invoke(app, ["explain", *asked, "--tracks", f"{site}/seen.csv", "--rules", str(site)])
        assert result.exit_code == 0, result.exception
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
    assert said[1].startswith("then: template hold; past the line, heights 0.0"), said[1]
    assert "(needs >= 0.2); past the band for, s 0 (needs >= 0.4); or deep, heights 0.0" in said[1]


def test_who_passed_beside_the_line_is_told_how_far(explained):
    said = explained("count_line", "line: porte", lambda t: [(1, 0.97, 0.45 + 0.011 * t)], at_s=18)
    assert "past the line, heights 0." in said[1]
    assert "beside its ends, heights 0.6" in said[1], said[1]


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
