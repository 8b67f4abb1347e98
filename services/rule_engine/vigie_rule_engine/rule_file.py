"""The rule file, one a rule, and the authorisation file: what people write, checked against the templates."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator

from vigie_common.compound_terms import LONGEST_COOLDOWN_MS
from vigie_common.field_types import EventTimeText, Identifier, InstantText, Name, Text, Texts
from vigie_common.instants import parse_instant
from vigie_common.units import parse_duration
from vigie_common.yaml_document import Document, InvalidFileError, Problem
from vigie_common.yaml_model import FieldError, FileModel, Located, validated
from vigie_rule_engine.catalogue import TEMPLATES, nearest_template
from vigie_rule_engine.expectations import Duration, Expectation, never_found
from vigie_rule_engine.file_texts import text_problems
from vigie_rule_engine.parameters import Parameters, normalised
from vigie_rule_engine.rule_condition import Condition, condition_problems
from vigie_rule_engine.template import Template

Status = Literal["draft", "test", "stable"]
Severity = Literal["info", "warning", "critical"]


def _cooldown(value: str) -> str:
    if not 0 < parse_duration(value).value * 1000 <= LONGEST_COOLDOWN_MS:
        raise ValueError("write more than 0s and 7d at most")
    return value


Cooldown = Annotated[Duration, AfterValidator(_cooldown)]


def cooldown_ms(written: str | None) -> int:
    """A cooldown as records have it: 0 where none is written."""
    return round(parse_duration(written).value * 1000) if written else 0


class CameraSelection(FileModel):
    """Cameras that carry all of these tags, and those named."""

    shape: ClassVar[str] = "{tags: [name]} or {ids: [camera]}"

    tags: list[Name] = Field(default=[], description="cameras that carry all of these")
    ids: list[Identifier] = Field(default=[], description="and these by name")

    @model_validator(mode="after")
    def _selects(self) -> "CameraSelection":
        if not self.tags and not self.ids:
            raise ValueError(f"selects nothing: write {self.shape}")
        return self


class RuleTest(FileModel):
    """Recorded tracks or a simulated scene, and everything the rule must say of them: no more, no less."""

    tracks: Text | None = Field(
        default=None, description="CSV file beside the rule: t_s,track_id,class,x1,y1,x2,y2 (0..1)"
    )
    scene: Text | dict[str, Any] | None = Field(
        default=None,
        description="simulated street: a name of `vigie scene list`, a YAML file beside the rule, or written out",
    )
    camera: Identifier | None = Field(
        default=None, description="of `tracks`: whose zones, lines and calibration hold; a scene has its own"
    )
    with_: dict[str, Any] = Field(
        default={}, alias="with", description="parameters that differ in this test, such as the scene's own zone"
    )
    start: EventTimeText = Field(
        default="2026-01-05T12:00", description="time of t_s = 0, local to the site, for `when`"
    )
    expect: list[Expectation] = Field(description="empty: the rule must say nothing")

    @model_validator(mode="after")
    def _one_source(self) -> "RuleTest":
        if (self.tracks is None) == (self.scene is None):
            raise ValueError("name what happens: write either tracks: FILE with camera: ID, or scene: NAME")
        if (self.tracks is None) != (self.camera is None):
            raise ValueError("`camera` goes with `tracks`: a scene has a camera of its own, recorded tracks need one")
        return self

    @property
    def source(self) -> str:
        """What happens in it, for people: the file, or the scene's name."""
        if self.tracks is not None:
            return self.tracks
        return self.scene if isinstance(self.scene, str) else "scene"

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """(key, path) of the file it reads beside the rule, if it does."""
        if self.tracks is not None:
            return (("tracks", self.tracks),)
        if isinstance(self.scene, str) and self.scene.endswith((".yaml", ".yml")):
            return (("scene", self.scene),)
        return ()


class RuleFile(FileModel):
    """A rule: a template, its parameters, and where it holds."""

    rule: Identifier = Field(description="id: stable, unique in the bundle")
    title: Texts = Field(description="by language")
    status: Status = Field(default="draft", description="draft: does not run; test: in shadow; stable: alerts")
    template: Text = Field(description="what judges")
    cameras: CameraSelection
    with_: dict[str, Any] = Field(alias="with", description="parameters of the template, with their units")
    when: Condition = Field(default=None, description="CEL condition, true or false")
    severity: Severity = Field(default="info", description="for the operator")
    category: Identifier = Field(description="kind of event; authorisations name it")
    cooldown: Cooldown | None = Field(
        default=None, description="so long after an episode has opened no other opens at that camera and zone or line"
    )
    explain: Texts = Field(default={}, description="what the operator reads, by language")
    replaces: Identifier | None = Field(
        default=None, description="of a rule in shadow: the live rule that `vigie rules status` compares it with"
    )
    tests: list[RuleTest] = Field(default=[], description="a stable rule has one at least")


class AuthorisationFile(FileModel):
    """The recorded legal basis under which rules may alert."""

    authorisation: Identifier = Field(description="id, unique in the bundle")
    categories: list[Identifier] = Field(min_length=1, description="kinds of event, as rules name them")
    cameras: CameraSelection
    legal_basis: Text = Field(description="law or decree")
    reference: Text = Field(description="order or decision, with its date")
    mode: Literal["exercise", "live"] = Field(default="exercise", description="an exercise is marked as one")
    from_: InstantText = Field(alias="from", description="alerting begins")
    until: InstantText = Field(description="alerting stops by itself; a date is included")

    @model_validator(mode="after")
    def _has_duration(self) -> "AuthorisationFile":
        if parse_instant(self.until, "UTC", end_of_day=True) <= parse_instant(self.from_, "UTC"):
            raise FieldError("until", f"{self.until} is not after from, {self.from_}: write a later one")
        return self


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule file that is right in itself."""

    located: Located[RuleFile]
    folder: Path
    """Where its tests' files lie."""
    template: Template
    parameters: Parameters

    @property
    def content(self) -> RuleFile:
        """What the file says."""
        return self.located.content

    @property
    def parts(self) -> "RuleParts":
        """Its parts, as the lint takes them."""
        content = self.located.content
        return RuleParts(
            self.located.document,
            self.folder,
            content.cameras,
            self.template,
            self.parameters,
            content.status,
            content.replaces,
            tuple(content.tests),
        )


@dataclass(frozen=True, slots=True)
class RuleParts:
    """What of a rule file could be read, right or wrong: enough to check it with the cameras all the same."""

    document: Document
    folder: Path
    """Where its tests' files lie."""
    selection: CameraSelection | None
    template: Template | None
    parameters: Parameters
    status: object
    replaces: object
    tests: tuple[RuleTest | None, ...]
    """None: a test that is wrong in itself."""


def parse_rule(document: Document, folder: Path) -> Rule:
    """The rule of a document; its tests read files below `folder`.

    Raises:
        InvalidFileError: everything that is wrong in itself, and where; cameras are the lint's matter.
    """
    rule, _, problems = examine_rule(document, folder)
    if rule is None:
        raise InvalidFileError(problems)
    return rule


def examine_rule(document: Document, folder: Path) -> tuple[Rule | None, RuleParts, list[Problem]]:
    """The rule of a document if it is right, what of it could be read, and everything that is wrong in itself."""
    problems: list[Problem] = []
    content: RuleFile | None = None
    try:
        content = validated(document, RuleFile)
    except InvalidFileError as error:
        problems += error.problems
    plain = document.root.plain()
    fields: dict[str, Any] = plain if isinstance(plain, dict) else {}
    name, given = fields.get("template"), fields.get("with")
    template = TEMPLATES.get(name) if isinstance(name, str) else None
    parameters = Parameters()
    if isinstance(name, str) and template is None:
        known = sorted(TEMPLATES)
        message = f'template: "{name}" is not a template; templates are {", ".join(known)}{nearest_template(name)}'
        problems.append(document.problem(["template"], message))
    if template is not None and isinstance(given, dict):
        parameters, found = normalised(template, given)
        problems += _placed(document, template, ["with"], found)
    if template is not None:
        problems += condition_problems(document, fields.get("when"), template, parameters)
        if template.counts and fields.get("cooldown") is not None:
            message = f"cooldown: {template.name} counts, and a count is no alert that could be repeated: remove it"
            problems.append(document.problem(["cooldown"], message))
        problems += _text_problems(document, template, parameters, given)
    tests = tuple(read_part(RuleTest, test) for test in listed(fields.get("tests")))
    for index, test in enumerate(tests):
        if template is not None and test is not None:
            for path, text in never_found(test.expect, template):
                problems.append(document.problem(["tests", index, *path], f"tests[{index}].{text}", of_key=True))
        if template is not None and test is not None and test.with_ and isinstance(given, dict):
            _, found = normalised(template, {**given, **test.with_})
            found = [(path, text) for path, text in found if path and path[0] in test.with_]
            told = [(path, f"tests[{index}].{text}") for path, text in found]
            problems += _placed(document, template, ["tests", index, "with"], told)
    selection = read_part(CameraSelection, fields.get("cameras"))
    status, replaces = fields.get("status", "draft"), fields.get("replaces")
    parts = RuleParts(document, folder, selection, template, parameters, status, replaces, tests)
    if problems or content is None or template is None:
        return None, parts, problems
    return Rule(Located(document, content), folder, template, parameters), parts, []


def _placed(
    document: Document, template: Template, where: list[object], found: list[tuple[list[object], str]]
) -> list[Problem]:
    """Problems of parameters at their place in the file; an unknown key is shown at the key."""
    known = [parameter.name for parameter in template.parameters]
    return [document.problem([*where, *path], text, of_key=bool(path) and path[0] not in known) for path, text in found]


def listed(value: object) -> list[object]:
    """A list of a file, or nothing where something else stands."""
    return value if isinstance(value, list) else []


M = TypeVar("M", bound=FileModel)


def read_part(model: type[M], value: object) -> M | None:
    """A part of a file, if it is right."""
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


def _text_problems(document: Document, template: Template, parameters: Parameters, given: object) -> list[Problem]:
    """Placeholders that nothing fills."""
    from vigie_rule_engine.texts import placeholders_of, unfilled

    placed = not isinstance(given, dict) or "zone" in given
    metric = any(name.endswith(("_m", "_mps")) for name in parameters.numbers)
    return list(
        text_problems(document, placeholders_of(template.name), unfilled(template, placed=placed, metric=metric))
    )
