"""`vigie evaluate counts`: how far published counts are from the truth, simulated or counted by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from vigie_cli.camera_hours import side_by_side
from vigie_cli.wide import plain_table, print_table
from vigie_cli.wording import terminal_language
from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from vigie_cli.evaluate_counts_town import About, Counted
    from vigie_scene.evaluation.counts import Confusion, CountTally

Lang = Literal["fr", "en"]
MOST_HOURS: Final = 1000
_WIDE: Final = 170
"""Characters of a line in a pipe."""
RATES: Final = (10.0, 5.0, 2.0)
OPEN: Final = ("sparse", "busy")
"""Scenes in which nothing stands before the camera and it is never blind."""

_WORDS: Final[dict[str, str]] = {
    "what": "quoi", "scene": "scène", "class": "classe", "direction": "sens", "true": "vrai", "counted": "compté",
    "error %": "erreur %", "95 %": "95 %", "by 15 min %": "par 15 min %", "by hour %": "par heure %",
    "coverage %": "couverture %", "corrected: error %": "corrigé : erreur %", "in band %": "dans la marge %",
    "Crossings": "Passages", "Crossings by class and direction": "Passages par classe et par sens",
    "Other figures": "Autres chiffres", "Classes": "Classes", "told as": "dite", "right %": "juste %",
    "missed": "manqués", "doubles": "doubles", "pedestrians": "piétons", "vehicles": "véhicules",
    "bicycles": "vélos", "motorcycles": "motos", "cars": "voitures", "buses": "bus", "lorries": "poids lourds",
    "sparse": "calme", "busy": "dense", "occluded": "masquée", "blind": "aveugle 1/4", "in": "entrée", "out": "sortie",
    "both": "deux", "none": "", "open": "dégagée", "place": "lieu", "measure": "mesure", "camera": "caméra",
    "windows": "fenêtres", "insufficient data": "données insuffisantes", "by window %": "par fenêtre %",
    "without a figure": "sans chiffre", "fewer than 100 objects": "moins de 100 objets",
    "fewer than 8 windows": "moins de 8 fenêtres", "all": "toutes",
}  # fmt: skip
"""French; English says the word itself."""


HEADINGS: Final = {
    "Crossings": ("what", "scene", "fps"),
    "Crossings by class and direction": ("place", "class", "direction", "fps"),
    "Other figures": ("measure", "place", "scene", "fps"),
    "Hand count": ("measure", "camera", "place", "class", "direction"),
}
"""The tables and their first columns."""

Lines = dict[tuple[str, tuple[str, ...]], dict[str, "CountTally"]]
"""By table and what a line is about: its tally by window."""


def count_town(hours: int, rates: tuple[float, ...], seed: int, processes: int) -> Counted:
    """Count in simulated places, `hours` of each kind of scene and ground plan, one process a core."""
    from vigie_cli.evaluate_counts_town import Counted, Place, count_place
    from vigie_scene.evaluation.counts_scenes import COUNTED_IN, KINDS

    places = [
        Place(kind, layout, 1000 * seed + k, rates) for k in range(hours) for kind in KINDS for layout in COUNTED_IN
    ]
    counted = Counted()
    for one in side_by_side(count_place, places, processes):
        counted.add(one)
    return counted


def lines_of(counted: Counted) -> Lines:
    """The lines of all tables."""
    found: Lines = {}
    for about, one in counted.tallies.items():
        for key in _lines_with(about):
            windows = found.setdefault(key, {})
            windows[about.window] = windows[about.window] + one if about.window in windows else one
    return dict(sorted(found.items(), key=lambda item: _order(item[0])))


def _lines_with(about: About) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The lines that a tally is part of."""
    fps = f"{about.fps:g}"
    scene = "open" if about.kind in OPEN else about.kind
    if about.measure != "crossings":
        yield "Other figures", (about.measure, about.place, scene, fps)
    elif about.direction == "both":
        if about.what == "vehicles" or (about.what == "pedestrians" and about.place not in MIXED):
            yield "Crossings", (about.what, about.kind, fps)
    elif scene == "open" and about.what != "vehicles":
        yield "Crossings by class and direction", (about.place, about.what, about.direction, fps)


MIXED: Final = frozenset({"road-gate"})
"""Lines that people cross on two wheels, not on foot."""

_ORDER: Final = {name: k for k, name in enumerate((*HEADINGS, *OPEN, "open", "occluded", "blind"))}


def _order(key: tuple[str, tuple[str, ...]]) -> tuple[Any, ...]:
    section, names = key
    return _ORDER[section], *(_ORDER.get(name, 0) for name in names[:-1]), names[:-1], -float(names[-1])


def counts(
    hours: Annotated[int, typer.Option(min=1, max=MOST_HOURS, help="Hours of each of the eight scenes.")] = 6,
    fps: Annotated[list[float] | None, typer.Option(help="May be repeated. [default: 10, 5 and 2]")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another one is another town.")] = 1,
    quick: Annotated[bool, typer.Option("--quick", help="One hour of each scene at 5 fps, for a first look.")] = False,
    processes: Annotated[int, typer.Option(min=1, max=256, help="At once.")] = 2,
    truth: Annotated[
        Path | None,
        typer.Option(help="CSV of a hand count instead: camera_id,place,object_class,direction,start,end,count."),
    ] = None,
    found: Annotated[Path | None, typer.Option(help="Published figures, as `vigie stats export` writes them.")] = None,
    time_zone: Annotated[
        str, typer.Option(help="With --truth: of times that do not say theirs; for instance Europe/Paris.")
    ] = "",
    lang: Annotated[Lang | None, typer.Option(help="Language of the headings. [default: the terminal's]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables; shares from 0 to 1.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the tables as docs/counting.md has them.")
    ] = False,
) -> None:
    """Judge counts and the other published figures against the truth: error, spread, coverage, classes.

    Without files, simulated streets and squares go through the real tracker, rule engine and statistics: quiet, busy,
    half hidden, and with a camera that is blind for a quarter of the time. With --truth and --found, a count of your
    own, made by hand for some windows, is compared with the figures of the same windows.
    """
    if (truth is None) != (found is None):
        raise BadInputError("--truth and --found go together: what was counted by hand, and what was published")
    language: Lang = lang or terminal_language()
    if truth is not None and found is not None:
        from vigie_cli.evaluate_counts_files import compare_files

        compared = compare_files(truth, found, time_zone)
        _say(compared.lines, [], language, as_json=as_json, markdown=markdown, without=compared.without)
        return
    rates = (5.0,) if quick else tuple(fps or RATES)
    for rate in rates:
        if not 0.5 <= rate <= 30:
            raise BadInputError(f"--fps {rate:g}: must be from 0.5 to 30")
    counted = count_town(1 if quick else hours, rates, seed, processes)
    classes = [
        (rate, sum((counted.confusions[rate, kind] for kind in OPEN), type(counted.confusions[rate, OPEN[0]])()))
        for rate in rates
    ]
    _say(lines_of(counted), classes, language, as_json=as_json, markdown=markdown)


def _say(
    lines: Lines,
    classes: Sequence[tuple[float, Confusion]],
    lang: Lang,
    *,
    as_json: bool,
    markdown: bool = False,
    without: Sequence[str] = (),
) -> None:
    if as_json:
        said = [
            {"table": section, **dict(zip(HEADINGS[section], names, strict=True)), "windows": _by_window(windows)}
            for (section, names), windows in lines.items()
        ]
        confused = [{"fps": fps, "class": name, **figures} for fps, one in classes for name, figures in confusion(one)]
        print(json.dumps({"lines": said, "classes": confused, "without_figure": list(without)}, indent=2))
        return
    for section in dict.fromkeys(section for section, _ in lines):
        own = {names: windows for (s, names), windows in lines.items() if s == section}
        print_table(_table(section, own, lang), _WIDE, markdown=markdown)
    if classes:
        print_table(_classes(classes, lang), _WIDE, markdown=markdown)
    scarce = {reason for windows in lines.values() for one in windows.values() for reason in one.insufficient}
    if scarce:
        print(f"* {_word('insufficient data', lang)}: {', '.join(_word(reason, lang) for reason in sorted(scarce))}")
    if without:
        print(f"{_word('without a figure', lang)}: {'; '.join(without)}")


def _by_window(windows: dict[str, CountTally]) -> dict[str, Any]:
    return {window: figures(one) for window, one in windows.items()}


def figures(one: CountTally) -> dict[str, Any]:
    """All of one line and window, for programs."""
    held, banded = one.in_band
    return {
        "compared": one.windows,
        "true": round(one.true, 3),
        "counted": round(one.found, 3),
        "error": one.error,
        "error_95": one.error_interval,
        "wape": one.wape,
        "corrected_error": one.corrected_error,
        "coverage": one.coverage,
        "in_band": held / banded if banded else None,
        "in_band_95": one.in_band_interval if banded else None,
        "insufficient": list(one.insufficient),
    }


def confusion(one: Confusion) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each class, what became of its crossings."""
    from vigie_scene.evaluation.intervals import wilson

    for name in sorted({true for true, _ in one.pairs} | set(one.missed) | set(one.false)):
        right, told = one.right(name)
        yield (
            name,
            {
                "true": told + one.missed[name],
                "told_as": {is_told: n for (is_true, is_told), n in sorted(one.pairs.items()) if is_true == name},
                "right": right / told if told else None,
                "right_95": wilson(right, told) if told else None,
                "missed": one.missed[name],
                "doubles": one.false[name],
            },
        )


def _table(section: str, lines: dict[tuple[str, ...], dict[str, CountTally]], lang: Lang) -> Table:
    by_hand = section == "Hand count"
    table = plain_table(_word(section, lang))
    for name in HEADINGS[section]:
        table.add_column(_word(name, lang), justify="right" if name == "fps" else "left")
    spread = ("by window %",) if by_hand else ("by 15 min %", "by hour %")
    for name in ("windows", "true", "counted", "error %", "95 %", *spread, "coverage %", "corrected: error %"):
        table.add_column(_word(name, lang), justify="right")
    table.add_column(_word("in band %", lang), justify="right")
    for names, windows in lines.items():
        one, *others = windows.values()
        table.add_row(*(_word(name, lang) for name in names), *_cells(one, others))
    return table


def _cells(one: CountTally, others: Sequence[CountTally]) -> Iterator[str]:
    held, banded = one.in_band
    yield f"{one.windows}{'*' if one.insufficient else ''}"
    yield _number(one.true)
    yield _number(one.found)
    yield _signed(one.error)
    yield "" if one.error_interval is None else " … ".join(_signed(share) for share in one.error_interval)
    for each in (one, *others):
        yield _percent(each.wape)
    yield _percent(one.coverage, digits=0)
    yield _signed(one.corrected_error)
    yield _percent(held / banded, digits=0) if banded else ""


def _classes(classes: Sequence[tuple[float, Confusion]], lang: Lang) -> Table:
    table = plain_table(_word("Classes", lang))
    for name in ("class", "fps", "true", "right %", "95 %", "missed", "doubles", "told as"):
        table.add_column(_word(name, lang), justify="left" if name in {"class", "told as"} else "right")
    for fps, one in classes:
        for name, found in confusion(one):
            told = ", ".join(
                f"{is_told} {n}" for is_told, n in sorted(found["told_as"].items(), key=lambda item: -item[1])
            )
            interval = "" if found["right_95"] is None else "–".join(_percent(share) for share in found["right_95"])
            counts_ = (
                str(found["true"]),
                _percent(found["right"]),
                interval,
                str(found["missed"]),
                str(found["doubles"]),
            )
            table.add_row(name, f"{fps:g}", *counts_, told)
    return table


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) or value >= 1000 else f"{value:.1f}"


def _signed(share: float | None) -> str:
    return "" if share is None else f"{100 * share:+.1f}"


def _percent(share: float | None, digits: int = 1) -> str:
    return "" if share is None else f"{100 * share:.{digits}f}"


def _word(word: str, lang: Lang) -> str:
    return _WORDS.get(word, word) if lang == "fr" else word
