"""What a folder of rules says that is right and rarely meant: `vigie rules lint` tells it and goes on.

Nothing here stops a publication: an authorisation may wait for its rules, and a rule for its authorisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_common.instants import parse_instant
from vigie_common.yaml_model import Located, nearest, one_of
from vigie_rule_engine.lint import selected
from vigie_rule_engine.model_classes import not_found

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from vigie_common.catalogue import Model
    from vigie_common.yaml_document import Problem
    from vigie_rule_engine.bundle import RuleFolder
    from vigie_rule_engine.compound_file import CompoundFile
    from vigie_rule_engine.lint import CameraFolder
    from vigie_rule_engine.rule_file import AuthorisationFile, Rule, RuleFile

    _Alerting = Located[RuleFile] | Located[CompoundFile]

_MOST_NAMED: Final = 5
"""Cameras that one message names; the others are counted."""


def lint_warnings(
    rules: RuleFolder,
    cameras: CameraFolder | None,
    models: Mapping[str, Model],
    now_ms: int,
    *,
    uncovered: bool = True,
) -> list[Problem]:
    """What is right and rarely meant, in the order of files and lines.

    Args:
        rules: of the site.
        cameras: of the site; None: what depends on them is not looked at.
        models: of the catalogue, by name.
        now_ms: the time by which an authorisation has ended, ms since 1970 UTC.
        uncovered: also warn of stable rules that no authorisation covers; `vigie rules publish`, which knows its
            instant, tells them camera by camera.
    """
    alerting: list[_Alerting] = [rule.located for rule in rules.rules if not rule.template.counts]
    titled: list[_Alerting] = [*(rule.located for rule in rules.rules), *rules.compounds]
    alerting += rules.compounds
    problems = [*rules.passed_over, *_ended(rules.authorisations, cameras, now_ms)]
    if rules.authorisations and not rules.problems:  # a file that is wrong may be what the others lack
        problems += _unused_categories(rules)
        in_force = [a for a in rules.authorisations if not _is_over(a, cameras, now_ms)]
        for located in alerting if uncovered else ():
            problems += _uncovered(located, in_force, cameras)
    for rule in rules.rules:
        problems += _unfit_classes(rule)
    if cameras is not None:
        for rule in rules.rules:
            problems += _unfound_classes(rule, cameras, models)
        for located in titled:
            problems += _untold_languages(located, cameras.site.languages)
    return sorted(problems)


def _unused_categories(rules: RuleFolder) -> Iterator[Problem]:
    """Categories of authorisations that no rule or compound has; of a folder without either nothing is known."""
    known = sorted({r.content.category for r in rules.rules} | {c.content.category for c in rules.compounds})
    for authorisation in rules.authorisations if known else ():
        for i, category in enumerate(authorisation.content.categories):
            if category not in known:
                text = f'categories[{i}]: no rule has the category "{category}"; categories are {", ".join(known)}'
                yield authorisation.problem(["categories", i], text + nearest(category, known))


def _is_over(authorisation: Located[AuthorisationFile], cameras: CameraFolder | None, now_ms: int) -> bool:
    zone = cameras.site.time_zone if cameras is not None else "UTC"
    return parse_instant(authorisation.content.until, zone, end_of_day=True) <= now_ms


def _ended(
    authorisations: Sequence[Located[AuthorisationFile]], cameras: CameraFolder | None, now_ms: int
) -> Iterator[Problem]:
    for authorisation in authorisations:
        if _is_over(authorisation, cameras, now_ms):
            text = f"until: {authorisation.content.until} is over: what it covered runs in shadow; renew or remove it"
            yield authorisation.problem(["until"], text)


def _uncovered(
    located: _Alerting,
    authorisations: Sequence[Located[AuthorisationFile]],
    cameras: CameraFolder | None,
) -> Iterator[Problem]:
    """A stable rule that never alerts, since no authorisation that is not over covers it anywhere."""
    content = located.content
    covering = [a for a in authorisations if content.category in a.content.categories]
    if cameras is not None and covering:
        mine = {camera.content.camera for camera in selected(content.cameras, cameras.cameras)}
        theirs = {c.content.camera for a in covering for c in selected(a.content.cameras, cameras.cameras)}
        covering = covering if mine & theirs or not mine else []
    if content.status == "stable" and not covering:
        text = f'category: no authorisation covers "{content.category}" on its cameras, so it runs in shadow'
        yield located.problem(["category"], f"{text}: add it to one, or write status: test")


def _unfit_classes(rule: Rule) -> Iterator[Problem]:
    """Classes of which none can be what the template is about."""
    fit = rule.template.classes
    if fit and rule.parameters.classes and not fit & set(rule.parameters.classes):
        text = f"with.classes: {rule.template.name} is about {one_of(sorted(fit))}: none of these is given"
        yield rule.located.problem(["with", "classes"], text)


def named(cameras: Collection[str]) -> str:
    """Cameras in a message: the first by name, and how many more."""
    more = len(cameras) - _MOST_NAMED
    first = ", ".join(sorted(cameras)[:_MOST_NAMED])
    return f"{first} and {more} more" if more > 0 else first


def _unfound_classes(rule: Rule, cameras: CameraFolder, models: Mapping[str, Model]) -> Iterator[Problem]:
    """Classes that no model of a camera finds, once for all cameras of the same models."""
    alike: dict[str, list[str]] = {}
    for camera in selected(rule.content.cameras, cameras.cameras):
        missing = not_found(rule.parameters.classes, camera.content.models, models)
        if missing is not None:
            alike.setdefault(missing, []).append(camera.content.camera)
    for missing, ids in alike.items():
        text = f"with.classes: no model of {named(ids)} finds {missing}: give the camera one that does"
        yield rule.located.problem(["with", "classes"], text)


def _untold_languages(located: _Alerting, languages: Sequence[str]) -> Iterator[Problem]:
    """Languages of the site in which a stable rule has no title."""
    missing = [language for language in languages if language not in located.content.title]
    if located.content.status == "stable" and missing:
        yield located.problem(["title"], f"title: has none in {', '.join(missing)}, a language of the site: add it")
