from __future__ import annotations

import re

import pytest

from vigie_common.errors import ConfigurationError
from vigie_dev import install
from vigie_dev.install import RUNNING, TESTING, choose, whole
from vigie_dev.places import CHECKOUT


def test_a_download_appears_only_when_it_is_whole(tmp_path):
    destination = tmp_path / "cache" / "thing"
    with whole(destination) as building:
        (building / "part").write_text("1")
        assert not destination.exists()
    assert (destination / "part").read_text() == "1"
    assert [path.name for path in destination.parent.iterdir()] == ["thing"]


def _interrupted(destination):
    with whole(destination) as building:
        (building / "half").write_text("1")
        raise KeyboardInterrupt


def test_an_interrupted_download_leaves_nothing_and_can_be_done_again(tmp_path):
    destination = tmp_path / "thing"
    with pytest.raises(KeyboardInterrupt):
        _interrupted(destination)
    assert list(tmp_path.iterdir()) == []
    with whole(destination) as building:
        (building / "all").write_text("2")
    assert [path.name for path in destination.iterdir()] == ["all"]


def test_of_two_downloads_at_once_the_first_stays(tmp_path):
    destination = tmp_path / "thing"
    with whole(destination) as second:
        (second / "who").write_text("second")
        with whole(destination) as first:
            (first / "who").write_text("first")
    assert (destination / "who").read_text() == "first"


def test_components_are_chosen_by_name():
    assert list(choose(["triton", "registry"])) == ["triton", "registry"]
    assert {**RUNNING, **TESTING}.keys() == {"kafka", "triton", "cores", "postgres", "registry"}
    with pytest.raises(ConfigurationError, match="no component 'mysql'; known: kafka, triton, cores,"):
        choose(["mysql"])


def test_the_images_carry_the_same_compiled_cores():
    dockerfile = (CHECKOUT / "docker" / "service.Dockerfile").read_text(encoding="utf-8")
    listed = re.search(r"for compiled in (.+?); do", dockerfile)
    assert listed is not None
    assert tuple(listed[1].split()) == install._COMPILED
    assert "from vigie_common import avro, matrix; avro.LIBRARY.module; matrix.LIBRARY.module" in dockerfile
