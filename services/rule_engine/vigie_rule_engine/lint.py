"""What is wrong in a folder of rules, alone and together with the cameras they select."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vigie_common.camera_file import CameraFile, camera_problems, read_camera
from vigie_common.site_file import SITE_FILE, find_site, read_site
from vigie_common.yaml_model import Located, nearest
from vigie_common.yaml_source import InvalidFileError, Problem
from vigie_rule_engine.bundle import RuleFolder, read_rules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from vigie_common.site_file import SiteFile
    from vigie_rule_engine.rule_file import CameraSelection, Rule


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
    for file in sorted(_camera_files_folder(folder, path).glob("*.y*ml")):
        if file.name == SITE_FILE:
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
    for rule in rules.rules:
        problems += _test_problems(rule)
    if cameras is not None:
        problems += cameras.problems
        for rule in rules.rules:
            problems += _selection_problems(
                rule.located, rule.content.cameras, cameras.cameras, may_be_empty=bool(cameras.problems)
            )
            problems += _geometry_problems(rule, selected(rule.content.cameras, cameras.cameras))
        for authorisation in rules.authorisations:
            problems += _selection_problems(
                authorisation,
                authorisation.content.cameras,
                cameras.cameras,
                may_be_empty=bool(cameras.problems),
            )
    return sorted(set(problems))


def lint_folder(folder: Path, cameras: Path | None = None, models: Collection[str] | None = None) -> list[Problem]:
    """`lint` of the rules below a folder, with the cameras of another."""
    return lint(read_rules(folder), read_cameras(cameras, models) if cameras is not None else None)


def selected(selection: CameraSelection, cameras: Iterable[Located[CameraFile]]) -> list[Located[CameraFile]]:
    """The cameras that carry all of the tags, and those named."""
    tags = set(selection.tags)
    return [
        camera
        for camera in cameras
        if camera.content.camera in selection.ids or (tags and tags <= set(camera.content.tags))
    ]


def _selection_problems(
    located: Located[Any],
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
            problems.append(located.problem(["cameras", "tags", i], message))
    for i, name in enumerate(selection.ids):
        if name not in ids:
            message = f'cameras.ids[{i}]: there is no camera "{name}"; cameras are {", ".join(ids) or "none"}'
            problems.append(located.problem(["cameras", "ids", i], message + nearest(name, ids)))
    if not problems and not selected(selection, cameras):
        message = f"cameras: no camera carries all of {', '.join(selection.tags)} together"
        problems.append(located.problem(["cameras", "tags"], message))
    return problems


def _geometry_problems(rule: Rule, cameras: Sequence[Located[CameraFile]]) -> list[Problem]:
    """Zones, lines and calibration that a rule needs and a camera it selects does not have."""
    problems = []
    located = rule.located
    for camera in cameras:
        content = camera.content
        for key, wanted, have, section in (
            ("zone", rule.parameters.zones, list(content.zones), "zones"),
            ("line", rule.parameters.lines, list(content.lines), "lines"),
        ):
            for name in wanted:
                if name not in have:
                    message = (
                        f'with.{key}: "{name}" is not in {section} of camera {content.camera} '
                        f"({camera.document.file}), which the rule selects; it has "
                        f"{', '.join(have) or 'none'}{nearest(name, have)}"
                    )
                    problems.append(located.problem(["with", key], message))
        if "homography" in rule.template.needs and not content.calibration:
            message = (
                f"template: {rule.template.name} needs a homography and camera {content.camera} "
                f"({camera.document.file}) has no calibration: add four calibration points to it"
            )
            problems.append(located.problem(["template"], message))
    return problems


def _test_problems(rule: Rule) -> list[Problem]:
    """A stable rule without tests, and tests whose tracks are not there."""
    located, content = rule.located, rule.content
    problems = []
    if content.status == "stable" and not content.tests:
        message = "status: a stable rule needs tests that pass: add tests, or write status: test"
        problems.append(located.problem(["status"], message))
    folder = rule.folder
    for i, test in enumerate(content.tests):
        if not (folder / test.tracks).is_file():
            nearby = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.csv"))
            message = f'tests[{i}].tracks: no file "{test.tracks}" beside the rule{nearest(test.tracks, nearby)}'
            problems.append(located.problem(["tests", i, "tracks"], message))
    return problems
