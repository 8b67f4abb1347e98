"""What is worth knowing of rules that are published or live: nothing of it stops them."""

from __future__ import annotations

import time
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from vigie_cli.event_times import instant
from vigie_common.camera_record import camera_record
from vigie_common.catalogue import load_catalogue
from vigie_rule_engine.authority import Authority, applies
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.lint_warnings import lint_warnings, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vigie_cli.rules_difference import Happening
    from vigie_cli.site_folder import SiteFolder
    from vigie_common.records import Camera, Compound, Rule, RuleBundle, RuleError
    from vigie_rule_engine.bundle import RuleFolder
    from vigie_rule_engine.lint import CameraFolder


def unauthorised(bundle: Mapping[str, Any], cameras: Iterable[Mapping[str, Any]], at: int) -> Iterator[str]:
    """Rules and compounds that are stable and alert on none or not all of their cameras, for want of an authorisation.

    Args:
        bundle: a RuleBundle record.
        cameras: Camera records of its site.
        at: event time, ms.
    """
    judged = [(camera, Authority.of(camera, bundle)) for camera in cast("Iterable[Camera]", cameras)]  # type: ignore[arg-type]  # a RuleBundle record
    for one in _alerting(bundle):
        tags, ids = one["camera_tags"], one["camera_ids"]
        without = [
            camera["camera_id"]
            for camera, authority in judged
            if applies(tags, ids, camera, otherwise=True) and authority.mode(one, at)[1] is None
        ]
        if without:
            lacks = f"no authorisation in force covers category {one['category']} on {named(without)}"
            yield f"{one['id']}: stable, but {lacks}: runs in shadow"


def in_shadow(
    found: Iterable[Happening], bundle: Mapping[str, Any], cameras: Iterable[Mapping[str, Any]], zone: str
) -> Iterator[str]:
    """Why stable rules and compounds did not alert where they found something: the first of each, and when they may.

    Args:
        found: what was found.
        bundle: by which; a RuleBundle record.
        cameras: Camera records of its site.
        zone: of the site, for the times.
    """
    known = {one["id"]: one for one in _alerting(bundle)}
    by_id = {camera["camera_id"]: Authority.of(camera, bundle) for camera in cast("Iterable[Camera]", cameras)}  # type: ignore[arg-type]  # a RuleBundle record
    said: set[str] = set()
    for happening in found:
        rule = known.get(happening.rule)
        if happening.mode != "shadow" or rule is None or rule["id"] in said:
            continue
        said.add(rule["id"])
        lacks = f"no authorisation in force covers category {rule['category']} on {happening.camera}"
        authority = by_id.get(happening.camera, Authority())
        others = "".join(
            f"; {a['id']} does from {instant(a['valid_from'], zone)} until {instant(a['valid_until'], zone)}"
            for a in authority.authorisations
            if rule["category"] in a["categories"]
        )
        yield f"{rule['id']}: stable, but {lacks} at {instant(happening.at, zone)}: in shadow{others}"


def _alerting(bundle: Mapping[str, Any]) -> Iterator[Rule | Compound]:
    """What alerts once it is authorised: counts never do."""
    for rule in bundle["rules"]:
        if rule["status"] == "stable" and not (rule["template"] in TEMPLATES and TEMPLATES[rule["template"]].counts):
            yield rule
    yield from (compound for compound in bundle["compounds"] if compound["status"] == "stable")


def folder_notes(site: SiteFolder) -> tuple[str, ...]:
    """What the lint warns of in a site's folder, and rules and compounds in shadow whose tests fail."""
    if site.rules is None:
        return ()
    models, now = load_catalogue().models, time.time_ns() // 1_000_000
    warnings = lint_warnings(site.rules, site.cameras, models, now, uncovered=False)
    return (*map(str, warnings), *_failing(site.rules, site.cameras))


def unauthorised_in(site: SiteFolder, bundle: Mapping[str, Any]) -> tuple[str, ...]:
    """The same of a site's folder, at the instant of the bundle that was made of it."""
    at = int(bundle["effective_at"])
    cameras = [
        camera_record(one.content, site.cameras.site, Path(one.document.file).parent, at)
        for one in site.cameras.cameras
    ]
    return tuple(unauthorised(bundle, cameras, at))


def unauthorised_live(bundle: Mapping[str, Any], cameras: Iterable[Mapping[str, Any]], at: int) -> tuple[str, ...]:
    """The same with those of all deployed cameras that are the site's and in service."""
    return tuple(unauthorised(bundle, _in_service(bundle, cameras), at))


def nowhere(bundle: Mapping[str, Any], cameras: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Rules and compounds that mean no camera of all deployed ones: which, and what they ask for.

    Args:
        bundle: a RuleBundle record.
        cameras: Camera records of any site, removed ones too.
    """
    own = _in_service(bundle, cameras)
    asked: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for one in (*bundle["rules"], *bundle["compounds"]):
        tags, ids = one["camera_tags"], one["camera_ids"]
        if one["status"] != "draft" and not any(applies(tags, ids, camera, otherwise=True) for camera in own):
            asked.setdefault((tuple(tags), tuple(ids)), []).append(one["id"])
    return tuple(
        f"{', '.join(sorted(rules))}: {'runs' if len(rules) == 1 else 'run'} nowhere, "
        f"no camera of {bundle['site']} in service {_meant(tags, ids)}"
        for (tags, ids), rules in sorted(asked.items())
    )


def refused(bundle: Mapping[str, Any], cameras: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Rules that deployed cameras which they mean will refuse as they are in service: which, and why the first does.

    Args:
        bundle: a RuleBundle record.
        cameras: Camera records of any site, removed ones too.
    """
    from vigie_rule_engine.compile import compile_table

    errors: dict[str, list[RuleError]] = {}
    for camera in _in_service(bundle, cameras):
        for error in compile_table(camera, cast("RuleBundle", bundle)).errors:
            errors.setdefault(error["rule"], []).append(error)
    return tuple(
        f"{rule}: does not run on {named([error['camera_id'] for error in told])} as in service: "
        f"{min(told, key=itemgetter('camera_id'))['message']}"
        for rule, told in sorted(errors.items())
    )


def _meant(tags: Sequence[str], ids: Sequence[str]) -> str:
    """What a selection asks of a camera, in words."""
    carries = [f"carries the tag{'s' if len(tags) > 1 else ''} {' and '.join(tags)}"] if tags else []
    return " or ".join([*carries, *([f"is {' or '.join(ids)}"] if ids else [])]) or "is there"


def _in_service(bundle: Mapping[str, Any], cameras: Iterable[Mapping[str, Any]]) -> list[Camera]:
    """Those of all deployed cameras that are the site's and not removed."""
    own = [one for one in cameras if one["site"] == bundle["site"] and not one["removed"]]
    return cast("list[Camera]", own)


def _failing(rules: RuleFolder, cameras: CameraFolder) -> Iterator[str]:
    from vigie_cli.rules_test import tests_of

    reports = [(r.content.rule, tests_of([r], [], cameras)) for r in rules.rules if r.content.status == "test"]
    compounds = [c for c in rules.compounds if c.content.status == "test"]
    for name, report in (*reports, *((c.content.compound, tests_of([], [c], cameras)) for c in compounds)):
        failed = sum(not outcome.passed for outcome in report.outcomes) + len(report.problems)
        if failed:
            yield f"{failed} of {name}'s tests {'fails' if failed == 1 else 'fail'}: see `vigie rules test`"
