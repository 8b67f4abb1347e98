"""The reference page of the templates, written from the catalogue: `docs/reference/templates.md`.

`python -m vigie_rule_engine.template_reference FILE` writes it again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vigie_rule_engine.catalogue import COMMON_FACTS, TEMPLATES, also_called, facts_of_template
from vigie_rule_engine.needs import model_of, needs_of
from vigie_rule_engine.quantities import allowed_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigie_rule_engine.template import Parameter, Template

_HEAD: Final = """# Templates

Written from `vigie_rule_engine.catalogue` by
`python -m vigie_rule_engine.template_reference docs/reference/templates.md`. Defaults are
starting judgements, to be tuned per camera. p is the smoothed foot point. `heights` are those of the object's own
box; where the table says "or metres", a camera with a calibration understands `2 m` and `30 km/h` too, and a rule
that gives one distance in metres measures all of them on the ground. Every duration counts watched time. [How rules
judge](../explanation/rules.md) explains on, hold and off, episodes and time.
"""

_TAIL: Final = """
## What conditions and texts may name

`local.hour`, `local.minute`, `local.weekday` (1 Monday to 7), `local.date` (`"2026-05-04"`), `local.holiday`,
`object.class`, `zone.name`, `line.name`, `camera.id`, `camera.site`, `camera.tags`; the facts of the template; and
of templates over one object {common}. Facts are doubles: compare with `30.0`, not `30`. A fact that is not measured
(metres in a rule that measures in heights) makes a comparison false.

Conditions are [CEL](https://github.com/google/cel-spec) of type bool, at most 1 KB; `matches`, `all`, `exists`, `map`
and `filter` are refused, their cost has no bound; so are `has`, since every name is always there, and braces: a list
does what a map would. An evaluation that fails is false. Texts write
`{{object.class}}`, `{{zone.name}}`, `{{camera.title}}`, `{{direction}}`, `{{facts.stopped_for}}`; durations and
class names are put into each language.

## Counts

`count_line` gives one COUNT event per crossing: `direction`, `started_at` the crossing. `count_zone` and
`unique_count` give one COUNT per zone and minute of event time, brought by the first frame after it, or by the
change that ended it: `scope_kind` zone, `scope` the zone's name (empty: the whole image), `minute` the start of the
minute, `started_at` the first watched instant in it, `facts` as above. A minute that nobody watched gives none;
`facts.watched_s` says how much of it was. `mean` is over the watched time. `entered` adds up over minutes, `unique`
does not. How long somebody stayed is in the CLOSE of a presence or dwell episode: `ended_at` - `started_at`.

## Recorded tracks

`vigie rules test` reads CSV files beside the rules: `t_s,track_id,class,x1,y1,x2,y2` and optionally `score`;
seconds from the start, boxes 0..1. Rows of one `t_s` are a frame; the median step is the sampling interval; where
rows are missing for longer, frames without boxes are filled in, and 45 s of them follow. `open` is when an episode
is told, `close` the last instant it held, `at` when the line was crossed.

## Adding a template

Describe it in `catalogue_objects.py` or `catalogue_zones.py` and number it in `layers/rows.py`. Write its function in
`layers/templates.py` (over one object), `layers/zone_templates.py` or `layers/zone_counts.py` (over a zone) with one
line in `judge` or `judge_zone`. Name its measured values in `measures.py`, write its three scenes in
`tests/unit/rule_engine`, and this page again.
"""


def _parameter(parameter: Parameter) -> str:
    default = "required" if parameter.default is None else f"`{parameter.default}`"
    if parameter.default == ():
        default = "the whole image"
    if parameter.metric_default:
        default += f" or `{parameter.metric_default}`"
    kind = parameter.kind + (" or metres" if parameter.metric and parameter.kind == "distance" else "")
    return f"| `{parameter.name}` | {kind} | {default} | {allowed_words(parameter)} | {parameter.doc} |"


def section(template: Template) -> Iterator[str]:
    """The lines of one template's section."""
    happens, nearly, alike = template.scenes
    yield f"\n## {template.name}\n"
    yield f"{template.doc} ({template.scope}.)\n"
    yield f"![{template.name}: {happens}](templates/{template.name}.png)\n"
    yield f"{template.formula}\n"
    yield "| parameter | kind | default | allowed | |"
    yield "|---|---|---|---|---|"
    yield from map(_parameter, template.parameters)
    facts = ", ".join(f"`facts.{name}`" for name in facts_of_template(template.name))
    others = ", ".join(word.replace("_", " ") for word in also_called(template.name))
    yield f"\n* Also called: {others}."
    yield f"* Needs: {', '.join([*needs_of(template), model_of(template)])}."
    yield f"* Limits: {template.limits}"
    if facts:
        yield f"* Facts: {facts}."
    yield f"* Scenes: happens: {happens}; nearly: {nearly}; looks alike: {alike}."
    yield f"* Source: {template.source}."


def page() -> str:
    """The whole page."""
    common = ", ".join(f"`facts.{name}`" for name in COMMON_FACTS)
    lines = [line for name in sorted(TEMPLATES) for line in section(TEMPLATES[name])]
    return _HEAD + "\n".join(lines) + "\n" + _TAIL.format(common=common)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
