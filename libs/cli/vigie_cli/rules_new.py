"""`vigie rules new`: a rule file that lints and whose tests pass, made from a template and the site's own cameras."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.rules_scenes import scene_camera, scene_tracks
from vigie_cli.rules_templates import default_text, spelling, template_named
from vigie_cli.rules_test import rule_says
from vigie_common.catalogue import load_catalogue
from vigie_common.errors import BadInputError
from vigie_common.field_types import identifier
from vigie_common.yaml_document import InvalidFileError
from vigie_common.yaml_model import nearest
from vigie_common.yaml_source import parse_document, written
from vigie_rule_engine.bundle import read_rules, rule_record
from vigie_rule_engine.lint import read_cameras
from vigie_rule_engine.model_classes import not_found
from vigie_rule_engine.parameters import normalised
from vigie_rule_engine.rule_file import RuleTest, parse_rule
from vigie_rule_engine.schema_json import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from vigie_cli.rules_outcome import Found
    from vigie_common.camera_file import CameraFile
    from vigie_common.site_file import SiteFile
    from vigie_common.yaml_model import Located
    from vigie_rule_engine.lint import CameraFolder
    from vigie_rule_engine.rule_file import Rule
    from vigie_rule_engine.template import Parameter, Template

SCHEMAS: Final = ".schemas"
"""Beside the rules: the JSON Schema that the first line names for editors. Hidden, so no rule is looked for in it."""

CAMERAS: Final = "cameras"
"""Folder of a site."""

VARIANTS: Final = ("happens", "nearly", "look-alike")
"""The scenes that the library has for each template."""

_WITHIN_S: Final = 2
"""Tolerance of the tests that are written."""

_ABOUT: Final = 0.3
"""How far off the mean of a minute may be in them, objects."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a template begins with where its catalogue leaves the choice to the author."""

    classes: str
    category: str
    zone: str = ""
    """Of the library's scenes; empty: the whole image, where the template can judge it."""
    line: str = ""
    scenes: str = ""
    """First part of the scenes' names; empty: the template's own."""


_VEHICLES: Final = "[car, van, truck, bus]"
STARTS: Final[Mapping[str, Start]] = {
    "presence": Start("[person]", "presence", "forecourt"),
    "stopped": Start(_VEHICLES, "parking", "bay"),
    "count_line": Start("[person]", "counting", line="gate"),
    "line_cross": Start("[person]", "presence", line="gate"),
    "dwell": Start("[person]", "presence", "forecourt"),
    "wrong_way": Start(_VEHICLES, "traffic", "eastbound", "eastward"),
    "speed": Start(_VEHICLES, "traffic", "road"),
    "person_down": Start("[person]", "distress", "square"),
    "fall": Start("[person]", "distress", "square", scenes="person-down"),
    "abandoned_object": Start("[bag]", "object", "square"),
    "congestion": Start(_VEHICLES, "traffic", "eastbound"),
    "gathering": Start("[person]", "gathering", "square"),
    "density": Start("[person]", "density", "forecourt"),
    "crowd_movement": Start("[person]", "crowd-movement"),
    "object_class": Start("[fire]", "fire", "square"),
    "count_zone": Start("[person]", "counting", "square"),
    "unique_count": Start("[person]", "counting", "square"),
}

_GIVEN: Final[Mapping[str, str]] = {
    "duration": "10s",
    "distance": "1 height",
    "speed": "30 km/h",
    "fraction": "50%",
    "number": "1",
}
"""A required value of each kind, to begin with."""

_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "track over line": {"fr": "{object.class} franchit {line.name}", "en": "{object.class} crosses {line.name}"},
    "track": {"fr": "{object.class} dans {zone.name}", "en": "{object.class} in {zone.name}"},
    "zone": {"fr": "{zone.name}", "en": "{zone.name}"},
}


@dataclass(frozen=True, slots=True)
class Made:
    """A new rule: its file and the schema beside it, and for which camera of which site."""

    paths: tuple[Path, ...]
    site: str
    camera: str
    notes: tuple[str, ...]
    """What the camera cannot do for it."""


def new_rule(folder: Path, name: str, template_name: str, camera: str | None) -> Made:
    """Write `rules/NAME.yaml` in a site's folder, and the schema that its first line names.

    Of the folder of the site's cameras it is the one around it.

    Raises:
        BadInputError: the name is taken by a rule or a compound, or no id, there is no such template or camera, or no
            camera has what the template needs.
    """
    try:
        identifier(name)
    except ValueError as wrong:
        raise BadInputError(f'"{name}": {wrong}') from wrong
    template = template_named(template_name)
    models = load_catalogue().models
    if folder.resolve().name == CAMERAS and not (folder / CAMERAS).is_dir():
        folder = folder.parent if folder.name == CAMERAS else folder / ".."
    cameras = read_cameras(folder, frozenset(models))
    chosen = _camera(template, cameras, camera)
    rules = folder / "rules"
    path = rules / f"{name}.yaml"
    if path.exists():
        raise BadInputError(f"{path} is there already: choose another name, or remove it")
    for file, what, taken in _ids(rules):
        if taken == name:
            raise BadInputError(f'the {what} "{name}" is in {file} already: choose another name')
    content = chosen.content
    text = rule_text(name, template, content, cameras.site, folder)
    schema = rules / SCHEMAS / "rule.schema.json"
    schema.parent.mkdir(parents=True, exist_ok=True)
    schema.write_text(schemas()["rule.schema.json"], encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    classes = parse_rule(parse_document(text, name), folder).parameters.classes
    missing = not_found(classes, content.models, models)
    notes = () if missing is None else (f"no model of {content.camera} finds {missing}: give the camera one that does",)
    return Made((path, schema), cameras.site.site, content.camera, notes)


def _ids(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Of each rule and compound below a folder: its file, what it is, and its id."""
    if folder.is_dir():
        read = read_rules(folder)
        yield from ((rule.located.document.file, "rule", rule.content.rule) for rule in read.rules)
        yield from ((one.document.file, "compound", one.content.compound) for one in read.compounds)


def _camera(template: Template, cameras: CameraFolder, name: str | None) -> Located[CameraFile]:
    """The camera that was asked for, or the first that has what the template needs."""
    known = cameras.cameras
    ids = sorted(camera.content.camera for camera in known)
    if name is not None:
        if name not in ids:
            raise BadInputError(
                f'--camera: there is no camera "{name}"; cameras are {", ".join(ids) or "none"}{nearest(name, ids)}'
            )
        known = tuple(camera for camera in known if camera.content.camera == name)
    if not known:
        if cameras.problems:
            raise InvalidFileError(cameras.problems)
        raise BadInputError("the site has no camera yet: write a camera file first, see `vigie cameras --help`")
    lacking = {camera.content.camera: _lacks(template, camera.content) for camera in known}
    able = [camera for camera in known if not lacking[camera.content.camera]]
    if not able:
        needed = " and ".join(sorted({what for lacks in lacking.values() for what in lacks}))
        who = f"camera {name} lacks" if name is not None else "no camera of the site has"
        raise BadInputError(f"{template.name} needs {needed}, which {who}: add it to the camera file")
    with_zone = [camera for camera in able if camera.content.zones]
    return (with_zone or able)[0]


def _lacks(template: Template, camera: CameraFile) -> list[str]:
    required = {p.kind for p in template.parameters if p.default is None}
    return [
        what
        for what, needed, there in (
            ("a zone", "zone" in required or "zone" in template.needs, camera.zones),
            ("a line", "line" in required, camera.lines),
            ("four calibration points", "homography" in template.needs, camera.calibration),
            (
                f"{template.least_fps:g} frames a second",
                camera.sampling.fps < template.least_fps,
                False,
            ),
        )
        if needed and not there
    ]


def rule_text(name: str, template: Template, camera: CameraFile, site: SiteFile, folder: Path) -> str:
    """The rule file: every parameter with its meaning, and tests whose expectations are what the engine finds now."""
    start = STARTS.get(template.name, Start("[person]", template.name.replace("_", "-")))
    head = _head(name, template, camera, site, start)
    rule = parse_rule(parse_document(head, name), folder)
    tests = [f"  - {_test(rule, variant, start, site)}\n" for variant in VARIANTS]
    return head + "tests:\n" + "".join(tests)


def _head(name: str, template: Template, camera: CameraFile, site: SiteFile, start: Start) -> str:
    """Everything but the tests."""
    languages = [language for language in site.languages if language in _TEXTS["zone"]] or ["en"]
    title = written(name.replace("-", " ").replace("_", " ").capitalize())
    texts = _TEXTS.get(template.scope, _TEXTS["track"])
    fact = "" if template.counts else next((f"{{facts.{name.removesuffix('_s')}}}" for name in template.facts), "")
    colon = {"fr": " : "}
    placed = any(p.kind == "zone" and _chosen(p, template, camera, start) for p in template.parameters)
    where = "{zone.name}" if placed else "{camera.title}"
    lines = [
        f"# yaml-language-server: $schema={SCHEMAS}/rule.schema.json",
        f"# {template.doc} More: vigie rules templates {template.name}",
        f"rule: {written(name)}",
        f"title: {{{', '.join(f'{language}: {title}' for language in languages)}}}",
        "status: test                    # runs in shadow; stable: alerts, under an authorisation for its category",
        f"template: {template.name}",
        f"cameras: {{ids: [{written(camera.camera)}]}}",
        "with:",
        *(_parameter(parameter, template, camera, start) for parameter in template.parameters),
        "# when: local.hour >= 7 && local.hour < 20",
        "severity: info                  # info, warning or critical",
        f"category: {start.category}",
        "explain:",
        *(
            f'  {lang}: "{texts[lang].replace("{zone.name}", where)}{colon.get(lang, ": ") + fact if fact else ""}"'
            for lang in languages
        ),
    ]
    return "\n".join(lines) + "\n"


def _parameter(parameter: Parameter, template: Template, camera: CameraFile, start: Start) -> str:
    """One line: what is chosen, or the default as a comment; with its meaning."""
    value = _chosen(parameter, template, camera, start)
    shown = f"{parameter.name}: {value or default_text(parameter).split(' (or ')[0]}"
    if parameter.kind == "zone" and not value:
        shown = "zone: …"
    note = (
        parameter.doc if parameter.kind in {"classes", "zone", "line"} else f"{parameter.doc} ({spelling(parameter)})"
    )
    return f"  {'' if value else '# '}{shown:<{30 if value else 28}}  # {note}"


def _chosen(parameter: Parameter, template: Template, camera: CameraFile, start: Start) -> str | None:
    """What the rule says, where it says anything: required parameters, the place, and how long."""
    if parameter.kind == "classes":
        return start.classes
    if parameter.kind == "zone":
        return next(map(written, camera.zones), None) if start.zone or parameter.default is None else None
    if parameter.kind == "line":
        return next(map(written, camera.lines), None) if parameter.default is None else None
    if parameter.default is None:
        return _GIVEN[parameter.kind]
    return str(parameter.default) if parameter.name == "for" and not template.counts else None


def _test(rule: Rule, variant: str, start: Start, site: SiteFile) -> str:
    """One test on a scene of the library: what the engine says of it today, rounded to whole seconds."""
    from vigie_scene.library import library_scene

    scene = library_scene(f"{start.scenes or rule.template.name.replace('_', '-')}-{variant}")
    kinds = {parameter.kind for parameter in rule.template.parameters}
    places: dict[str, Any] = {
        kind: there for kind, there in (("zone", start.zone), ("line", start.line)) if there and kind in kinds
    }
    parameters, _ = normalised(rule.template, {**rule.content.with_, **places})
    found = rule_says(
        rule_record(replace(rule, parameters=parameters)),
        scene_camera(scene, site),
        scene_tracks(scene, 0),
        site.time_zone,
        RuleTest.model_fields["start"].default,
    )
    given = ", ".join(f"{key}: {value}" for key, value in places.items())
    about = rule.template.scenes[VARIANTS.index(variant)]
    differing = f"\n    with: {{{given}}}" if given else ""
    expect = "".join(f"\n      - {_expected(one)}" for one in found) or " []"
    return f"scene: {scene.scene}  # {about}{differing}\n    expect:{expect}"


def _expected(found: Found) -> str:
    at = f"{round(found.at_s)}s"
    if found.what != "open":
        facts = ", ".join(
            f"{name}: {_about(name, value)}" for name, value in found.facts.items() if name != "watched_s"
        )
        asked = f", facts: {{{facts}}}" if facts else ""
        return f"{{count: {found.what}, at: {at}, within: {_WITHIN_S}s{asked}}}"
    close = f", close: {round(found.until_s)}s" if found.until_s is not None and found.reason == "over" else ""
    return f"{{open: {at}{close}, within: {_WITHIN_S}s}}"


def _about(name: str, value: float) -> str:
    """What a test expects of a value that a count brings: a number of objects as it is, a mean about so."""
    return f"{value:g}" if name != "mean" else f"{max(0.0, value - _ABOUT):.1f} to {value + _ABOUT:.1f}"
