"""`vigie apply`: publish a folder of cameras, rules and authorisations as configuration that holds from an instant."""

from __future__ import annotations

import asyncio
import getpass
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vigie_cli.apply_difference import differences
from vigie_cli.configuration_topics import answered, deployment_codec, last_records, publish, topic_partitions
from vigie_cli.effective_at import effective_ms, now_ms, parse_at
from vigie_cli.event_times import instant
from vigie_cli.rules_bundles import SHORT, bundle_histories
from vigie_cli.rules_notes import unauthorised_in
from vigie_cli.rules_publish import plan_bundle, refuse_unfit
from vigie_cli.site_folder import read_site_folder, site_time_zone
from vigie_cli.wording import counted
from vigie_common.camera_record import camera_record, removal_record
from vigie_common.errors import BadInputError
from vigie_common.settings import Settings, read_settings
from vigie_common.topics import TopicNames
from vigie_common.yaml_document import InvalidFileError, Problem
from vigie_rule_engine.bundle import rule_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_cli.effective_at import At
    from vigie_cli.rules_bundles import History
    from vigie_cli.site_folder import SiteFolder

_TOPICS: Final = ("cameras", "rules")
"""Those that are written."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one camera, or of the rules."""

    kind: str
    """camera or rules."""
    name: str
    what: str
    """added, changed, unchanged, removed; absent: no longer in the folder, still in service; kept: in service,
    and in the folder only if one of its wrong files is this camera's."""
    version: str
    details: tuple[str, ...] = ()
    """Of a changed camera or changed rules: what is another now; of rules, also the notes on them."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What was published."""

    effective_at: int
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...] = field(default=())
    """Of camera files that were left out."""


async def apply_folder(
    settings: Settings,
    folder: Path,
    at: At,
    author: str,
    *,
    prune: bool = False,
    strict: bool = False,
    dry_run: bool = False,
    cameras_only: bool = False,
) -> Applied:
    """Publish what a folder says and Kafka does not have yet.

    A wrong rule, or a stable one whose tests fail, refuses everything, because rules are one bundle. A wrong camera
    file never stops the others: it is reported, and its camera stays as it was.

    Args:
        settings: where Kafka is.
        folder: of the site.
        at: event time from which it holds, ms, or how long after it is sent.
        author: who publishes the rules.
        prune: take cameras out of service that the folder no longer has.
        strict: refuse everything for a wrong camera file too.
        dry_run: say what would change, publish nothing.
        cameras_only: leave rules and authorisations alone, right or wrong.

    Raises:
        InvalidFileError: a rule or authorisation is wrong (or, with `strict`, a camera); nothing was published.
        BadInputError: a stable rule's tests fail; nothing was published.
        DependencyError: Kafka does not answer, or has no topics.
    """
    site = read_site_folder(folder, cameras_only=cameras_only)
    refused = site.problems + (site.cameras.problems if strict else ())
    if refused:
        raise InvalidFileError(refused)
    if prune and not site.cameras.cameras and not site.cameras.problems:
        raise BadInputError(
            f"--prune: {folder} has no camera file, so every camera of {site.cameras.site.site} would be removed: "
            "give the folder that holds them, or leave --prune out"
        )
    if prune and site.cameras.problems:
        # the camera of a wrong file is not gone, and its id may be the very thing that is wrong
        raise InvalidFileError(site.cameras.problems)
    refuse_unfit(folder, site)
    async with answered(settings):
        effective_at, changes = await _bring_in_force(settings, site, author, at, prune=prune, dry_run=dry_run)
    return Applied(effective_at, changes, site.cameras.problems)


async def _bring_in_force(
    settings: Settings, site: SiteFolder, author: str, at: At, *, prune: bool, dry_run: bool
) -> tuple[int, tuple[Change, ...]]:
    """Publish what differs from what Kafka has; from when it holds (ms), and what differs."""
    names = TopicNames(settings.topic_prefix)
    partitions = await topic_partitions(settings, [names.full(topic) for topic in _TOPICS])
    async with deployment_codec(settings) as codec:
        published = await last_records(settings, partitions[names.full("cameras")], codec, "camera")
        cameras = {name: camera for name, (camera, _) in published.items()}
        rules = await bundle_histories(settings, partitions[names.full("rules")], codec)
        effective_at = effective_ms(at)
        changes, records = _changes(site, cameras, rules, author, effective_at, prune=prune)
        if not dry_run:
            await publish(settings, names, codec, records)
    return effective_at, changes


def _changes(
    site: SiteFolder,
    cameras: Mapping[str, Mapping[str, Any]],
    rules: Mapping[str, History],
    author: str,
    effective_at: int,
    *,
    prune: bool,
) -> tuple[tuple[Change, ...], list[tuple[str, str, dict[str, Any]]]]:
    """What differs from the last published records, and the records (topic, key, value) that make it so."""
    changes: list[Change] = []
    records: list[tuple[str, str, dict[str, Any]]] = []
    for located in site.cameras.cameras:
        folder = Path(located.document.file).parent
        record = camera_record(located.content, site.cameras.site, folder, effective_at)
        name, version = str(record["camera_id"]), str(record["version"])
        last = cameras.get(name)
        what = _difference(last, "version", record)
        if last is not None and not last["removed"]:
            # a person said it of the camera, not of a file
            record["view_confirmed_at"] = last["view_confirmed_at"]
        details = differences(last, record) if last is not None and what == "changed" else ()
        changes.append(Change("camera", name, what, version, details))
        if what != "unchanged":
            records.append(("cameras", name, record))
    known = {change.name for change in changes}
    left = "removed" if prune else "kept" if site.cameras.problems else "absent"
    for name, last in sorted(cameras.items()):
        if name in known or last["removed"] or last["site"] != site.cameras.site.site:
            continue
        changes.append(Change("camera", name, left, str(last["version"])))
        if prune:
            records.append(("cameras", name, removal_record(last, effective_at)))
    if site.rules is not None:
        bundle = rule_bundle(site.cameras.site, site.rules, author=author, effective_at=effective_at)
        key = str(bundle["site"])
        zone = site.cameras.site.time_zone
        plan = plan_bundle(rules.get(key), bundle, zone, unauthorised_in(site, bundle))
        name = f"{key} ({counted(len(bundle['rules']), 'rule')})"
        details = (*(plan.differences if plan.what == "changed" else ()), *plan.notes)
        changes.append(Change("rules", name, plan.what, str(bundle["digest"])[:SHORT], details))
        if plan.publishes:
            records.append(("rules", key, bundle))
    return tuple(changes), records


def _difference(last: Mapping[str, Any] | None, version: str, record: Mapping[str, Any]) -> str:
    """What a record is beside the last published one; `version` names the field that tells them apart.

    The same content is a change too if the last one only holds from a later instant.
    """
    if last is None or last.get("removed", False):
        return "added"
    same = last[version] == record[version] and last["effective_at"] <= record["effective_at"]
    return "unchanged" if same else "changed"


def table(applied: Applied) -> Table:
    """What changed, for a terminal."""
    colours = {
        "added": "green",
        "changed": "yellow",
        "removed": "red",
        "absent": "magenta",
        "kept": "magenta",
        "unchanged": "dim",
    }
    notes = {
        "absent": " (no longer in the folder, still in service: --prune removes it)",
        "kept": " (no right file, in service as it was)",
    }
    view = Table("", "name", "change", "version", box=None, pad_edge=False)
    for change in applied.changes:
        what = f"[{colours[change.what]}]{change.what}[/]{notes.get(change.what, '')}"
        view.add_row(change.kind, change.name, what, change.version)
        for detail in change.details:
            view.add_row("", "", Text(f"  {detail}", style="dim"), "")
    return view


def command(
    folder: Annotated[Path, typer.Argument(help="folder with site.yaml, cameras/ and rules/")],
    at: Annotated[str, typer.Option(help="when it holds from: now, +10s, or an ISO time, local to the site")] = "+10s",
    author: Annotated[str | None, typer.Option(help="who publishes; by default the user")] = None,
    prune: Annotated[bool, typer.Option(help="remove cameras that the folder no longer has")] = False,
    strict: Annotated[bool, typer.Option(help="publish nothing when a camera file is wrong")] = False,
    dry_run: Annotated[bool, typer.Option(help="say what would change, publish nothing")] = False,
) -> None:
    """Publish cameras, rules and authorisations.

    A wrong rule or authorisation refuses everything. A wrong camera file is reported (exit status 1) and the
    others are published, unless --strict.

    Example: vigie apply .

    Example: vigie apply town --at 2026-12-24T18:00+01:00 --prune
    """
    run(folder, at, author, prune=prune, strict=strict, dry_run=dry_run)


def run(
    folder: Path,
    at: str,
    author: str | None,
    *,
    prune: bool,
    strict: bool,
    dry_run: bool,
    cameras_only: bool = False,
) -> None:
    """Apply a folder and show on the terminal what came of it."""
    zone = site_time_zone(folder)
    applied = asyncio.run(
        apply_folder(
            read_settings(Settings),
            folder,
            parse_at(at, now_ms(), zone),
            author or getpass.getuser(),
            prune=prune,
            strict=strict,
            dry_run=dry_run,
            cameras_only=cameras_only,
        )
    )
    console = Console()
    console.print(table(applied))
    changed = sum(change.what in {"added", "changed", "removed"} for change in applied.changes)
    verb = "would change" if dry_run else "published"
    console.print(
        f"{changed} {verb}, in force from {instant(applied.effective_at, zone)}" if changed else "nothing to change"
    )
    if applied.problems:
        raise InvalidFileError(applied.problems)
