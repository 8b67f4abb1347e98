"""A scene, described: ground plan, camera, actors, how it is sampled and what disturbs the picture.

In a file it is YAML, with the same keys; units stand in the keys' names: `_s` seconds, `_m` metres, `_mps` metres a
second, `_deg` degrees, `_px` pixels.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from vigie_common.errors import BadInputError
from vigie_common.field_types import Name, Text
from vigie_common.yaml_model import FileModel, load, nearest
from vigie_scene.actors import (
    Crowd,
    Driver,
    FalseObject,
    Parking,
    Route,
    Standing,
    Stroller,
    Traffic,
    Walker,
)
from vigie_scene.behaviours import Bag, Fall, Flight, Group, Loiterer, Queue
from vigie_scene.camera import SceneCamera
from vigie_scene.street import SQUARE, TOWN_STREET, Span, Street

AnyActor = Annotated[
    Walker
    | Stroller
    | Crowd
    | Driver
    | Traffic
    | Parking
    | Route
    | Standing
    | FalseObject
    | Fall
    | Group
    | Queue
    | Flight
    | Bag
    | Loiterer,
    Field(discriminator="actor"),
]
Spans = Annotated[tuple[Span, ...], Field(strict=False)]


class Sampling(FileModel):
    """When frames are taken."""

    fps: float = Field(default=5.0, gt=0, le=60)
    jitter_ms: float = Field(default=0.0, ge=0, le=1000, description="standard deviation of each frame's time")
    gaps: Spans = Field(default=(), description="from, to in which no frame comes")


class Disturbances(FileModel):
    """What happens to the picture."""

    shake_px: float = Field(default=0.0, ge=0, le=100, description="standard deviation of the whole image's place")
    shaken: Spans = Field(default=(), description="from, to of the shaking; left out: always")
    exposure_lost: Spans = Field(default=(), description="from, to in which glare or dark hides most objects")


class Detector(FileModel):
    """Which detector looks: one without error, or one with the measured errors (see `error_table`)."""

    errors: Literal["measured", "none"] = "measured"
    score_floor: float = Field(default=0.1, ge=0.1, le=1, description="lower scores are dropped")
    place_map: bool = Field(default=True, description="misses in the open depend on the place in the image")
    place_seed: int | None = Field(default=None, ge=0, description="which map of places; left out: the scene's seed")
    flicker: float = Field(default=1.0, ge=0, le=100, description="factor on passing false positives")


LAYOUTS: Final[Mapping[str, tuple[Street, SceneCamera]]] = {
    "town-street": (
        TOWN_STREET,
        SceneCamera(x_m=-12.0, y_m=-12.5, height_m=6.5, heading_deg=49.0, tilt_deg=17.0, focal_px=1000.0),
    ),
    "square": (SQUARE, SceneCamera()),
}
"""Ground plans with a camera that looks at them."""


class Scene(FileModel):
    """All that a simulated camera sees, from a seed."""

    scene: Name
    about: Text = "A simulated scene."
    seed: int = Field(default=1, ge=0)
    duration_s: float = Field(default=60.0, gt=0, le=86_400)
    layout: Literal["town-street", "square"] = "town-street"
    street: Street | None = Field(default=None, description="left out: the layout's")
    camera: SceneCamera | None = Field(default=None, description="left out: the layout's")
    actors: Annotated[tuple[AnyActor, ...], Field(strict=False)] = ()
    sampling: Sampling = Sampling()
    disturbances: Disturbances = Disturbances()
    detector: Detector = Detector()

    @property
    def ground(self) -> Street:
        """The ground plan."""
        return self.street if self.street is not None else LAYOUTS[self.layout][0]

    @property
    def lens(self) -> SceneCamera:
        """The camera."""
        return self.camera if self.camera is not None else LAYOUTS[self.layout][1]

    @model_validator(mode="after")
    def _whole(self) -> "Scene":
        names = [actor.name for actor in self.actors]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f'two actors are called "{twice}": the name is what tells their random numbers apart')
        lanes = self.ground.lanes
        asked = [(actor.name, actor.lane) for actor in self.actors if isinstance(actor, Driver | Traffic | Parking)]
        asked += [("a signal", signal.lane) for signal in self.ground.signals]
        for name, lane in asked:
            if lane not in lanes:
                known = ", ".join(lanes) or "none"
                raise ValueError(f'{name}: there is no lane "{lane}": the street has {known}{nearest(lane, lanes)}')
        return self

    def at(self, **changes: Any) -> "Scene":
        """The same scene with other fields: `scene.at(seed=2, sampling=Sampling(fps=2))`."""
        return Scene.model_validate({name: getattr(self, name) for name in Scene.model_fields} | changes)


def read_scene(path: Path) -> Scene:
    """The scene in a YAML file.

    Raises:
        BadInputError: it cannot be read, or a field is wrong: file, line and the fix.
    """
    if not path.is_file():
        raise BadInputError(f"{path}: there is no such file: name a scene of `vigie scene list`, or a YAML file")
    return load(path, Scene).content
