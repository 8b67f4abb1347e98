"""`vigie rules lint`: what is wrong and what is rarely meant in a site's rules, a folder of them, or one file."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vigie_cli.site_folder import rule_folders, rule_problems, rule_sources, site_of
from vigie_common.catalogue import load_catalogue
from vigie_rule_engine.bundle import RuleFolder, read_rules
from vigie_rule_engine.lint import read_cameras
from vigie_rule_engine.lint_warnings import lint_warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigie_common.yaml_document import Document, Problem
    from vigie_rule_engine.lint import CameraFolder


@dataclass(frozen=True, slots=True)
class Linted:
    """What was read, and what the lint says of it."""

    rules: RuleFolder
    cameras: CameraFolder | None
    """None: not checked."""
    problems: Sequence[Problem]
    warnings: Sequence[Problem]


def lint_place(place: Path, cameras: Path | None) -> Linted:
    """The lint of a site's folder, of a folder of rules, or of one file of rules beside the others of its site.

    Args:
        place: the folder or the file.
        cameras: folder of the cameras; None: those of the site's folder, or of the site that a file is in.

    Raises:
        BadInputError: there is no such folder or file, or its site file is wrong.
    """
    one = place.is_file()
    site = site_of(place) if one else place
    if cameras is None and (site / "cameras").is_dir():
        cameras = site
    models = load_catalogue().models
    known = read_cameras(cameras, frozenset(models)) if cameras is not None else None
    rules = read_rules(*with_its_site(place, site), asked=place) if one else read_rules(*rule_sources(place))
    problems = rule_problems(rules, known)
    warnings = lint_warnings(rules, known, models, time.time_ns() // 1_000_000)
    if not one:
        return Linted(rules, known, problems, warnings)
    own = {place.resolve(), *_read_by(place, rules)}
    kept = [p for p in problems if Path(p.file).resolve() in own or (known is not None and p in known.problems)]
    return Linted(
        _only(place, rules),
        known,
        [_as_given(p, place) for p in kept],
        [_as_given(p, place) for p in warnings if Path(p.file).resolve() in own],
    )


def with_its_site(place: Path, site: Path) -> list[Path]:
    """Where the rules of a file or folder are and what they are checked beside: each once, however it is spelt."""
    if not (site / "cameras").is_dir() or place.resolve() == site.resolve():
        return rule_sources(place)
    sources = rule_folders(site)
    inside = any(place.resolve().is_relative_to(source.resolve()) for source in sources)
    return sources if inside else [*sources, place]


def _is(document: Document, file: Path) -> bool:
    return Path(document.file).resolve() == file.resolve()


def _read_by(file: Path, rules: RuleFolder) -> set[Path]:
    """The files that the tests of a rule file read."""
    own = [parts for parts in rules.parts if _is(parts.document, file)]
    tests = [(parts.folder, test) for parts in own for test in parts.tests if test is not None]
    return {(folder / name).resolve() for folder, test in tests for _, name in test.files}


def _only(file: Path, rules: RuleFolder) -> RuleFolder:
    return RuleFolder(
        tuple(rule for rule in rules.rules if _is(rule.located.document, file)),
        tuple(one for one in rules.authorisations if _is(one.document, file)),
        rules.problems,
        compounds=tuple(one for one in rules.compounds if _is(one.document, file)),
    )


def _as_given(problem: Problem, file: Path) -> Problem:
    """With the file's name as it was given."""
    return replace(problem, file=str(file)) if Path(problem.file).resolve() == file.resolve() else problem
