"""`vigie rules test`: the tests written in the rules, run through the engine's own core."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.compound_test import compound_outcomes
from vigie_cli.rules_judge import judge, unjudged
from vigie_cli.rules_outcome import Found, Outcome, paired
from vigie_cli.rules_scenes import scene_camera, scene_tracks, test_scene
from vigie_cli.site_folder import rule_problems
from vigie_cli.wording import counted
from vigie_common.camera_record import camera_record
from vigie_common.errors import BadInputError
from vigie_common.instants import parse_instant
from vigie_common.yaml_document import InvalidFileError
from vigie_common.yaml_model import nearest
from vigie_rule_engine.bundle import read_rules, rule_record
from vigie_rule_engine.compound_file import compounds_by_id
from vigie_rule_engine.compound_lint import rules_by_id
from vigie_rule_engine.lint import CameraFolder, read_cameras
from vigie_rule_engine.parameters import normalised
from vigie_rule_engine.recorded import read_recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vigie_common.yaml_model import Located
    from vigie_rule_engine.compound_file import CompoundFile, CompoundParts
    from vigie_rule_engine.rule_file import Rule, RuleParts, RuleTest

_LONG_AGO: Final = 0


@dataclass(frozen=True, slots=True)
class Report:
    """All tests of a folder, and what kept tests from running."""

    outcomes: tuple[Outcome, ...]
    problems: tuple[str, ...]
    """Of tests that could not run."""
    wrong: tuple[str, ...] = ()
    """What is wrong in other files of rules and cameras: no test, and what they hold was left out."""
    linted: tuple[str, ...] = ()
    """What the lint finds in the rules that are tested, which may be why a test fails."""

    @property
    def passed(self) -> bool:
        """Every test ran and passed, and no file is wrong."""
        return not (self.problems or self.wrong or self.linted) and all(outcome.passed for outcome in self.outcomes)

    def lines(self) -> Iterator[str]:
        """The report as a person reads it: what is wrong in the rules first; the last line is the sum."""
        yield from self.linted
        for outcome in self.outcomes:
            yield from outcome.lines()
        yield from (*self.wrong, *self.problems)
        failed = sum(not outcome.passed for outcome in self.outcomes)
        unrun = f", {len(self.problems)} could not run" if self.problems else ""
        errors = len(self.wrong) + len(self.linted)
        wrong = f"; {counted(errors, 'error')} in files of rules and cameras" if errors else ""
        passed = len(self.outcomes) - failed
        yield f"{counted(len(self.outcomes), 'test')}: {passed} passed, {failed} failed{unrun}{wrong}"

    def plain(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "passed": self.passed,
            "tests": [outcome.plain() for outcome in self.outcomes],
            "problems": [*self.linted, *self.wrong, *self.problems],
        }


def run_tests(
    folders: Sequence[Path], cameras: Path, rule: str | None = None, beside: Sequence[Path] | None = None
) -> Report:
    """Run the tests of every rule below the folders.

    Args:
        folders: of rule files.
        cameras: folder of the site's cameras.
        rule: only this one, by its id.
        beside: folders of all rules of the site, these too, which compounds are checked with; None: these alone.

    Raises:
        BadInputError: there is no site, or no rule of that id.
    """
    known = read_cameras(cameras, None)
    read = read_rules(*folders)
    parts: dict[str, RuleParts | CompoundParts] = {
        **rules_by_id(read.parts),
        **compounds_by_id(read.compound_parts),
    }
    if rule is not None and rule not in parts:
        ids = ", ".join(sorted(parts)) or "none"
        raise BadInputError(
            f"no rule {rule!r} in {', '.join(map(str, folders))}: there are {ids}{nearest(rule, parts)}"
        )
    report = tests_of(
        [r for r in read.rules if rule is None or r.content.rule == rule],
        [c for c in read.compounds if rule is None or c.content.compound == rule],
        known,
    )
    files = {Path(p.document.file).resolve(): p.document.file for name, p in parts.items() if rule in {None, name}}
    asked = next((file for file in folders if file.is_file()), None)
    found = rule_problems(read if beside is None else read_rules(*beside, asked=asked), known)
    own = [(files.get(Path(problem.file).resolve()), problem) for problem in found]
    linted = [str(dataclasses.replace(problem, file=file)) for file, problem in own if file is not None]
    others = [str(problem) for problem in (*read.problems, *known.problems)]
    return Report(
        report.outcomes,
        tuple(problem for problem in report.problems if problem not in linted),
        tuple(other for other in others if other not in linted),
        tuple(linted),
    )


def tests_of(rules: Iterable[Rule], compounds: Iterable[Located[CompoundFile]], cameras: CameraFolder) -> Report:
    """Run the tests of these rules and compounds."""
    problems: list[str] = []
    outcomes: list[Outcome] = []
    for one in rules:
        for index in range(len(one.content.tests)):
            try:
                outcomes.append(run_test(one, index, cameras))
            except InvalidFileError as error:
                problems += map(str, error.problems)
            except BadInputError as error:
                mark = one.located.document.mark(["tests", index])
                problems.append(f"{one.located.document.file}:{mark.line}:{mark.column}: {error}")
    outcomes += (outcome for compound in compounds for outcome in compound_outcomes(compound))
    return Report(tuple(outcomes), tuple(problems))


def run_test(rule: Rule, index: int, cameras: CameraFolder) -> Outcome:
    """Run one test of one rule.

    Raises:
        BadInputError: the camera, tracks or scene are not there or wrong, or the camera cannot run the rule.
    """
    test = rule.content.tests[index]
    found = rule_says(_as_tested(rule, test), *_happenings(rule, index, cameras), cameras.site.time_zone, test.start)
    return Outcome(
        rule.content.rule,
        rule.located.document.file,
        rule.located.document.mark(["tests", index]).line,
        test.source,
        paired(test.expect, found),
    )


def _as_tested(rule: Rule, test: RuleTest) -> dict[str, Any]:
    """The rule with what differs in this test."""
    if not test.with_:
        return rule_record(rule)
    parameters, _ = normalised(rule.template, {**rule.content.with_, **test.with_})
    return rule_record(dataclasses.replace(rule, parameters=parameters))


def _happenings(rule: Rule, index: int, cameras: CameraFolder) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """The camera that looks, and what the tracker says; times from 0."""
    test = rule.content.tests[index]
    if test.tracks is None:
        scene = test_scene(rule.parts, index)
        return scene_camera(scene, cameras.site), scene_tracks(scene, 0)
    camera = next((c for c in cameras.cameras if c.content.camera == test.camera), None)
    if camera is None:
        ids = ", ".join(sorted(c.content.camera for c in cameras.cameras)) or "none"
        raise BadInputError(f"tests.camera: no camera {test.camera!r}: there are {ids}")
    recording = read_recording(rule.folder / test.tracks)
    record = camera_record(camera.content, cameras.site, rule.folder, _LONG_AGO)
    # sampled as the recording was
    record = {**record, "sampling": {**record["sampling"], "fps": 1000.0 / recording.interval_ms}}
    return record, [dict(tracks) for tracks in recording.records(record["camera_id"], 0)]


def rule_says(
    rule: Mapping[str, Any],
    camera: Mapping[str, Any],
    tracks: Iterable[Mapping[str, Any]],
    time_zone: str,
    start: str,
) -> tuple[Found, ...]:
    """What the engine's core says of tracks under one rule, in order of time.

    Args:
        rule: of a bundle; runs here whatever its status and choice of cameras.
        camera: that looks.
        tracks: with times from 0.
        time_zone: of the site.
        start: local time of 0.

    Raises:
        BadInputError: the camera cannot run the rule, or records were not judged: which, and why.
    """
    start_ms = parse_instant(start, time_zone)
    here = {**rule, "status": "test", "camera_tags": [], "camera_ids": [camera["camera_id"]]}
    bundle = {
        "site": camera["site"],
        "digest": "test",
        "effective_at": _LONG_AGO,
        "author": "",
        "withdrawn": False,
        "rules": [here],
        "authorisations": [],
        "compounds": [],
    }
    moved = ({**record, "captured_at": record["captured_at"] + start_ms} for record in tracks)
    judged = judge(moved, [camera], bundle, mode="test")
    for error in judged.errors:
        raise BadInputError(error["message"])
    unproven = "; ".join(unjudged(judged.refused, judged.left_out))
    if unproven:
        raise BadInputError(f"nothing is proven where records, one a frame, are not judged: {unproven}")
    return tuple(_found(judged.events, start_ms))


def _found(events: Sequence[Any], start_ms: int) -> Iterator[Found]:
    closes = {event["episode_id"]: event for event in events if event["kind"] == "CLOSE"}
    for event in events:
        text = next(iter(event["text"].values()), "")
        if event["kind"] == "COUNT":
            what, at_s = event["direction"] or "minute", (event["started_at"] - start_ms) / 1000
            yield Found(what, at_s, text=text, facts=event["facts"] if what == "minute" else {})
        elif event["kind"] == "OPEN":
            close = closes.get(event["episode_id"])
            until = None if close is None else (close["ended_at"] - start_ms) / 1000
            reason = None if close is None else close["ended_reason"]
            yield Found("open", (event["at"] - start_ms) / 1000, until, reason, text)
