"""What the classes of the taxonomy are called, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_CLASSES: Final[Mapping[str, Mapping[str, str]]] = {
    "fr": {
        "unknown": "objet",
        "person": "personne",
        "bicycle": "vélo",
        "motorcycle": "moto",
        "scooter": "trottinette",
        "car": "voiture",
        "van": "camionnette",
        "bus": "bus",
        "truck": "camion",
        "tram": "tramway",
        "animal": "animal",
        "bag": "bagage",
        "fire": "feu",
        "smoke": "fumée",
        "weapon": "arme",
    },
    "en": {"unknown": "object"},
}
"""Names of the classes by language; a name that is missing is the taxonomy's own."""


def class_name(object_class: str, language: str) -> str:
    """What the class is called in a language."""
    return _CLASSES.get(language, _CLASSES["en"]).get(object_class, object_class)


def class_names(joined: str, language: str) -> str:
    """The same of classes that were counted together, `car+van`; empty where none is named."""
    return "+".join(class_name(one, language) for one in joined.split("+"))
