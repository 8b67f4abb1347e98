"""The compound rule file: several rules that come together within a time, in one place, are one alert."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from vigie_common.digest import content_digest
from vigie_common.field_types import Identifier, Text, Texts
from vigie_common.units import parse_duration
from vigie_common.yaml_model import FileModel, Located, nearest
from vigie_common.yaml_source import Problem
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.rule_file import CameraSelection, Duration, Expectation, Rule, Severity, Status

LONGEST_S: Final = 3600.0
"""The longest `within`: an hour."""

_COUNTS: Final = frozenset(name for name, template in TEMPLATES.items() if name.startswith(("count_", "unique_")))
"""Templates that count and open no episode."""


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
    same: Literal["zone", "camera", "site"] = Field(default="camera", description="where they must be together")
    within: Duration = Field(description="how long after its end an episode still counts; an hour at most")
    at_least: AtLeast = Field(default=AtLeast(), description="how many rules and cameras must be there")
    severity: Severity = Field(default="info", description="for the operator")
    category: Identifier = Field(description="kind of event; authorisations name it")
    explain: Texts = Field(default={}, description="what the operator reads; {cameras}, {rules}, {count} are filled in")
    tests: list[CompoundTest] = Field(default=[], description="a stable compound has one at least")

    @model_validator(mode="after")
    def _can_hold(self) -> "CompoundFile":
        if len(set(self.rules)) < len(self.rules):
            raise ValueError("rules: a rule is listed twice: remove one")
        if (self.at_least.rules or 1) > len(self.rules):
            raise ValueError(f"at_least.rules: {self.at_least.rules} of {len(self.rules)} rules can never be there")
        if self.at_least.cameras > 1 and self.same != "site":
            raise ValueError("at_least.cameras: several cameras are together on a site only: write same: site")
        if self.at_least.cameras == 1 and (self.at_least.rules or len(self.rules)) == 1:
            raise ValueError("one rule on one camera is no compound: ask for two rules, or for several cameras")
        if parse_duration(self.within).value > LONGEST_S:
            raise ValueError(f"within: {self.within} is longer than 1h, the longest that is remembered")
        if self.status == "stable" and not self.tests:
            raise ValueError("a stable compound needs tests: add one that holds and one that nearly does")
        return self


@dataclass(frozen=True, slots=True)
class Compound:
    """A compound rule file that is right in itself."""

    located: Located[CompoundFile]

    @property
    def content(self) -> CompoundFile:
        """What the file says."""
        return self.located.content


def compound_record(compound: CompoundFile) -> dict[str, Any]:
    """The compound in the bundle; its version is the digest of what decides when it holds."""
    semantics: dict[str, Any] = {
        "rules": sorted(compound.rules),
        "same": compound.same,
        "within_ms": round(parse_duration(compound.within).value * 1000),
        "min_rules": compound.at_least.rules or len(compound.rules),
        "min_cameras": compound.at_least.cameras,
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


def compound_problems(compound: Located[CompoundFile], rules: tuple[Rule, ...], known: list[str]) -> list[Problem]:
    """What is wrong with a compound beside the rules of its folder.

    Args:
        compound: the file.
        rules: of the folder, those that are right.
        known: ids of all rules, right or wrong.
    """
    by_id = {rule.content.rule: rule for rule in rules}
    problems = []
    for i, name in enumerate(compound.content.rules):
        path, what = ["rules", i], f'rules[{i}]: "{name}"'
        if name not in known:
            rules_are = f"there is no such rule; rules are {', '.join(sorted(known)) or 'none'}{nearest(name, known)}"
            problems.append(compound.document.problem(path, f"{what}: {rules_are}"))
        elif name in by_id and by_id[name].template.name in _COUNTS:
            problems.append(compound.document.problem(path, f"{what}: counts and opens no episode: name another"))
        elif name in by_id and by_id[name].content.status == "draft":
            problems.append(compound.document.problem(path, f"{what}: is a draft and does not run: write status: test"))
    for t, test in enumerate(compound.content.tests):
        for e, episode in enumerate(test.episodes):
            if episode.rule not in compound.content.rules:
                members = ", ".join(compound.content.rules)
                message = f'tests[{t}].episodes[{e}].rule: "{episode.rule}" is no member; members are {members}'
                hint = nearest(episode.rule, compound.content.rules)
                problems.append(compound.document.problem(["tests", t, "episodes", e, "rule"], message + hint))
    return problems
