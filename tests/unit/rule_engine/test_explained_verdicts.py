"""Why an episode opened, or why not: what each template measured, against its thresholds."""

import pytest

from vigie_common.stream import Message
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.explain import explain


def explained(s, boxes, seconds, rule=None):
    """The verdicts of a street that shows these boxes."""
    messages = []
    for k in range(round(seconds * s.fps)):
        messages.append(Message("tracks", 0, k, "cam-1", 0, s.record(boxes(k / s.fps))))
        s.seq, s.offset, s.t = s.seq + 1, s.offset + 1, round(s.t + 1 / s.fps, 6)
    return explain(messages, s.view(), "cam-1", rule)


def test_it_shows_what_was_measured_against_what_and_since_when(street, rule, obj, t0):
    s = street([rule("stopped", numbers={"for_s": 5.0}), rule("presence")])
    frames = explained(s, lambda _: [obj(7, 0.5, 0.7)], 8, "stopped")
    phases = [verdicts[0].phase for _, verdicts in frames]
    assert (phases[0], phases[-1], phases.index("open")) == ("pending", "open", 25)
    (verdict,) = frames[10][1]
    assert (verdict.verdict, verdict.since, verdict.held_s, verdict.for_s) == ("on", t0, 2.0, 5.0)
    assert verdict.subject == f"{s.session}:7"
    (reading,) = verdict.readings
    assert (reading.value, reading.relation, reading.threshold, reading.unit) == (0.0, "<=", 0.3, "heights")
    assert reading.holds


def test_it_shows_which_part_did_not_hold(street, rule, obj):
    s = street([rule("gathering", numbers={"people": 5.0})])
    _, (verdict,) = explained(s, lambda _: [obj(i, 0.48 + 0.02 * i, 0.6) for i in range(3)], 3)[-1]
    assert (verdict.verdict, verdict.subject, verdict.phase, verdict.since) == ("off", "", "idle", 0)
    (reading,) = verdict.readings
    assert (reading.name, reading.threshold, reading.holds) == ("people together", 5.0, False)
    assert reading.value == pytest.approx(3.0)


@pytest.mark.parametrize("template", [name for name, template in TEMPLATES.items() if not template.counts])
def test_every_template_can_be_explained(street, rule, camera, calibration, obj, template):
    given = {"limit_mps": 5.0} if template == "speed" else {}
    lines = ["porte"] if any(p.kind == "line" for p in TEMPLATES[template].parameters) else []
    s = street([rule(template, numbers=given, lines=lines)], camera=camera(calibration=calibration))
    frames = explained(s, lambda t: [obj(1, 0.4 + 0.01 * t, 0.7)], 3)
    assert {verdict.verdict for _, verdicts in frames for verdict in verdicts} <= {
        "on",
        "hold",
        "off",
        "unseen",
        "doubted",
    }
    assert [len(verdicts) for _, verdicts in frames] == [1] * 15


def test_a_watcher_changes_nothing(street, rule, obj):
    def run(watcher):
        s = street([rule("dwell", numbers={"for_s": 2.0})])
        s.core._watcher = watcher
        s.during(5, lambda _: [obj(1, 0.5, 0.7)])
        return repr(s.outputs), s.core.snapshot()

    assert run(None) == run(lambda _: None)


def test_a_person_who_has_not_moved_is_doubted_and_by_how_much_is_shown(street, rule, obj):
    s = street([rule("presence", numbers={"moved_heights": 0.3})])
    _, (verdict,) = explained(s, lambda _: [obj(1, 0.5, 0.7)], 3)[-1]
    assert (verdict.verdict, verdict.phase) == ("doubted", "pending")
    (reading,) = verdict.readings
    assert (reading.value, reading.threshold, reading.unit, reading.holds) == (0.0, 0.3, "heights", False)
