"""Subjects of one camera as the compiled layers know them, made by hand."""

import numpy as np

from vigie_common.taxonomy import ObjectClass
from vigie_rule_engine.layers.episodes import CELL
from vigie_rule_engine.layers.furniture import FIXTURE, FIXTURES
from vigie_rule_engine.layers.ground import GROUND
from vigie_rule_engine.layers.places import PLACE, SIDE
from vigie_rule_engine.layers.posture import POSTURE
from vigie_rule_engine.layers.rows import RULE
from vigie_rule_engine.layers.standing import heal
from vigie_rule_engine.layers.state import Kept
from vigie_rule_engine.layers.subjects import SUBJECT
from vigie_rule_engine.layers.zone_facts import ZONE

NOW = 100_000
PERSON, CAR, TRUCK, BAG, BICYCLE = (int(ObjectClass[name]) for name in ("person", "car", "truck", "bag", "bicycle"))


def subjects(*given):
    """People who were seen now, 0.2 high, in a box of their own width; fields as given."""
    array = np.zeros(len(given), SUBJECT)
    for s, fields in zip(array, given, strict=True):
        standing = {"cls": PERSON, "known": 1, "seen": NOW, "seen_w": NOW, "steady": 1, "h": 0.2, "x": 0.5, "y": 0.7}
        standing |= {"rest": NOW, "rest_x": fields.get("x", 0.5), "rest_y": fields.get("y", 0.7)}
        for name, value in (standing | fields).items():
            s[name] = value
        wide = fields.get("wide", 0.08) if "wide" in fields else 0.08
        if "x2" not in fields:
            s["x1"], s["x2"] = s["x"] - wide / 2, s["x"] + wide / 2
            s["y1"], s["y2"] = s["y"] - s["h"], s["y"]
    return array


def lying(**fields):
    return {"x1": 0.4, "x2": 0.6, "y1": 0.63, "y2": 0.7} | fields


def kept(people):
    n = len(people)
    return Kept(
        people,
        np.zeros(n, GROUND),
        np.zeros(n, POSTURE),
        np.zeros((n, 1), PLACE),
        np.zeros((n, 1), SIDE),
        np.zeros((1, n), CELL),
        np.zeros(1, CELL),
        np.zeros(1, ZONE),
        np.zeros(FIXTURES, FIXTURE),
    )


def rule(**fields):
    row = np.zeros(1, RULE)
    for name, value in ({"for_ms": 2_000} | fields).items():
        row[name] = value
    return row[0]


def healed(*given):
    """The subjects after `heal`, each with its place as track id."""
    state = kept(subjects(*({"track": k} | one for k, one in enumerate(given))))
    heal(state, len(given), NOW, NOW, 1)
    return state.subjects
