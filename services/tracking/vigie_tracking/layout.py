"""The state and the working memory of the tracker: every field with its unit.

Structured arrays, so that compiled code, snapshots and readers see the same names. Explicitly little-endian, no
padding, all fields written at birth: a live slot's bytes are its state. Changing CAMERA or TRACK means raising
`snapshot.FORMAT`.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from vigie_common.taxonomy import CLASS_GROUP

Array: TypeAlias = npt.NDArray[Any]
"""A structured or plain NumPy array; the docstring says which dtype."""

Slot: TypeAlias = Any
"""One element of a structured array: compiled code gets it by reference, and so does NumPy (`numpy.void`)."""

MAX_TRACKS: Final = 1024
"""Live tracks of one camera; a box that would begin one more is ignored."""

MAX_BOXES: Final = 1000
"""Boxes of one frame that are looked at: those of the highest scores."""

ID_BASE: Final = 4096
"""A track's id is its birth's seq × ID_BASE + the box's index in that frame's record; boxes beyond are ignored."""

FIRST_CAPACITY: Final = 16
"""Slots that a partition's cameras have at first; doubled up to MAX_TRACKS for whoever needs more."""

VOTES: Final = max(CLASS_GROUP.count(group) for group in CLASS_GROUP)
"""Classes in the largest class group."""

CAMERA: Final = np.dtype(
    [
        ("looked_at", "<i8"),  # ms, of the last frame with status ok; -1 before the session's first
        ("watched", "<i8"),  # ms watched in the session: the clock of forgetting
        ("width", "<i4"),  # pixels of the last frame looked at; 0 before the first
        ("height", "<i4"),
        ("tracks", "<i8"),  # live ones: slots 0..tracks-1, oldest first
    ]
)

TRACK: Final = np.dtype(
    [
        ("id", "<i8"),
        ("seen_at", "<i8"),  # ms, event time of the last box
        ("seen_watched", "<i8"),  # ms, CAMERA.watched at that moment
        ("cx", "<f8"),  # the filter at CAMERA.looked_at: box centre, pixels
        ("cy", "<f8"),
        ("w", "<f8"),  # box size, pixels
        ("h", "<f8"),
        ("vx", "<f8"),  # their rates, pixels a second
        ("vy", "<f8"),
        ("vw", "<f8"),
        ("vh", "<f8"),
        ("centre_var", "<f8"),  # of cx, and the same of cy: pixels²
        ("centre_cov", "<f8"),  # of cx and vx: pixels²/s
        ("centre_rate_var", "<f8"),  # of vx: pixels²/s²
        ("size_var", "<f8"),  # of w, and the same of h
        ("size_cov", "<f8"),
        ("size_rate_var", "<f8"),
        ("votes", "<f4", (VOTES,)),  # decayed scores, by place of the class in its group
        ("group", "<i4"),  # class group
        ("object_class", "<i4"),  # the vote's winner: ordinal in the taxonomy
        ("boxes", "<i4"),  # boxes seen so far, counted up to 2: a new-born has one
        ("missed", "<i4"),  # looks since the last box
        ("riding", "<i8"),  # ms watched in which its boxes have lain on an older track's, without a break
    ]
)

BOX: Final = np.dtype(
    [  # a usable box of the frame at hand
        ("cx", "<f8"),
        ("cy", "<f8"),
        ("w", "<f8"),
        ("h", "<f8"),
        ("score", "<f8"),
        ("index", "<i4"),  # in the record
        ("group", "<i4"),
        ("object_class", "<i4"),
        ("track", "<i4"),  # slot it belongs to, or doubles.FREE, doubles.DOUBLE
    ]
)

PLACE: Final = np.dtype(
    [  # working memory of one place in the lists of association and assignment
        ("box_of_track", "<i4"),  # slot → box, -1 for none
        ("track", "<i4"),  # candidates of the stage at hand: slots …
        ("box", "<i4"),  # … and boxes
        ("track_degree", "<i4"),  # how many candidates each may pair with
        ("box_degree", "<i4"),
        ("track_only", "<i4"),  # one of them
        ("row", "<i4"),  # contested candidates: rows and columns of the assignment
        ("column", "<i4"),
        ("column_of_row", "<i4"),
        ("row_of_column", "<i4"),
        ("predecessor", "<i4"),
        ("remaining", "<i4"),
        ("row_scanned", "<i4"),
        ("column_scanned", "<i4"),
        ("row_potential", "<f8"),
        ("column_potential", "<f8"),
        ("distance", "<f8"),
    ]
)

FOUND: Final = np.dtype(
    [  # one box that belongs to a track, in the record's order
        ("track_id", "<i8"),
        ("vx", "<f8"),  # pixels a second, after the update
        ("vy", "<f8"),
        ("index", "<i4"),  # of the box in the record
        ("object_class", "<i4"),  # the track's
    ]
)

ENDED: Final = np.dtype([("track_id", "<i8"), ("seen_at", "<i8"), ("reason", "<i8")])

FRAME: Final = np.dtype(
    [  # one frame of a batch, and what became of it
        ("camera", "<i8"),  # row
        ("seq", "<i8"),
        ("now", "<i8"),  # captured_at, ms
        ("ok", "<i8"),  # 1 looked at, 0 blind
        ("width", "<i8"),  # pixels
        ("height", "<i8"),
        ("session_over", "<i8"),  # 1 if the session of the camera's live tracks is over
        ("boxes", "<i8"),
        ("found", "<i8"),  # results: boxes that belong to a track
        ("ended", "<i8"),  # tracks ended
        ("ignored", "<i8"),  # boxes ignored
        ("born", "<i8"),  # tracks born
    ]
)

END_LOST: Final = 1
END_LEFT: Final = 2
END_SESSION: Final = 3
END_DUPLICATE: Final = 4
END_NAMES: Final = ("unknown", "lost", "left", "session", "duplicate")
"""Reasons by number, as the Avro enum TrackEnd spells them."""

_MEMBERS: Final = {group: [c for c, g in enumerate(CLASS_GROUP) if g == group] for group in sorted(set(CLASS_GROUP))}

GROUP_OF_CLASS: Final = np.array(CLASS_GROUP, np.int32)
"""(classes,) class group by ordinal."""

PLACE_IN_GROUP: Final = np.array([_MEMBERS[g].index(c) for c, g in enumerate(CLASS_GROUP)], np.int32)
"""(classes,) place of a class among its group's."""

CLASS_IN_GROUP: Final = np.array(
    [[*_MEMBERS.get(g, []), *[0] * VOTES][:VOTES] for g in range(len(CLASS_GROUP))], np.int32
)
"""(classes, VOTES) the class by group and place."""
