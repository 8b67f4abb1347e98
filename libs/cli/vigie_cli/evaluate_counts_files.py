"""A count made by hand beside published figures: two CSV files, read with care, compared window by window."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vigie_common.csv_rows import csv_rows
from vigie_common.errors import BadInputError
from vigie_common.taxonomy import CLASS_NAMES
from vigie_common.yaml_model import nearest
from vigie_scene.evaluation.counts import Compared, CountTally
from vigie_statistics.query.measures import apart
from vigie_statistics.query.model import Figure, Series
from vigie_statistics.query.totals import added, total

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEASURED: Final = (
    "crossings", "unique", "occupancy_mean", "occupancy_max", "dwell", "congestion_minutes", "queue_length",
)  # fmt: skip
"""What somebody can count or time by hand."""

OBJECTS: Final = frozenset({"crossings", "unique"})
DIRECTIONS: Final = ("in", "out")
TRUTH_COLUMNS: Final = ("camera_id", "place", "start", "end", "count")
"""Required; object_class, direction and measure may be added."""

FOUND_COLUMNS: Final = (
    "camera_id", "measure", "place", "object_class", "direction", "window", "start", "end", "value", "corrected",
    "low", "high", "unit", "coverage", "final",
)  # fmt: skip
"""Of an export, those that are needed."""

WINDOWS: Final = ("d1", "h1", "m15", "m1")
"""The longest that fits is taken: it tells its zeros."""

MANY: Final = 5


@dataclass(frozen=True, slots=True)
class HandCount:
    """What somebody counted."""

    where: str
    """File and line."""
    camera: str
    measure: str
    place: str
    classes: frozenset[str]
    """Empty: all."""
    direction: str
    """Empty: both."""
    start: int
    end: int
    count: float

    @property
    def about(self) -> tuple[str, str, str, str, str]:
        """What it is a count of."""
        return self.measure, self.camera, self.place, "+".join(sorted(self.classes)) or "all", self.direction or "both"


@dataclass(slots=True)
class ComparedFiles:
    """What came of it."""

    lines: dict[tuple[str, tuple[str, ...]], dict[str, CountTally]] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    """Counts whose time has no figure, or none that is final."""

    def add(self, names: tuple[str, ...], one: CountTally) -> None:
        """Take a window into a line."""
        windows = self.lines.setdefault(("Hand count", names), {})
        windows["window"] = windows["window"] + one if windows else one


def compare_files(truth: Path, found: Path, time_zone: str) -> ComparedFiles:
    """Each hand count beside the figures of its time.

    Args:
        truth: CSV with TRUTH_COLUMNS, one line a window.
        found: CSV as `vigie stats export` writes it.
        time_zone: of times that do not say theirs; empty: they must.

    Raises:
        BadInputError: a file cannot be read, a line is wrong, or a count fits no window: file, line and the fix.
    """
    zone = _zone(time_zone)
    published = list(_published(found))
    counts = list(_counted(truth, zone))
    if not counts:
        raise BadInputError(f"{truth}: holds no count: without a truth there is nothing to judge by")
    compared = ComparedFiles()
    for count in counts:
        one = _beside(count, published, found)
        if one is None:
            compared.without.append(count.where)
            continue
        tally = CountTally((one,), count.measure in OBJECTS)
        compared.add(count.about, tally)
    _add_sums(compared)
    return compared


def _add_sums(compared: ComparedFiles) -> None:
    """A line for all cameras and places of a measure, where there are several."""
    measures = [names[0] for _, names in compared.lines]
    for measure in [name for name in dict.fromkeys(measures) if measures.count(name) > 1]:
        parts = [windows["window"] for (_, names), windows in compared.lines.items() if names[0] == measure]
        for part in parts:
            compared.add((measure, "all", "", "", ""), part)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInputError(f"--time-zone {name}: no such time zone: write one such as Europe/Paris or UTC") from None


def _counted(path: Path, zone: ZoneInfo | None) -> Iterator[HandCount]:
    before: dict[tuple[str, ...], list[HandCount]] = {}
    what = f"a CSV file with {','.join(TRUTH_COLUMNS)} and, if need be, object_class, direction, measure"
    for where, row in csv_rows(path, TRUTH_COLUMNS, what):
        start, end = (_instant(row[name], name, where, zone) for name in ("start", "end"))
        if end <= start:
            raise BadInputError(
                f"{where}: end {row['end']} is not after start {row['start']}: the count lasted some time"
            )
        for name in ("camera_id", "place"):
            if not row[name]:
                raise BadInputError(f"{where}: {name} is empty: name it as the camera file does")
        classes = frozenset(name.strip() for name in row.get("object_class", "").split("+") if name.strip())
        for name in sorted(classes):
            _one_of(name, CLASS_NAMES, "object_class", where, "; several are joined by +, empty is all")
        direction = row.get("direction", "")
        direction = "" if direction in {"both", "none"} else direction
        if direction:
            _one_of(direction, DIRECTIONS, "direction", where, "; empty is both")
        measure = row.get("measure", "") or "crossings"
        _one_of(measure, MEASURED, "measure", where, "; empty is crossings")
        number = _number(row["count"], "count", where)
        one = HandCount(where, row["camera_id"], measure, row["place"], classes, direction, start, end, number)
        for other in before.setdefault(one.about, []):
            if one.start < other.end and other.start < one.end:
                raise BadInputError(f"{where}: overlaps {other.where}, a count of the same: remove one of them")
        before[one.about].append(one)
        yield one


def _one_of(value: str, known: tuple[str, ...], name: str, where: str, more: str) -> None:
    if value not in known:
        raise BadInputError(
            f'{where}: {name} "{value}": must be one of {", ".join(known)}{more}{nearest(value, known)}'
        )


def _instant(text: str, name: str, where: str, zone: ZoneInfo | None) -> int:
    """Milliseconds since 1970 UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInputError(
            f'{where}: {name} "{text}": no time: write 2026-05-04T08:00+02:00, or 2026-05-04T06:00Z'
        ) from None
    if moment.tzinfo is None:
        if zone is None:
            raise BadInputError(
                f"{where}: {name} {text} does not say its time zone: add Z or +02:00, or --time-zone Europe/Paris"
            )
        moment = moment.replace(tzinfo=zone)
    return round(moment.timestamp() * 1000)


def _number(text: str, name: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadInputError(f'{where}: {name} "{text}": no number: write how many, such as 42') from None
    if not isfinite(value) or value < 0:
        raise BadInputError(f"{where}: {name} {text}: must be a finite number from 0")
    return value


@dataclass(frozen=True, slots=True)
class _Published:
    series: Series
    window: str
    figure: Figure


def _published(path: Path) -> Iterator[_Published]:
    for where, row in csv_rows(path, FOUND_COLUMNS, "an export of `vigie stats export`"):
        start, end = (_instant(row[name], name, where, None) for name in ("start", "end"))
        _one_of(row["window"], WINDOWS, "window", where, "")
        optional = {
            name: _number(row[name], name, where) if row[name] else None for name in ("corrected", "low", "high")
        }
        figure = Figure(
            start,
            end,
            _number(row["value"], "value", where),
            **optional,
            coverage=_number(row["coverage"], "coverage", where),
            low_coverage=False,
            rate_fps=None,
            samples=int(_number(row.get("samples") or "1", "samples", where)),
            quantiles={},
            final=row["final"] == "true",
            late=0,
        )
        names = {name: row.get(name, "").removeprefix("'") for name in Series.__slots__}
        yield _Published(Series(**names), row["window"], figure)


def _beside(count: HandCount, published: list[_Published], found: Path) -> Compared | None:
    """The figures of the count's time, put together; None: there is none that is final.

    Raises:
        BadInputError: the place is unknown, or the count's time is not one of whole windows.
    """
    there = [one for one in published if one.series.measure == count.measure]
    for name, wanted, known in (
        ("measure", count.measure, {one.series.measure for one in published}),
        ("camera_id", count.camera, {one.series.camera_id for one in there}),
        ("place", count.place, {one.series.place for one in there if one.series.camera_id == count.camera}),
    ):
        if wanted not in known:
            few = ", ".join(sorted(known)[:MANY]) or "nothing"
            raise BadInputError(
                f'{count.where}: {name} "{wanted}" is not in {found}, which has {few}{nearest(wanted, sorted(known))}: '
                "export it too, or write it as there"
            )
    here = [
        one
        for one in there
        if (one.series.camera_id, one.series.place) == (count.camera, count.place)
        and one.figure.start < count.end
        and one.figure.end > count.start
    ]
    if not here:
        return None
    window = next((name for name in WINDOWS if _tiles(count, [one for one in here if one.window == name])), None)
    if window is None:
        ends = sorted({one.figure.start for one in here} | {one.figure.end for one in here})
        shown = ", ".join(datetime.fromtimestamp(at / 1000, UTC).strftime("%H:%M") for at in ends[:MANY])
        raise BadInputError(
            f"{count.where}: the count does not begin and end with windows of {found} (UTC {shown}): count whole "
            "windows, or export shorter ones: vigie stats export --window m1"
        )
    chosen: dict[Series, list[Figure]] = {}
    for one in here:
        if one.window == window and _wanted(one.series, count):
            chosen.setdefault(one.series, []).append(one.figure)
    if not all(figure.final for group in chosen.values() for figure in group):
        return None
    unit = f"{count.camera}/{datetime.fromtimestamp(count.start / 1000, UTC).date()}"
    totals = [
        total(count.measure, "", chosen[series], count.start, count.end) for series in apart(chosen) if chosen[series]
    ]
    if not totals:  # others were seen there, these were not
        return Compared(unit, count.count, 0.0)
    whole = added(totals, count.measure)
    return Compared(unit, count.count, whole.value, whole.corrected, whole.low, whole.high, whole.coverage)


def _tiles(count: HandCount, figures: list[_Published]) -> bool:
    """Whether all that touch the count's time lie within it."""
    return bool(figures) and all(f.figure.start >= count.start and f.figure.end <= count.end for f in figures)


def _wanted(series: Series, count: HandCount) -> bool:
    if count.direction and series.direction != count.direction:
        return False
    return not count.classes or (bool(series.object_class) and set(series.object_class.split("+")) <= count.classes)
