"""Classes that a rule asks for and no model of a camera finds: it would wait for them for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigie_common.taxonomy import CLASS_GROUP, CLASS_NAMES, CLASS_ORDINAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigie_common.catalogue import Model


def not_found(classes: Sequence[str], used: Sequence[str], models: Mapping[str, Model]) -> str | None:
    """Which of a rule's classes none of a camera's models finds, and what they find: `bag (hog: person)`.

    A class is none of these where another of its group is given and found: who asks for cars and vans is content with a
    model that calls both a car.

    Args:
        classes: of the rule.
        used: names of the camera's models.
        models: of the catalogue; a model that is not there may find anything.
    """
    if not all(name in models for name in used):
        return None
    found = frozenset(ordinal for name in used for ordinal in models[name].tells())
    given = [CLASS_ORDINAL[name] for name in classes]
    groups = {CLASS_GROUP[ordinal] for ordinal in given if ordinal in found}
    missing = [CLASS_NAMES[ordinal] for ordinal in given if CLASS_GROUP[ordinal] not in groups]
    if not missing:
        return None
    finds = "; ".join(f"{name}: {', '.join(CLASS_NAMES[c] for c in sorted(models[name].tells()))}" for name in used)
    return f"{' or '.join(missing)} ({finds})"
