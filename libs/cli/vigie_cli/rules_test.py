"""`vigie rules test`: the tests written in the rules, run through the engine's own core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.wording import counted
from vigie_common.camera_file import camera_record
from vigie_common.errors import BadInputError
from vigie_common.stream import ConfigVersion, FixedView, Message
from vigie_common.units import parse_duration, parse_instant
from vigie_rule_engine.bundle import read_rules, rule_record
from vigie_rule_engine.core import RuleCore
from vigie_rule_engine.lint import CameraFolder, read_cameras
from vigie_rule_engine.recorded import Recording, read_recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vigie_common.yaml_source import Problem
    from vigie_rule_engine.rule_file import Expectation, Rule, RuleTest

_LONG_AGO: Final = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Something the rule said; seconds from the test's start."""

    what: str
    """`open`, or the direction of a count."""
    at_s: float
    until_s: float | None = None
    """When the episode ended: the last instant it held."""
    reason: str | None = None
    text: str = ""

    def __str__(self) -> str:
        if self.what != "open":
            return f"count {self.what} at {_seconds(self.at_s)}"
        end = "" if self.until_s is None else f", close {_seconds(self.until_s)} ({self.reason})"
        return f"open {_seconds(self.at_s)}{end}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test of one rule."""

    rule: str
    file: str
    tracks: str
    expected: tuple[str, ...]
    found: tuple[Found, ...]
    mismatches: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Everything expected was found, and nothing else."""
        return not self.mismatches

    def lines(self) -> Iterator[str]:
        """What a person reads: one line, and what differs."""
        said = "; ".join(str(found) for found in self.found) or "nothing"
        yield f"{'ok  ' if self.passed else 'FAIL'} {self.rule}  {self.tracks}: {said}"
        if not self.passed:
            yield f"     expected: {'; '.join(self.expected) or 'nothing'}"
            for mismatch in self.mismatches:
                yield f"     {mismatch}"


@dataclass(frozen=True, slots=True)
class Report:
    """All tests of a folder, and what kept tests from running."""

    outcomes: tuple[Outcome, ...]
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Every test ran and passed."""
        return not self.problems and all(outcome.passed for outcome in self.outcomes)

    def lines(self) -> Iterator[str]:
        """The report as a person reads it; the last line is the sum."""
        for outcome in self.outcomes:
            yield from outcome.lines()
        yield from self.problems
        failed = sum(not outcome.passed for outcome in self.outcomes)
        wrong = f", {len(self.problems)} could not run" if self.problems else ""
        yield f"{counted(len(self.outcomes), 'test')}: {len(self.outcomes) - failed} passed, {failed} failed{wrong}"


def run_tests(folders: Sequence[Path], cameras: Path, rule: str | None = None) -> Report:
    """Run the tests of every rule below the folders.

    Args:
        folders: of rule files.
        cameras: folder of the site's cameras.
        rule: only this one, by its id.

    Raises:
        BadInputError: there is no site, or no rule of that id.
    """
    known = read_cameras(cameras, None)
    read = read_rules(*folders)
    rules = [r for r in read.rules if rule is None or r.content.rule == rule]
    if rule is not None and not rules:
        ids = ", ".join(sorted(r.content.rule for r in read.rules)) or "none"
        raise BadInputError(f"no rule {rule!r} in {', '.join(map(str, folders))}: there are {ids}")
    problems: list[str] = [_line(problem) for problem in (*read.problems, *known.problems)]
    outcomes: list[Outcome] = []
    for one in rules:
        for index, test in enumerate(one.content.tests):
            try:
                outcomes.append(run_test(one, test, known))
            except BadInputError as error:
                mark = one.located.document.mark(["tests", index])
                problems.append(f"{one.located.document.file}:{mark.line}:{mark.column}: {error}")
    return Report(tuple(outcomes), tuple(problems))


def _line(problem: Problem) -> str:
    return str(problem)


def run_test(rule: Rule, test: RuleTest, cameras: CameraFolder) -> Outcome:
    """Run one test of one rule.

    Raises:
        BadInputError: the camera or the tracks are not there or wrong, or the camera cannot run the rule.
    """
    camera = next((c for c in cameras.cameras if c.content.camera == test.camera), None)
    if camera is None:
        ids = ", ".join(sorted(c.content.camera for c in cameras.cameras)) or "none"
        raise BadInputError(f"tests.camera: no camera {test.camera!r}: there are {ids}")
    recording = read_recording(rule.folder / test.tracks)
    start = parse_instant(test.start, cameras.site.time_zone)
    record = camera_record(camera.content, cameras.site, rule.folder, _LONG_AGO)
    found = judge(rule_record(rule), record, recording, start)
    return Outcome(
        rule.content.rule,
        rule.located.document.file,
        test.tracks,
        tuple(_expected(expectation) for expectation in test.expect),
        found,
        tuple(_compare(test.expect, found)),
    )


def judge(rule: dict[str, Any], camera: dict[str, Any], recording: Recording, start_ms: int) -> tuple[Found, ...]:
    """What the engine's core says of a recording under one rule, in order of time.

    Raises:
        BadInputError: the camera cannot run the rule.
    """
    # only this rule, on this camera, whatever its status; sampled as the recording was
    here = {**rule, "status": "test", "camera_tags": [], "camera_ids": [camera["camera_id"]]}
    camera = {**camera, "sampling": {**camera["sampling"], "fps": 1000.0 / recording.interval_ms}}
    bundle = {
        "site": camera["site"],
        "digest": "test",
        "effective_at": _LONG_AGO,
        "author": "",
        "withdrawn": False,
        "rules": [here],
        "authorisations": [],
    }
    view = FixedView(
        {
            "cameras": {camera["camera_id"]: ConfigVersion(camera["camera_id"], _LONG_AGO, 0, 0, camera)},
            "rules": {camera["site"]: ConfigVersion(camera["site"], _LONG_AGO, 0, 0, bundle)},
        }
    )
    core = RuleCore(0, mode="test")
    events: list[Any] = []
    for offset, tracks in enumerate(recording.records(camera["camera_id"], start_ms)):
        message = Message("tracks", 0, offset, camera["camera_id"], tracks["captured_at"], tracks)
        events += [output.value for output in core.process(message, view) if output.topic == "rule-events"]
        if not offset:
            for table in core.tables():
                for error in table.errors:
                    raise BadInputError(error["message"])
    events += [output.value for output in core.finish() if output.topic == "rule-events"]
    return tuple(_found(events, start_ms))


def _found(events: Sequence[Any], start_ms: int) -> Iterator[Found]:
    closes = {event["episode_id"]: event for event in events if event["kind"] == "CLOSE"}
    for event in events:
        text = next(iter(event["text"].values()), "")
        if event["kind"] == "COUNT":
            yield Found(event["direction"], (event["started_at"] - start_ms) / 1000, text=text)
        elif event["kind"] == "OPEN":
            close = closes.get(event["episode_id"])
            until = None if close is None else (close["ended_at"] - start_ms) / 1000
            reason = None if close is None else close["ended_reason"]
            yield Found("open", (event["at"] - start_ms) / 1000, until, reason, text)


def _compare(expected: Sequence[Expectation], found: Sequence[Found]) -> Iterator[str]:
    """What was expected and not found, and what was found and not expected; each thing found is used once."""
    left = list(found)
    for expectation in expected:
        what = expectation.count or "open"
        within = parse_duration(expectation.within).value
        begins = parse_duration(expectation.open or expectation.at).value
        ends = None if expectation.close is None else parse_duration(expectation.close).value
        near = [f for f in left if f.what == what and abs(f.at_s - begins) <= within]
        right = [f for f in near if ends is None or (f.until_s is not None and abs(f.until_s - ends) <= within)]
        if right:
            left.remove(min(right, key=lambda f: abs(f.at_s - begins)))
        elif near:
            left.remove(near[0])
            yield f"{_expected(expectation)}: found {near[0]}"
        else:
            yield f"{_expected(expectation)}: not found"
    for more in left:
        yield f"not expected: {more}"


def _expected(expectation: Expectation) -> str:
    if expectation.count is not None:
        return f"count {expectation.count} at {expectation.at} within {expectation.within}"
    close = "" if expectation.close is None else f", close {expectation.close}"
    return f"open {expectation.open}{close} within {expectation.within}"


def _seconds(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m{rest:04.1f}s" if minutes else f"{rest:.1f}s"
