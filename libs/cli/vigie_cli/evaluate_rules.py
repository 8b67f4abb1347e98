"""`vigie evaluate rules`: how well rules find what truly happens, over the simulated city or on labelled footage."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from vigie_cli.camera_hours import side_by_side
from vigie_cli.wide import plain_table, print_table
from vigie_common.csv_rows import csv_rows
from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vigie_cli.evaluate_city import Mistake
    from vigie_scene.evaluation.episodes import Expected, Found, Tally

MOST_CAMERAS: Final = 1000
MOST_HOURS: Final = 24 * 366
QUICK: Final = (2, 4)
"""Hours and cameras of a quick look."""

HOUR_S: Final = 3600.0
_WIDE: Final = 170
"""Characters of a line in a pipe."""

Tallies = dict[str, "Tally"]
"""By what a line of the table is about."""


def evaluate_city(
    hours: int, cameras: int, rates: tuple[float, ...], seed: int, processes: int
) -> tuple[Tallies, list[Mistake]]:
    """Judge hours of cameras of the simulated city, one process a core: `RULE, FPS fps` and its figures; the mistakes.

    Half as many cameras again look at a closed area.
    """
    from vigie_cli.evaluate_city import RULES, Hour, looked_into
    from vigie_scene.evaluation.episodes import Tally

    # hours of a day spread evenly: a short look has day and night
    day = [round(k * 24 / min(hours, 24)) % 24 + 24 * (k // 24) for k in range(hours)]
    parts = [Hour(camera, hour, seed, rates) for hour in day for camera in range(cameras)]
    parts += [Hour(camera, hour, seed, rates, closed=True) for hour in day for camera in range((cameras + 1) // 2)]
    sums: dict[tuple[float, str], Tally] = {}
    mistakes: list[Mistake] = []
    for tallies, found in side_by_side(looked_into, parts, processes):
        mistakes += found
        for key, one in tallies.items():
            sums[key] = sums.get(key, Tally()) + one
    names = [(fps, rule.name) for rule in RULES for fps in rates if (fps, rule.name) in sums]
    return {f"{name}, {fps:g} fps": sums[fps, name] for fps, name in names}, mistakes


def write_mistakes(path: Path, mistakes: Iterable[Mistake]) -> None:
    """Write what was missed and what was false as CSV, by rule.

    Raises:
        BadInputError: the file cannot be written.
    """
    from vigie_cli.evaluate_city import Mistake as Row

    rows = sorted(mistakes, key=lambda one: (one.rule, one.fps, one.scene, one.start))
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(Row._fields)
            writer.writerows(rows)
    except OSError as error:
        raise BadInputError(f"--misses {path}: cannot be written ({error.strerror}): name another file") from error


COLUMNS: Final = ("camera", "rule", "start", "end")


def evaluate_files(truth: Path, found: Path, for_s: float, watched_h: float) -> Tallies:
    """Judge found episodes against a truth, both CSV with COLUMNS in seconds: each rule and its figures.

    Raises:
        BadInputError: a file cannot be read, or a row is wrong: its file, line and the fix.
    """
    from vigie_scene.evaluation.episodes import Expected, Found, Tally, match, tally

    true: dict[tuple[str, str], list[Expected]] = {}
    for rule, camera, start, end in _rows(truth):
        event = Expected(start, min(start + for_s, end), end)
        true.setdefault((rule, camera), []).append(event)
    told: dict[tuple[str, str], list[Found]] = {}
    for rule, camera, start, _ in _rows(found):
        told.setdefault((rule, camera), []).append(Found(start))
    cameras = sorted({camera for _, camera in {**true, **told}})
    sums: Tallies = {}
    for rule in sorted({rule for rule, _ in {**true, **told}}):
        for camera in cameras:
            matched = match(true.get((rule, camera), ()), told.get((rule, camera), ()))
            sums[rule] = sums.get(rule, Tally()) + tally(matched, watched_h * HOUR_S)
    return sums


def _rows(path: Path) -> Iterator[tuple[str, str, float, float]]:
    """Rule, camera, start and end of each line."""
    for where, row in csv_rows(path, COLUMNS, f"a CSV file with {','.join(COLUMNS)}"):
        start, end = (_seconds(row, name, where) for name in ("start", "end"))
        if end < start:
            raise BadInputError(f"{where}: end {end:g} is before start {start:g}: swap them")
        if not row["rule"] or not row["camera"]:
            raise BadInputError(f"{where}: rule or camera is empty: name both")
        yield row["rule"], row["camera"], start, end


def _seconds(row: Mapping[str, str], name: str, where: str) -> float:
    try:
        value = float(row[name])
    except ValueError:
        raise BadInputError(f"{where}: {name} is {row[name]!r}: write seconds, such as 12.5") from None
    if not 0 <= value < 1e12:
        raise BadInputError(f"{where}: {name} is {row[name]}: seconds from 0, all of one clock")
    return value


def rules(
    hours: Annotated[int, typer.Option(min=1, max=MOST_HOURS, help="Hours of each camera of the city.")] = 24,
    cameras: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_CAMERAS, help="Half look at a square, half at a street; half as many more at a closed area."
        ),
    ] = 20,
    fps: Annotated[list[float] | None, typer.Option(help="May be repeated. [default: 5 and 2]")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another one is another city.")] = 1,
    quick: Annotated[bool, typer.Option("--quick", help="2 hours of 4 cameras, for a first look.")] = False,
    processes: Annotated[int, typer.Option(min=1, max=256, help="At once.")] = 2,
    truth: Annotated[Path | None, typer.Option(help="CSV of true events instead: camera,rule,start,end.")] = None,
    found: Annotated[Path | None, typer.Option(help="CSV of found episodes; start: when it was told.")] = None,
    for_s: Annotated[float, typer.Option("--for", min=0, help="With --truth: seconds after which it is mature.")] = 0.0,
    watched_h: Annotated[
        float, typer.Option("--watched", min=0, help="With --truth: hours watched of each camera, quiet ones too.")
    ] = 24.0,
    misses: Annotated[
        Path | None, typer.Option(help="Write every missed event and false alarm to this CSV: scene, time, who.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table; shares from 0 to 1.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as docs/evaluation.md has it.")] = False,
) -> None:
    """Judge rules against what truly happened: recall, precision, false alarms a camera-day, delay.

    Without files, every template runs on hours of a simulated city, through the real tracker and rule engine. With
    --truth and --found, episodes of your own are judged by the same protocol: a true event is found if an episode is
    told between its start and 10 s after it is mature; one to one.
    """
    if (truth is None) != (found is None):
        raise BadInputError("--truth and --found go together: what truly happened, and what the rules told")
    if misses is not None and truth is not None:
        raise BadInputError("--misses is of the simulated city: leave out --truth and --found")
    if truth is not None and found is not None:
        if watched_h <= 0:
            raise BadInputError(f"--watched {watched_h:g}: how many hours of each camera the files are about, above 0")
        tallies = evaluate_files(truth, found, for_s, watched_h)
    else:
        rates = tuple(fps or (5.0, 2.0))
        for rate in rates:
            if not 0.5 <= rate <= 30:
                raise BadInputError(f"--fps {rate:g}: must be from 0.5 to 30")
        if misses is not None:
            write_mistakes(misses, ())  # if it cannot be written, that is said before hours are judged
        tallies, mistakes = evaluate_city(*(QUICK if quick else (hours, cameras)), rates, seed, processes)
        if misses is not None:
            write_mistakes(misses, mistakes)
    if as_json:
        print(json.dumps({name: figures(one) for name, one in tallies.items()}, indent=2))
    else:
        show(tallies, () if truth is not None else counting(tallies), markdown=markdown)


def figures(one: Tally) -> dict[str, Any]:
    """All of one line, for programs."""
    return {
        "events": one.events,
        "hits": one.hits,
        "missed": one.missed,
        "false": one.false,
        "between": one.between,
        "camera_days": round(one.days, 4),
        "recall": one.recall,
        "recall_95": one.recall_interval,
        "precision": one.precision,
        "precision_95": one.precision_interval,
        "f1": one.f1,
        "false_per_camera_day": one.false_per_day,
        "false_per_camera_day_95": one.false_interval,
        "delay_median_s": one.delay(0.5),
        "delay_p95_s": one.delay(0.95),
        "count_error": one.count_error,
        "insufficient": list(one.insufficient),
    }


def counting(names: Iterable[str]) -> list[str]:
    """Those lines of the simulated city's table that count, instead of alerting."""
    from vigie_cli.evaluate_city import RULES
    from vigie_rule_engine.catalogue import TEMPLATES

    count = {rule.name for rule in RULES if TEMPLATES[rule.template].counts}
    return [name for name in names if name.rpartition(", ")[0] in count]


def show(tallies: Tallies, counts: Sequence[str] = (), *, markdown: bool = False) -> None:
    """The table, and how far those lines of it are off that count; a star where there is too little to say much."""
    table = plain_table()
    table.add_column("rule")
    for name in ("events", "recall %", "95 %", "precision %", "F1 %", "false/camera-day", "95 %", "delay s", "p95"):
        table.add_column(name, justify="right")
    table.add_column("between", justify="right")
    for name, one in tallies.items():
        table.add_row(name, *_cells(one))
    print_table(table, _WIDE, markdown=markdown)
    errors = {name: tallies[name].count_error for name in counts}
    said = [f"{name}: {100 * error:+.1f} %" for name, error in errors.items() if error is not None]
    if said:
        print("Count errors: " + "; ".join(said))
    scarce = [f"{name}: {' and '.join(one.insufficient)}" for name, one in tallies.items() if one.insufficient]
    if scarce:
        print("* insufficient data: " + "; ".join(scarce))


def _cells(one: Tally) -> Iterable[str]:
    scarce = "*" if one.insufficient else ""
    return (
        f"{one.events}{scarce}",
        _percent(one.recall),
        "–".join(_percent(share) for share in one.recall_interval),
        _percent(one.precision),
        _percent(one.f1),
        "" if one.false_per_day is None else f"{one.false_per_day:.2f}",
        "" if one.false_interval is None else "–".join(f"{rate:.2f}" for rate in one.false_interval),
        *("" if (delay := one.delay(share)) is None else f"{delay:.1f}" for share in (0.5, 0.95)),
        str(one.between),
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"
