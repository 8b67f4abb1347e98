"""Cameras in service as a terminal shows them: a table of the fleet, one camera in lines."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal

from rich.console import Group
from rich.table import Table
from rich.text import Text

from vigie_cli.event_times import instant
from vigie_cli.wording import said
from vigie_common.frame_status import LOOKED_AT
from vigie_common.ground_plane import FEWEST, CalibrationError, ControlPoint, ground_plane, leave_one_out_m

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigie_cli.cameras_deployed import Deployed

_COLOURS: Final = {"online": "green", "unknown": "dim", "dark": "yellow", "blurred": "yellow", "frozen": "yellow"}
_WORDS: Final[dict[str, dict[str, str]]] = {
    "fr": {
        "unknown": "inconnu", "online": "en ligne", "offline": "hors ligne", "stalled": "sans image",
        "frozen": "figée", "dark": "noire", "blurred": "floue", "moved": "déplacée", "camera": "caméra",
        "title": "titre", "site": "site", "source": "source", "state": "état", "since": "depuis",
        "frames/s": "images/s", "tags": "étiquettes", "cameras": "caméras",
    },
    "en": {},
}  # fmt: skip


_FIXED: Final = ("camera", "state", "since", "frames/s")
"""Columns that are always shown, and never folded."""
_ROOM_FOR: Final = ("title", "tags", "site", "source")
"""The others, in the order in which they are given room."""
_FOLDED: Final = 16
"""Characters to which those are folded at most; where there is not so much room they are left out."""


def camera_table(cameras: Sequence[Deployed], lang: str, width: int) -> Group:
    """One row a camera, why those that are not online are not, how many are in which state, and the zone.

    `width`: characters of a line; columns for which there is no room are left out.
    """
    states: dict[str, int] = {}
    for deployed in cameras:
        states[deployed.health["state"]] = states.get(deployed.health["state"], 0) + 1
    total = ", ".join(f"{number} {_word(state, lang)}" for state, number in sorted(states.items()))
    zones = {str(deployed.camera["time_zone"]) for deployed in cameras}
    zone = zones.pop() if len(zones) == 1 else "UTC"
    noun = _word("cameras", lang) if len(cameras) != 1 else _word("camera", lang)
    rows = [_row(deployed, lang, zone) for deployed in cameras]
    table = Table(box=None, pad_edge=False)
    columns = _columns(rows, lang, width)
    for name in columns:
        justify: Literal["left", "right"] = "right" if name == "frames/s" else "left"
        table.add_column(_word(name, lang), justify=justify, no_wrap=name in _FIXED)
    for row in rows:
        table.add_row(*(row[name] for name in columns))
    dated = any(deployed.health["since"] is not None for deployed in cameras)
    reasons = [
        Text(f"{deployed.camera_id}: {deployed.reason}", style="dim")
        for deployed in cameras
        if deployed.reason and deployed.health["state"] != "online"
    ]
    return Group(
        table, *reasons, Text(f"{len(cameras)} {noun}{': ' if total else ''}{total}{f' ({zone})' if dated else ''}")
    )


def _row(deployed: Deployed, lang: str, zone: str) -> dict[str, Text]:
    """The cells of a camera, by column."""
    camera, health = deployed.camera, deployed.health
    measured = "-" if deployed.measured_fps is None else f"{deployed.measured_fps:g}"
    cells = {
        "camera": deployed.camera_id,
        "title": said(camera["title"], lang),
        "site": camera["site"],
        "source": camera["source"]["kind"],
        "state": Text(_word(health["state"], lang), style=_COLOURS.get(health["state"], "bold red")),
        "since": "-" if health["since"] is None else _since(health["since"], zone),
        "frames/s": f"{measured}/{camera['sampling']['fps']:g}",
        "tags": ", ".join(camera["tags"]),
    }
    return {name: cell if isinstance(cell, Text) else Text(cell) for name, cell in cells.items()}


def _columns(rows: Sequence[Mapping[str, Text]], lang: str, width: int) -> list[str]:
    """The columns for which a line has room."""
    names = ("camera", "title", "site", "source", "state", "since", "frames/s", "tags")
    cells = {name: [Text(_word(name, lang)), *(row[name] for row in rows)] for name in names}
    needs = {name: max(cell.cell_len for cell in cells[name]) + 2 for name in names}
    left, shown = width + 2 - sum(needs[name] for name in _FIXED), set(_FIXED)
    for name in _ROOM_FOR:
        need = min(needs[name], _FOLDED + 2)
        if need <= left:
            shown.add(name)
            left -= need
    return [name for name in names if name in shown]


def camera_details(deployed: Deployed, lang: str) -> list[str]:
    """A camera in lines of `name: value`."""
    camera, health = deployed.camera, deployed.health
    source, sampling, zone = camera["source"], camera["sampling"], str(camera["time_zone"])
    still = f", {sampling['still_fps']:g} while nothing moves" if sampling["still_fps"] else ""
    state = health["state"] + (f" since {instant(health['since'], zone)}" if health["since"] is not None else "")
    in_service = deployed.partition is not None
    since = (
        f"in force from {instant(camera['effective_at'], zone)}"
        if in_service
        else "of the file, whatever is in service"
    )
    rows: list[tuple[str, Any]] = [
        ("camera", f"{deployed.camera_id}  {said(camera['title'], lang)}"),
        ("site", camera["site"]),
        ("version", f"{camera['version']} {since}"),
        ("to come", _version(deployed.pending, zone)),
        ("state", state + (f": {deployed.reason}" if deployed.reason else "") if in_service else None),
        ("source", f"{source['kind']} {source['uri']}"),
        ("credentials", source["credentials"]),
        ("sampling", f"{sampling['fps']:g} frames a second{still}, {sampling['width']} pixels wide"),
        ("measured", None if deployed.measured_fps is None else f"{deployed.measured_fps:g} frames a second"),
        ("models", ", ".join(camera["models"])),
        ("tags", ", ".join(camera["tags"])),
        ("position", _position(camera["position"])),
        ("zones", ", ".join(zone["name"] for zone in camera["zones"])),
        ("lines", ", ".join(f"{x['name']} (in: {x['in_label']}, out: {x['out_label']})" for x in camera["lines"])),
        ("masks", ", ".join(mask["name"] for mask in camera["masks"])),
        ("calibration", _calibration(camera["calibration"])),
        ("view", "confirmed " + instant(camera["view_confirmed_at"], zone) if camera["view_confirmed_at"] else None),
    ]
    return [f"{name + ':':<13} {value}" for name, value in rows if value]


def track_lines(tracks: Mapping[str, Any], zone: str) -> list[str]:
    """What is tracked in a frame, or why nobody looked at it; then each track by its number in the picture."""
    numbers = Counter(tracks["object_class"])
    said = ", ".join(f"{number} {name}" for name, number in sorted(numbers.items())) or "none"
    if tracks["status"] not in LOOKED_AT:
        said += f", {tracks['status']}" + (f" ({tracks['reason']})" if tracks["reason"] else "")
    lines = [f"{'tracks:':<13} {said} in the frame of {instant(tracks['captured_at'], zone)}"]
    if tracks["models_missing"]:
        missing = ", ".join(tracks["models_missing"])
        lines.append(f"{'not looked:':<13} {missing}" + (f" ({tracks['reason']})" if tracks["reason"] else ""))
    each = zip(*(tracks[name] for name in ("object_class", "track_id", "score")), strict=True)
    for number, (what, track, score) in enumerate(each, 1):
        lines.append(f"{'':<13} {what} {number}: track {track}, score {score:.2f}")
    return lines


def _version(pending: Mapping[str, Any] | None, zone: str) -> str | None:
    if pending is None:
        return None
    what = "removal" if pending["removed"] else pending["version"]
    return f"{what} from {instant(pending['effective_at'], zone)}"


def _position(position: Mapping[str, Any] | None) -> str | None:
    if position is None:
        return None
    height = f", {position['height_m']:g} m high" if position["height_m"] is not None else ""
    heading = f", looking {position['heading_deg']:g}°" if position["heading_deg"] is not None else ""
    return f"{position['lat']:.6f} {position['lon']:.6f}{height}{heading}"


def _calibration(calibration: Sequence[Mapping[str, Any]]) -> str:
    """How far the calibration can be trusted."""
    if not calibration:
        return "none: no metres, no places on the map"
    points = [ControlPoint(**point) for point in calibration]
    try:
        plane = ground_plane(points)
    except CalibrationError as error:
        return f"wrong: {error}"
    if len(points) == FEWEST:
        return "4 points, which cannot check each other"
    apart = [error for error in leave_one_out_m(points) if error == error]  # noqa: PLR0124 - NaN is not itself
    others = f", at worst {max(apart):.2f} m by the others alone" if apart else ""
    return f"{len(points)} points, {plane.rms_m:.2f} m (root mean square){others}"


def _word(word: str, lang: str) -> str:
    return _WORDS[lang].get(word, word)


def _since(at_ms: int, zone: str) -> str:
    """An event time, short: of today the time, else the day too."""
    then, now = instant(at_ms, zone), instant(time.time_ns() // 1_000_000, zone)
    return then[11:19] if then[:10] == now[:10] else then[:16]
