"""French and English text on an image. OpenCV's stroke fonts lack accents: here they are drawn."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import cv2

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

FONT: Final = cv2.FONT_HERSHEY_DUPLEX

# Strokes: x in widths of the letter, y in heights of a capital, upwards from the letter's top.
_MARKS: Final[dict[str, tuple[tuple[tuple[float, float], ...], ...]]] = {
    "\u0300": (((0.30, 0.40), (0.58, 0.15)),),  # grave
    "\u0301": (((0.42, 0.15), (0.70, 0.40)),),  # acute
    "\u0302": (((0.25, 0.15), (0.50, 0.38), (0.75, 0.15)),),  # circumflex
    "\u0303": (((0.20, 0.18), (0.40, 0.32), (0.60, 0.18), (0.80, 0.32)),),  # tilde
    "\u0308": (((0.22, 0.30), (0.34, 0.30)), ((0.66, 0.30), (0.78, 0.30))),  # diaeresis
    "\u0327": (((0.50, 0.00), (0.60, -0.14), (0.40, -0.26)),),  # cedilla, below the base line
}
_SPELT: Final = str.maketrans(
    # by number: the characters themselves look like others
    {0x153: "oe", 0x152: "OE", 0xE6: "ae", 0xC6: "AE", 0x2019: "'", 0x2018: "'", 0xAB: '"', 0xBB: '"'}
    | {0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-", 0x2026: "...", 0xB7: "-", 0x20AC: "EUR"}
    | {0xA0: " ", 0x202F: " ", 0xD7: "x", 0xB2: "2"}
)
_X_HEIGHT: Final = 0.70
"""Height of a small letter as a share of a capital's."""


def text_width(text: str, scale: float, thickness: int) -> int:
    """Pixels that `put_text` will need."""
    return int(cv2.getTextSize("".join(base for base, _ in _letters(text)), FONT, scale, thickness)[0][0])


def text_height(scale: float) -> int:
    """Pixels of a capital letter."""
    return int(cv2.getTextSize("H", FONT, scale, 1)[0][1])


def fitting(text: str, scale: float, thickness: int, width: int) -> str:
    """`text`, cut with an ellipsis when it is wider than `width` pixels."""
    if text_width(text, scale, thickness) <= width:
        return text
    while text and text_width(text + "...", scale, thickness) > width:
        text = text[:-1]
    return text.rstrip() + "..."


def put_text(
    image: NDArray[np.uint8],
    text: str,
    origin: tuple[int, int],
    scale: float,
    colour: tuple[int, int, int],
    thickness: int,
) -> None:
    """Write `text` into a BGR image, its base line beginning at `origin` (x, y)."""
    letters = list(_letters(text))
    plain = "".join(base for base, _ in letters)
    x, y = origin
    cv2.putText(image, plain, origin, FONT, scale, colour, thickness, cv2.LINE_AA)
    capital = text_height(scale)
    for index, (base, marks) in enumerate(letters):
        advance = text_width(base, scale, thickness)
        width = max(advance, int(capital * 0.8))  # a mark on an i is wider than the i
        left = x + text_width(plain[:index], scale, thickness) - (width - advance) // 2
        top = y - (capital if base.isupper() else int(capital * _X_HEIGHT))
        for mark in marks:
            foot = y if mark == "\u0327" else top
            for stroke in _MARKS[mark]:
                points: list[Any] = [(left + int(sx * width), foot - int(sy * capital)) for sx, sy in stroke]
                for start, end in pairwise(points):
                    cv2.line(image, start, end, colour, max(thickness, 1), cv2.LINE_AA)


def _letters(text: str) -> Iterator[tuple[str, str]]:
    """(ASCII letter, its marks) of each character; what the font cannot show becomes a question mark."""
    for character in text.translate(_SPELT):
        base, *marks = list(unicodedata.normalize("NFD", character))
        shown = base if " " <= base <= "~" else "?"
        yield shown, "".join(mark for mark in marks if mark in _MARKS)
