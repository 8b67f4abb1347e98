"""The state of a partition: its cameras, and the live tracks of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from vigie_tracking.layout import CAMERA, FIRST_CAPACITY, MAX_TRACKS, TRACK, Array

UNSEEN_MS: Final = 24 * 3600 * 1000
"""A camera without a record for this long, by the broker's clock, is dropped with its tracks."""

SWEEP_MS: Final = 60_000
"""How often, by the broker's clock, such cameras are looked for."""


@dataclass(slots=True)
class Sighting:
    """The last record taken from a camera, and where its tracks are."""

    row: int
    """In Fleet.cameras and Fleet.tracks."""
    session: str
    seq: int
    captured_at: int
    """Event time, ms."""
    appended_at: int
    """Broker's append time, ms."""
    live: int = 0
    """Live tracks."""


@dataclass(slots=True)
class Fleet:
    """Every camera of a partition. Rows and their capacity are storage: they never show in an output."""

    sightings: dict[str, Sighting] = field(default_factory=dict)
    """By camera id."""
    swept_at: int = 0
    """Broker's time of the last sweep, ms."""
    cameras: Array = field(default_factory=lambda: np.zeros(4, CAMERA))
    """(rows,) layout.CAMERA."""
    tracks: Array = field(default_factory=lambda: np.zeros((4, FIRST_CAPACITY), TRACK))
    """(rows, capacity) layout.TRACK."""

    def enter(self, camera_id: str, session: str) -> Sighting:
        """Give a new camera a row."""
        row = len(self.sightings)
        if row == len(self.cameras):
            self.cameras = np.concatenate([self.cameras, np.zeros_like(self.cameras)])
            self.tracks = np.concatenate([self.tracks, np.zeros_like(self.tracks)])
        self.cameras[row] = np.zeros((), CAMERA)
        self.cameras[row]["looked_at"] = -1
        sighting = Sighting(row, session, seq=-1, captured_at=-(2**62), appended_at=0)
        self.sightings[camera_id] = sighting
        return sighting

    def make_room(self, tracks: int) -> None:
        """Double the rows' capacity until this many tracks fit, up to MAX_TRACKS."""
        rows, capacity = self.tracks.shape
        wanted = capacity
        while wanted < min(tracks, MAX_TRACKS):
            wanted *= 2
        if wanted > capacity:
            grown = np.zeros((rows, wanted), TRACK)
            grown[:, :capacity] = self.tracks
            self.tracks = grown

    def sweep(self, appended_at: int) -> None:
        """Drop the cameras unseen for UNSEEN_MS before the broker's time `appended_at`."""
        self.swept_at = appended_at
        gone = [name for name, seen in self.sightings.items() if appended_at - seen.appended_at > UNSEEN_MS]
        for name in gone:
            self._leave(name)

    def _leave(self, camera_id: str) -> None:
        """Free a camera's row; the last row moves there."""
        row = self.sightings.pop(camera_id).row
        last = len(self.sightings)
        for sighting in self.sightings.values():
            if sighting.row == last:
                sighting.row = row
                self.cameras[row] = self.cameras[last]
                self.tracks[row] = self.tracks[last]
