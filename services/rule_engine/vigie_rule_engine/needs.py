"""What a template needs of a camera and its model, in words: for the reference page and `vigie rules templates`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_common.taxonomy import CLASS_NAMES
from vigie_common.yaml_model import one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_rule_engine.template import Need, Template

_NEEDS: Final[Mapping[Need, str]] = {
    "homography": "a calibrated camera (four calibration points or more)",
    "zone": "a named zone",
}


def needs_of(template: Template) -> list[str]:
    """What a camera must have."""
    needs = [_NEEDS[need] for need in sorted(template.needs)]
    needs += [p.doc for p in template.parameters if p.kind == "line"]
    return needs + [f"{template.least_fps:g} frames a second or more"] * bool(template.least_fps)


def model_of(template: Template) -> str:
    """What its model must know."""
    fit = [name for name in CLASS_NAMES if name in template.classes]
    return f"a model that knows {one_of(fit)}" if fit else "a model that knows its classes"
