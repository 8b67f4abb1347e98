"""What a condition asks of cameras that none of the site has: ids, tags, and the site's own name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vigie_common.yaml_model import nearest
from vigie_rule_engine.condition_names import texts_beside, unknown_names
from vigie_rule_engine.conditions import place_of, without_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vigie_common.camera_file import CameraFile

_TAGGED: Final = re.compile(r"^\s*in\s+camera\.tags(?![\w.(\[])")
_TURNED_ROUND: Final = re.compile(r"!(?!=)|!=|==\s*false|\?")
"""Signs by which a comparison that is never true may be meant all the same."""


def unknown_cameras(
    source: str, site: str, chosen: Sequence[CameraFile], cameras: Sequence[CameraFile]
) -> Iterator[tuple[str, int, int]]:
    """What is wrong with each text that a camera's id, tag or site is compared with and that none has; where it stands.

    Args:
        source: of a condition that compiles.
        site: id of the site.
        chosen: cameras that the rule means.
        cameras: all of the site.
    """
    bare, _ = without_texts(source)
    meant = cameras if _TURNED_ROUND.search(bare) or not chosen else chosen
    ids = sorted(camera.camera for camera in meant)
    yield from unknown_names(source, {"camera.id": ids, "camera.site": (site,)})
    tags = sorted({tag for camera in meant for tag in camera.tags})
    for said, begin, end in texts_beside(source):
        if said not in tags and _TAGGED.match(bare[end:]):
            there = f"tags are {', '.join(tags)}" if tags else "it has no tags"
            text = f'when: "{said}" is never in camera.tags: no camera of the rule carries it; {there}'
            yield text + nearest(said, tags), *place_of(source, begin)
