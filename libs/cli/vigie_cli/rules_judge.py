"""Tracks through the rule engine's own core, under cameras that hold throughout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from vigie_cli.wording import counted
from vigie_common.errors import PoisonRecordError
from vigie_common.stream import ConfigVersion, FixedView, Message
from vigie_rule_engine.core import RuleCore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from vigie_cli.rules_bundles import Published
    from vigie_rule_engine.camera import CameraState
    from vigie_rule_engine.telling import ForcedMode

_LONG_AGO: Final = 0

_LEFT_OUT: Final = {
    "unknown_camera": "of cameras that have no file here",
    "old_session": "of an older session than the record before",
    "time_went_back": "not after the record before",
}
"""What the core counts, in words."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the core said."""

    events: tuple[Mapping[str, Any], ...]
    """Rule events in the order of their records, affirmations left out."""
    coverage: tuple[Mapping[str, Any], ...]
    errors: tuple[Mapping[str, Any], ...]
    """Rules that a camera cannot run: rule, camera_id, message."""
    records: int
    """That were taken."""
    empty: int
    """Of them, those without an object."""
    refused: tuple[str, ...]
    """Why, of each record that contradicts itself: the engine makes dead letters of them."""
    left_out: Mapping[str, int]
    """Records that nothing was judged by, of those that were taken, by the reason in words."""


def unjudged(refused: Sequence[str], left_out: Mapping[str, int]) -> Iterator[str]:
    """What a person reads of records that were not judged, and why."""
    if refused:
        yield f"{counted(len(refused), 'record')} refused, the first: {refused[0]}"
    for words, count in left_out.items():
        yield f"{counted(count, 'record')} left out: {words}"


def judge(
    records: Iterable[Mapping[str, Any]],
    cameras: Iterable[Mapping[str, Any]],
    bundle: Mapping[str, Any] | None,
    mode: ForcedMode | None = None,
    watcher: Callable[[CameraState], None] | None = None,
    each: Sequence[Published | None] | None = None,
    seen_by: Sequence[ConfigVersion] | None = None,
    *,
    ends: bool = True,
) -> Judged:
    """Judge tracks records, each camera's in the order of time.

    Args:
        records: of any cameras; those of a camera that is not given are passed over.
        cameras: Camera records; `effective_at` does not matter.
        bundle: RuleBundle that judges all of them, whatever their site; None: no rule.
        mode: forces the mode of everything that is found; None: as the authorisations say.
        watcher: called with a camera's state after each image, to see what was measured.
        each: instead of `bundle`, the one that judged each record as it came; None among them: no rule yet.
        seen_by: instead of `cameras`, the version of its camera that judged each record as it came.
        ends: what is open at the end ends there, as in a whole recording; if not, the records are a part of what goes
            on, and it stays open.
    """
    known = {str(camera["camera_id"]): camera for camera in cameras}
    throughout = {name: ConfigVersion(name, _LONG_AGO, 0, 0, camera) for name, camera in known.items()}
    bundles = {0: bundle} if each is None else {one.offset: one.bundle for one in each if one is not None}
    then = {one.offset: {one.key: one} for one in seen_by or ()}

    @cache
    def under(rules: int | None, camera: int | None) -> FixedView:
        """The configuration with these offsets; None: no rule yet, and the cameras that hold throughout."""
        versions = throughout if camera is None else then[camera]
        judging = None if rules is None else bundles[rules]
        if rules is None or judging is None:
            return FixedView({"cameras": versions})
        sites = {str(one.value["site"]) for one in versions.values()}
        by_site = {site: ConfigVersion(site, _LONG_AGO, rules, 0, judging) for site in sorted(sites)}
        return FixedView({"cameras": versions, "rules": by_site})

    core = RuleCore(0, mode=mode, watcher=watcher)
    outputs: list[Any] = []
    count, empty, refused = 0, 0, []
    for offset, tracks in enumerate(records):
        judging = None if each is None else each[offset]
        rules = 0 if each is None else None if judging is None else judging.offset
        view = under(rules, None if seen_by is None else seen_by[offset].offset)
        message = Message("tracks", 0, offset, tracks["camera_id"], tracks["captured_at"], tracks)
        try:
            outputs += core.process(message, view)
        except PoisonRecordError as poison:
            refused.append(str(poison))
            continue
        count += 1
        empty += not tracks["track_id"]
    errors = {(error["rule"], error["camera_id"]): dict(error) for table in core.tables() for error in table.errors}
    last = core.finish()
    outputs += last if ends else [one for one in last if one.value.get("kind") != "CLOSE"]
    return Judged(
        tuple(o.value for o in outputs if o.topic == "rule-events" and o.value["kind"] != "AFFIRM"),
        tuple(o.value for o in outputs if o.topic == "coverage"),
        tuple(errors[key] for key in sorted(errors)),
        count,
        empty,
        tuple(refused),
        {words: core.tally.records[name] for name, words in _LEFT_OUT.items() if core.tally.records[name]},
    )
