"""A snapshot keeps all that is the camera's own: none of its fields is forgotten."""

from dataclasses import fields

import numpy as np
import pytest

from vigie_rule_engine.camera import CameraState
from vigie_rule_engine.room import in_use
from vigie_rule_engine.snapshot import read, write

DERIVED = {"versions", "table", "rules", "plan", "whole", "mode_check_at"}
"""Compiled from the configuration with the next record."""


@pytest.fixture
def lived_in(street, rule, obj, camera, calibration):
    """The state of a camera with somebody in it, an open episode, a minute that is counted, one that is owed."""
    rules = [
        rule("presence"),
        rule("count_zone"),
        rule("fall"),
        rule("line_cross"),
        rule("speed", numbers={"limit_mps": 2.0}),
    ]
    s = street(rules, camera=camera(calibration=calibration))
    s.core._spread_ms = 10_300  # it tells of a minute some seconds after it
    s.during(61, lambda _: [obj(1, 0.5, 0.7), obj(2, 0.45, 0.6)])
    (state,) = s.core._cameras.values()
    assert state.episodes and state.windows and state.over and state.opened  # noqa: PT018 - all of it is needed
    return state


def test_every_field_of_a_camera_comes_back(lived_in):
    for number, name in enumerate(("seen_at", "steady_at", "watched", "steady", "appended_at", "bound_ms", "numbered")):
        setattr(lived_in, name, 1_000 + number)
    lived_in.blind = lived_in.unsteady = True
    cameras, sweep_at, heard_at = read(write({"cam-1": lived_in}, 11, 22))
    assert (sweep_at, heard_at) == (11, 22)
    again = cameras["cam-1"]
    for field in fields(CameraState):
        if field.name not in DERIVED | {"kept"}:
            assert getattr(again, field.name) == getattr(lived_in, field.name), field.name
    for name, mine, its in zip(lived_in.kept._fields, lived_in.kept, again.kept, strict=True):
        used = in_use(name, lived_in.n)
        assert np.array_equal(mine[used], its[used]), name
        assert mine.shape == its.shape, name
        assert mine.size, name


def test_a_state_that_was_read_is_written_as_the_same_bytes(lived_in):
    state = write({"cam-1": lived_in}, 11, 22)
    assert write(*read(state)) == state
