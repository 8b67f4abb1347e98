"""The repository that Triton reads."""

import json

import pytest

from vigie_common.catalogue import ModelFileError, load_catalogue
from vigie_common.errors import ConfigurationError
from vigie_inference.repository import build_repository, version_number, version_of

NUMBER = str(version_number(load_catalogue().models["hog"].version))


def test_a_model_is_a_complete_folder_that_tells_its_version(tmp_path):
    catalogue = load_catalogue()
    build_repository(catalogue, ["hog"], {}, tmp_path / "models", instances=2)
    folder = tmp_path / "models" / "hog"
    config = (folder / "config.pbtxt").read_text(encoding="utf-8")
    assert f'"vigie_version" value {{ string_value: "{catalogue.models["hog"].version}" }}' in config
    assert "count: 2" in config
    assert json.loads((folder / NUMBER / "detector.json").read_text(encoding="utf-8"))["classes"] == [1]
    assert (folder / NUMBER / "model.py").is_file()
    assert (folder / NUMBER / "vigie_backend" / "hog.py").is_file()


def test_building_again_replaces_the_model_and_leaves_the_others(tmp_path):
    destination = tmp_path / "models"
    other = destination / "other" / "config.pbtxt"
    other.parent.mkdir(parents=True)
    other.write_text("mine", encoding="utf-8")
    stale = destination / "hog" / NUMBER / "stale.py"
    for _ in range(2):
        build_repository(load_catalogue(), ["hog"], {}, destination)
        assert not stale.exists()
        stale.write_text("", encoding="utf-8")
    assert other.read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models"]


def test_a_model_without_its_file_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ModelFileError, match='"yolox-nano" needs its file: run `vigie models fetch yolox-nano`'):
        build_repository(load_catalogue(), ["hog", "yolox-nano"], {}, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_a_wrong_file_is_refused_before_anything_is_written(tmp_path):
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"no model")
    with pytest.raises(ModelFileError, match=r"sha256 .*, the catalogue expects 695e750a"):
        build_repository(load_catalogue(), ["yolox-nano"], {"yolox-nano": wrong}, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match='"yolo" is not in the catalogue'):
        build_repository(load_catalogue(), ["yolo"], {}, tmp_path / "models")


@pytest.mark.parametrize("version", ["000000000000", "3f2a9c1d77be", "ffffffffffff"])
def test_tritons_number_of_a_version_tells_the_version(version):
    assert version_of(str(version_number(version))) == version


@pytest.mark.parametrize("number", ["1", "2", "20261123", "", "latest", str(1 << 49), str(1 << 62)])
def test_numbers_that_people_count_are_no_versions_of_ours(number):
    assert version_of(number) is None
