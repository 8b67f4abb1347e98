"""The evidence image: a frame with the boxes and the zone of its event drawn, and a caption below. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import cv2
import numpy as np

from vigie_alert.lettering import fitting, put_text, text_height, text_width
from vigie_common.class_words import class_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# BGR. Light enough for dark letters on it, apart from each other for colour-blind eyes too.
COLOURS: Final[dict[str, tuple[int, int, int]]] = {
    "info": (230, 180, 60),
    "warning": (40, 170, 255),
    "critical": (70, 70, 255),
}
_ZONE: Final = (255, 255, 255)
_INK: Final = (20, 20, 20)
_PAPER: Final = (250, 250, 250)
_SHADE: Final = (48, 40, 36)
_JPEG_QUALITY: Final = 88
_LONGEST: Final = 200
"""Characters of a text that are drawn: more would not fit, and take long to find out."""

_MODES: Final[dict[str, dict[str, str]]] = {
    "fr": {"exercise": "EXERCICE", "test": "ESSAI", "replay": "REJEU"},
    "en": {"exercise": "EXERCISE", "test": "TEST", "replay": "REPLAY"},
}
"""What an image says that no live alert is."""


def draw_evidence(jpeg: bytes, event: Mapping[str, Any]) -> bytes | None:
    """The evidence JPEG of a rule event, or None when the frame's own JPEG cannot be read.

    The caption is in the time and the first language of the event's site, in English where that has no words here.

    Args:
        jpeg: the frame as `frames` has it, masks already burned in.
        event: the rule event that this frame brought (boxes in pixels of the frame, zone 0..1).
    """
    packed = np.frombuffer(jpeg, np.uint8)
    try:
        decoded = cv2.imdecode(packed, cv2.IMREAD_COLOR) if packed.size else None
    except cv2.error:  # it claims more pixels than any camera has
        return None
    if decoded is None:
        return None
    zone, language = ZoneInfo(event["time_zone"]), next(iter(event["languages"]), "en")
    image: NDArray[np.uint8] = decoded.astype(np.uint8, copy=False)
    height, width = image.shape[:2]
    unit = max(width, 320) / 960
    colour = COLOURS.get(event["rule"]["severity"], COLOURS["info"])
    _draw_zone(image, event, unit)
    ratio = (width / max(event["width"], 1), height / max(event["height"], 1))
    for item in event["objects"]:
        _draw_box(image, item, ratio, colour, unit, language)
    framed = np.vstack([image, _caption(width, event, zone, language, colour, unit)])
    _, encoded = cv2.imencode(".jpg", framed, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return encoded.tobytes()


def _draw_zone(image: NDArray[np.uint8], event: Mapping[str, Any], unit: float) -> None:
    xs, ys = np.array(event["zone_x"], np.float64), np.array(event["zone_y"], np.float64)
    if len(xs) < 2 or len(xs) != len(ys) or not (np.isfinite(xs).all() and np.isfinite(ys).all()):
        return
    height, width = image.shape[:2]
    corners = np.stack([np.clip(xs, -1, 2) * width, np.clip(ys, -1, 2) * height], axis=1)
    polygon = np.rint(corners).astype(np.int32)
    is_line = event["scope_kind"] == "line" or len(polygon) == 2
    if not is_line:
        filled = image.copy()
        cv2.fillPoly(filled, [polygon], _ZONE)
        cv2.addWeighted(filled, 0.15, image, 0.85, 0, dst=image)
    for ink, thickness in ((_INK, 4), (_ZONE, 2)):
        cv2.polylines(image, [polygon], not is_line, ink, max(round(thickness * unit), 1), cv2.LINE_AA)
    x, y = polygon[polygon[:, 1].argmin()]
    _label(image, event["scope"], (int(x), int(y)), _ZONE, unit)


def _draw_box(
    image: NDArray[np.uint8],
    item: Mapping[str, Any],
    ratio: tuple[float, float],
    colour: tuple[int, int, int],
    unit: float,
    language: str,
) -> None:
    """One box and its label; a box that is none is left out, one that is far too large is cut."""
    height, width = image.shape[:2]
    if not all(math.isfinite(item[name]) for name in ("x1", "y1", "x2", "y2")):
        return
    x1, x2 = (round(min(max(item[name] * ratio[0], -width), 2 * width)) for name in ("x1", "x2"))
    y1, y2 = (round(min(max(item[name] * ratio[1], -height), 2 * height)) for name in ("y1", "y2"))
    for ink, thickness in ((_INK, 5), (colour, 3)):
        cv2.rectangle(image, (x1, y1), (x2, y2), ink, max(round(thickness * unit), 1), cv2.LINE_AA)
    name = class_name(item["object_class"], language)
    _label(image, f"{name} {item['score'] * 100:.0f} %", (x1, y1), colour, unit)


def _label(
    image: NDArray[np.uint8], text: str, corner: tuple[int, int], paper: tuple[int, int, int], unit: float
) -> None:
    """Dark letters on a coloured plate above `corner`, kept inside the image."""
    if not text:
        return
    text = text[:_LONGEST]
    scale, pad = 0.55 * unit, max(round(5 * unit), 2)
    wide, high = text_width(text, scale, 1) + 2 * pad, round(text_height(scale) * 1.3) + 2 * pad
    x = min(max(corner[0], 0), max(image.shape[1] - wide, 0))
    y = min(max(corner[1], high), image.shape[0])
    cv2.rectangle(image, (x, y - high), (x + wide, y), paper, cv2.FILLED)
    put_text(image, text, (x + pad, y - pad), scale, _INK, 1)


def _caption(
    width: int,
    event: Mapping[str, Any],
    zone: ZoneInfo,
    language: str,
    colour: tuple[int, int, int],
    unit: float,
) -> NDArray[np.uint8]:
    """Two lines below the frame: the rule's title, then where and when; what is not live says so."""
    pad = round(14 * unit)
    large, small = 0.85 * unit, 0.6 * unit
    first = pad + round(text_height(large) * 1.5)
    second = first + pad + round(text_height(small) * 1.5)
    strip = np.full((second + pad, width, 3), _SHADE, np.uint8)
    cv2.rectangle(strip, (0, 0), (round(8 * unit), second + pad), colour, cv2.FILLED)
    left = pad + round(8 * unit)
    mode = _MODES.get(language, _MODES["en"]).get(event["mode"], "")
    room = width - left - pad
    if mode:
        wide = text_width(mode, small, 1)
        _label(strip, mode, (width - wide - 2 * pad, first), COLOURS["info"], unit * 1.1)
        room -= wide + 2 * pad
    put_text(strip, fitting(_said(event["title"], language), large, 1, room), (left, first), large, _PAPER, 1)
    moment = datetime.fromtimestamp(event["at"] / 1000, UTC).astimezone(zone)
    layout = "%d/%m/%Y %H:%M:%S %Z" if language == "fr" else "%Y-%m-%d %H:%M:%S %Z"
    where = f"{event['camera_id']}  -  {moment.strftime(layout)}"
    put_text(strip, fitting(where, small, 1, width - left - pad), (left, second), small, _PAPER, 1)
    return strip


def _said(texts: Mapping[str, str], language: str) -> str:
    """A text in the wanted language, else in the first that there is."""
    said = texts.get(language) or next((texts[name] for name in sorted(texts)), "")
    return said[:_LONGEST]
