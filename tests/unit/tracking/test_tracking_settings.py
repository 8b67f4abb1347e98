"""Thresholds come from VIGIE_TRACKING_*, each with its bounds."""

from dataclasses import fields

import pytest

from vigie_common.errors import ConfigurationError
from vigie_common.settings import read_settings
from vigie_tracking.parameters import Parameters
from vigie_tracking.settings import TrackingSettings


def test_without_variables_they_are_the_defaults():
    assert read_settings(TrackingSettings).parameters() == Parameters()


@pytest.mark.parametrize("name", [f.name for f in fields(Parameters)])
def test_every_threshold_can_be_set(monkeypatch, name):
    value = getattr(Parameters(), name) * 1.01
    monkeypatch.setenv(f"VIGIE_TRACKING_{name.upper()}", str(value))
    assert getattr(read_settings(TrackingSettings).parameters(), name) == pytest.approx(value)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("FORGET_MS", "two seconds", "VIGIE_TRACKING_FORGET_MS = 'two seconds'"),
        ("HIGH_SCORE", "1.5", "VIGIE_TRACKING_HIGH_SCORE = '1.5'.*less than or equal to 1"),
        ("LOW_SCORE", "0.6", "VIGIE_TRACKING_LOW_SCORE is 0.6, above VIGIE_TRACKING_HIGH_SCORE"),
    ],
)
def test_a_wrong_value_is_refused_by_name(monkeypatch, variable, value, message):
    monkeypatch.setenv(f"VIGIE_TRACKING_{variable}", value)
    with pytest.raises(ConfigurationError, match=message):
        read_settings(TrackingSettings)
