"""The rows of one partition while a batch is taken in: read from the table once, changed here, written together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigie_statistics.figures import figures
from vigie_statistics.rows import (
    SEPARATOR,
    Camera,
    Partition,
    Row,
    camera_key,
    decode_camera,
    decode_partition,
    decode_row,
    encode,
    partition_key,
    row_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigie_common.records import Statistic
    from vigie_statistics.windows import Span


class Pages:
    """What a batch reads and changes.

    Args:
        number: of the partition.
        read: gives what is stored under a key, or none.
    """

    def __init__(self, number: int, read: Callable[[str], bytes | None]) -> None:
        self._number, self._read = number, read
        self._rows: dict[str, Row | None] = {}
        """Changed, or None: to be forgotten."""
        self._cameras: dict[str, Camera] = {}
        self._due: dict[str, None] = {}
        stored = read(partition_key(number))
        self.partition = Partition([-1, -1]) if stored is None else decode_partition(stored)

    def camera(self, camera_id: str, site: str, time_zone: str) -> Camera:
        """A camera's row, to be changed."""
        camera = self.known_camera(camera_id)
        if camera is None:
            camera = self._cameras[camera_id] = Camera(camera_id, site, time_zone, [-1, -1], [0, 0])
        camera.site, camera.time_zone = site, time_zone
        return camera

    def known_camera(self, camera_id: str) -> Camera | None:
        """A camera's row, to be changed, if there is one."""
        if camera_id not in self._cameras:
            stored = self._read(camera_key(camera_id))
            if stored is None:
                return None
            self._cameras[camera_id] = decode_camera(stored)
        return self._cameras[camera_id]

    def row(self, camera_id: str, span: Span, new: Callable[[Span], Row]) -> Row:
        """A window's row, to be changed."""
        key = row_key(camera_id, span.window, span.start)
        row = self.stored(key)
        if row is None:
            row = self._rows[key] = new(span)
        return row

    def stored(self, key: str) -> Row | None:
        """A window's row, to be changed, if there is one."""
        if key not in self._rows:
            stored = self._read(key)
            if stored is None:
                return None
            self._rows[key] = decode_row(stored)
        return self._rows[key]

    def publish(self, key: str) -> None:
        """Tell this window's figures with the batch."""
        self._due[key] = None

    def forget(self, key: str) -> None:
        """Nothing can come for this window any more."""
        if key in self._rows or self._read(key) is not None:
            self._rows[key] = None

    def figures(self) -> list[Statistic]:
        """What the batch publishes; the windows have no news after it."""
        told: list[Statistic] = []
        for key in self._due:
            row, camera = self.stored(key), self.known_camera(key.split(SEPARATOR, 1)[0])
            if row is not None and camera is not None:
                camera.changed.pop(key, None)
                told += figures(row, camera)
        self._due.clear()
        return told

    def window_rows(self, epoch: int) -> dict[str, bytes | None]:
        """To be written first, with the figures; None: to be forgotten."""
        return {key: None if row is None else encode(row, epoch) for key, row in self._rows.items()}

    def camera_rows(self, epoch: int) -> dict[str, bytes | None]:
        """To be written once the window rows and the figures are in the log."""
        return {camera_key(name): encode(camera, epoch) for name, camera in self._cameras.items()}

    def partition_row(self, epoch: int) -> dict[str, bytes | None]:
        """To be written last: all below its offsets is in the log."""
        return {partition_key(self._number): encode(self.partition, epoch)}
