"""`vigie rules`: what an author needs, from an idea to a rule that is live and explains itself.

Each command's own module is imported when it runs, so that those that only read files start at once.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie_cli import rules_live
from vigie_cli.options import AsJson, WrongOptionError
from vigie_cli.wording import counted, findings_json
from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigie_common.yaml_document import Problem

app = typer.Typer(
    help="Rules: begin, check, test, replay, publish, watch, explain.", no_args_is_help=True, add_completion=False
)


def _print(problems: Sequence[Problem], warnings: Sequence[Problem], *, as_json: bool) -> None:
    told = sorted([(problem, "error") for problem in problems] + [(warning, "warning") for warning in warnings])
    if as_json:
        print(findings_json(told))
    else:
        for problem, level in told:
            print(problem if level == "error" else replace(problem, message=f"warning: {problem.message}"))


def lint(
    folder: Annotated[Path, typer.Argument(help="folder of rules or of a whole site, or one file of them")],
    cameras: Annotated[
        Path | None, typer.Option(help="folder of the cameras: their zones, lines and tags are checked too")
    ] = None,
    strict: Annotated[bool, typer.Option(help="warnings are errors too")] = False,
    as_json: AsJson = False,
) -> None:
    """Check rules, compounds, authorisations: each error and warning with its line, column and fix.

    Exit status 1 if there is an error (with --strict, or a warning), else 0.

    Example: vigie rules lint rules --cameras cameras
    """
    from vigie_cli.rules_lint import lint_place
    from vigie_cli.site_folder import refuse_empty

    linted = lint_place(folder, cameras)
    _print(linted.problems, linted.warnings, as_json=as_json)
    if linted.problems or (strict and linted.warnings):
        raise typer.Exit(1)
    rules, known = linted.rules, linted.cameras
    refuse_empty(folder, rules)
    if not as_json:
        where = f" with {counted(len(known.cameras), 'camera')}" if known is not None else _unchecked(folder)
        found = [counted(len(rules.rules), "rule")]
        found += [counted(len(rules.compounds), "compound")] if rules.compounds else []
        authorisations = counted(len(rules.authorisations), "authorisation")
        print(f"{', '.join(found)} and {authorisations} are right{where}")


def _unchecked(folder: Path) -> str:
    """That cameras were not checked, and what to give so that they are."""
    from vigie_cli.site_folder import site_of

    site = site_of(folder)
    its_own = f"{site} or " if (site / "cameras").is_dir() else ""
    return f" (cameras not checked: give {its_own}--cameras FOLDER)"


def run(
    folder: Annotated[Path, typer.Argument(help="folder of rules or of a whole site, or one file of them")],
    cameras: Annotated[
        Path | None, typer.Option(help="folder of the cameras; by default the site's own, or beside the rules")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="only this rule, by its id")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests written in the rules through the engine's own core; exit status 1 if one fails.

    Prints what the lint finds in these rules, then what was expected beside what was found, with times from each
    test's start.

    Example: vigie rules test rules --cameras cameras
    """
    from vigie_cli.rules_lint import with_its_site
    from vigie_cli.rules_test import run_tests
    from vigie_cli.site_folder import camera_folder, rule_sources, site_of

    sources, beside = rule_sources(folder), with_its_site(folder, site_of(folder))
    report = run_tests(sources, cameras or camera_folder(folder), rule, beside)
    if not (report.outcomes or report.problems or report.wrong or report.linted):
        raise BadInputError(f"{folder}: no rule below it has tests: write some under `tests:`")
    if as_json:
        print(json.dumps(report.plain(), ensure_ascii=False, indent=1))
    else:
        for line in report.lines():
            print(line)
    if not report.passed:
        raise typer.Exit(1)


def schema(
    out: Annotated[Path, typer.Option(help="folder to write into")],
) -> None:
    """Write the JSON Schemas of site, camera, rule, compound and authorisation files, for editors.

    Example: vigie rules schema --out docs/reference/schemas
    """
    from vigie_rule_engine.schema_json import schemas

    out.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (out / name).write_text(text, encoding="utf-8")
        print(out / name)


def templates(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="this one in full; left out: all of them, one a line")] = None,
    as_json: AsJson = False,
) -> None:
    """What a rule can judge by: definition, parameters with units and defaults, needs, limits.

    Example: vigie rules templates

    Example: vigie rules templates stopped
    """
    from vigie_cli import rules_templates as known

    named = ([] if name is None else [name]) + context.args
    if named[:1] == ["show"]:  # as `vigie models show` has it
        del named[0]
    if len(named) > 1:
        raise WrongOptionError(f"one template at a time: vigie rules templates {named[0]}")
    chosen = [known.template_named(one) for one in named] or known.all_templates()
    if as_json:
        print(json.dumps([known.plain(template) for template in chosen], ensure_ascii=False, indent=1))
        return
    for line in known.page(chosen[0]) if named else known.listing():
        print(line)


def new(
    name: Annotated[str, typer.Argument(help="id of the rule: a-z, 0-9, - and _")],
    template: Annotated[str, typer.Option(help="what judges: one of `vigie rules templates`")],
    site: Annotated[
        Path | None, typer.Option(help="folder of the site, which holds cameras/, or that one; by default this one")
    ] = None,
    camera: Annotated[
        str | None, typer.Option(help="where it holds; by default the first camera that has what the template needs")
    ] = None,
) -> None:
    """Write a rule that lints and whose tests pass, to begin from.

    Its tests are three simulated scenes: it happens, it nearly happens, it only looks like it. What they expect is
    what the engine says of them today.

    Example: vigie rules new delivery-bay --template stopped --site town
    """
    from vigie_cli.rules_new import new_rule
    from vigie_cli.site_folder import require_site_here

    if site is None:
        require_site_here("--site")
    made = new_rule(site or Path(), name, template, camera)
    for path in made.paths:
        print(path)
    print(f"for camera {made.camera} of site {made.site}")
    for note in made.notes:
        print(f"note: {note}")


# in the order in which an author comes to them
app.command()(new)
app.command()(lint)
app.command("test")(run)
app.command()(rules_live.replay)
app.command()(rules_live.publish)
app.command()(rules_live.status)
app.command()(rules_live.explain)
app.command(context_settings={"allow_extra_args": True})(templates)
app.command()(schema)
