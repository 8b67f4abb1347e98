"""A site's folder as `vigie apply` and `vigie rules` read it: where its rules are, and everything that it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vigie_cli.options import WrongOptionError
from vigie_common.catalogue import load_catalogue
from vigie_common.errors import BadInputError
from vigie_common.site_file import SITE_FILE, find_site, read_site
from vigie_common.yaml_model import nearest
from vigie_rule_engine.bundle import read_rules
from vigie_rule_engine.lint import CameraFolder, lint, read_cameras

if TYPE_CHECKING:
    from vigie_common.yaml_document import Problem
    from vigie_rule_engine.bundle import RuleFolder


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """Everything that a site's folder says."""

    cameras: CameraFolder
    rules: RuleFolder | None
    """None: the folder has no rules, which leaves those in force alone."""
    problems: tuple[Problem, ...]
    """Of rules and authorisations, alone or together with the cameras."""


def read_site_folder(folder: Path, *, cameras_only: bool = False) -> SiteFolder:
    """A folder with `site.yaml` (there or in `cameras/`), `cameras/`, `rules/` and `authorisations/`.

    With `cameras_only` rules and authorisations are not looked at.

    Raises:
        BadInputError: there is no site file, or it is wrong.
    """
    _refuse_no_folder(folder)
    cameras = read_cameras(folder, frozenset(load_catalogue().models))
    sources = [] if cameras_only else rule_folders(folder)
    if not (cameras.cameras or cameras.problems or sources):
        nothing = "no camera file" if cameras_only else "neither a camera file nor rules"
        raise BadInputError(f"{folder}: {nothing} in it: give the folder that holds cameras/ and rules/")
    if not sources:
        return SiteFolder(cameras, None, ())
    rules = read_rules(*sources)
    return SiteFolder(cameras, rules, tuple(p for p in rule_problems(rules, cameras) if p not in cameras.problems))


def require_site_here(option: str) -> None:
    """Refuse an option left out that is by default the present folder, where that is of no site.

    Raises:
        WrongOptionError: there is no site file in it, in `cameras/` below it or around it.
    """
    try:
        find_site(site_of(Path()))
    except BadInputError:
        message = f"{option} is missing: no {SITE_FILE} in the present folder; give the folder of the site"
        raise WrongOptionError(message) from None


def site_time_zone(folder: Path) -> str:
    """Name of the time zone of a folder's site, in which its times are written and printed.

    Raises:
        BadInputError: there is no site file, or it is wrong.
    """
    _refuse_no_folder(folder)
    return read_site(find_site(folder)).content.time_zone


def _refuse_no_folder(folder: Path) -> None:
    if not folder.exists():
        raise BadInputError(f"{folder}: no such folder: give the one that holds site.yaml or cameras/site.yaml")
    site = site_of(folder)
    known = f"{site}, " if (site / "cameras").is_dir() else ""
    fix = f"give {known}the folder of the site, which holds rules/ and cameras/"
    if not folder.is_dir():
        raise BadInputError(f"{folder}: a file: {fix}")
    if known and _among_rules(folder, site):
        raise BadInputError(f"{folder}: a folder of rules: {fix}")


def rule_problems(rules: RuleFolder, cameras: CameraFolder | None) -> list[Problem]:
    """What the lint finds in rules, and in the scenes of their tests."""
    problems = lint(rules, cameras)
    if any(test is not None and test.scene for parts in rules.parts for test in parts.tests):
        from vigie_cli.rules_scenes import scene_problems

        problems = sorted({*problems, *scene_problems(rules)})
    return problems


def refuse_empty(folder: Path, rules: RuleFolder, instead: str = "") -> None:
    """Refuse a folder that holds nothing to judge by; `instead`: what else may have been meant.

    Raises:
        BadInputError: there is no rule, compound or authorisation.
    """
    if not (rules.rules or rules.compounds or rules.authorisations):
        fix = f"give the folder that holds them{instead}"
        raise BadInputError(f"{folder}: no rule and no authorisation below it: {fix}")


_ENDINGS: Final = frozenset({".yaml", ".yml"})
_RULE_FOLDERS: Final = ("rules", "authorisations")


def rule_folders(folder: Path) -> list[Path]:
    """The folders of a site that hold rules and authorisations, as far as they are there."""
    return [path for name in _RULE_FOLDERS if (path := folder / name).is_dir()]


def rule_sources(folder: Path) -> list[Path]:
    """Where the rules of a folder are: `rules/` and `authorisations/` of a site, else the folder or file itself.

    Raises:
        BadInputError: it is not there, or is a site that has none yet.
    """
    if not folder.exists():
        raise BadInputError(_not_there(folder))
    if not folder.is_dir():
        return [folder]
    if (folder / "cameras").is_dir() and not rule_folders(folder):
        begin = f"vigie rules new NAME --template TEMPLATE --site {folder}"
        raise BadInputError(
            f"{folder}: the site has no rules yet, they lie in {folder / 'rules'}: begin one by {begin}"
        )
    return rule_folders(folder) if (folder / "rules").is_dir() or (folder / "cameras").is_dir() else [folder]


def _not_there(path: Path) -> str:
    """That a folder of rules, or a file of one, is not there."""
    there = list(path.parent.iterdir()) if path.parent.is_dir() else []
    files = [one.name for one in there if one.suffix.lower() in _ENDINGS]
    if path.suffix.lower() in _ENDINGS:
        fix = nearest(path.name, files) or ": give the file of a rule, or the folder that holds the rules"
        return f"{path}: no such file{fix}"
    near = nearest(path.name, [*files, *(one.name for one in there if one.is_dir())])
    return f"{path}: no such folder{near or ': give the one that holds the rules, or the file of one'}"


def camera_folder(folder: Path) -> Path:
    """Where the cameras of rules, a folder or a file of them, are: of their site, else in the folder or around it."""
    site, around = site_of(folder), folder.parent
    beside = not (site / "cameras").is_dir() and not (site / SITE_FILE).exists() and (around / SITE_FILE).exists()
    return around if beside else site


def site_of(path: Path) -> Path:
    """The folder with the cameras of a rule file or of a folder of rules; its own if there is none.

    It is the folder itself, the one around it, or, however deep the rules lie, the one in whose `rules/` or
    `authorisations/` they are; `cameras/` of a folder farther out is another's.
    """
    own = path if path.is_dir() else path.parent
    here = path.resolve()
    for folder in (own, *own.resolve().parents):
        around = folder in {own, own.resolve().parent}
        if (around or _among_rules(here, folder)) and (folder / "cameras").is_dir():
            return next((one for one in path.parents if one.resolve() == folder), folder)  # as it was given
    return own


def _among_rules(path: Path, site: Path) -> bool:
    """Whether a path lies in a site's rules or authorisations."""
    return any(path.resolve().is_relative_to((site / name).resolve()) for name in _RULE_FOLDERS)
