"""`vigie stats`: counts and what else the town is planned by, on a terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer
from rich.table import Table
from rich.text import Text

from vigie_cli.event_times import instant, moment
from vigie_cli.stats_source import Source
from vigie_cli.wide import wide_console
from vigie_cli.wording import said, terminal_language
from vigie_common.class_words import class_names
from vigie_common.errors import BadInputError
from vigie_statistics.measure_words import measure_name
from vigie_statistics.query.measures import MEASURES, WINDOWS, Direction

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(
    help="Counts, occupancy, dwell and congestion, each with its coverage.", no_args_is_help=True, add_completion=False
)

_WORDS: Final[dict[str, dict[str, str]]] = {
    "fr": {
        "rank": "rang", "site": "site", "camera": "caméra", "place": "lieu", "raw": "brut", "corrected": "corrigé",
        "coverage": "couverture", "unit": "unité", "low coverage": "peu observé", "from": "début", "class": "classe",
        "direction": "sens", "in": "entrée", "out": "sortie", "all": "toutes", "total": "total", "error": "erreur",
        "not final": "provisoire", "nothing": "aucun chiffre pour cette question", "value": "valeur",
        "expected": "attendu", "score": "écart", "no notice": "rien d'inhabituel n'a été signalé", "hour": "heure",
        "notice": "Une heure n'est jugée qu'avec quatre semaines d'historique et la moitié observée.",
        "whole image": "image entière", "crossings": "passages", "objects": "objets", "vehicles": "véhicules",
        "episodes": "épisodes",
    },
    "en": {
        "nothing": "no figure fits this question", "no notice": "nothing unusual was told",
        "notice": "An hour is judged only with four weeks of history and half of it watched.",
    },
}  # fmt: skip

Since = Annotated[str, typer.Option(help="From when: 7d or 12h ago, 2026-05-01, 2026-05-01T18:00.")]
Until = Annotated[str, typer.Option(help="Until when, the same spelling.")]
Measure = Annotated[str, typer.Option(help=f"One of {', '.join(MEASURES)}.")]
WindowOption = Annotated[
    str | None, typer.Option("--window", help=f"One of {', '.join(WINDOWS)}. [default: what suits the period]")
]
Camera = Annotated[str | None, typer.Option(help="Only of this camera.")]
ObjectClass = Annotated[str | None, typer.Option("--class", help='Only of this class; "": all classes together.')]
Lang = Annotated[
    Literal["fr", "en"] | None,
    typer.Option(help="Language of headings and words; by default French in a French locale, else English."),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, as the REST interface gives it.")]
Database = Annotated[
    str | None,
    typer.Option(help="Database of the history. [default: VIGIE_STATISTICS_DATABASE_URL]", show_default=False),
]
Api = Annotated[str | None, typer.Option(help="Ask the REST interface at this address, not the database.")]


@app.command(
    epilog="Examples: vigie stats top --since 7d · vigie stats top --since 2026-05-01 --class person --lang en"
)
def top(
    since: Since = "7d",
    until: Until = "now",
    measure: Measure = "crossings",
    camera: Camera = None,
    object_class: ObjectClass = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many places.")] = 10,
    lang: Lang = None,
    as_json: AsJson = False,
    database: Database = None,
    api: Api = None,
) -> None:
    """The places with the most."""
    query, language = _query(since, until, measure, camera, object_class), lang or terminal_language()
    query |= {"limit": str(limit)}
    found = _source(database, api).ask("top", query)
    if _printed(found, language, as_json=as_json):
        return
    table = _table(language, "rank", "camera", "place", ">raw", ">corrected", "unit", ">coverage")
    for one in found:
        figure = one["total"]
        place = one["place"] or _word("whole image", language)
        cells = [
            str(one["rank"]),
            one["camera_id"],
            place,
            *_figures(figure),
            _word(figure["unit"], language),
            _covered(figure, language),
        ]
        table.add_row(*cells)
    _print(table)


@app.command(
    epilog="Examples: vigie stats show porte --since 7d · vigie stats show porte --since 1d --window h1 --json"
)
def show(
    place: Annotated[str, typer.Argument(help="Zone or line, as the camera file names it.")],
    since: Since = "7d",
    until: Until = "now",
    measure: Measure = "crossings",
    camera: Camera = None,
    object_class: ObjectClass = None,
    direction: Annotated[Direction | None, typer.Option(help="in or out.")] = None,
    window: WindowOption = None,
    lang: Lang = None,
    as_json: AsJson = False,
    database: Database = None,
    api: Api = None,
) -> None:
    """One place over time, by class and direction."""
    query = _query(since, until, measure, camera, object_class, window)
    query |= {"place": place, "direction": direction}
    language = lang or terminal_language()
    found = _source(database, api).ask("figures", query)
    if _printed(found, language, as_json=as_json):
        return
    for one in found:
        series = one["series"]
        title = " · ".join(
            part
            for part in (
                f"{series['camera_id']} {series['place']}",
                measure_name(series["measure"], language),
                class_names(series["object_class"], language) or _word("all", language),
                series["direction_label"]
                or (_word(series["direction"], language) if series["direction"] != "none" else ""),
                _word(series["unit"], language),
            )
            if part
        )
        table = _table(language, "from", ">raw", ">corrected", ">error", ">coverage", title=title)
        zone = one["time_zone"]
        table.columns[0].header = f"{_word('from', language)} ({zone})"
        for figure in one["figures"]:
            table.add_row(
                moment(figure["start"], zone)[:16], *_figures(figure), _band(figure), _covered(figure, language)
            )
        table.add_section()
        total = one["total"]
        table.add_row(_word("total", language), *_figures(total), _band(total), _covered(total, language), style="bold")
        _print(table)


@app.command(
    epilog="Examples: vigie stats export --since 30d --window d1 --out may.csv · "
    "vigie stats export --open suppress --out open.csv · vigie stats export --format parquet --out all.parquet"
)
def export(
    out: Annotated[Path | None, typer.Option(help="File to write. [default: standard output]")] = None,
    since: Since = "7d",
    until: Until = "now",
    measure: Measure = "crossings",
    camera: Camera = None,
    place: Annotated[str | None, typer.Option(help="Only of this zone or line.")] = None,
    object_class: ObjectClass = None,
    window: WindowOption = None,
    form: Annotated[Literal["csv", "parquet"], typer.Option("--format", help="Of the file.")] = "csv",
    open_data: Annotated[
        Literal["no", "suppress", "round"],
        typer.Option("--open", help="For the public: small counts hidden, or all rounded to fives."),
    ] = "no",
    database: Database = None,
    api: Api = None,
) -> None:
    """Figures as CSV or Parquet; with --open, safe to publish."""
    if out is None and form == "parquet" and sys.stdout.isatty():
        raise BadInputError("--format parquet: not for a terminal: give --out FILE")
    query = _query(since, until, measure, camera, object_class, window)
    query |= {"place": place, "format": form, "open": open_data}
    data = _source(database, api).export(query)
    if out is None:
        sys.stdout.buffer.write(data)
    else:
        out.write_bytes(data)


@app.command(epilog="Example: vigie stats unusual --since 2d --lang en")
def unusual(
    since: Since = "7d",
    until: Until = "now",
    camera: Camera = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
    lang: Lang = None,
    as_json: AsJson = False,
    database: Database = None,
    api: Api = None,
) -> None:
    """Hours that were unusual for their hour of the week, with what was expected."""
    found = []
    source, language = _source(database, api), lang or terminal_language()
    for measure in MEASURES:  # a question is about one measure
        found += source.ask("unusual", _query(since, until, measure, camera, None) | {"limit": str(limit)})
    found = sorted(found, key=lambda n: (-n["start"], n["id"]))[:limit]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for notice in found:
        line = Text(f"{instant(notice['start'], notice['time_zone'])}  ", style="dim")
        line.append(said(notice["text"], language), style="yellow" if notice["side"] == "above" else "cyan")
        _print(line)
    if not found:
        _print(Text(_word("no notice", language)))
    _print(Text(_word("notice", language), style="dim"))


def _query(
    since: str, until: str, measure: str, camera: str | None, object_class: str | None, window: str | None = None
) -> dict[str, str | None]:
    for name, value, known in (("measure", measure, MEASURES), ("window", window, WINDOWS)):
        if value is not None and value not in known:
            raise BadInputError(f"--{name} {value}: no such {name}: give one of {', '.join(known)}")
    return {
        "since": since, "until": until, "measure": measure, "camera": camera, "class": object_class, "window": window,
    }  # fmt: skip


def _source(database: str | None, api: str | None) -> Source:
    if database is not None and api is not None:
        raise BadInputError("--database and --api: two sources: give one of them")
    return Source(database, api)


def _printed(found: list[Any], lang: str, *, as_json: bool) -> bool:
    """Whether all there is to say has been said: as JSON, or that there is nothing."""
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    elif not found:
        _print(Text(_word("nothing", lang)))
    return as_json or not found


def _table(lang: str, *names: str, title: str | None = None) -> Table:
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", title_style="bold")
    for name in names:
        right = name.startswith(">")
        table.add_column(_word(name.removeprefix(">"), lang), justify="right" if right else "left")
    return table


def _figures(figure: Mapping[str, Any]) -> tuple[str, str]:
    corrected = figure["corrected"]
    return _number(figure["value"]), "-" if corrected is None else _number(corrected)


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 100 or value == round(value) else f"{value:.1f}"


def _band(figure: Mapping[str, Any]) -> str:
    if figure["low"] is None or figure["high"] is None:
        return "-"
    return f"{_number(figure['low'])}–{_number(figure['high'])}"


def _covered(figure: Mapping[str, Any], lang: str) -> Text:
    text = Text(f"{figure['coverage']:.0%}", style="yellow" if figure["low_coverage"] else "")
    if figure["low_coverage"]:
        text.append(f" {_word('low coverage', lang)}")
    if not figure["final"]:
        text.append(f" {_word('not final', lang)}", style="dim")
    return text


def _word(word: str, lang: str) -> str:
    return _WORDS[lang].get(word, word)


def _print(what: Table | Text) -> None:
    wide_console(160, highlight=False).print(what)
