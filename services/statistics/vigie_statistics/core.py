"""The pure core: records of rule-events and coverage in, changed rows and figures out. No clock, no I/O.

A window is final once both inputs of its camera have passed its end by two minutes of event time; what comes later
raises its revision. Every row takes a record in once, by offset, and a record that is repeated under another offset
is recognised in its home row. So whatever is delivered again changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from vigie_common.errors import PoisonRecordError
from vigie_statistics.fold import HOMES, digest, fold_coverage, fold_event, fresh, new_row, repeated
from vigie_statistics.reading import read_event
from vigie_statistics.rows import SEPARATOR, Camera, row_key
from vigie_statistics.windows import DAY_MS, HOUR_MS, MINUTE_MS, WINDOWS, span_of, spans_ending

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_statistics.pages import Pages
    from vigie_statistics.reading import Said
    from vigie_statistics.rows import Row
    from vigie_statistics.windows import Span

GRACE_MS: Final = 2 * MINUTE_MS
"""A window waits so long for what is late before it is final."""
KEPT_MS: Final = {"m1": 8 * HOUR_MS, "m15": 26 * HOUR_MS, "h1": 8 * DAY_MS, "d1": 10 * DAY_MS}
"""How long after its end a row can still take something in. The tracks topic keeps 6 h: nothing is told twice later."""
TOLD_EVERY_MS: Final = {"m1": MINUTE_MS, "m15": 5 * MINUTE_MS, "h1": 5 * MINUTE_MS, "d1": 15 * MINUTE_MS}
"""A window that is not final is published so often, in event time, if it has changed."""
FUTURE_MS: Final = 10 * MINUTE_MS
"""An event farther ahead of the broker's clock is of a wrong clock."""
SILENT_MS: Final = 30 * MINUTE_MS
"""A camera of which nothing comes for so long, by the broker's clock, no longer holds its windows open."""
SWEEP_MS: Final = MINUTE_MS
KNOWN_MS: Final = 7 * DAY_MS
"""For so long after it was last seen, a series is told as zero where it is not."""


def take_event(pages: Pages, event: Mapping[str, Any], offset: int, appended_at: int, zone: ZoneInfo) -> None:
    """Take in a record of rule-events.

    Args:
        pages: the rows of its partition.
        event: the record.
        offset: its offset.
        appended_at: the broker's append time, ms.
        zone: time zone of its site.

    Raises:
        PoisonRecordError: from the future, or too old for every row; nothing has changed.
    """
    camera = pages.camera(event["camera_id"], event["site"], zone.key)
    if offset <= camera.offsets[0]:
        return
    affirms = event["kind"] == "AFFIRM"
    at = event["minute"] if affirms else event["at"]
    _check_time(at, appended_at, event["id"])
    if not affirms and _known(pages, camera, 0, at, digest(event["id"]), offset, f"rule event {event['id']}"):
        _heard(pages, camera, 0, offset, appended_at)
        return
    shares: defaultdict[Span, list[Said]] = defaultdict(list)
    for said in read_event(event, camera):
        series = said.series.key()
        first, last = camera.known.get(series, (said.at, said.at))
        camera.known[series] = (min(first, said.at), max(last, said.at))
        for window in WINDOWS:
            shares[span_of(window, said.at, zone)].append(said)
    for span, found in shares.items():
        row = _row(pages, camera, 0, span)
        if row is not None and fresh(row, 0, offset):
            fold_event(row, found, event["at"], offset, late=_late(camera, 0, span))
        _touched(pages, camera, span, row)
    if affirms:
        camera.clocks[0] = max(camera.clocks[0], event["minute"] + MINUTE_MS)
    _heard(pages, camera, 0, offset, appended_at)


def take_coverage(pages: Pages, coverage: Mapping[str, Any], offset: int, appended_at: int, zone: ZoneInfo) -> None:
    """Take in a record of coverage; arguments and errors as of `take_event`."""
    camera = pages.camera(coverage["camera_id"], coverage["site"], zone.key)
    if offset <= camera.offsets[1]:
        return
    minute = coverage["minute"]
    named = f"coverage of {coverage['camera_id']}, minute {minute}"
    _check_time(minute, appended_at, named)
    identity = digest("coverage", *(coverage[name] for name in _COVERAGE_IDENTITY))
    if not _known(pages, camera, 1, minute, identity, offset, named):
        for window in WINDOWS:
            span = span_of(window, minute, zone)
            row = _row(pages, camera, 1, span)
            if row is not None and fresh(row, 1, offset):
                fold_coverage(row, coverage, offset, late=_late(camera, 1, span))
            _touched(pages, camera, span, row)
        camera.clocks[1] = max(camera.clocks[1], minute + MINUTE_MS)
    _heard(pages, camera, 1, offset, appended_at)


_COVERAGE_IDENTITY: Final = ("minute", "frames", "watched_s", "offline_s", "camera_version", "bundle_digest")


def _check_time(at: int, appended_at: int, what: str) -> None:
    if at > appended_at + FUTURE_MS:
        raise PoisonRecordError(
            f"{what} is {(at - appended_at) / 1000:.0f} s ahead of the broker's clock and {FUTURE_MS // 1000} s are "
            "allowed: set the clock of its camera right"
        )


def _known(pages: Pages, camera: Camera, source: int, at: int, identity: int, offset: int, named: str) -> bool:
    """Whether this record was taken in under another offset.

    Raises:
        PoisonRecordError: it is older than every row that could remember it.
    """
    zone = ZoneInfo(camera.time_zone)
    for window in HOMES:
        span = span_of(window, at, zone)
        home = _row(pages, camera, source, span)
        if home is not None:
            return repeated(home, identity, offset)
    behind_h = (camera.clocks[source] - at) / HOUR_MS
    raise PoisonRecordError(
        f"{named} lies {behind_h:.0f} h behind its camera's other records, and figures are kept open for "
        f"{KEPT_MS['h1'] // HOUR_MS} h: it changes none; correct the history by hand if it must count"
    )


def _row(pages: Pages, camera: Camera, source: int, span: Span) -> Row | None:
    """The row of a window, to be changed; none once the input is too far past it."""
    if camera.clocks[source] - span.end > KEPT_MS[span.window]:
        return None
    return pages.row(camera.camera_id, span, new_row)


def _late(camera: Camera, source: int, span: Span) -> bool:
    return camera.clocks[source] >= span.end + GRACE_MS


def _touched(pages: Pages, camera: Camera, span: Span, row: Row | None) -> None:
    """Remember that a window has news; one that was final is told at once."""
    if row is None:
        return
    key = row_key(camera.camera_id, span.window, span.start)
    camera.changed[key] = 1
    if min(camera.clocks) < span.end + GRACE_MS:
        camera.open[key] = span.end
        pages.partition.cameras.setdefault(camera.camera_id, 0)
    else:
        row.final = True
        pages.publish(key)


def _heard(pages: Pages, camera: Camera, source: int, offset: int, appended_at: int) -> None:
    """Note the record as taken in, then do what the camera's time has come for."""
    camera.offsets[source] = offset
    camera.heard_at = max(camera.heard_at, appended_at)
    camera.heard_clock = max(camera.clocks)
    if camera.camera_id in pages.partition.cameras:
        pages.partition.cameras[camera.camera_id] = camera.heard_at
    _tell(pages, camera)


def _tell(pages: Pages, camera: Camera) -> None:
    """Publish what is over, and now and then what goes on; forget what nothing can come for any more."""
    now, before = min(camera.clocks), camera.told_until
    if now <= before:
        return
    for key in [key for key, end in camera.open.items() if end + GRACE_MS <= now]:
        del camera.open[key]
        camera.changed[key] = 1
        row = pages.stored(key)
        if row is not None:
            row.final = True
            pages.publish(key)
    for key in [key for key in camera.changed if key in camera.open]:
        every = TOLD_EVERY_MS[key.split(SEPARATOR)[1]]
        if now // every > before // every:
            pages.publish(key)
    if before:
        zone = ZoneInfo(camera.time_zone)
        for window, kept in KEPT_MS.items():
            for span in spans_ending(window, before - kept - 1, now - kept - 1, zone):
                pages.forget(row_key(camera.camera_id, window, span.start))
        camera.known = {key: seen for key, seen in camera.known.items() if now - seen[1] <= KNOWN_MS}
    camera.told_until = now


def sweep(pages: Pages, appended_at: int) -> None:
    """Once a minute of the broker's clock: cameras that fell silent do not hold their windows open for ever."""
    partition = pages.partition
    if appended_at - partition.swept_at < SWEEP_MS:
        return
    partition.swept_at = appended_at
    for camera_id, heard_at in sorted(partition.cameras.items()):
        if appended_at - heard_at >= SILENT_MS:
            camera = pages.known_camera(camera_id)
            if camera is not None and camera.open:
                on = camera.heard_clock + appended_at - heard_at
                camera.clocks = [max(clock, on) for clock in camera.clocks]
                _tell(pages, camera)
            if camera is None or not camera.open:
                del partition.cameras[camera_id]
