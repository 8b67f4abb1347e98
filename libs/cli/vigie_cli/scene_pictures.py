"""One small picture for each template, drawn from the scene in which it happens: for the reference page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from vigie_common.errors import BadInputError

MOMENTS: Final = {
    "presence": 12.0,
    "line_cross": 11.5,
    "wrong_way": 20.0,
    "dwell": 75.0,
    "stopped": 80.0,
    "congestion": 120.0,
    "speed": 14.0,
    "gathering": 85.0,
    "density": 60.0,
    "crowd_movement": 61.5,
    "fall": 21.5,
    "person_down": 32.0,
    "abandoned_object": 80.0,
    "object_class": 25.0,
    "count_line": 12.0,
    "count_zone": 30.0,
    "unique_count": 20.0,
}
"""Seconds of the scene at which it is to be seen."""

WIDTH: Final = 480
LEVEL: Final = 16
"""Steps of grey that are kept apart: fewer take less room."""


def pictures(
    out: Annotated[Path, typer.Option(help="Folder for the pictures, NAME.png; it must exist.")],
) -> None:
    """One picture for each template, from the scene in which it happens, with what the detector says.

    Example: vigie scene pictures --out docs/reference/templates
    """
    import cv2
    import numpy as np

    from vigie_scene import picture
    from vigie_scene.film import film
    from vigie_scene.library import library_scene

    if not out.is_dir():
        raise BadInputError(f"--out {out}: is no folder: make it first")
    for template, at in MOMENTS.items():
        name = "person_down" if template == "fall" else template
        take = film(library_scene(f"{name.replace('_', '-')}-happens"))
        frame = min(int(take.times_ms.searchsorted(at * 1000)), len(take.times_ms) - 1)
        image = picture.draw(take, frame, truth=False, detections=True)
        small = cv2.resize(image, (WIDTH, WIDTH * image.shape[0] // image.shape[1]), interpolation=cv2.INTER_AREA)
        few = np.asarray(small // LEVEL * LEVEL + LEVEL // 2, dtype=np.uint8)
        cv2.imwrite(str(out / f"{template}.png"), few, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        print(out / f"{template}.png")
