"""The shipped packs on cameras that carry all of their tags, zones and lines."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import Any, Final

import street

from vigie_rule_engine.bundle import read_rules, rule_record

_RULES: Final = Path(__file__).parents[2] / "rules"
PACKS: Final = ("decree-2023-828", "town")
_EVERYWHERE: Final = "centre"
"""The tag that a rule gets which names a camera of the example site."""


def pack_bundle() -> dict[str, Any]:
    """Every rule of the packs; every tenth camera may alert."""
    folder = read_rules(*(_RULES / pack for pack in PACKS))
    if folder.problems:
        raise RuntimeError(f"the packs do not lint: {folder.problems[0]}")
    rules = [rule_record(rule) for rule in folder.rules]
    for rule in rules:
        if rule["camera_ids"]:
            rule |= {"camera_ids": [], "camera_tags": [_EVERYWHERE]}
    authorisation = street.scene_bundle()["authorisations"][0] | {"categories": sorted({r["category"] for r in rules})}
    return street.scene_bundle() | {
        "digest": "packs",
        "rules": sorted(rules, key=lambda rule: str(rule["id"])),
        "authorisations": [authorisation],
    }


def pack_camera(camera: dict[str, Any], bundle: dict[str, Any]) -> dict[str, Any]:
    """The camera with whatever the rules name, laid over the zones and the line that it has."""
    rules = bundle["rules"]
    zones = sorted({zone for rule in rules for zone in rule["zones"]})
    lines = sorted({line for rule in rules for line in rule["lines"]})
    ground = [zone for zone in camera["zones"] if zone != street.WHOLE]  # that one reaches into the sky
    return camera | {
        "tags": sorted({tag for rule in rules for tag in rule["camera_tags"]}),
        "zones": [there | {"name": name} for name, there in zip(zones, cycle(ground), strict=False)],
        "lines": [there | {"name": name} for name, there in zip(lines, cycle(camera["lines"]), strict=False)],
    }
