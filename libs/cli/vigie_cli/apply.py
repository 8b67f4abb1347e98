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

from vigie_cli.apply_cameras import plan_cameras
from vigie_cli.apply_difference import Change
from vigie_cli.camera_history import camera_histories
from vigie_cli.configuration_topics import answered, deployment_codec, publish, topic_partitions
from vigie_cli.effective_at import FARTHEST, effective_ms, now_ms, parse_at
from vigie_cli.event_times import instant
from vigie_cli.rules_bundles import SHORT, bundle_histories
from vigie_cli.rules_notes import unauthorised_in
from vigie_cli.rules_publish import plan_bundle, refuse_unfit
from vigie_cli.site_folder import read_site_folder, site_time_zone
from vigie_cli.wording import counted
from vigie_common.errors import BadInputError
from vigie_common.settings import Settings, read_settings
from vigie_common.topics import TopicNames
from vigie_common.yaml_document import InvalidFileError, Problem
from vigie_rule_engine.bundle import rule_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_cli.camera_history import CameraHistory
    from vigie_cli.effective_at import At
    from vigie_cli.rules_bundles import History
    from vigie_cli.site_folder import SiteFolder

_TOPICS: Final = ("cameras", "rules")
"""Those that are written."""


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
    """Publish what a folder says and what will be in force at that instant does not.

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
        effective_at, changes = await _bring_in_force(settings, folder, site, author, at, prune=prune, dry_run=dry_run)
    return Applied(effective_at, changes, site.cameras.problems)


async def _bring_in_force(
    settings: Settings, folder: Path, site: SiteFolder, author: str, at: At, *, prune: bool, dry_run: bool
) -> tuple[int, tuple[Change, ...]]:
    """Publish what differs from what will be in force; from when it holds (ms), and what differs."""
    names = TopicNames(settings.topic_prefix)
    partitions = await topic_partitions(settings, [names.full(topic) for topic in _TOPICS])
    async with deployment_codec(settings) as codec:
        cameras = await camera_histories(settings, partitions[names.full("cameras")], codec)
        rules = await bundle_histories(settings, partitions[names.full("rules")], codec)
        effective_at = effective_ms(at)
        changes, records = _changes(folder, site, cameras, rules, author, effective_at, prune=prune)
        if not dry_run:
            await publish(settings, names, codec, records)
    return effective_at, changes


def _changes(
    folder: Path,
    site: SiteFolder,
    cameras: Mapping[str, CameraHistory],
    rules: Mapping[str, History],
    author: str,
    effective_at: int,
    *,
    prune: bool,
) -> tuple[tuple[Change, ...], list[tuple[str, str, dict[str, Any]]]]:
    """What differs from what will be in force at that instant, and the records (topic, key, value) that make it so."""
    planned = list(plan_cameras(folder, site.cameras, cameras, effective_at, prune=prune))
    changes = [change for change, _ in planned]
    records = [("cameras", change.name, dict(record)) for change, record in planned if record is not None]
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


def table(applied: Applied) -> Table:
    """What changed, for a terminal."""
    colours = {
        "added": "green",
        "changed": "yellow",
        "removed": "red",
        "absent": "magenta",
        "kept": "magenta",
        "coming": "magenta",
        "unchanged": "dim",
    }
    notes = {
        "absent": " (no longer in the folder, still in service: --prune removes it)",
        "kept": " (no right file, in service as it was)",
        "coming": " (not in the folder, and not in service yet)",
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
            parse_at(at, now_ms(), zone, FARTHEST),
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
