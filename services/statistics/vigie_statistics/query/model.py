"""What is asked and what is answered. Every answer carries its coverage, and raw and corrected are two fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LOW_COVERAGE: Final = 0.8
"""A figure whose period was watched for less says so."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures are meant; None: any. `window` None: what suits the length of the period.

    Instants are milliseconds since 1970 UTC; a window counts whose start is at or after `since` and before `until`.
    """

    since: int
    until: int
    window: str | None = None
    measure: str | None = "crossings"
    site: str | None = None
    camera: str | None = None
    place: str | None = None
    object_class: str | None = None
    """Empty: the series of all classes together."""
    direction: str | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """What is measured where."""

    site: str
    camera_id: str
    measure: str
    place_kind: str
    place: str
    """Zone or line; empty: the whole image."""
    object_class: str
    """Empty: all."""
    direction: str
    direction_label: str
    rule: str
    unit: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One window of a series."""

    start: int
    end: int
    value: float
    """As measured."""
    corrected: float | None
    """For blind time; None: watched too little to say, or it makes no sense for the measure."""
    low: float | None
    high: float | None
    coverage: float
    low_coverage: bool
    rate_fps: float | None
    samples: int
    quantiles: dict[str, float]
    final: bool
    late: int


@dataclass(frozen=True, slots=True)
class Total:
    """A whole period of one or several series."""

    value: float
    corrected: float | None
    low: float | None
    high: float | None
    coverage: float
    """Share of the period that was watched."""
    low_coverage: bool
    windows: int
    samples: int
    final: bool
    unit: str
    quantiles: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeriesFigures:
    """A series over a period."""

    series: Series
    window: str
    time_zone: str
    """Of the site: hours and days are its own."""
    total: Total
    figures: list[Figure]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A series in two periods. `change` is of the corrected figures where both are known, as a share of the first."""

    series: Series
    before: Total
    after: Total
    change: float | None
    comparable: bool
    """Both periods were watched enough."""


@dataclass(frozen=True, slots=True)
class HourOfWeek:
    """What is typical of one hour of the week."""

    weekday: int
    """1 Monday to 7."""
    hour: int
    median: float | None
    spread: float | None
    """1.4826 times the median absolute deviation."""
    weeks: int
    coverage: float


@dataclass(frozen=True, slots=True)
class TypicalWeek:
    """168 hours; a series without enough watched hours says so."""

    series: Series
    time_zone: str
    hours: list[HourOfWeek]
    enough: bool
    """Every hour has four weeks or more."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A place among others."""

    rank: int
    site: str
    camera_id: str
    place_kind: str
    place: str
    total: Total


@dataclass(frozen=True, slots=True)
class ModalShare:
    """The share of a means of transport; None where nothing was counted."""

    mode: str
    classes: list[str]
    total: Total
    share: float | None
    share_corrected: float | None
