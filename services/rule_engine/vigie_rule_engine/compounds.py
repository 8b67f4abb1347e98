"""Which compound rules an episode is a member of: the stamp that the alert service correlates by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigie_rule_engine.authority import applies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vigie_common.records import Camera, Compound, CompoundStamp, Mode, RuleBundle
    from vigie_rule_engine.authority import Authority


def compounds_of(camera: Camera, bundle: RuleBundle | None) -> dict[str, tuple[Compound, ...]]:
    """The compounds that mean a camera, by member rule."""
    found: dict[str, list[Compound]] = {}
    for compound in () if bundle is None else bundle["compounds"]:
        means = applies(compound["camera_tags"], compound["camera_ids"], camera, otherwise=True)
        if compound["status"] != "draft" and means:
            for rule in compound["rules"]:
                found.setdefault(rule, []).append(compound)
    return {rule: tuple(compounds) for rule, compounds in found.items()}


def standing(
    rules: Iterable[str],
    compounds: Mapping[str, Sequence[Compound]],
    authority: Authority,
    at: int,
    mode: Mode | None = None,
) -> list[CompoundStamp]:
    """The stamps at event time `at` (ms) of the compounds that these rules are members of and that may alert, by id."""
    meant = {
        c["id"]: c for rule in rules for c in compounds.get(rule, ()) if mode is not None or c["status"] == "stable"
    }
    return stamps([meant[name] for name in sorted(meant)], authority, at, mode)


def stamps(
    compounds: Sequence[Compound], authority: Authority, at: int, mode: Mode | None = None
) -> list[CompoundStamp]:
    """The stamps of an episode that opens at event time `at` (ms); `mode` holds for all where it is given."""
    made: list[CompoundStamp] = []
    for compound in compounds:
        found, authorisation = (mode, None) if mode is not None else authority.mode(compound, at)
        made.append(
            {
                "id": compound["id"],
                "version": compound["version"],
                "same": compound["same"],
                "within_ms": compound["within_ms"],
                "min_rules": compound["min_rules"],
                "min_cameras": compound["min_cameras"],
                "cooldown_ms": compound["cooldown_ms"],
                "severity": compound["severity"],
                "category": compound["category"],
                "mode": found,
                "authorisation": authorisation,
                "title": compound["title"],
                "explain": compound["explain"],
            }
        )
    return made
