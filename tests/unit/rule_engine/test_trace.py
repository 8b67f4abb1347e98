"""Why an episode opened, or why not: what each template measured, against its thresholds."""

import pytest

from vigie_common.stream import Message
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.core import RuleCore
from vigie_rule_engine.trace import samples


def traced(s, boxes, seconds, rule):
    """The samples of a rule on each image of a street that shows these boxes."""
    found = []
    core = RuleCore(0, mode="test", watcher=lambda state: found.append(list(samples(state, rule))))
    for k in range(round(seconds * s.fps)):
        core.process(Message("tracks", 0, k, "cam-1", 0, s.record(boxes(k / s.fps))), s.view())
        s.seq, s.offset, s.t = s.seq + 1, s.offset + 1, round(s.t + 1 / s.fps, 6)
    return found


def test_it_shows_what_was_measured_against_what_and_since_when(street, rule, obj, t0):
    s = street([rule("stopped", numbers={"for_s": 5.0}), rule("presence")])
    frames = traced(s, lambda _: [obj(7, 0.5, 0.7)], 8, "stopped")
    phases = [sample.phase for (sample,) in frames]
    assert (phases[0], phases[-1], phases.index("open")) == ("pending", "open", 25)
    (sample,) = frames[10]
    assert (sample.verdict, sample.since, sample.held_s, sample.for_s) == ("on", t0, 2.0, 5.0)
    assert sample.subject == f"{s.session}:7"
    (measured,) = sample.measured
    assert (measured.value, measured.relation, measured.threshold, measured.unit) == (0.0, "<=", 0.3, "heights")
    assert measured.holds
    assert str(measured) == "from where it rests 0 heights (needs <= 0.3)"


def test_metres_are_metres(street, rule, camera, calibration, obj):
    s = street([rule("stopped", numbers={"within_m": 0.5})], camera=camera(calibration=calibration))
    (sample,) = traced(s, lambda _: [obj(7, 0.5, 0.7)], 1, "stopped")[-1]
    (measured,) = sample.measured
    assert (measured.threshold, measured.unit) == (0.5, "m")


def test_it_shows_which_part_did_not_hold(street, rule, obj):
    s = street([rule("gathering", numbers={"people": 5.0})])
    crowd = [obj(i, 0.48 + 0.02 * i, 0.6) for i in range(3)]
    (sample,) = traced(s, lambda _: crowd, 3, "gathering")[-1]
    assert (sample.verdict, sample.subject, sample.phase, sample.since) == ("off", "zone", "idle", 0)
    (measured,) = sample.measured
    assert (measured.name, measured.threshold, measured.holds) == ("people together", 5.0, False)
    assert measured.value == pytest.approx(3.0)
    assert measured.short_by == pytest.approx(0.4)


@pytest.mark.parametrize("template", [name for name, template in TEMPLATES.items() if not template.counts])
def test_every_template_can_be_traced(street, rule, camera, calibration, obj, template):
    given = {"limit_mps": 5.0} if template == "speed" else {}
    lines = ["porte"] if any(p.kind == "line" for p in TEMPLATES[template].parameters) else []
    s = street([rule(template, numbers=given, lines=lines)], camera=camera(calibration=calibration))
    frames = traced(s, lambda t: [obj(1, 0.4 + 0.01 * t, 0.7)], 3, template)
    assert {sample.verdict for found in frames for sample in found} <= {"on", "hold", "off", "unseen", "doubted"}
    assert [len(found) for found in frames] == [1] * 15


def test_a_watcher_changes_nothing(street, rule, obj):
    def run(watcher):
        s = street([rule("dwell", numbers={"for_s": 2.0})])
        s.core._watcher = watcher
        s.during(5, lambda _: [obj(1, 0.5, 0.7)])
        return repr(s.outputs), s.core.snapshot()

    assert run(None) == run(lambda _: None)


def test_a_person_who_has_not_moved_is_doubted_and_by_how_much_is_shown(street, rule, obj):
    s = street([rule("presence", numbers={"moved_heights": 0.3})])
    (sample,) = traced(s, lambda _: [obj(1, 0.5, 0.7)], 3, "presence")[-1]
    assert (sample.verdict, sample.phase) == ("doubted", "pending")
    (measured,) = sample.measured
    assert (measured.value, measured.threshold, measured.unit, measured.holds) == (0.0, 0.3, "heights", False)
