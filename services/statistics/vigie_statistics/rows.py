"""What is kept of a camera: one row a window, one for the camera itself, one for its partition.

A row is a fold: it says which record of each input it has taken in last, and takes none twice. Layouts are msgspec
arrays; a field is only ever added at the end, with a default.
"""

from __future__ import annotations

from typing import Final

import msgspec

INPUTS: Final = ("rule-events", "coverage")
"""Their positions in `offsets` and `clocks`."""

SEPARATOR: Final = "\x1f"


class Cell(msgspec.Struct, array_like=True):
    """What one rule has measured of one series in one window. Every part is a sum or a maximum: order is no matter."""

    value: float = 0.0
    """A sum, in the unit of the measure; of a mean: value × weight."""
    weight: float = 0.0
    """Seconds behind a mean."""
    most: float = 0.0
    low: float = 0.0
    high: float = 0.0
    samples: int = 0
    bins: dict[int, int] = {}
    """Of a sketch: count by bin of its mapping."""
    label: str = ""
    """What the camera file calls the direction."""

    def add(self, other: Cell) -> None:
        """Take in what another event says."""
        self.value += other.value
        self.weight += other.weight
        self.most = max(self.most, other.most)
        self.low += other.low
        self.high += other.high
        self.samples += other.samples
        for key, count in other.bins.items():
            self.bins[key] = self.bins.get(key, 0) + count
        self.label = max(self.label, other.label)


class Row(msgspec.Struct, array_like=True):
    """One window of one camera."""

    window: str
    start: int
    end: int
    local_date: str | None
    offsets: list[int]
    """Of the last record taken in, by input; -1: none."""
    applied: int = 0
    """Records taken in."""
    late: int = 0
    """Of these, after the window was over by two minutes."""
    final: bool = False
    updated_at: int = 0
    """Event time of the newest, ms."""
    through: int = 0
    """End of the last minute that a coverage record told of."""
    watched_ms: int = 0
    frames: int = 0
    judged: dict[str, int] = {}
    """Watched milliseconds of the minutes in which a rule could be judged, by rule."""
    cells: dict[str, Cell] = {}
    """By series and rule."""
    seen: dict[int, int] = {}
    """Digest of each event whose home this row is, with its offset: a repetition has a higher one."""


class Camera(msgspec.Struct, array_like=True):
    """What is known of a camera beside its windows."""

    camera_id: str
    site: str
    time_zone: str
    offsets: list[int]
    clocks: list[int]
    """Event time up to which each input is complete, ms; 0: unknown."""
    open: dict[str, int] = {}
    """Keys of the windows that are not final, with their ends."""
    changed: dict[str, int] = {}
    """Keys of those that changed since they were published; the values say nothing."""
    episodes: dict[str, tuple[str, int]] = {}
    """Open episodes whose time is added up: series, and up to when."""
    known: dict[str, tuple[int, int]] = {}
    """Series that were seen, and when first and last: what is not seen of them is a zero."""
    heard_at: int = 0
    """Append time of its last record."""
    heard_clock: int = 0
    """The newer of its clocks then."""
    told_until: int = 0
    """Event time up to which its windows were looked at for what must be published."""


class Partition(msgspec.Struct, array_like=True):
    """How far a partition's inputs are taken in; written last, so that all below is in the log."""

    next: list[int]
    """Offset of the next record, by input; -1: none yet."""
    swept_at: int = 0
    """Append time of the last look for silent cameras."""
    cameras: dict[str, int] = {}
    """Append time of the last record of each camera that has open windows."""


def row_key(camera_id: str, window: str, start: int) -> str:
    """Where a window's row lies."""
    return f"{camera_id}{SEPARATOR}{window}{SEPARATOR}{start}"


def camera_key(camera_id: str) -> str:
    """Where a camera's row lies."""
    return f"{camera_id}{SEPARATOR}"


def partition_key(partition: int) -> str:
    """Where a partition's row lies."""
    return f"{SEPARATOR}{partition}"


_encoder = msgspec.msgpack.Encoder()
_rows = msgspec.msgpack.Decoder(Row)
_cameras = msgspec.msgpack.Decoder(Camera)
_partitions = msgspec.msgpack.Decoder(Partition)
_EPOCH_BYTES: Final = 8


def encode(content: Row | Camera | Partition, epoch: int) -> bytes:
    """What is stored: the epoch of its writer, then the content.

    The epoch is the generation of the consumer group in which the writer was given the partition: of two records
    under one key, the one of the higher epoch is the truth, whichever was written last. A worker that was believed
    dead may wake up and write what it knew.
    """
    return encode_stored(epoch, _encoder.encode(content))


def encode_stored(epoch: int, content: bytes) -> bytes:
    """What is stored, of its two parts."""
    return epoch.to_bytes(_EPOCH_BYTES, "big") + content


def content_of(stored: bytes) -> bytes:
    """What is stored, without the epoch."""
    return stored[_EPOCH_BYTES:]


def epoch_of(stored: bytes) -> int:
    """The epoch of a stored record."""
    return int.from_bytes(stored[:_EPOCH_BYTES], "big")


def decode_row(stored: bytes) -> Row:
    """A window's row."""
    return _rows.decode(memoryview(stored)[_EPOCH_BYTES:])


def decode_camera(stored: bytes) -> Camera:
    """A camera's row."""
    return _cameras.decode(memoryview(stored)[_EPOCH_BYTES:])


def decode_partition(stored: bytes) -> Partition:
    """A partition's row."""
    return _partitions.decode(memoryview(stored)[_EPOCH_BYTES:])
