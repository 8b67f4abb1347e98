"""The catalogue: what it says, what it refuses and how."""

import dataclasses
import hashlib
import re

import pytest

from vigie_common.catalogue import (
    ModelFileError,
    Source,
    check_model_file,
    find_model_file,
    load_catalogue,
)
from vigie_common.errors import ConfigurationError
from vigie_common.taxonomy import ObjectClass
from vigie_common.yaml_document import InvalidFileError

ENTRY = """\
models:
  mine:
    title: {en: Mine}
    decoder: yolox
    source: {url: "", sha256: SHA, bytes: 3}
    licence: MIT
    input: {width: 64, height: 64}
    score: 0.3
    nms_iou: 0.5
    labels: [person, sedan, tree]
    classes: {person: [person], car: [sedan]}
    ignored: [tree]
    limits: none known
"""


@pytest.fixture
def write(tmp_path):
    def write(*changes):
        text = ENTRY.replace("SHA", hashlib.sha256(b"abc").hexdigest())
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "catalogue.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_projects_catalogue_has_the_embedded_and_the_downloaded_detector():
    models = load_catalogue().models
    assert sorted(models) == ["hog", "yolox-nano"]
    assert models["hog"].source is None
    assert models["yolox-nano"].source.sha256.startswith("695e750a")
    assert len(models["yolox-nano"].labels) == 80
    assert models["yolox-nano"].tells() == {
        ObjectClass[name]
        for name in "person bicycle motorcycle car bus truck tram animal bag".split()  # noqa: SIM905 - reads better
    }


def test_labels_keep_the_order_of_the_models_output(write):
    model = load_catalogue(write()).models["mine"]
    assert model.classes == (ObjectClass.person, ObjectClass.car, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("decoder: yolox", "decoder: yolo"), '4:14: model mine: unknown decoder "yolo"; did you mean "yolox"?'),
        (("decoder: yolox", "decoder: hog"), "decoder hog has no file: write `source: embedded`"),
        (("ignored: [tree]", "ignored: []"), '10:29: model mine: label "tree" has no meaning: put it under'),
        (("car: [sedan]", "auto: [sedan]"), '"auto" is not in the taxonomy'),
        (("car: [sedan]", "car: [sedam]"), '"sedam" is none of its labels; did you mean "sedan"?'),
        (("ignored: [tree]", "ignored: [tree, sedan]"), '"sedan" already has a meaning: leave one'),
        (("sedan, tree]", "sedan, tree, sedan]"), 'label "sedan" is there twice'),
        (("score: 0.3", "score: 30"), "score"),
        (("width: 64", "width: 65"), "multiples of 32"),
        (("    limits: none known\n", ""), "limits"),
        (("licence: MIT", "license: MIT"), "license"),
        (('url: ""', "url: ftp://x"), "url"),
    ],
)
def test_a_wrong_entry_is_refused_with_place_and_fix(write, change, message):
    with pytest.raises(InvalidFileError, match=re.escape(message)):
        load_catalogue(write(change))


def test_every_problem_of_a_file_is_told_at_once(write):
    with pytest.raises(InvalidFileError) as refused:
        load_catalogue(write(("decoder: yolox", "decoder: x"), ("ignored: [tree]", "ignored: []")))
    assert len(refused.value.problems) == 2


def test_an_unknown_model_is_refused_with_the_known_ones_and_the_nearest():
    with pytest.raises(ConfigurationError, match=r'"yolox-nono".*hog or yolox-nano; did you mean "yolox-nano"'):
        load_catalogue().model("yolox-nono")


def test_the_right_file_is_taken(write, tmp_path):
    file = tmp_path / "m.onnx"
    file.write_bytes(b"abc")
    assert find_model_file(load_catalogue(write()).models["mine"], file) == file


def test_another_file_is_refused_with_both_digests_and_what_to_do(write, tmp_path):
    file = tmp_path / "m.onnx"
    file.write_bytes(b"abd")
    expected, found = (hashlib.sha256(c).hexdigest() for c in (b"abc", b"abd"))
    with pytest.raises(ModelFileError, match=f"sha256 {found}, the catalogue expects {expected}.*its own entry"):
        check_model_file(load_catalogue(write()).models["mine"], file)


def test_a_missing_file_is_told_with_the_address_to_get_it(tmp_path):
    model = load_catalogue().models["yolox-nano"]
    with pytest.raises(ModelFileError, match=r"vigie models fetch yolox-nano.*https://.*yolox_nano.onnx"):
        find_model_file(model, cache=tmp_path)


def test_a_file_for_an_embedded_model_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match='"hog" is embedded'):
        find_model_file(load_catalogue().models["hog"], tmp_path / "hog.onnx")


def test_the_version_changes_with_all_that_changes_boxes_and_with_nothing_else():
    model = load_catalogue().models["yolox-nano"]
    assert re.fullmatch("[0-9a-f]{12}", model.version)
    same = dataclasses.replace(model, title={"en": "x"}, limits="y", licence="z")
    assert same.version == model.version
    for change in (
        {"score": 0.2},
        {"nms_iou": 0.6},
        {"width": 320},
        {"decoder": "hog"},
        {"classes": (None, *model.classes[1:])},
        {"source": Source("", "0" * 64, 1)},
    ):
        assert dataclasses.replace(model, **change).version != model.version
    moved = dataclasses.replace(model, source=dataclasses.replace(model.source, url="https://elsewhere/m.onnx"))
    assert moved.version == model.version
