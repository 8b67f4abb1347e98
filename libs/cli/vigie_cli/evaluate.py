"""`vigie evaluate`: how good tracks, rules and counts are, against a truth."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from vigie_cli.evaluate_counts import counts
from vigie_cli.evaluate_rules import rules
from vigie_cli.wide import wide_console
from vigie_common.errors import BadInputError, ConfigurationError
from vigie_common.taxonomy import CLASS_NAMES, CLASS_ORDINAL

if TYPE_CHECKING:
    from vigie_scene.evaluation.score import Score

app = typer.Typer(
    help="How good tracks, rules and counts are, against a truth: HOTA, IDF1; recall, false alarms; count errors.",
    no_args_is_help=True,
    add_completion=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table; shares from 0 to 1.")]

_say = Console(stderr=True)

app.command(
    epilog="Examples: vigie evaluate rules --quick · vigie evaluate rules --hours 24 --cameras 20 · "
    "vigie evaluate rules --truth truth.csv --found found.csv --for 60 --watched 12"
)(rules)

app.command(
    epilog="Examples: vigie evaluate counts --quick · vigie evaluate counts --fps 5 --fps 2 --seed 7 --json · "
    "vigie evaluate counts --truth truth.csv --found export.csv --time-zone Europe/Paris"
)(counts)


@app.callback()
def _evaluate() -> None:
    if find_spec("vigie_scene") is None:
        raise ConfigurationError("vigie evaluate: the package vigie-scene is not installed: pip install libs/scene")


@app.command(
    epilog="Examples: vigie evaluate tracks --truth gt.txt --result tracks.txt · "
    "vigie evaluate tracks --truth gt.txt --result result/tracks.txt --sampled --classes person · "
    "vigie evaluate tracks --truth MOT17/train --result results --json"
)
def tracks(
    truth: Annotated[list[Path], typer.Option(help="Truth, MOTChallenge text, or a folder of it; may be repeated.")],
    result: Annotated[list[Path], typer.Option(help="Tracks, the same format, one for each --truth.")],
    classes: Annotated[
        str | None, typer.Option(help="Judge only these: names or numbers, with commas. [default: all]")
    ] = None,
    iou: Annotated[float, typer.Option(help="Least overlap of a true and a tracked box; HOTA has its own.")] = 0.5,
    least_visible: Annotated[
        float, typer.Option(help="True boxes that can be seen by less are not judged, 0 to 1.")
    ] = 0.0,
    sampled: Annotated[
        bool, typer.Option("--sampled", help="Judge only frames in which the result has a box: for a lower frame rate.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge tracks by MOTChallenge's metrics against a truth.

    Both are text, one line a box: frame (from 1), id, left, top, width, height, then optionally confidence, class and
    visibility. `vigie replay` and `vigie scene record` write such a tracks.txt. True boxes of confidence 0 or another
    class are neither asked for nor held against the result.
    """
    from vigie_scene.evaluation.mot_text import read_tracks
    from vigie_scene.evaluation.score import score
    from vigie_scene.evaluation.sequences import pair_up

    if not 0 < iou <= 1:
        raise BadInputError(f"--iou {iou:g}: must be above 0 and at most 1; 0.5 is usual")
    if not 0 <= least_visible <= 1:
        raise BadInputError(f"--least-visible {least_visible:g}: must be from 0 to 1")
    kinds = None if classes is None else _classes(classes)
    scores: dict[str, Score] = {}
    for pair in pair_up(truth, result):
        true, tracked = read_tracks(pair.truth), read_tracks(pair.result)
        if not len(true):
            raise BadInputError(f"{pair.truth}: holds no box: without a truth there is nothing to judge by")
        if kinds is not None and not {*kinds} & {*true.kind.tolist()}:
            raise BadInputError(f"--classes {classes}: {pair.truth} has none of them, but {_numbers(true.kind)}")
        one = score(true, tracked, kinds=kinds, iou=iou, least_visible=least_visible, sampled=sampled)
        scores[f"{pair.name} ({len(scores)})" if pair.name in scores else pair.name] = one
        share = len({*tracked.frame.tolist()}) / len({*true.frame.tolist()})
        if not sampled and 0 < share < 0.6:
            _say.print(
                f"{pair.result}: has boxes in {share:.0%} of the truth's frames; if it was made at a lower frame rate, "
                "add --sampled",
                soft_wrap=True,
            )
    _show("sequence", scores, as_json=as_json)


@app.command(epilog="Example: vigie evaluate simulated --fps 5 --fps 2 --seeds 3")
def simulated(
    scene: Annotated[
        list[str] | None, typer.Option(help="Scene of `vigie scene list`; may be repeated. [default: nine of them]")
    ] = None,
    fps: Annotated[list[float] | None, typer.Option(help="May be repeated. [default: 10, 5, 2 and 1]")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="How many times, each with other random numbers.")] = 2,
    by_scene: Annotated[bool, typer.Option("--by-scene", help="A line for each scene too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Judge the tracking service's core on simulated streets with ground truth, at several frame rates."""
    from vigie_scene.evaluation.score import total
    from vigie_scene.evaluation.simulated import RATES, SCENES, score_take, take_at

    rates = fps or list(RATES)
    for rate in rates:
        if not 0 < rate <= 60:
            raise BadInputError(f"--fps {rate:g}: must be more than 0 and at most 60")
    scores: dict[str, Score] = {}
    for rate in rates:
        each = {}
        for name in scene or SCENES:
            each[name] = total(score_take(take_at(name, rate, seed)) for seed in range(1, seeds + 1))
        if by_scene:
            scores |= {f"{rate:g} fps, {name}": one for name, one in each.items()}
        scores[f"{rate:g} fps"] = total(each.values())
    _show("simulated", scores, as_json=as_json, with_total=False)


def _classes(text: str) -> frozenset[int]:
    """Class numbers from names and numbers."""
    numbers = set()
    for name in (part.strip() for part in text.split(",")):
        if name not in CLASS_ORDINAL and not name.isdecimal():
            raise BadInputError(
                f'--classes {text}: there is no class "{name}": give numbers as the files have them, or names of '
                f"{', '.join(CLASS_NAMES)}"
            )
        numbers.add(CLASS_ORDINAL[name] if name in CLASS_ORDINAL else int(name))
    return frozenset(numbers)


def _numbers(kinds: Any) -> str:
    """The classes of a file, in words."""
    there = sorted(set(kinds.tolist()))
    names = [f"{k} ({CLASS_NAMES[k]})" if 0 <= k < len(CLASS_NAMES) else str(k) for k in there if k >= 0]
    return ", ".join(names) or "no class column: leave --classes out"


def _show(heading: str, scores: dict[str, Score], *, as_json: bool, with_total: bool = True) -> None:
    from vigie_scene.evaluation.score import total

    if with_total and (as_json or len(scores) > 1):
        scores = {**scores, "all": total(list(scores.values()))}
    if as_json:
        print(json.dumps({name: _figures(one) for name, one in scores.items()}, indent=2))
        return
    table = Table(heading, box=None)
    for name in (
        "HOTA",
        "DetA",
        "AssA",
        "IDF1",
        "MOTA",
        "switches",
        "objects",
        "tracks",
        "true boxes",
        "missed",
        "false",
    ):
        table.add_column(name, justify="right")
    for name, one in scores.items():
        table.add_row(
            name,
            *(f"{100 * share:.1f}" for share in (one.hota, one.deta, one.assa, one.idf1, one.mota)),
            *(
                str(count)
                for count in (
                    one.switches,
                    one.truth_tracks,
                    one.result_tracks,
                    one.truth_boxes,
                    one.misses,
                    one.false_positives,
                )
            ),
        )
    wide_console(160).print(table)


def _figures(one: Score) -> dict[str, float]:
    shares = ("hota", "deta", "assa", "idf1", "mota", "motp")
    counts = (
        "switches",
        "fragments",
        "truth_tracks",
        "result_tracks",
        "mostly_tracked",
        "mostly_lost",
        "truth_boxes",
        "result_boxes",
        "misses",
        "false_positives",
        "frames",
    )
    return {name: round(getattr(one, name), 6) for name in shares} | {name: int(getattr(one, name)) for name in counts}
