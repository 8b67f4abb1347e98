"""What a template is: its name, its parameters, what it needs of a camera and what it measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["duration", "distance", "speed", "fraction", "number", "choice", "classes", "zone", "line"]
"""What a parameter's value is; every kind but a plain number is written with its unit or by name."""

Scope = Literal["track in zone", "track over line", "track", "zone", "line"]
"""What an episode or a count of the template is about."""

Bounds = tuple[str | float, ...]
"""The least or the most that a parameter may be, as an author writes it: one for each unit that needs its own."""

Need = Literal["homography", "zone"]
"""What a camera must have before the template can judge it: four calibration points or more; a named zone."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a template.

    Attributes:
        name: key in the rule's `with`.
        kind: how it is written.
        default: in the author's spelling ("5s", "0.3 heights"); None: the author must give it;
            the empty tuple (zones): the whole image.
        doc: one line for the author.
        metric: a distance or speed in metres is understood too; without, only heights of the object are.
        metric_default: the default of a rule that gives another of its distances or speeds in metres.
        fills: of `layers.rows.RULE`, where the compiled rule keeps it; empty: compile knows it by name.
        choices: of a choice: each word and the number that stands for it.
        least: allowed, where `quantities` does not say it of its kind already; so is `most`.
        ground: only a distance or speed on the ground is understood.
        most_frames: of a duration: so many frames of the camera are kept for it; 0: it is not about frames.
    """

    name: str
    kind: Kind
    default: str | float | tuple[str, ...] | None
    doc: str
    metric: bool = False
    metric_default: str | None = None
    fills: str = ""
    choices: Mapping[str, float] = field(default_factory=dict)
    least: Bounds = ()
    most: Bounds = ()
    ground: bool = False
    most_frames: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """What a template measures against which of its parameters; `explain` shows both.

    Attributes:
        name: of the measured value, with its unit at the end ("m or heights": the rule's own).
        source: where the layers leave it: `cell.value`, `subject.` and a field of SUBJECT, or a field of ZONE.
        parameter: what it is compared with.
        relation: how it must stand to it for the template to say ON.
    """

    name: str
    source: str
    parameter: str
    relation: Literal[">=", ">", "<", "<="]


@dataclass(frozen=True, slots=True)
class Template:
    """One way of judging: its parameters and what it needs of a camera.

    Attributes:
        name: in rule files.
        scope: what an episode or count is about.
        parameters: in the order of the documentation.
        needs: of the camera.
        doc: one sentence.
        formula: when it says on, hold and off.
        limits: where it fails.
        source: where the definition comes from.
        facts: measured values that its conditions and texts may name, beside the common ones.
        measures: what `explain` compares.
        least_fps: a camera sampled more slowly is refused; 0: any.
        counts: it gives COUNT events and no episodes.
        scenes: what the three scenes of its tests show: it happens, nearly, looks alike.
        ascending: pairs of parameters of which the first must not be above the second.
        classes: those that it is about, of which one at least should be given; empty: any.
    """

    name: str
    scope: Scope
    parameters: tuple[Parameter, ...]
    needs: frozenset[Need]
    doc: str
    formula: str = ""
    limits: str = ""
    source: str = "judgement"
    facts: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    least_fps: float = 0.0
    counts: bool = False
    scenes: tuple[str, str, str] = ("", "", "")
    ascending: tuple[tuple[str, str], ...] = ()
    classes: frozenset[str] = frozenset()

    def parameter(self, name: str) -> Parameter:
        """The parameter called `name`; KeyError if there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise KeyError(name)

    @property
    def metric(self) -> bool:
        """Whether a rule of it may measure on the ground."""
        return any(parameter.metric for parameter in self.parameters)
