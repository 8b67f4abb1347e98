"""What is wrong with a compound beside the rules of its folder and the cameras of its site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigie_common.yaml_model import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vigie_common.yaml_source import Problem
    from vigie_rule_engine.compound_file import CompoundParts
    from vigie_rule_engine.rule_file import CameraSelection, RuleParts


def compound_problems(compound: CompoundParts, rules: Sequence[RuleParts], known: Sequence[str]) -> Iterator[Problem]:
    """Members that are not there or never open an episode, and tests about others.

    Args:
        compound: what could be read of it.
        rules: of the folder, as far as they could be read.
        known: ids of all of them.
    """
    by_id = rules_by_id(rules)
    for i, name in enumerate(compound.rules):
        if name is None:
            continue
        rule, what = by_id.get(name), f'rules[{i}]: "{name}"'
        if name not in known:
            there = f"rules are {', '.join(sorted(known)) or 'none'}{nearest(name, known)}"
            yield compound.document.problem(["rules", i], f"{what}: there is no such rule; {there}")
        elif rule is not None and rule.template is not None and rule.template.counts:
            yield compound.document.problem(["rules", i], f"{what}: counts and opens no episode: name another")
        elif rule is not None and rule.status == "draft":
            yield compound.document.problem(
                ["rules", i], f"{what}: is a draft and does not run: write status: test in it"
            )
    members = [name for name in compound.rules if name is not None]
    for t, test in enumerate(compound.tests):
        for e, episode in enumerate(() if test is None else test.episodes):
            if episode.rule not in members:
                message = f'tests[{t}].episodes[{e}].rule: "{episode.rule}" is no member; members are '
                message += f"{', '.join(members)}{nearest(episode.rule, members)}"
                yield compound.document.problem(["tests", t, "episodes", e, "rule"], message)


def compound_camera_problems(
    compound: CompoundParts,
    rules: Sequence[RuleParts],
    cameras: Sequence[str],
    chosen: Callable[[CameraSelection], Sequence[str]],
) -> Iterator[Problem]:
    """Members that run on none of the compound's cameras, too few cameras, and tests on cameras that are not there.

    Args:
        compound: what could be read of it.
        rules: of the folder, as far as they could be read.
        cameras: ids of the site's.
        chosen: the ids of those that a selection means.
    """
    mine = chosen(compound.selection) if compound.selection is not None else []
    by_id = rules_by_id(rules)
    for i, name in enumerate(compound.rules if mine else ()):
        rule = by_id.get(name or "")
        theirs = chosen(rule.selection) if rule is not None and rule.selection is not None else mine
        if theirs and not set(mine) & set(theirs):
            message = f'rules[{i}]: "{name}" runs on {", ".join(theirs)}, and the compound means {", ".join(mine)}: '
            yield compound.document.problem(["rules", i], message + "they can never be together")
    if mine and compound.cameras > len(mine):
        message = f"at_least.cameras: {compound.cameras} can never be there, the compound means {', '.join(mine)}"
        yield compound.document.problem(["at_least", "cameras"], message)
    for t, test in enumerate(compound.tests):
        for e, episode in enumerate(() if test is None else test.episodes):
            if episode.camera not in cameras:
                message = f'tests[{t}].episodes[{e}].camera: there is no camera "{episode.camera}"; cameras are '
                message += f"{', '.join(cameras) or 'none'}{nearest(episode.camera, cameras)}"
                yield compound.document.problem(["tests", t, "episodes", e, "camera"], message)


def rules_by_id(rules: Sequence[RuleParts]) -> Mapping[str, RuleParts]:
    """The rules of a folder that have an id."""
    nodes = [(rule.document.at(["rule"]), rule) for rule in rules]
    return {node.value: rule for node, rule in nodes if node is not None and isinstance(node.value, str)}
