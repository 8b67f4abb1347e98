"""Records for the benchmarks: cameras with walking and standing objects, at 5 frames a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH: Final = 960
HEIGHT: Final = 540
SESSION: Final = "01900000-0000-7000-8000-000000000000"


def camera_record(camera_id: str) -> dict[str, Any]:
    """A camera with three zones and two lines."""
    zones = {
        "square": [(0.1, 0.4), (0.5, 0.3), (0.65, 0.75), (0.3, 0.95), (0.08, 0.8)],
        "bay": [(0.6, 0.2), (0.95, 0.2), (0.9, 0.9), (0.65, 0.85)],
        "street": [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)],
    }
    return {
        "camera_id": camera_id,
        "site": "bench",
        "version": "1",
        "effective_at": 0,
        "removed": False,
        "title": {"en": camera_id},
        "time_zone": "Europe/Paris",
        "languages": ["fr"],
        "holidays": [],
        "source": {
            "kind": "rtsp",
            "uri": "rtsp://camera.example/",
            "credentials": None,
            "loop": False,
            "pace": "real",
            "start": None,
        },
        "sampling": {"fps": 5.0, "width": WIDTH},
        "models": ["yolox-nano"],
        "tags": ["centre"],
        "position": None,
        "masks": [],
        "zones": [{"name": n, "x": [p[0] for p in ps], "y": [p[1] for p in ps]} for n, ps in zones.items()],
        "lines": [
            {"name": "across", "x1": 0.1, "y1": 0.55, "x2": 0.83, "y2": 0.6, "in_label": "in", "out_label": "out"},
            {"name": "down", "x1": 0.5, "y1": 0.1, "x2": 0.5, "y2": 0.9, "in_label": "in", "out_label": "out"},
        ],
        "calibration": [],
    }


def rule_bundle() -> dict[str, Any]:
    """Ten rules: presence, stopped and counts over the zones and lines, in shadow."""
    rules = [
        *(_rule(f"presence-{zone}", "presence", ["person"], [zone], [], {"for_s": 20.0}) for zone in ZONES),
        *(_rule(f"parked-{zone}", "stopped", ["car", "truck"], [zone], [], {"for_s": 60.0}) for zone in ZONES),
        _rule("stopped-person", "stopped", ["person"], ["square"], [], {"for_s": 30.0}),
        *(_rule(f"count-{line}", "count_line", ["person"], [], [line], {}) for line in ("across", "down")),
        _rule("count-cars", "count_line", ["car"], [], ["down"], {}),
    ]
    return {
        "site": "bench",
        "digest": "bench",
        "effective_at": 0,
        "author": "bench",
        "withdrawn": False,
        "rules": sorted(rules, key=lambda rule: str(rule["id"])),
        "authorisations": [],
        "compounds": [],
    }


ZONES: Final = ("square", "bay", "street")

_EXERCISE: Final = {
    "id": "exercise",
    "categories": ["footfall"],
    "camera_tags": [],
    "camera_ids": [f"cam-{number:03d}" for number in range(0, 600, 10)],
    "legal_basis": "exercise",
    "reference": "bench",
    "mode": "exercise",
    "valid_from": 0,
    "valid_until": 4_102_444_800_000,
}

WHOLE: Final = {"name": "whole", "x": [0.0, 1.0, 1.0, 0.0], "y": [0.0, 0.0, 1.0, 1.0]}
"""A zone that is all of the image."""


def scene_bundle() -> dict[str, Any]:
    """Ten rules over the zones and the line that simulated scenes bring, and `WHOLE`; every tenth camera may alert."""
    zones = ("square", "forecourt", "corner")
    rules = [
        *(_rule(f"presence-{zone}", "presence", ["person"], [zone], [], {"for_s": 600.0}) for zone in zones),
        *(
            _rule(f"parked-{zone}", "stopped", ["car", "truck"], [zone], [], {"for_s": 25.0})
            for zone in ("square", "forecourt", "whole")
        ),
        _rule("stopped-person", "stopped", ["person"], ["square"], [], {"for_s": 120.0}),
        *(_rule(f"count-{kind}", "count_line", [kind], [], ["gate"], {}) for kind in ("person", "bicycle", "car")),
    ]
    return rule_bundle() | {"rules": sorted(rules, key=lambda rule: str(rule["id"])), "authorisations": [_EXERCISE]}


def _rule(
    name: str, template: str, classes: list[str], zones: list[str], lines: list[str], numbers: dict[str, float]
) -> dict[str, Any]:
    return {
        "id": name,
        "version": "1",
        "title": {"en": name},
        "status": "stable",
        "template": template,
        "camera_tags": ["centre"],
        "camera_ids": [],
        "classes": classes,
        "zones": zones,
        "lines": lines,
        "numbers": numbers,
        "when": None,
        "severity": "info",
        "category": "footfall",
        "explain": {"en": name},
        "cooldown_ms": 0,
    }


def detections(cameras: int, frames: int, objects: int, start_ms: int, fps: float = 5.0) -> Iterator[dict[str, Any]]:
    """Detections records of every camera, frame by frame; one in three objects stands still."""
    rng = np.random.default_rng(1)
    scenes = min(cameras, 20)
    at = rng.uniform(0, 1, (scenes, objects, 2)) * [WIDTH, HEIGHT - 60] + [0, 60]
    velocity = rng.normal(0, 35, (scenes, objects, 2))
    velocity[rng.random((scenes, objects)) < 0.35] = 0
    kinds = np.where(rng.random((scenes, objects)) < 0.3, "car", "person")
    for seq in range(frames):
        columns = []
        for scene in range(scenes):
            at[scene] += velocity[scene] / fps
            outside = (at[scene] < [0, 60]) | (at[scene] > [WIDTH, HEIGHT])
            velocity[scene][outside] *= -1
            x, y = (np.clip(at[scene], [0, 60], [WIDTH, HEIGHT]) + rng.normal(0, 1.5, (objects, 2))).T
            height = 40 + 0.2 * y
            half = height * np.where(kinds[scene] == "car", 0.9, 0.2)
            columns.append((x - half, y - height, x + half, y))
        for number in range(cameras):
            scene = number % scenes
            x1, y1, x2, y2 = (column.tolist() for column in columns[scene])
            yield {
                "camera_id": f"cam-{number:03d}",
                "session": SESSION,
                "seq": seq,
                "captured_at": start_ms + round(seq * 1000 / fps),
                "clock": "stream",
                "status": "ok",
                "reason": None,
                "frame_ref": {"partition": 0, "offset": seq},
                "width": WIDTH,
                "height": HEIGHT,
                "source_width": 1920,
                "source_height": 1080,
                "source_frame": None,
                "models": [{"name": "yolox-nano", "version": "1"}],
                "x1": x1,
                "y1": y1,
                "x2": x2,
                "y2": y2,
                "score": [0.8] * objects,
                "object_class": kinds[scene].tolist(),
                "model_index": [0] * objects,
            }
