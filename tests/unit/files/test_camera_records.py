"""The record that a camera file becomes."""

import json

import fastavro
import pytest

from vigie_common.camera_file import read_camera
from vigie_common.camera_record import camera_record, removal_record
from vigie_common.site_file import read_site


@pytest.fixture(scope="module")
def site(repository):
    return read_site(repository / "cameras/site.yaml").content


@pytest.fixture(scope="module")
def camera(repository):
    return read_camera(repository / "cameras/maison-carree-02.yaml").content


def test_the_record_is_what_the_schema_says(camera, site, repository):
    schema = fastavro.parse_schema(json.loads((repository / "schemas/camera/v1.avsc").read_text()))
    record = camera_record(camera, site, repository / "cameras", 1_800_000_000_000)
    assert fastavro.validate(record, schema, strict=True)
    assert record["zones"][0] == {
        "name": "livraison",
        "x": [0.40, 0.62, 0.66, 0.38],
        "y": [0.55, 0.54, 0.80, 0.82],
    }
    assert record["lines"] == [
        {
            "name": "porte",
            "x1": 0.10,
            "y1": 0.60,
            "x2": 0.90,
            "y2": 0.62,
            "in_label": "entrée",
            "out_label": "sortie",
        }
    ]
    assert record["position"] == {"lat": 43.8383, "lon": 4.3561, "height_m": 6.0, "heading_deg": 120.0}
    assert record["time_zone"] == "Europe/Paris"


def test_the_version_is_of_the_content_and_not_of_its_instant(camera, site, tmp_path):
    first = camera_record(camera, site, tmp_path, 1)
    later = camera_record(camera, site, tmp_path, 2)
    other = camera_record(camera.model_copy(update={"tags": ["centre"]}), site, tmp_path, 1)
    assert first["version"] == later["version"]
    assert first["version"] != other["version"]


def test_a_removal_is_another_version(camera, site, tmp_path):
    record = camera_record(camera, site, tmp_path, 1)
    removal = removal_record(record, 2)
    assert (removal["removed"], removal["effective_at"]) == (True, 2)
    assert removal["version"] != record["version"]


def test_a_relative_file_begins_at_the_camera_file_and_its_start_is_local(camera, site, tmp_path):
    source = camera.source.model_copy(
        update={"rtsp": None, "file": "film.avi", "start": "2026-07-01T14:00", "credentials": None}
    )
    record = camera_record(camera.model_copy(update={"source": source}), site, tmp_path, 1)
    assert record["source"]["uri"] == str(tmp_path / "film.avi")
    assert record["source"]["start"] == 1_782_907_200_000
