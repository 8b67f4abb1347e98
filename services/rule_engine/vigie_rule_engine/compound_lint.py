"""What is wrong with a compound beside the rules of its folder and the cameras of its site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigie_common.yaml_model import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vigie_common.yaml_document import Problem
    from vigie_rule_engine.compound_file import CompoundEpisode, CompoundParts
    from vigie_rule_engine.rule_file import CameraSelection, RuleParts


def compound_problems(compound: CompoundParts, rules: Sequence[RuleParts], known: Sequence[str]) -> Iterator[Problem]:
    """Members that are not there or whose episodes can never count, and tests about others.

    Args:
        compound: what could be read of it.
        rules: of the folder, as far as they could be read.
        known: ids of all of them.
    """
    by_id = rules_by_id(rules)
    for i, name in enumerate(compound.rules):
        wrong = None if name is None else _member_problem(compound, name, by_id.get(name), known)
        if wrong is not None:
            yield compound.document.problem(["rules", i], f'rules[{i}]: "{name}"{wrong}')
    members = [name for name in compound.rules if name is not None]
    for t, e, episode in _test_episodes(compound):
        if episode.rule not in members:
            message = f'tests[{t}].episodes[{e}].rule: "{episode.rule}" is no member; members are '
            message += f"{', '.join(members)}{nearest(episode.rule, members)}"
            yield compound.document.problem(["tests", t, "episodes", e, "rule"], message)


def _member_problem(compound: CompoundParts, name: str, rule: RuleParts | None, known: Sequence[str]) -> str | None:
    """Why no episode of a member can ever count, whatever the camera."""
    if name not in known:
        return f": there is no such rule; rules are {', '.join(sorted(known)) or 'none'}{nearest(name, known)}"
    if rule is None:
        return None
    if rule.template is not None and rule.template.counts:
        return ": counts and opens no episode: name another"
    if rule.status == "draft":
        return ": is a draft and does not run: write status: test in it"
    no_zone = not rule.parameters.zones and rule.document.at(["with", "zone"]) is None
    if compound.same == "zone" and rule.template is not None and no_zone:
        place = f"is about line {', '.join(rule.parameters.lines)}" if rule.parameters.lines else "names no zone"
        return f" {place}, and with same: zone only episodes in a named zone count: write same: camera"
    return None


def compound_camera_problems(
    compound: CompoundParts,
    rules: Sequence[RuleParts],
    cameras: Sequence[str],
    chosen: Callable[[CameraSelection], Sequence[str]],
) -> Iterator[Problem]:
    """Members that never meet, too few cameras, and tests of what can never happen on the site.

    Args:
        compound: what could be read of it.
        rules: of the folder, as far as they could be read.
        cameras: ids of the site's.
        chosen: the ids of those that a selection means.
    """
    mine = chosen(compound.selection) if compound.selection is not None else []
    by_id = rules_by_id(rules)
    running = {
        name: chosen(rule.selection)
        for name in compound.rules
        if name is not None and (rule := by_id.get(name)) is not None and rule.selection is not None
    }
    apart = [name for name, theirs in running.items() if mine and theirs and not set(mine) & set(theirs)]
    for name in apart:
        i = compound.rules.index(name)
        message = f'rules[{i}]: "{name}" runs on {", ".join(running[name])}, and the compound means {", ".join(mine)}: '
        yield compound.document.problem(["rules", i], message + "they can never be together")
    if mine and not apart and len(running) == len(compound.rules):
        yield from _meeting_problems(compound, by_id, {n: sorted(set(mine) & set(on)) for n, on in running.items()})
    for t, e, episode in _test_episodes(compound):
        wrong = _episode_problem(episode, by_id.get(episode.rule), cameras, mine, running.get(episode.rule))
        if wrong is not None:
            key, message = wrong
            path = ["tests", t, "episodes", e, key]
            yield compound.document.problem(path, f"tests[{t}].episodes[{e}].{key}: {message}")


def _meeting_problems(
    compound: CompoundParts, rules: Mapping[str, RuleParts], running: Mapping[str, Sequence[str]]
) -> Iterator[Problem]:
    """Rules that are never enough in one place, and cameras that are never enough.

    Args:
        compound: what could be read of it.
        rules: by id.
        running: the compound's cameras that each member runs on.
    """
    somewhere = sorted({camera for on in running.values() for camera in on})
    if compound.cameras > len(somewhere):
        message = f"at_least.cameras: {compound.cameras} can never be there, the compound's rules run on "
        yield compound.document.problem(["at_least", "cameras"], message + (", ".join(somewhere) or "none of its own"))
    if compound.same not in {"zone", "camera"}:
        return
    zones = {name: rules[name].parameters.zones if compound.same == "zone" else ("",) for name in running}
    places = {name: {(camera, zone) for camera in on for zone in zones[name]} for name, on in running.items()}
    if not all(places.values()):
        return
    most = max(sum(place in those for those in places.values()) for place in set().union(*places.values()))
    if most < compound.least_rules:
        listed = "; ".join(f"{name} {_listed(those)}" for name, those in places.items())
        key = "same" if compound.document.at(["same"]) is not None else "rules"
        message = f"{key}: {compound.least_rules} rules must be in one {compound.same} and never are: {listed}: "
        wider = "zone, or same: camera" if compound.same == "zone" else "camera, or same: site"
        yield compound.document.problem([key], f"{message}name rules of one {wider}")


def _listed(places: set[tuple[str, str]]) -> str:
    """Where a rule runs, for people."""
    return ", ".join(f"on {camera}" if not zone else f"in {zone} of {camera}" for camera, zone in sorted(places))


def _episode_problem(
    episode: CompoundEpisode,
    rule: RuleParts | None,
    cameras: Sequence[str],
    mine: Sequence[str],
    theirs: Sequence[str] | None,
) -> tuple[str, str] | None:
    """Why an episode of a test can never happen on the site: which key, and what to write.

    Args:
        episode: of a test.
        rule: that it names; None: unreadable.
        cameras: ids of the site's.
        mine: those that the compound means; empty: unreadable.
        theirs: those that the rule runs on; None: unreadable.
    """
    camera, zone = episode.camera, episode.zone
    if camera not in cameras:
        known = f"cameras are {', '.join(cameras) or 'none'}{nearest(camera, cameras)}"
        return "camera", f'there is no camera "{camera}"; {known}'
    if mine and camera not in mine:
        return "camera", f"the compound does not mean {camera}; it means {', '.join(mine)}"
    if theirs and camera not in theirs:
        return "camera", f"{episode.rule} does not run on {camera}; it runs on {', '.join(theirs)}"
    if rule is None or rule.template is None or not zone or zone in rule.parameters.zones:
        return None
    zones = rule.parameters.zones
    told = f"its zones are {', '.join(zones)}{nearest(zone, zones)}" if zones else "it names no zone: leave it out"
    return "zone", f'{episode.rule} is not about "{zone}"; {told}'


def _test_episodes(compound: CompoundParts) -> Iterator[tuple[int, int, CompoundEpisode]]:
    """Each episode of each test that could be read, with the places of both."""
    for t, test in enumerate(compound.tests):
        for e, episode in enumerate(() if test is None else test.episodes):
            yield t, e, episode


def rules_by_id(rules: Sequence[RuleParts]) -> Mapping[str, RuleParts]:
    """The rules of a folder that have an id."""
    nodes = [(rule.document.at(["rule"]), rule) for rule in rules]
    return {node.value: rule for node, rule in nodes if node is not None and isinstance(node.value, str)}
