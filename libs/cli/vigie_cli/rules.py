"""`vigie rules`: what an author needs: check, test, and the JSON Schemas for the editor."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie_cli.site_folder import camera_folder, rule_sources
from vigie_cli.wording import counted
from vigie_common.catalogue import load_catalogue
from vigie_common.errors import BadInputError
from vigie_rule_engine.bundle import read_rules
from vigie_rule_engine.lint import lint as lint_rules
from vigie_rule_engine.lint import read_cameras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigie_common.yaml_source import Problem

app = typer.Typer(help="Rules: check, test, schemas for editors.", no_args_is_help=True, add_completion=False)


AsJson = Annotated[bool, typer.Option("--json", help="for programs: one JSON document")]


class Format(StrEnum):
    """How the lint speaks."""

    text = "text"
    json = "json"


def _print(problems: Sequence[Problem], form: Format) -> None:
    if form is Format.json:
        rows = [{"file": p.file, "line": p.mark.line, "column": p.mark.column, "message": p.message} for p in problems]
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for problem in problems:
            print(problem)


@app.command()
def lint(
    folder: Annotated[Path, typer.Argument(help="folder of rules, or of a whole site")],
    cameras: Annotated[
        Path | None, typer.Option(help="folder of the cameras: their zones, lines and tags are checked too")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="for people, or for programs")] = Format.text,
) -> None:
    """Check rules and authorisations: each error with its line, column and fix; exit status 1 if there is one.

    Example: vigie rules lint rules --cameras cameras
    """
    if cameras is None and (folder / "cameras").is_dir():
        cameras = folder
    known = read_cameras(cameras, frozenset(load_catalogue().models)) if cameras is not None else None
    rules = read_rules(*rule_sources(folder))
    problems = lint_rules(rules, known)
    if any(test is not None and test.scene for parts in rules.parts for test in parts.tests):
        from vigie_cli.rules_scenes import scene_problems

        problems = sorted({*problems, *scene_problems(rules)})
    _print(problems, form)
    if problems:
        raise typer.Exit(1)
    if not (rules.rules or rules.authorisations):
        raise BadInputError(f"{folder}: no rule and no authorisation below it: give the folder that holds them")
    if form is Format.text:
        where = f" with {counted(len(known.cameras), 'camera')}" if known is not None else " (cameras not checked)"
        found = f"{counted(len(rules.rules), 'rule')} and {counted(len(rules.authorisations), 'authorisation')}"
        print(f"{found} are right{where}")


@app.command("test")
def run(
    folder: Annotated[Path, typer.Argument(help="folder of rules, or of a whole site")],
    cameras: Annotated[
        Path | None, typer.Option(help="folder of the cameras; by default the site's own, or beside the rules")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="only this rule, by its id")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests written in the rules through the engine's own core; exit status 1 if one fails.

    Prints what was expected beside what was found, with times from each test's start.

    Example: vigie rules test rules --cameras cameras
    """
    from vigie_cli.rules_test import run_tests

    report = run_tests(rule_sources(folder), cameras or camera_folder(folder), rule)
    if not report.outcomes and not report.problems:
        raise BadInputError(f"{folder}: no rule below it has tests: write some under `tests:`")
    if as_json:
        print(json.dumps(report.plain(), ensure_ascii=False, indent=1))
    else:
        for line in report.lines():
            print(line)
    if not report.passed:
        raise typer.Exit(1)


@app.command()
def schema(
    out: Annotated[Path, typer.Option(help="folder to write into")],
) -> None:
    """Write the JSON Schemas of site, camera, rule and authorisation files, for editors.

    Example: vigie rules schema --out docs/reference/schemas
    """
    from vigie_rule_engine.schema_json import schemas

    out.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (out / name).write_text(text, encoding="utf-8")
        print(out / name)
