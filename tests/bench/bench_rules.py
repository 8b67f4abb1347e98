"""Speed of the rule engine's core: the compiled layers alone, and the whole of `RuleCore.process`.

`python tests/bench/bench_rules.py`; the last line is JSON. Each figure is the best of several passes over 300
frames at 5 fps of people who walk, stand and shake, with rules of all three templates over three zones and two
lines; CPU time of this thread, so that other work on the machine counts less.
"""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

from vigie_common.stream import ConfigVersion, FixedView, Message
from vigie_rule_engine.core import RuleCore, warm_up
from vigie_rule_engine.intake import observed
from vigie_rule_engine.layers.frame import frame

FRAMES = 300
PASSES = 15
WIDTH, HEIGHT = 960, 540
T0 = 1_777_881_600_000
SESSION = "019dd000-0000-7000-8000-000000000001"
FRAME_TARGET_US = 15.0
RULE_TARGET_US = 0.1


def camera() -> dict[str, Any]:
    """A camera with three zones and two lines."""
    corners = (
        ([0.1, 0.5, 0.65, 0.3, 0.08, 0.06], [0.37, 0.33, 0.78, 0.95, 0.78, 0.55]),
        ([0.62, 0.94, 0.92, 0.67], [0.2, 0.22, 0.92, 0.88]),
        ([0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0]),
    )
    lines = ((0.1, 0.55, 0.83, 0.6), (0.5, 0.1, 0.5, 0.92))
    return {
        "camera_id": "cam",
        "site": "site",
        "version": "v",
        "removed": False,
        "title": {"en": "cam"},
        "time_zone": "Europe/Paris",
        "languages": ["en"],
        "holidays": [],
        "sampling": {"fps": 5.0, "width": WIDTH},
        "tags": [],
        "position": None,
        "zones": [{"name": f"z{i}", "x": x, "y": y} for i, (x, y) in enumerate(corners)],
        "lines": [
            {"name": f"l{i}", "x1": a, "y1": b, "x2": c, "y2": d, "in_label": "in", "out_label": "out"}
            for i, (a, b, c, d) in enumerate(lines)
        ],
        "calibration": [],
    }


def rules(count: int) -> list[dict[str, Any]]:
    """Of ten: four stopped, three presence, three count_line; durations long enough that few events come."""
    made = []
    for i in range(count):
        template = ("stopped", "presence", "count_line", "stopped", "presence")[i % 5] if i % 10 != 9 else "count_line"
        crossing = template == "count_line"
        made.append(
            {
                "id": f"r{i:03d}",
                "version": "v",
                "title": {"en": "rule"},
                "status": "stable",
                "template": template,
                "camera_tags": [],
                "camera_ids": ["cam"],
                "classes": ["bicycle"] if crossing else ["person"],  # nobody counts: a count costs its record
                "zones": [] if crossing else [f"z{i % 3}"],
                "lines": [f"l{i % 2}"] if crossing else [],
                "numbers": {} if crossing else {"for_s": 3600.0 + i},
                "when": None,
                "severity": "info",
                "category": "c",
                "explain": {"en": "{object.class}"},
                "cooldown_ms": 0,
            }
        )
    return made


def street(objects: int) -> list[Message]:
    """FRAMES records, 0.2 s apart; 6 % of the boxes missing."""
    chance = random.Random(objects)
    people = [
        [chance.uniform(60, 900), chance.uniform(120, 530), chance.choice([0.0, chance.gauss(0, 40)])]
        for _ in range(objects)
    ]
    messages = []
    for seq in range(FRAMES):
        boxes = []
        for track, person in enumerate(people, start=1):
            person[0] += person[2] / 5
            person[2] *= 1 if 40 < person[0] < 920 else -1
            h = 40 + 0.2 * person[1]
            x, y = person[0] + chance.gauss(0, 0.03 * h), person[1] + chance.gauss(0, 0.03 * h)
            if chance.random() > 0.06:
                boxes.append((track, x - 0.2 * h, y - h, x + 0.2 * h, y))
        columns = [list(column) for column in zip(*boxes, strict=True)] or [[], [], [], [], []]
        record = {
            "camera_id": "cam",
            "session": SESSION,
            "seq": seq,
            "captured_at": T0 + 200 * seq,
            "status": "ok",
            "frame_ref": {"partition": 0, "offset": seq},
            "width": WIDTH,
            "height": HEIGHT,
            "source_frame": None,
            "models": [{"name": "m", "version": "1"}],
            **dict(zip(("track_id", "x1", "y1", "x2", "y2"), columns, strict=True)),
            "score": [0.8] * len(boxes),
            "object_class": ["person"] * len(boxes),
            "model_index": [0] * len(boxes),
            "ended_track_id": [],
        }
        messages.append(Message("tracks", 0, seq, "cam", T0 + 200 * seq, record))
    return messages


def view(count: int) -> FixedView:
    """Configuration with that many rules."""
    bundle = {
        "site": "site",
        "digest": "d",
        "effective_at": 0,
        "withdrawn": False,
        "rules": rules(count),
        "authorisations": [],
        "compounds": [],
    }
    return FixedView(
        {
            "cameras": {"cam": ConfigVersion("cam", 0, 0, 0, camera())},
            "rules": {"site": ConfigVersion("site", 0, 0, 0, bundle)},
        }
    )


def whole_us(objects: int, count: int) -> float:
    """CPU microseconds a frame of `RuleCore.process`."""
    messages, config = street(objects), view(count)
    times = []
    for _ in range(PASSES):
        core = RuleCore(0)
        core.process(messages[0], config)
        began = time.thread_time()
        for message in messages[1:]:
            core.process(message, config)
        times.append(time.thread_time() - began)
    return 1e6 * min(times) / (FRAMES - 1)


def layers_us(objects: int, count: int) -> float:
    """CPU microseconds a frame of the one compiled call."""
    messages, config = street(objects), view(count)
    seen = [observed(message.value) for message in messages]  # type: ignore[arg-type]  # a Tracks record
    times = []
    for _ in range(PASSES):
        core = RuleCore(0)
        core.process(messages[0], config)
        s = core._cameras["cam"]
        plan, rules_ = s.plan, s.rules
        if plan is None or rules_ is None:
            raise RuntimeError("the camera has no table")
        core._sight.make_room(2 * objects, len(plan.gates), len(rules_), len(s.subjects))
        scratch, n = core._sight.scratch, s.n
        began = time.thread_time()
        for k in range(1, FRAMES):
            t, w = T0 + 200 * k, 200 * k
            n, _, _ = frame(*s.kept, *plan, *scratch, n, rules_, seen[k], 1 / HEIGHT, 0, t, w, w, 1, 200, t)
        times.append(time.thread_time() - began)
    return 1e6 * min(times) / (FRAMES - 1)


def rows() -> list[dict[str, Any]]:
    """The figures: name, value, unit, target, met."""
    warm_up()
    layers = layers_us(10, 10)
    none, ten, forty = (layers_us(10, count) for count in (0, 10, 40))
    whole = whole_us(10, 10)
    figures = [
        ("rules: compiled layers, a frame of 10 tracks, 10 rules", layers, "µs", FRAME_TARGET_US),
        ("rules: whole core, a frame of 10 tracks, 10 rules", whole, "µs", FRAME_TARGET_US),
        ("rules: whole core, a frame of 50 tracks, 10 rules", whole_us(50, 10), "µs", None),
        ("rules: each rule x track, first ten rules", (ten - none) / 100, "µs", RULE_TARGET_US),
        ("rules: each rule x track, the next thirty", (forty - ten) / 300, "µs", RULE_TARGET_US),
    ]
    return [
        {
            "name": name,
            "value": round(value, 3),
            "unit": unit,
            "target": target,
            "met": None if target is None else value <= target,
        }
        for name, value, unit, target in figures
    ]


if __name__ == "__main__":
    measured = rows()
    for row in measured:
        sys.stderr.write(f"{row['name']}: {row['value']} {row['unit']}\n")
    sys.stdout.write(json.dumps({"rows": measured}) + "\n")
