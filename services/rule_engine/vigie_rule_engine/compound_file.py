"""The compound rule file: several rules that come together within a time, in one place, are one alert."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field

from vigie_common.compound_terms import LONGEST_WITHIN_MS, PLACEHOLDERS
from vigie_common.digest import content_digest
from vigie_common.field_types import Identifier, Text, Texts
from vigie_common.units import parse_duration
from vigie_common.yaml_document import Document, InvalidFileError, Problem
from vigie_common.yaml_model import FileModel, Located, validated
from vigie_rule_engine.expectations import Duration, Expectation, never_found
from vigie_rule_engine.file_texts import text_problems
from vigie_rule_engine.rule_file import (
    CameraSelection,
    Cooldown,
    Severity,
    Status,
    cooldown_ms,
    listed,
    read_part,
)

Same = Literal["zone", "camera", "site"]


def _remembered(within: str) -> str:
    """A duration of an hour at most."""
    if parse_duration(within).value * 1000 > LONGEST_WITHIN_MS:
        raise ValueError(f"{within} is longer than 1h, the longest that is remembered")
    return within


class AtLeast(FileModel):
    """How many different rules and cameras must be there."""

    rules: int | None = Field(default=None, ge=1, description="different rules; left out: all of them")
    cameras: int = Field(default=1, ge=1, description="different cameras")


class CompoundEpisode(FileModel):
    """One episode of a member rule in a test."""

    rule: Identifier = Field(description="a member")
    camera: Identifier = Field(description="where it happens")
    zone: Text = Field(default="", description="which zone of that camera")
    open: Duration = Field(description="when it opens, from the test's start")
    close: Duration | None = Field(default=None, description="when it closes; left out: it goes on")


class CompoundTest(FileModel):
    """Episodes of the members, and every alert of the compound that follows: no more, no less."""

    episodes: list[CompoundEpisode] = Field(min_length=1, description="what the member rules say")
    expect: list[Expectation] = Field(description="empty: the compound must say nothing")


class CompoundFile(FileModel):
    """A compound rule: which rules, together where, within what time."""

    compound: Identifier = Field(description="id: stable, unique among rules and compounds")
    title: Texts = Field(description="by language")
    status: Status = Field(default="draft", description="draft: does not run; test: in shadow; stable: alerts")
    rules: list[Identifier] = Field(min_length=1, description="ids of the member rules; they may run in shadow")
    cameras: CameraSelection
    same: Same = Field(default="camera", description="where they must be together")
    within: Annotated[Duration, AfterValidator(_remembered)] = Field(
        description="how long after its end an episode still counts; an hour at most"
    )
    at_least: AtLeast = Field(default=AtLeast(), description="how many rules and cameras must be there")
    cooldown: Cooldown | None = Field(
        default=None, description="so long after an alert of it has opened no other opens in the same place"
    )
    severity: Severity = Field(default="info", description="for the operator")
    category: Identifier = Field(description="kind of event; authorisations name it")
    explain: Texts = Field(default={}, description="what the operator reads; {cameras}, {rules}, {count} are filled in")
    tests: list[CompoundTest] = Field(default=[], description="a stable compound has one at least")


@dataclass(frozen=True, slots=True)
class CompoundParts:
    """What of a compound file could be read, right or wrong: enough to check it with rules and cameras all the same."""

    document: Document
    rules: tuple[str | None, ...]
    """None: no text."""
    selection: CameraSelection | None
    same: Same | None
    """Where they must be together; None: unreadable."""
    least_rules: int
    """How many different rules must be there."""
    cameras: int
    """How many cameras must be there."""
    tests: tuple[CompoundTest | None, ...]
    """None: a test that is wrong in itself."""


def examine_compound(document: Document) -> tuple[Located[CompoundFile] | None, CompoundParts, list[Problem]]:
    """The compound of a document if it is right, what of it could be read, and everything that is wrong in itself."""
    problems: list[Problem] = []
    content: CompoundFile | None = None
    try:
        content = validated(document, CompoundFile)
    except InvalidFileError as error:
        problems += error.problems
    plain = document.root.plain()
    fields: dict[str, Any] = plain if isinstance(plain, dict) else {}
    at_least = read_part(AtLeast, fields.get("at_least", {})) or AtLeast()
    rules = tuple(name if isinstance(name, str) else None for name in listed(fields.get("rules")))
    same = fields.get("same", CompoundFile.model_fields["same"].default)
    parts = CompoundParts(
        document,
        rules,
        read_part(CameraSelection, fields.get("cameras")),
        same if same in get_args(Same) else None,
        len(rules) if at_least.rules is None else at_least.rules,
        at_least.cameras,
        tuple(read_part(CompoundTest, test) for test in listed(fields.get("tests"))),
    )
    problems += [document.problem(path, text) for path, text in _impossible(fields, parts)]
    for index, test in enumerate(parts.tests):
        for path, text in () if test is None else never_found(test.expect, None):
            problems.append(document.problem(["tests", index, *path], f"tests[{index}].{text}", of_key=True))
    problems += text_problems(document, PLACEHOLDERS)
    return (None if problems or content is None else Located(document, content)), parts, problems


def compounds_by_id(compounds: Iterable[CompoundParts]) -> dict[str, CompoundParts]:
    """The compounds of a folder that have an id."""
    nodes = [(compound.document.at(["compound"]), compound) for compound in compounds]
    return {node.value: one for node, one in nodes if node is not None and isinstance(node.value, str)}


def _impossible(fields: dict[str, Any], compound: CompoundParts) -> Iterator[tuple[list[object], str]]:
    """What can never hold, each with its path."""
    rules, least = compound.rules, compound.least_rules
    for i, name in enumerate(rules):
        if name is not None and name in rules[:i]:
            yield ["rules", i], f'rules[{i}]: "{name}" is listed twice: remove one'
    if least > len(rules):
        yield ["at_least", "rules"], f"at_least.rules: {least} of {len(rules)} rules can never be there"
    if compound.cameras > 1 and compound.same in {"zone", "camera"}:
        message = "at_least.cameras: several cameras are together on a site only: write same: site"
        yield ["at_least", "cameras"], message
    if compound.cameras == 1 and least == 1 and rules:
        message = "rules: one rule on one camera is no compound: ask for two rules, or for several cameras"
        yield ["at_least" if "at_least" in fields else "rules"], message
    if fields.get("status") == "stable" and not fields.get("tests"):
        yield ["status"], "status: a stable compound needs tests: add one that holds and one that nearly does"


def compound_record(compound: CompoundFile) -> dict[str, Any]:
    """The compound in the bundle; its version is the digest of what decides when it holds."""
    semantics: dict[str, Any] = {
        "rules": sorted(compound.rules),
        "same": compound.same,
        "within_ms": round(parse_duration(compound.within).value * 1000),
        "min_rules": compound.at_least.rules or len(compound.rules),
        "min_cameras": compound.at_least.cameras,
        "cooldown_ms": cooldown_ms(compound.cooldown),
    }
    return {
        "id": compound.compound,
        "version": content_digest(semantics),
        "title": dict(compound.title),
        "status": compound.status,
        "camera_tags": sorted(compound.cameras.tags),
        "camera_ids": sorted(compound.cameras.ids),
        "severity": compound.severity,
        "category": compound.category,
        "explain": dict(compound.explain),
        **semantics,
    }
