"""`vigie rules test`: the tests written in the rules, run through the engine's own core."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.rules_judge import judge
from vigie_cli.rules_scenes import scene_camera, scene_tracks, test_scene
from vigie_cli.wording import counted
from vigie_common.camera_file import camera_record
from vigie_common.errors import BadInputError
from vigie_common.units import parse_duration, parse_instant
from vigie_common.yaml_source import InvalidFileError
from vigie_rule_engine.bundle import read_rules, rule_record
from vigie_rule_engine.lint import CameraFolder, read_cameras
from vigie_rule_engine.recorded import read_recording
from vigie_rule_engine.rule_file import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vigie_rule_engine.rule_file import Expectation, Rule, RuleTest

_LONG_AGO: Final = 0
_WIDE: Final = 34
"""Characters of the column of what was expected."""


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
            return f"count {self.what} at {seconds(self.at_s)}"
        end = "" if self.until_s is None else f", close {seconds(self.until_s)} ({self.reason})"
        return f"open {seconds(self.at_s)}{end}"


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing that was expected, one that was found, or both where they belong together."""

    expected: str | None
    found: Found | None
    right: bool

    def __str__(self) -> str:
        expected = self.expected if self.expected is not None else "nothing more"
        found = f"found {self.found}" if self.found is not None else "not found"
        return f"  {' ' if self.right else '!'}    {expected:<{_WIDE}}  {found}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test of one rule."""

    rule: str
    file: str
    line: int
    source: str
    """File or scene of what happens."""
    pairs: tuple[Pair, ...]

    @property
    def passed(self) -> bool:
        """Everything expected was found, and nothing else."""
        return all(pair.right for pair in self.pairs)

    @property
    def found(self) -> tuple[Found, ...]:
        """What the rule said, in the order of time."""
        return tuple(sorted((p.found for p in self.pairs if p.found is not None), key=lambda f: (f.at_s, f.what)))

    def lines(self) -> Iterator[str]:
        """What a person reads: which test, then what was expected beside what was found."""
        yield f"{'ok  ' if self.passed else 'FAIL'} {self.rule}  {self.source}"
        for pair in self.pairs:
            yield str(pair)
        if not self.pairs:
            yield f"       {'nothing':<{_WIDE}}  found nothing"

    def plain(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "rule": self.rule,
            "file": self.file,
            "line": self.line,
            "source": self.source,
            "passed": self.passed,
            "results": [
                {
                    "expected": pair.expected,
                    "found": None if pair.found is None else dataclasses.asdict(pair.found),
                    "right": pair.right,
                }
                for pair in self.pairs
            ],
        }


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

    def plain(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "passed": self.passed,
            "tests": [outcome.plain() for outcome in self.outcomes],
            "problems": list(self.problems),
        }


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
    report = run_rule_tests(rules, known)
    problems = [str(problem) for problem in (*read.problems, *known.problems)]
    return Report(report.outcomes, (*problems, *report.problems))


def run_rule_tests(rules: Iterable[Rule], cameras: CameraFolder) -> Report:
    """Run the tests of these rules."""
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
        tuple(_compare(test.expect, found)),
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
        BadInputError: the camera cannot run the rule.
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
    }
    moved = ({**record, "captured_at": record["captured_at"] + start_ms} for record in tracks)
    judged = judge(moved, [camera], bundle, mode="test")
    for error in judged.errors:
        raise BadInputError(error["message"])
    return tuple(_found(judged.events, start_ms))


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


def _compare(expected: Sequence[Expectation], found: Sequence[Found]) -> Iterator[Pair]:
    """What was expected beside what was found; each thing found is used once."""
    left = list(found)
    for expectation in expected:
        what = expectation.count or "open"
        within = parse_duration(expectation.within).value
        begins = parse_duration(expectation.open or expectation.at).value
        ends = None if expectation.close is None else parse_duration(expectation.close).value
        near = [f for f in left if f.what == what and abs(f.at_s - begins) <= within]
        right = [f for f in near if ends is None or (f.until_s is not None and abs(f.until_s - ends) <= within)]
        best = min(right or near, key=lambda f: abs(f.at_s - begins), default=None)
        if best is not None:
            left.remove(best)
        yield Pair(_expected(expectation), best, right=bool(right))
    for more in left:
        yield Pair(None, more, right=False)


def _expected(expectation: Expectation) -> str:
    if expectation.count is not None:
        return f"count {expectation.count} at {expectation.at} within {expectation.within}"
    close = "" if expectation.close is None else f", close {expectation.close}"
    return f"open {expectation.open}{close} within {expectation.within}"


def seconds(number: float) -> str:
    """A time from the start as people say it: 9.0s, 3m10.0s."""
    minutes, rest = divmod(round(number, 1), 60)
    return f"{int(minutes)}m{rest:04.1f}s" if minutes else f"{rest:.1f}s"
