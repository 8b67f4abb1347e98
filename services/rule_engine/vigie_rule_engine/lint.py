"""What is wrong in a folder of rules, alone and together with the cameras they select."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vigie_common.camera_file import CameraFile, camera_problems, read_camera
from vigie_common.site_file import SITE_FILE, find_site, read_site
from vigie_common.yaml_document import InvalidFileError, Problem
from vigie_common.yaml_model import Located, nearest
from vigie_rule_engine.compound_lint import compound_camera_problems, compound_problems, rules_by_id
from vigie_rule_engine.file_texts import mark_inside
from vigie_rule_engine.lint_times import clock_problems
from vigie_rule_engine.quantities import too_many_frames

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from vigie_common.site_file import SiteFile
    from vigie_common.yaml_document import Document
    from vigie_rule_engine.bundle import RuleFolder
    from vigie_rule_engine.rule_file import CameraSelection, RuleParts


@dataclass(frozen=True, slots=True)
class CameraFolder:
    """The cameras of a site, and everything that is wrong in their files.

    Attributes:
        site: what they have in common.
        cameras: those that are right; a wrong one is left out and the others stay.
        problems: of the wrong ones.
    """

    site: SiteFile
    cameras: tuple[Located[CameraFile], ...]
    problems: tuple[Problem, ...]


def read_cameras(folder: Path, models: Collection[str] | None) -> CameraFolder:
    """Every camera file of a site: in `cameras/` below `site.yaml`, beside it, or in a folder below it that is given.

    Args:
        folder: of the site.
        models: names in the model catalogue; None: not checked.

    Raises:
        BadInputError: there is no site file, or it is wrong: no camera can be judged without it.
    """
    path = find_site(folder)
    site = read_site(path).content
    cameras: list[Located[CameraFile]] = []
    problems: list[Problem] = []
    first: dict[str, str] = {}
    for file in sorted(_camera_files_folder(folder, path).iterdir()):
        if file.suffix.lower() not in {".yaml", ".yml"} or file.name == SITE_FILE:
            continue
        try:
            located = read_camera(file)
        except InvalidFileError as error:
            problems += error.problems
            continue
        name = located.content.camera
        found = camera_problems(located, site, models)
        if name in first:
            message = f'camera: the id "{name}" is taken by {first[name]}: choose another'
            found.append(located.problem(["camera"], message))
        first.setdefault(name, located.document.file)
        problems += found
        if not found:
            cameras.append(located)
    return CameraFolder(site, tuple(cameras), tuple(sorted(problems)))


def _camera_files_folder(folder: Path, site: Path) -> Path:
    """Where the camera files of a folder are, once its site file is found."""
    if site.parent.resolve() == folder.resolve().parent:
        return folder
    below = site.parent / "cameras"
    return below if below.is_dir() else site.parent


def lint(rules: RuleFolder, cameras: CameraFolder | None) -> list[Problem]:
    """Every error that an author can make, in the order of files and lines.

    Args:
        rules: of the site.
        cameras: of the site; None: what rules say of cameras is not checked.
    """
    problems = list(rules.problems)
    everything = rules.parts
    ids = sorted(rules_by_id(everything))
    for parts in everything:
        problems += _test_problems(parts, cameras)
        problems += _replacement_problems(parts, ids)
    for compound in rules.compound_parts:
        problems += compound_problems(compound, everything, ids)
    if cameras is not None:
        problems += cameras.problems
        problems += clock_problems(rules, cameras.site.time_zone)
        selections = [(parts.document, parts.selection) for parts in everything]
        selections += [(c.document, c.selection) for c in rules.compound_parts]
        selections += [(a.document, a.content.cameras) for a in rules.authorisations]
        for document, selection in selections:
            if selection is not None:
                problems += _selection_problems(
                    document, selection, cameras.cameras, may_be_empty=bool(cameras.problems)
                )
        for compound in () if cameras.problems else rules.compound_parts:
            there = sorted(camera.content.camera for camera in cameras.cameras)
            chosen = partial(_chosen, cameras.cameras)
            problems += compound_camera_problems(compound, everything, there, chosen)
        for parts in everything:
            if parts.selection is not None:
                problems += _geometry_problems(parts, selected(parts.selection, cameras.cameras))
            if cameras.cameras and not cameras.problems:
                problems += _condition_problems(parts, cameras)
    return sorted(set(problems))


def _chosen(cameras: Iterable[Located[CameraFile]], selection: CameraSelection) -> list[str]:
    """Ids of the cameras that a selection means."""
    return sorted(camera.content.camera for camera in selected(selection, cameras))


def _replacement_problems(parts: RuleParts, ids: Sequence[str]) -> list[Problem]:
    """A rule in shadow names the live one that it would replace."""
    name = parts.replaces
    if not isinstance(name, str):
        return []
    node = parts.document.at(["rule"])
    own = node.value if node is not None else None
    if name not in ids:
        others = [one for one in ids if one != own]
        message = f'replaces: there is no rule "{name}"; other rules are {", ".join(others) or "none"}'
        return [parts.document.problem(["replaces"], message + nearest(name, others))]
    if own == name:
        message = "replaces: a rule cannot replace itself: name the live rule that it would replace"
        return [parts.document.problem(["replaces"], message)]
    if parts.status == "stable":
        message = "replaces: a stable rule replaces nothing, both would alert: write status: test, or remove the old"
        return [parts.document.problem(["replaces"], message)]
    return []


def selected(selection: CameraSelection, cameras: Iterable[Located[CameraFile]]) -> list[Located[CameraFile]]:
    """The cameras that carry all of the tags, and those named."""
    tags = set(selection.tags)
    return [
        camera
        for camera in cameras
        if camera.content.camera in selection.ids or (tags and tags <= set(camera.content.tags))
    ]


def _selection_problems(
    document: Document,
    selection: CameraSelection,
    cameras: Sequence[Located[CameraFile]],
    *,
    may_be_empty: bool,
) -> list[Problem]:
    """Tags that no camera carries and ids that no camera has.

    A camera whose file is wrong is not known: with `may_be_empty` the missing one may be that.
    """
    if may_be_empty:
        return []
    problems = []
    tags = sorted({tag for camera in cameras for tag in camera.content.tags})
    ids = sorted(camera.content.camera for camera in cameras)
    for i, tag in enumerate(selection.tags):
        if tag not in tags:
            known = f"tags in use are {', '.join(tags) or 'none'}{nearest(tag, tags)}"
            message = f'cameras.tags[{i}]: no camera carries "{tag}"; {known}'
            problems.append(document.problem(["cameras", "tags", i], message))
    for i, name in enumerate(selection.ids):
        if name not in ids:
            message = f'cameras.ids[{i}]: there is no camera "{name}"; cameras are {", ".join(ids) or "none"}'
            problems.append(document.problem(["cameras", "ids", i], message + nearest(name, ids)))
    if not problems and not selected(selection, cameras):
        message = f"cameras: no camera carries all of {', '.join(selection.tags)} together"
        problems.append(document.problem(["cameras", "tags"], message))
    return problems


def _geometry_problems(parts: RuleParts, cameras: Sequence[Located[CameraFile]]) -> list[Problem]:
    """Zones, lines and calibration that a rule needs and a camera it selects does not have."""
    problems = []
    document = parts.document
    for camera in cameras:
        content = camera.content
        for key, wanted, have, section in (
            ("zone", parts.parameters.zones, list(content.zones), "zones"),
            ("line", parts.parameters.lines, list(content.lines), "lines"),
        ):
            for name in wanted:
                if name not in have:
                    message = (
                        f'with.{key}: "{name}" is not in {section} of camera {content.camera} '
                        f"({camera.document.file}), which the rule selects; it has "
                        f"{', '.join(have) or 'none'}{nearest(name, have)}"
                    )
                    problems.append(document.problem(["with", key], message))
        template = parts.template
        if template is None:
            continue
        if "homography" in template.needs and not content.calibration:
            message = (
                f"template: {template.name} needs a homography and camera {content.camera} "
                f"({camera.document.file}) has no calibration: add four calibration points to it"
            )
            problems.append(document.problem(["template"], message))
        elif not content.calibration:
            problems += _metric_problems(parts, camera)
        if content.sampling.fps < template.least_fps:
            message = (
                f"template: {template.name} needs {template.least_fps:g} frames a second and camera {content.camera} "
                f"({camera.document.file}) is sampled at {content.sampling.fps:g}: raise its sampling.fps"
            )
            problems.append(document.problem(["template"], message))
        numbers = parts.parameters.numbers
        for name, asked in too_many_frames(template, numbers, content.camera, content.sampling.fps):
            problems.append(document.problem(["with", name], f"with.{name}: {asked}"))
    return problems


def _condition_problems(parts: RuleParts, cameras: CameraFolder) -> Iterator[Problem]:
    """What a condition asks of cameras and none has; one that does not compile has been told."""
    from vigie_rule_engine.condition_cameras import unknown_cameras
    from vigie_rule_engine.conditions import ConditionError, compile_condition

    node = parts.document.at(["when"])
    if node is None or not isinstance(node.value, str) or parts.template is None:
        return
    try:
        compile_condition(node.value, parts.template.name)
    except ConditionError:
        return
    everywhere = [camera.content for camera in cameras.cameras]
    chosen = [c.content for c in selected(parts.selection, cameras.cameras)] if parts.selection is not None else []
    for text, line, column in unknown_cameras(node.value, cameras.site.site, chosen, everywhere):
        yield Problem(parts.document.file, mark_inside(parts.document, ["when"], line, column), text)


def _metric_problems(parts: RuleParts, camera: Located[CameraFile]) -> list[Problem]:
    """Distances and speeds in metres on a camera that is not calibrated."""
    template = parts.template
    for parameter in template.parameters if template is not None else ():
        given = parts.document.at(["with", parameter.name])
        if given is not None and {f"{parameter.name}_m", f"{parameter.name}_mps"} & set(parts.parameters.numbers):
            message = (
                f"with.{parameter.name}: {given.value} is in metres and camera {camera.content.camera} "
                f"({camera.document.file}) has no calibration: add four calibration points to it, or write heights, "
                f"such as {parameter.default}"
            )
            return [parts.document.problem(["with", parameter.name], message)]
    return []


def _test_problems(parts: RuleParts, cameras: CameraFolder | None) -> list[Problem]:
    """A stable rule without tests, tests whose files are not there, and tests on cameras that are not there."""
    document, folder = parts.document, parts.folder
    problems = []
    if parts.status == "stable" and not parts.tests:
        message = "status: a stable rule needs tests that pass: add tests, or write status: test"
        problems.append(document.problem(["status"], message))
    ids = [] if cameras is None else sorted(camera.content.camera for camera in cameras.cameras)
    for i, test in enumerate(parts.tests):
        for key, name in () if test is None else test.files:
            if not (folder / name).is_file():
                pattern = "*.csv" if key == "tracks" else "*.y*ml"
                nearby = sorted(str(p.relative_to(folder)) for p in folder.rglob(pattern))
                message = f'tests[{i}].{key}: no file "{name}" beside the rule{nearest(name, nearby)}'
                problems.append(document.problem(["tests", i, key], message))
        camera = None if test is None else test.camera
        if camera is not None and cameras is not None and not cameras.problems and camera not in ids:
            message = f'tests[{i}].camera: there is no camera "{camera}"; cameras are {", ".join(ids) or "none"}'
            problems.append(document.problem(["tests", i, "camera"], message + nearest(camera, ids)))
    return problems
