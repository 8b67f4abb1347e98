"""Damaged files: whatever a person, an editor or a merge leaves behind is a right file, or errors with their places."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_common.camera_file import CameraFile, camera_problems
from vigie_common.camera_record import camera_record
from vigie_common.site_file import read_site
from vigie_common.yaml_document import InvalidFileError
from vigie_common.yaml_model import Located, validated
from vigie_common.yaml_source import parse_document
from vigie_rule_engine.bundle import rule_record
from vigie_rule_engine.compound_file import compound_record, examine_compound
from vigie_rule_engine.compound_lint import compound_problems
from vigie_rule_engine.rule_file import AuthorisationFile, examine_rule
from vigie_scene.spec import Scene

REPOSITORY = Path(__file__).parents[3]
SITE = read_site(REPOSITORY / "cameras/site.yaml").content
TOKENS = (
    *("[", "]", "{", "}", ":", ",", "-", "#", "&a ", "*a", "!!python/object:os.system ", "|", ">", "'", '"', "\\"),
    *("\t", "\n"),
    *("null", "~", "true", "on:", "no", ".nan", ".inf", "-1", "1e400", "0x1f", "9" * 20, "3m", "3", "0.5"),
    *("\x00", "\ufeff", "\ud7ff", "é", "\u2028", "<<: ", "---\n", "? ", "local.hour", "facts.score", "{object.klass}"),
    *("zone", "with", "classes", "points", "2026-13-40", "heights", "km/h", "count_line", "gathering", "rtsp://u:p@h/"),
)  # fmt: skip

EXAMPLES = {
    "rules/town/delivery-parking.yaml": "rule",
    "rules/town/gate-count.yaml": "rule",
    "cameras/maison-carree-02.yaml": "camera",
    "rules/decree-2023-828/fall-in-a-gathering.yaml": "compound",
    "rules/authorisations/exercise.yaml": "authorisation",
}

SCENE = """scene: delivery
duration_s: 180
layout: town-street
actors:
  - {actor: traffic, name: east, lane: east, per_minute: 6}
  - {actor: pedestrians, name: pavement, points: [[-20, 5.6], [32, 5.6]], per_minute: 4}
  - {actor: parking, name: van, kind: van, at: [6, -4.6], from_s: 20, to_s: 140}
sampling: {fps: 5, jitter_ms: 8, gaps: [[60, 65]]}
"""


@st.composite
def damaged(draw, text):
    """A text with one to six spans cut out, doubled, moved or written over."""
    for _ in range(draw(st.integers(1, 6))):
        a = draw(st.integers(0, len(text)))
        b = min(len(text), a + draw(st.integers(0, 40)))
        what = draw(st.sampled_from(("cut", "double", "token", "token", "token", "text", "move")))
        if what == "cut":
            text = text[:a] + text[b:]
        elif what == "double":
            text = text[:b] + text[a:]
        elif what == "token":
            text = text[:a] + draw(st.sampled_from(TOKENS)) + text[(a if draw(st.booleans()) else b) :]
        elif what == "text":
            text = text[:a] + draw(st.text(max_size=8)) + text[b:]
        else:
            to = draw(st.integers(0, len(text)))
            text = text[:to] + text[a:b] + text[to:]
    return text


def read(kind, text):
    """Everything that happens to a file of this kind until it is a record; the problems."""
    document = parse_document(text, "F")
    if kind == "rule":
        rule, _, problems = examine_rule(document, REPOSITORY)
        if rule is not None:
            rule_record(rule)
        return problems
    if kind == "compound":
        compound, parts, problems = examine_compound(document)
        if compound is not None:
            compound_record(compound.content)
        return [*problems, *compound_problems(parts, (), ["attroupement"])]
    if kind == "camera":
        located = Located(document, validated(document, CameraFile))
        problems = camera_problems(located, SITE, {"yolox-nano"})
        if not problems:
            camera_record(located.content, SITE, REPOSITORY, 0)
        return problems
    validated(document, {"authorisation": AuthorisationFile, "scene": Scene}[kind])
    return []


def check(kind, text):
    try:
        problems = read(kind, text)
    except InvalidFileError as refused:
        problems = refused.problems
        assert problems
    lines = text.count("\n") + text.count("\r") + 1
    for problem in problems:
        assert re.match(r"F:\d+:\d+: \S", str(problem))
        assert 1 <= problem.mark.line <= lines + 1
        assert "\n" not in str(problem)


@pytest.mark.parametrize("example", EXAMPLES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_right_or_told_what_is_wrong_and_where(example, data):
    text = (REPOSITORY / example).read_text(encoding="utf-8")
    check(EXAMPLES[example], data.draw(damaged(text)))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_scene_is_right_or_told_what_is_wrong_and_where(data):
    check("scene", data.draw(damaged(SCENE)))
