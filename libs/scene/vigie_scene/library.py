"""The scenes that come with the house, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_common.errors import BadInputError
from vigie_common.yaml_model import nearest
from vigie_scene.library_actors import Part, stands, strollers
from vigie_scene.library_scenes import ENTRIES, EXTRAS, Entry
from vigie_scene.spec import LAYOUTS, Scene
from vigie_scene.street import rectangle

if TYPE_CHECKING:
    from vigie_scene.street import Street

VARIANTS: Final = ("happens", "nearly", "look-alike")


def scene_names() -> tuple[str, ...]:
    """Names of the library: `stopped-happens`, `stopped-nearly` and so on."""
    return (*template_scenes(), *EXTRAS)


def template_scenes() -> tuple[str, ...]:
    """Those that belong to a template: `TEMPLATE-VARIANT`."""
    return tuple(f"{template.replace('_', '-')}-{variant}" for template in ENTRIES for variant in VARIANTS)


def library_scene(name: str) -> Scene:
    """The scene of that name.

    Raises:
        BadInputError: there is none.
    """
    for template, entries in ENTRIES.items():
        for variant, entry in zip(VARIANTS, entries, strict=True):
            if name == f"{template.replace('_', '-')}-{variant}":
                return _scene(name, entry)
    if name in EXTRAS:
        return _scene(name, EXTRAS[name])
    names = scene_names()
    raise BadInputError(f'there is no scene "{name}": see `vigie scene list`{nearest(name, names)}')


def _scene(name: str, entry: Entry) -> Scene:
    given: Part = {
        "scene": name,
        "about": entry.about,
        "duration_s": entry.lasts_s,
        "layout": entry.layout,
        "actors": entry.actors,
        "sampling": {"fps": 5.0, "jitter_ms": 8.0},
        "disturbances": {"shake_px": entry.shake_px},
    }
    if entry.red or name == "unique-count-look-alike":
        given["street"] = _with(LAYOUTS[entry.layout][0], entry, kiosk=not entry.red)
    return Scene.model_validate(given)


def _with(street: Street, entry: Entry, *, kiosk: bool) -> Part:
    parts = street.model_dump()
    parts["signals"] = [{"lane": lane, "at_m": at, "red": [(a, b)]} for lane, at, a, b in entry.red]
    if kiosk:
        parts["occluders"] = [{"at": (0.0, 2.0), "length_m": 2.0, "width_m": 2.0, "height_m": 2.6}]
    return parts


def crowd_scene(seed: int, objects: int = 10, duration_s: float = 60.0, fps: float = 5.0) -> Scene:
    """A square on which a number of objects are all the time, for load: two in three walk, the rest stand parked."""
    walking = objects - objects // 3
    area = rectangle(-8.0, -2.0, 8.0, 14.0)
    parked = [stands(f"car-{k}", [-14.0 + 4.7 * k, 19.0], kind="car") for k in range(objects - walking)]
    return Scene.model_validate(
        {
            "scene": f"load-{seed}",
            "seed": seed,
            "duration_s": duration_s,
            "layout": "square",
            "actors": [*parked, *strollers(walking, area)],
            "sampling": {"fps": fps},
        }
    )
