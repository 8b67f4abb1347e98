"""`vigie rules publish`: bring a site's rules in force at an event time, or a former bundle back.

`vigie apply` publishes its rules through the same plan and the same gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vigie_cli.cameras_deployed import camera_records, site_time_zones
from vigie_cli.configuration_topics import answered, deployment_codec, publish
from vigie_cli.effective_at import SOON, effective_ms
from vigie_cli.event_times import instant
from vigie_cli.rules_bundles import SHORT, History, bundle_differences, chosen_site, read_histories, way_back
from vigie_cli.rules_notes import folder_notes, nowhere, refused, unauthorised_in, unauthorised_live
from vigie_cli.site_folder import read_site_folder, refuse_empty
from vigie_cli.wording import counted
from vigie_common.errors import BadInputError
from vigie_common.topics import TopicNames
from vigie_common.yaml_document import InvalidFileError
from vigie_rule_engine.bundle import rule_bundle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from vigie_cli.effective_at import At
    from vigie_cli.site_folder import SiteFolder
    from vigie_common.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """A bundle beside what would judge at its instant without it."""

    bundle: Mapping[str, Any]
    before: Mapping[str, Any] | None
    what: str
    """added, changed, unchanged."""
    differences: tuple[str, ...]
    taken_over: tuple[tuple[str, int, str], ...]
    """(digest, effective_at, digest of what would judge without it) of bundles that are published already and take
    over later."""
    time_zone: str
    """In which times are printed."""
    told: tuple[str, ...] = ()
    """What is worth knowing of these rules, such as a stable one that runs in shadow."""

    @property
    def publishes(self) -> bool:
        """There is something to publish."""
        return self.what != "unchanged"

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth knowing of these rules, and what takes over later, in words."""
        later = (
            f"{digest[:SHORT]} is published already and takes over at {instant(at, self.time_zone)}; to prevent it: "
            f"{self._way_back(instead, at)}"
            for digest, at, instead in self.taken_over
        )
        return tuple(f"note: {text}" for text in (*self.told, *later))

    @property
    def undo(self) -> str | None:
        """The command that brings back what this replaces; None: it replaces nothing."""
        if self.before is None or not self.publishes:
            return None
        return self._way_back(self.before["digest"], int(self.bundle["effective_at"]) if self.scheduled else None)

    @property
    def scheduled(self) -> bool:
        """It begins later than what is published now by default, which therefore cannot take its place."""
        return int(self.bundle["effective_at"]) > effective_ms(SOON)

    def _way_back(self, digest: str, at: int | None) -> str:
        return way_back(str(self.bundle["site"]), digest, self.time_zone, at)

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {
            "site": self.bundle["site"],
            "what": self.what,
            "digest": self.bundle["digest"],
            "effective_at": self.bundle["effective_at"],
            "author": self.bundle["author"],
            "rules": len(self.bundle["rules"]),
            "before": None if self.before is None else self.before["digest"],
            "differences": list(self.differences),
            "notes": list(self.told),
            "undo": self.undo,
            "later": [
                {"digest": digest, "effective_at": at, "undo": self._way_back(instead, at)}
                for digest, at, instead in self.taken_over
            ],
        }


def plan_bundle(
    history: History | None, bundle: Mapping[str, Any], time_zone: str = "UTC", told: Iterable[str] = ()
) -> Plan:
    """What publishing a bundle changes.

    Args:
        history: of the site; None: nothing was published yet.
        bundle: a RuleBundle record.
        time_zone: in which times are printed.
        told: what is worth knowing of its rules.
    """
    at_ms = int(bundle["effective_at"])
    in_force = None if history is None else history.in_force(at_ms)
    before = None if in_force is None else in_force.bundle
    same = before is not None and before["digest"] == bundle["digest"]
    after = () if history is None else (history if same else history.with_next(bundle)).takeovers(at_ms)
    return Plan(
        bundle,
        before,
        "added" if history is None else "unchanged" if same else "changed",
        () if same else tuple(bundle_differences(before, bundle)),
        tuple((one.digest, one.effective_at, instead.digest) for one, instead in after if instead is not None),
        time_zone,
        tuple(told),
    )


def refuse_unfit(folder: Path, site: SiteFolder) -> None:
    """Refuse nothing to judge by, and a stable rule or compound whose tests fail: only what is proven alerts.

    Raises:
        BadInputError: there is nothing to judge by, or tests fail: which, expected beside found.
    """
    from vigie_cli.rules_test import tests_of

    if site.rules is None:
        return
    refuse_empty(folder, site.rules, "; to take the last rule out of service leave its file there with status: draft")
    stable = [rule for rule in site.rules.rules if rule.content.status == "stable"]
    compounds = [compound for compound in site.rules.compounds if compound.content.status == "stable"]
    report = tests_of(stable, compounds, site.cameras)
    if not report.passed:
        failed = [line for outcome in report.outcomes if not outcome.passed for line in outcome.lines()]
        told = "\n".join([*failed, *report.problems])
        raise BadInputError(f"{told}\nnothing was published: a stable rule's tests must pass, or write status: test")


async def publish_folder(settings: Settings, folder: Path, at: At, author: str, *, dry_run: bool) -> Plan:
    """Publish the rules, authorisations and compound rules of a site's folder as one bundle.

    Raises:
        InvalidFileError: the lint has found something.
        BadInputError: a stable rule's tests fail, or the folder has no rules; nothing was published.
        DependencyError: Kafka does not answer, or has no topics.
    """
    site = read_site_folder(folder)
    if site.rules is None:
        raise BadInputError(
            f"{folder}: no rules/ below it: give the folder of the site, which holds rules/ and cameras/"
        )
    wrong = (*site.problems, *site.cameras.problems)  # without all cameras the rules were not checked in full
    if wrong:
        raise InvalidFileError(wrong)
    refuse_unfit(folder, site)
    told = folder_notes(site)
    histories, cameras = await read_histories(settings), await camera_records(settings)
    bundle = rule_bundle(site.cameras.site, site.rules, author=author, effective_at=effective_ms(at))
    zone = site.cameras.site.time_zone
    told += (*unauthorised_in(site, bundle), *nowhere(bundle, cameras), *refused(bundle, cameras))
    plan = plan_bundle(histories.get(str(bundle["site"])), bundle, zone, told)
    return await _carry_out(settings, plan, dry_run=dry_run)


async def publish_former(
    settings: Settings, digest: str, site: str | None, at: At, author: str, *, dry_run: bool
) -> Plan:
    """Publish a former bundle again, by the beginning of its digest: the way back.

    Raises:
        BadInputError: there is no such bundle, or it is not clear of which site.
        DependencyError: Kafka does not answer, or has no topics.
    """
    history = chosen_site(await read_histories(settings), site)
    former = history.named(digest)
    cameras = await camera_records(settings)
    zone = site_time_zones(cameras).get(history.site, "UTC")
    bundle = {**former.bundle, "author": author, "effective_at": effective_ms(at)}
    told = (
        *unauthorised_live(bundle, cameras, bundle["effective_at"]),
        *nowhere(bundle, cameras),
        *refused(bundle, cameras),
    )
    return await _carry_out(settings, plan_bundle(history, bundle, zone, told), dry_run=dry_run)


async def _carry_out(settings: Settings, plan: Plan, *, dry_run: bool) -> Plan:
    if plan.publishes and not dry_run:
        names = TopicNames(settings.topic_prefix)
        async with answered(settings), deployment_codec(settings) as codec:
            await publish(settings, names, codec, [("rules", str(plan.bundle["site"]), dict(plan.bundle))])
    return plan


def lines(plan: Plan, *, dry_run: bool) -> Iterator[str]:
    """What a person reads."""
    bundle = plan.bundle
    for difference in plan.differences:
        yield f"  {difference}"
    digest, rules = bundle["digest"][:SHORT], counted(len(bundle["rules"]), "rule")
    before = "no rules" if plan.before is None else plan.before["digest"][:SHORT]
    if plan.before is not None and not plan.publishes:
        yield f"nothing to change: {bundle['site']} has {digest} ({rules}) already, from {_since(plan, plan.before)}"
    else:
        verb = "would replace" if dry_run else "replaces"
        yield f"{bundle['site']}: {digest} ({rules}) by {bundle['author']} {verb} {before} from {_since(plan, bundle)}"
        if plan.undo is not None and not dry_run:
            yield f"back again: {plan.undo}{' until it takes over, then without --at' if plan.scheduled else ''}"
    yield from plan.notes


def _since(plan: Plan, bundle: Mapping[str, Any]) -> str:
    return instant(int(bundle["effective_at"]), plan.time_zone)
