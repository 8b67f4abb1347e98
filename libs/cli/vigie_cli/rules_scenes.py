"""The simulated scenes that tests of rules name: read, checked, and filmed through the real tracker."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from vigie_common.errors import BadInputError
from vigie_common.yaml_document import Document, InvalidFileError, Node
from vigie_common.yaml_model import nearest, validated
from vigie_common.yaml_source import read_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vigie_common.site_file import SiteFile
    from vigie_common.yaml_document import Problem
    from vigie_rule_engine.bundle import RuleFolder
    from vigie_rule_engine.rule_file import RuleParts
    from vigie_scene.spec import Scene


def scene_problems(rules: RuleFolder) -> list[Problem]:
    """Scenes of tests that are not there or wrong, and zones and lines that they do not have."""
    problems: list[Problem] = []
    for parts in rules.parts:
        for index, test in enumerate(parts.tests):
            if test is None or test.scene is None or not all((parts.folder / file).is_file() for _, file in test.files):
                continue  # what is not there, the lint has said
            try:
                scene = test_scene(parts, index)
            except InvalidFileError as error:
                problems += error.problems
            except BadInputError as error:
                problems.append(parts.document.problem(["tests", index, "scene"], f"tests[{index}].scene: {error}"))
            else:
                problems += _geometry_problems(parts, index, scene)
    return problems


def _geometry_problems(parts: RuleParts, index: int, scene: Scene) -> Iterable[Problem]:
    """Zones and lines that the rule asks for in this test, and the scene lacks."""
    test = parts.tests[index]
    given = parts.document.at(["with"])
    written = given.plain() if given is not None else {}
    asked = {**(written if isinstance(written, dict) else {}), **(test.with_ if test is not None else {})}
    for key, there in (("zone", tuple(scene.ground.zones)), ("line", tuple(scene.ground.lines))):
        names = asked.get(key, [])
        for name in names if isinstance(names, list) else [names]:
            if isinstance(name, str) and name not in there:
                message = f'tests[{index}]: the scene {scene.scene} has no {key} "{name}"; it has '
                message += ", ".join(there) or "none"
                if test is not None and key in test.with_:
                    place, fix = ["with", key], nearest(name, there) or ": write one of these"
                else:
                    place, fix = ["scene"], f": add with: {{{key}: {there[0] if there else '…'}}} to the test"
                yield parts.document.problem(["tests", index, *place], message + fix)


def test_scene(parts: RuleParts, index: int) -> Scene:
    """The scene of a rule's test.

    Raises:
        BadInputError: there is no such scene or file.
        InvalidFileError: the scene is wrong: its file, line and column, or the test's.
    """
    from vigie_scene.library import library_scene
    from vigie_scene.spec import Scene

    test = parts.tests[index]
    asked = None if test is None else test.scene
    if isinstance(asked, str):
        if not asked.endswith((".yaml", ".yml")):
            return library_scene(asked)
        return validated(read_document(parts.folder / asked), Scene)
    node = parts.document.at(["tests", index, "scene"])
    if node is None or not isinstance(node.value, dict):  # pragma: no cover - the test was read from there
        raise BadInputError("a scene is a name, a file, or a mapping")
    named = {"scene": Node(node.mark, "scene"), **node.value}
    document = Document(parts.document.file, Node(node.mark, named, {"scene": node.mark, **node.keys}))
    return validated(document, Scene, f"tests[{index}].scene")


def scene_camera(scene: Scene, site: SiteFile) -> dict[str, Any]:
    """The scene's camera, as one of the site: its time zone, languages and holidays."""
    from vigie_scene.export import camera_record

    record = cast("dict[str, Any]", camera_record(scene, "scene", site.site))
    return {
        **record,
        "time_zone": site.time_zone,
        "languages": list(site.languages),
        "holidays": sorted(site.holidays),
    }


def scene_tracks(scene: Scene, start_ms: int) -> list[Mapping[str, Any]]:
    """What the tracker makes of the scene, from an event time on."""
    return [{**record, "captured_at": record["captured_at"] + start_ms} for record in _filmed(scene.model_dump_json())]


@lru_cache(maxsize=16)
def _filmed(scene: str) -> tuple[Mapping[str, Any], ...]:
    """The tracks of a scene that begins at 0; kept, since several rules test on the same scene."""
    from vigie_scene.export import track_records
    from vigie_scene.film import film
    from vigie_scene.spec import Scene

    taken = film(Scene.model_validate_json(scene, strict=False))
    return tuple(cast("Mapping[str, Any]", record) for record in track_records(taken, "scene", 0))
