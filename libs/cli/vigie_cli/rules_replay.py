"""`vigie rules replay`: changed rules over recorded tracks, beside the rules that are live now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigie_cli.rules_compounds import compound_happenings
from vigie_cli.rules_difference import Difference, Happening, compare, happenings
from vigie_cli.rules_judge import judge
from vigie_cli.rules_notes import in_shadow
from vigie_cli.site_folder import rule_sources
from vigie_common.camera_record import camera_record
from vigie_common.catalogue import load_catalogue
from vigie_common.errors import BadInputError, DependencyError
from vigie_common.yaml_document import InvalidFileError
from vigie_common.yaml_model import nearest
from vigie_rule_engine.bundle import read_rules, rule_bundle
from vigie_rule_engine.lint import CameraFolder, lint, read_cameras

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigie_common.camera_file import CameraFile
    from vigie_common.settings import Settings
    from vigie_common.yaml_model import Located


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it."""

    difference: Difference
    found: tuple[Happening, ...]
    """By the changed rules."""
    errors: tuple[Mapping[str, Any], ...]
    """Rules that a camera cannot run, of the changed ones."""
    records: int
    empty: int
    """Records without an object."""
    refused: tuple[str, ...]
    """Why, of each record that contradicts itself."""
    left_out: Mapping[str, int]
    """Records that nothing was judged by, by the reason in words."""
    against: str
    """What they are compared with, in words."""
    time_zone: str
    notes: tuple[str, ...] = ()
    """Why stable rules did not alert."""

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {
            "records": self.records,
            "empty": self.empty,
            "refused": list(self.refused),
            "left_out": dict(self.left_out),
            "against": self.against,
            "errors": [dict(error) for error in self.errors],
            "notes": list(self.notes),
            **self.difference.plain(),
        }


@dataclass(frozen=True, slots=True)
class Changed:
    """The changed rules, and the cameras that they are judged on."""

    bundle: Mapping[str, Any]
    cameras: CameraFolder
    only: frozenset[str] | None
    """Compared are these rules and compounds alone: files were given, not a folder. None: all."""
    option: str = "--cameras"
    """Of the command: which folder the cameras are of."""

    def camera_records(self, camera: str | None) -> list[dict[str, Any]]:
        """Camera records of the site, or of one.

        Raises:
            BadInputError: there is no such camera.
        """
        return [
            camera_record(located.content, self.cameras.site, Path(located.document.file).parent, 0)
            for located in self.camera_files(camera)
        ]

    def camera_files(self, camera: str | None) -> list[Located[CameraFile]]:
        """Camera files of the site, or of one camera.

        Raises:
            BadInputError: there is no such camera.
        """
        known = {located.content.camera: located for located in self.cameras.cameras}
        if camera is not None and camera not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise BadInputError(
                f'--camera: there is no camera "{camera}" in site {self.cameras.site.site}; cameras are {listed}'
                f"{nearest(camera, known)}; give the folder of its site: {self.option} FOLDER"
            )
        return [known[name] for name in sorted(known) if camera is None or name == camera]


def read_changed(rules: Sequence[Path], cameras: Path, option: str = "--cameras") -> Changed:
    """Rule files or folders of them, checked; with the site's cameras, whose folder an option of the command names.

    Raises:
        InvalidFileError: a rule or camera is wrong.
        BadInputError: there is no rule, or no site.
    """
    sources = [source for path in rules for source in ([path] if path.is_file() else rule_sources(path))]
    read = read_rules(*sources)
    known = read_cameras(cameras, frozenset(load_catalogue().models))
    only_files = all(path.is_file() for path in rules)
    # what a file says of other rules cannot be checked without them
    problems = (*read.problems, *known.problems) if only_files else lint(read, known)
    if problems:
        raise InvalidFileError(problems)
    if not (read.rules or read.compounds):
        raise BadInputError(
            f"{', '.join(map(str, rules))}: no rule in it: give rule files, or the folder that holds them"
        )
    bundle = rule_bundle(known.site, read, author="replay", effective_at=0)
    named = [rule.content.rule for rule in read.rules] + [compound.content.compound for compound in read.compounds]
    only = frozenset(named) if only_files else None
    return Changed(bundle, known, only, option)


def present_rules(settings: Settings, changed: Changed, against: Path | None) -> tuple[Mapping[str, Any] | None, str]:
    """What the changed rules are compared with: another folder's, or those live now; and its name.

    Raises:
        DependencyError: Kafka does not answer.
    """
    if against is not None:
        read = read_rules(*rule_sources(against))
        if read.problems:
            raise InvalidFileError(read.problems)
        return rule_bundle(changed.cameras.site, read, author="replay", effective_at=0), str(against)
    from vigie_cli.rules_bundles import SHORT, live_bundle

    site = changed.cameras.site.site
    try:
        live = asyncio.run(live_bundle(settings, site))
    except DependencyError as down:
        raise DependencyError(f"{down}; or compare with the rules of a folder: --against FOLDER") from down
    return live, f"no live rules of {site}" if live is None else f"live {live['digest'][:SHORT]}"


def replay(
    changed: Changed,
    present: tuple[Mapping[str, Any] | None, str],
    records: Sequence[Mapping[str, Any]],
    camera: str | None,
) -> Replayed:
    """Judge the same tracks by both and compare, rule by rule.

    Authorisations are those that go with each: a rule that alerts in one and not in the other has moved.

    Raises:
        BadInputError: no record is of a camera that is judged.
    """
    cameras = changed.camera_records(camera)
    _require_common({str(one["camera_id"]) for one in cameras}, {str(one["camera_id"]) for one in records}, changed)
    bundle = dict(changed.bundle)
    before, against = present
    if changed.only is not None and before is not None:
        # only these are another version: members of compounds and authorisations stay what they are
        bundle["authorisations"] = bundle["authorisations"] or before["authorisations"]
        bundle["rules"] = [*bundle["rules"], *(rule for rule in before["rules"] if rule["id"] not in changed.only)]
    new = judge(records, cameras, bundle, ends=False)
    old = judge(records, cameras, before, ends=False)
    found = _happenings(new.events, changed.only)
    return Replayed(
        compare(_happenings(old.events, changed.only), found),
        found,
        tuple(error for error in new.errors if changed.only is None or error["rule"] in changed.only),
        new.records,
        new.empty,
        new.refused,
        new.left_out,
        against,
        zone := changed.cameras.site.time_zone,
        tuple(in_shadow(found, bundle, cameras, zone)),
    )


def _require_common(cameras: set[str], recorded: set[str], changed: Changed) -> None:
    if recorded and not cameras & recorded:
        raise BadInputError(
            f"the tracks are of {', '.join(sorted(recorded))}, which has no camera file here (there are "
            f"{', '.join(sorted(cameras)) or 'none'}): give the folder of its site with {changed.option}, or record "
            "them for a camera with `vigie replay VIDEO --camera FILE`"
        )


def _happenings(events: Sequence[Mapping[str, Any]], only: frozenset[str] | None) -> tuple[Happening, ...]:
    """What rules and compounds found; of these alone where they are given."""
    found = (*happenings(events), *compound_happenings(events))
    return tuple(one for one in sorted(found, key=lambda one: one.at) if only is None or one.rule in only)
