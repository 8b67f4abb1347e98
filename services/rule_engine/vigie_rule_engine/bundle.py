"""Rules, compounds and authorisations as the RuleBundle record (`schemas/rule-bundle`), and their folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vigie_common.digest import content_digest
from vigie_common.instants import parse_instant
from vigie_common.yaml_document import START, Document, InvalidFileError, Problem
from vigie_common.yaml_model import Located, nearest, one_of, validated
from vigie_common.yaml_source import read_document
from vigie_rule_engine.compound_file import CompoundFile, CompoundParts, compound_record, examine_compound
from vigie_rule_engine.rule_file import AuthorisationFile, Rule, RuleParts, cooldown_ms, examine_rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vigie_common.site_file import SiteFile

_BEGINNING: Final = 4096
"""Bytes in which a file says what it is."""

_NOT_RULES: Final = frozenset({"tracks", "scenes"})
"""Folders beside rules that hold what their tests read."""


@dataclass(frozen=True, slots=True)
class RuleFolder:
    """Every rule, compound and authorisation below a folder, and everything that is wrong in a file by itself."""

    rules: tuple[Rule, ...]
    authorisations: tuple[Located[AuthorisationFile], ...]
    problems: tuple[Problem, ...]
    broken: tuple[RuleParts, ...] = ()
    """What could be read of rules that are wrong in themselves: the lint checks it with the cameras too."""
    compounds: tuple[Located[CompoundFile], ...] = ()
    broken_compounds: tuple[CompoundParts, ...] = ()
    passed_over: tuple[Problem, ...] = ()
    """What lies there and looks like a rule, and is not read."""

    @property
    def parts(self) -> tuple[RuleParts, ...]:
        """Of every rule, right or wrong."""
        return (*(rule.parts for rule in self.rules), *self.broken)

    @property
    def compound_parts(self) -> tuple[CompoundParts, ...]:
        """Of every compound, right or wrong."""
        return (*(examine_compound(compound.document)[1] for compound in self.compounds), *self.broken_compounds)


def read_rules(*folders: Path, asked: Path | None = None) -> RuleFolder:
    """Every `*.yaml` and `*.yml` below the folders, and files that are named, in the order of paths.

    Each is a rule, a compound or an authorisation, by its keys. Rules and compounds share their ids.

    Args:
        folders: where to look.
        asked: the one file that is asked about: an id that another file has too is told of this one.

    Raises:
        OSError: a folder cannot be read: what is in it would be missing from the rules in silence.
    """
    rules: list[Rule] = []
    authorisations: list[Located[AuthorisationFile]] = []
    problems: list[Problem] = []
    broken: list[RuleParts] = []
    compounds: list[Located[CompoundFile]] = []
    broken_compounds: list[CompoundParts] = []
    for path in sorted({path for folder in folders for path in _yaml_files(folder)}):
        try:
            document = read_document(path)
            keys = document.root.keys
            if "authorisation" in keys and "rule" not in keys:
                authorisations.append(Located(document, validated(document, AuthorisationFile)))
            elif "compound" in keys and "rule" not in keys:
                compound, compound_parts, found = examine_compound(document)
                problems += found
                if compound is None:
                    broken_compounds.append(compound_parts)
                else:
                    compounds.append(compound)
            elif isinstance(document.root.value, dict) and not {"rule", "template"} & set(keys):
                problems.append(_no_kind(document))
            else:
                rule, parts, found = examine_rule(document, path.parent)
                problems += found
                if rule is None:
                    broken.append(parts)
                else:
                    rules.append(rule)
        except InvalidFileError as error:
            problems += error.problems
    named_rules = [("rule", rule.content.rule, rule.located) for rule in rules]
    problems += _duplicates([*named_rules, *(("compound", c.content.compound, c) for c in compounds)], asked)
    problems += _duplicates([("authorisation", a.content.authorisation, a) for a in authorisations], asked)
    return RuleFolder(
        tuple(rules),
        tuple(authorisations),
        tuple(sorted(problems)),
        tuple(broken),
        tuple(compounds),
        tuple(broken_compounds),
        tuple(sorted(problem for folder in folders for problem in _passed_over(folder))),
    )


_KINDS: Final = ("rule", "compound", "authorisation")
"""Keys by which a file says what it is."""


def _no_kind(document: Document) -> Problem:
    """A file that is none of a rule, a compound and an authorisation; shown at a key that is nearly one of theirs."""
    for key in document.root.keys:
        meant = nearest(key, _KINDS)
        if meant:
            message = f"{key}: unknown key; a file begins with {one_of([f'{kind}:' for kind in _KINDS])}{meant}"
            return document.problem([key], message, of_key=True)
    if {"camera", "site"} & set(document.root.keys):
        what = "a camera" if "camera" in document.root.keys else "the site"
        fix = "it belongs in cameras/, where `vigie cameras check` reads it"
        return document.problem([], f"the file of {what}, and no rule: {fix}")
    hint = "begin it with `rule: id`, `compound: id` or `authorisation: id`"
    return document.problem([], f"neither a rule nor a compound nor an authorisation: {hint}")


_ENDINGS: Final = frozenset({".yaml", ".yml"})
_BEGINS: Final = re.compile(rf"(?:[^\S\n]*(?:#[^\n]*)?\n)*(?:{'|'.join(_KINDS)}):")
"""How a file begins that is a rule, a compound or an authorisation; comments may stand before."""


def _yaml_files(folder: Path) -> Iterable[Path]:
    if folder.exists() and not folder.is_dir():
        yield folder
        return
    for path in _below(folder):
        # a link that leads nowhere and a pipe are told, not passed over
        if path.suffix.lower() in _ENDINGS and not path.is_dir():
            yield path


def _below(folder: Path) -> Iterable[Path]:
    """What lies below a folder of rules, without what is hidden and what tests read."""
    for here, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if _is_ours(name)]
        yield from (Path(here, name) for name in (*folders, *files) if _is_ours(name))


def _is_ours(name: str) -> bool:
    return not name.startswith(".") and name not in _NOT_RULES


def _refuse(error: OSError) -> None:
    """A folder that cannot be read is no empty one."""
    raise error


def _passed_over(folder: Path) -> Iterable[Problem]:
    """Files that begin as a rule does and have another ending, and folders that are called as a file of one."""
    for path in _below(folder) if folder.is_dir() else ():
        if path.is_dir() and path.suffix.lower() in _ENDINGS:
            text = "a folder, which is no rule: call it otherwise; what is in it is read all the same"
            yield Problem(str(path), START, text)
        elif path.is_file() and path.suffix.lower() not in _ENDINGS and _begins_as_rule(path):
            name = f"{path.name.split('.')[0]}.yaml"
            text = f"not read, since it does not end in .yaml: call it {name}, or move it out of the rules"
            yield Problem(str(path), START, text)


def _begins_as_rule(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begin = file.read(_BEGINNING)
    except OSError:
        return False
    return _BEGINS.match(begin.decode("utf-8", "replace")) is not None


def _duplicates(named: list[tuple[str, str, Located[Any]]], asked: Path | None) -> list[Problem]:
    """Ids, each under its key, that another file has already; the one that is asked about comes last."""
    first: dict[str, str] = {}
    problems = []
    if asked is not None:
        own = asked.resolve()
        named = sorted(named, key=lambda one: Path(one[2].document.file).resolve() == own)
    for kind, name, located in named:
        mark = located.document.mark([kind])
        if name in first:
            message = f'{kind}: the id "{name}" is taken by {first[name]}: choose another'
            problems.append(located.problem([kind], message))
        else:
            first[name] = f"{located.document.file}:{mark.line}:{mark.column}"
    return problems


def rule_record(rule: Rule) -> dict[str, Any]:
    """One rule of the bundle.

    `version` is the digest of what decides when an episode opens and closes: template, parameters, condition,
    cooldown.
    Texts, severity, status and the choice of cameras do not change how a camera is judged, so they keep it.
    """
    content, parameters = rule.content, rule.parameters
    semantics: dict[str, Any] = {
        "template": rule.template.name,
        "classes": list(parameters.classes),
        "zones": sorted(parameters.zones),
        "lines": sorted(parameters.lines),
        "numbers": dict(sorted(parameters.numbers.items())),
        "when": content.when,
        "cooldown_ms": cooldown_ms(content.cooldown),
    }
    return {
        "id": content.rule,
        "version": content_digest(semantics),
        "title": dict(content.title),
        "status": content.status,
        "camera_tags": sorted(content.cameras.tags),
        "camera_ids": sorted(content.cameras.ids),
        "severity": content.severity,
        "category": content.category,
        "explain": dict(content.explain),
        "replaces": content.replaces,
        **semantics,
    }


def authorisation_record(authorisation: AuthorisationFile, time_zone: str) -> dict[str, Any]:
    """One authorisation of the bundle; dates are local to the site."""
    return {
        "id": authorisation.authorisation,
        "categories": sorted(authorisation.categories),
        "camera_tags": sorted(authorisation.cameras.tags),
        "camera_ids": sorted(authorisation.cameras.ids),
        "legal_basis": authorisation.legal_basis,
        "reference": authorisation.reference,
        "mode": authorisation.mode,
        "valid_from": parse_instant(authorisation.from_, time_zone),
        "valid_until": parse_instant(authorisation.until, time_zone, end_of_day=True),
    }


def rule_bundle(
    site: SiteFile, folder: RuleFolder, *, author: str, effective_at: int, withdrawn: bool = False
) -> dict[str, Any]:
    """The RuleBundle record.

    `digest` names the content: who publishes it and from when do not count, so that publishing a former
    digest again is a return to it.
    """
    content: dict[str, Any] = {
        "site": site.site,
        "withdrawn": withdrawn,
        "rules": sorted((rule_record(rule) for rule in folder.rules), key=lambda record: str(record["id"])),
        "authorisations": sorted(
            (authorisation_record(a.content, site.time_zone) for a in folder.authorisations),
            key=lambda record: str(record["id"]),
        ),
        "compounds": sorted(
            (compound_record(compound.content) for compound in folder.compounds), key=lambda record: str(record["id"])
        ),
    }
    return {**content, "digest": content_digest(content, 64), "author": author, "effective_at": effective_at}
