"""Finds the JPEG pictures in the body of an MJPEG stream, whatever stands between them.

`multipart/x-mixed-replace` is announced in many ways: boundaries that differ from the header's by two dashes or
altogether, lines that end in LF, lengths that are missing or wrong, no parts at all. A JPEG tells by itself where it
ends (ITU-T T.81, annex B): segments have lengths, and in the coded data behind them 0xFF is followed by 0x00 or a
restart marker only. So pictures are found by their own structure; lines between them are read for a timestamp only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_JPEG_BYTES: Final = 32 << 20
"""No picture of a camera is larger."""

MAX_BETWEEN_BYTES: Final = 256 << 10
"""Bytes without the beginning of a picture after which a stream holds none."""

MAX_LINES_BYTES: Final = 4 << 10
"""Of what stands between two pictures, the last bytes are searched for a timestamp."""

_START: Final = b"\xff\xd8\xff"
_END: Final = 0xD9
_SCAN: Final = 0xDA
_LONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length: TEM, RST0 to RST7, and a second SOI."""
_AFTER_DATA: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_STAMP: Final = re.compile(r"(?im)^x-timestamp:([^\r\n]*)")
_CLOCK: Final = re.compile(r"[0-9]{1,11}\.[0-9]+|[0-9]{12,17}")


class NoPicturesError(ValueError):
    """What comes holds no JPEG pictures; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """One JPEG, and the camera's own wall clock of it where its part has an X-Timestamp."""

    jpeg: bytes
    stream_ms: int | None


@dataclass(slots=True)
class JpegStream:
    """Bytes in, parts out. `torn`: pictures that broke off before their end."""

    torn: int = field(default=0, init=False)
    _bytes: bytearray = field(default_factory=bytearray, init=False)
    _at: int = field(default=0, init=False)
    _between: bytes = field(default=b"", init=False)
    _fruitless: int = field(default=0, init=False)
    """Bytes since the last picture that belonged to none."""
    _in_picture: bool = field(default=False, init=False)
    _in_data: bool = field(default=False, init=False)

    def feed(self, chunk: bytes) -> Iterator[Part]:
        """The pictures that end in this chunk.

        Raises:
            NoPicturesError: what comes is no MJPEG.
        """
        self._bytes += chunk
        while self._find_start():
            try:
                end = self._find_end()
            except ValueError:
                self._drop_start()
                continue
            if end is None:
                if len(self._bytes) > MAX_JPEG_BYTES:
                    raise NoPicturesError(f"a picture of more than {MAX_JPEG_BYTES >> 20} MB")
                return
            part = Part(bytes(self._bytes[:end]), _stamp_ms(self._between))
            del self._bytes[:end]
            self._in_picture, self._between, self._fruitless = False, b"", 0
            yield part

    def _find_start(self) -> bool:
        if self._in_picture:
            return True
        start = self._bytes.find(_START)
        passed = len(self._bytes) - len(_START) + 1 if start < 0 else start
        if passed > 0:
            self._between = (self._between + bytes(self._bytes[:passed]))[-MAX_LINES_BYTES:]
            self._fruitless += passed
            del self._bytes[:passed]
        if self._fruitless > MAX_BETWEEN_BYTES:
            raise NoPicturesError(f"{MAX_BETWEEN_BYTES >> 10} KiB without the beginning of a JPEG")
        if start < 0:
            return False
        self._in_picture, self._in_data, self._at = True, False, 2
        return True

    def _find_end(self) -> int | None:
        """Where the picture ends; none: not yet.

        Raises:
            ValueError: it is none, or broke off.
        """
        data = self._bytes
        while True:
            if self._in_data:
                found = _AFTER_DATA.search(data, self._at)
                if found is None:
                    self._at = max(self._at, len(data) - 1)
                    return None
                self._at, self._in_data = found.start(), False
            if len(data) < self._at + 4 and not (len(data) >= self._at + 2 and data[self._at + 1] == _END):
                return None
            if data[self._at] != 0xFF:
                raise ValueError("no marker")
            marker = data[self._at + 1]
            if marker == _END:
                return self._at + 2
            if marker == 0xFF:
                self._at += 1  # fill bytes may stand before a marker
            elif marker in _LONE:
                if marker == 0xD8:
                    raise ValueError("another picture begins inside")
                self._at += 2
            else:
                length = int.from_bytes(data[self._at + 2 : self._at + 4], "big")
                if marker == 0 or length < 2:
                    raise ValueError("no segment")
                self._at += 2 + length
                self._in_data = marker == _SCAN

    def _drop_start(self) -> None:
        self.torn += 1
        self._fruitless -= self._at  # what has been read of the picture is passed over yet
        del self._bytes[:2]
        self._in_picture = False


def _stamp_ms(between: bytes) -> int | None:
    found = _STAMP.findall(between.decode("latin1"))
    return wall_clock_ms(found[-1]) if found else None


def wall_clock_ms(stamp: str) -> int | None:
    """The wall clock of an X-Timestamp: seconds with a fraction, or milli- or microseconds since 1970. ms.

    Whole seconds are too coarse to be of use.
    """
    found = _CLOCK.fullmatch(stamp.strip())
    if found is None:
        return None
    value = float(stamp)
    if "." in stamp:
        return round(value * 1000)
    return round(value) if value < 1e14 else round(value / 1000)
