from __future__ import annotations

import av
import pytest

from vigie_common.errors import BadInputError, ConfigurationError, DependencyError
from vigie_dev import footage
from vigie_dev.footage import Detector, find_detector, find_footage


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without further footage and with an empty cache."""
    monkeypatch.setattr(footage, "shared_data", lambda: None)
    monkeypatch.setenv("VIGIE_CACHE", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_the_given_video_is_taken(tmp_path):
    video = tmp_path / "mine.mp4"
    with av.open(str(video), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(stream.encode())
    assert find_footage(str(video)) == video


@pytest.mark.parametrize(
    ("name", "content"), [("stays.csv", b"t_s,track_id\n1.0,1\n"), ("mine.mp4", b""), ("a.mp4", b"x")]
)
def test_a_given_file_that_is_no_video_is_told_before_anything_starts(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInputError, match=rf"VIDEO=.*{name}: no video that can be read \(.+\): give a complete file"):
        find_footage(str(tmp_path / name))


def test_a_given_video_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInputError, match=r"VIDEO=.*mine\.mp4: there is no such file"):
        find_footage(str(tmp_path / "mine.mp4"))


def test_footage_is_fetched_once_and_kept(bare, monkeypatch):
    fetched = []

    def fetch(destination):
        fetched.append(destination)
        destination.write_bytes(b"film")

    monkeypatch.setattr(footage, "_from_the_distribution", fetch)
    monkeypatch.setattr(footage, "VTEST_SHA256", footage.hashlib.sha256(b"film").hexdigest())
    assert find_footage() == find_footage() == bare / "footage" / "vtest.avi"
    assert len(fetched) == 1


def test_other_footage_under_the_same_name_is_refused_and_the_way_out_is_said(bare, monkeypatch):
    def another_film(destination):
        destination.write_bytes(b"another film")

    def no_network(destination):
        raise DependencyError("no network")

    monkeypatch.setattr(footage, "_from_the_distribution", another_film)
    monkeypatch.setattr(footage, "_from_the_network", no_network)
    with pytest.raises(DependencyError, match=r"(?s)make demo VIDEO=.*what came is another file.*no network"):
        find_footage()
    assert list((bare).rglob("*.avi")) == []


def test_a_model_whose_file_is_missing_is_told_with_what_the_demo_takes(bare):
    with pytest.raises(BadInputError, match=r"MODEL=yolox-nano: .*vigie models fetch yolox-nano`.*MODEL=/path"):
        find_detector("yolox-nano")


def test_without_a_model_file_the_detector_is_hog(bare):
    assert find_detector() == Detector("hog", None)


def test_a_catalogue_name_needs_its_file(bare):
    assert find_detector("hog") == Detector("hog", None)
    with pytest.raises(BadInputError, match="yolox-nano"):
        find_detector("yolox-nano")
    with pytest.raises(ConfigurationError, match='"yolo" is not in the catalogue'):
        find_detector("yolo")


def test_a_model_file_that_no_catalogue_entry_names_is_refused(bare):
    file = bare / "mine.onnx"
    with pytest.raises(BadInputError, match="there is no such file"):
        find_detector(str(file))
    file.write_bytes(b"weights")
    with pytest.raises(BadInputError, match=r"no entry of .* has its sha256"):
        find_detector(str(file))


@pytest.mark.shared_data
def test_yolox_nano_is_taken_where_its_file_lies(shared_data):
    file = shared_data / "models" / "yolox_nano.onnx"
    assert find_detector() == find_detector(str(file)) == Detector("yolox-nano", file)
