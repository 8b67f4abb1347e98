"""`vigie models`, and fetching a model's file from an address."""

import functools
import hashlib
import http.server
import threading
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from vigie_cli.main import app
from vigie_common.catalogue import ModelFileError, Source, load_catalogue
from vigie_common.errors import DependencyError
from vigie_inference.fetch import fetch_model

CONTENT = b"a model" * 30_000


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def address(tmp_path):
    """A server of one file, and how many times it was asked."""
    folder = tmp_path / "public"
    folder.mkdir()
    (folder / "m.onnx").write_bytes(CONTENT)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/m.onnx"
        server.shutdown()
        thread.join(5)


@pytest.fixture
def model(address):
    source = Source(address, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    return replace(load_catalogue().models["yolox-nano"], source=source)


@pytest.fixture
def vigie(monkeypatch, tmp_path):
    monkeypatch.setenv("VIGIE_CACHE", str(tmp_path / "cache"))

    def run(*arguments):
        result = CliRunner().invoke(app, ["models", *map(str, arguments)], terminal_width=200)
        return result.exit_code, result.output

    return run


def test_a_model_is_fetched_once_with_its_progress(model, tmp_path):
    told = []
    path = fetch_model(model, tmp_path / "cache", lambda come, size: told.append((come, size)))
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    told.clear()
    assert fetch_model(model, tmp_path / "cache", lambda *each: told.append(each)) == path
    assert told == []


def test_a_cached_file_that_was_damaged_is_fetched_again(model, tmp_path):
    path = fetch_model(model, tmp_path / "cache")
    path.write_bytes(b"damaged")
    assert fetch_model(model, tmp_path / "cache").read_bytes() == CONTENT


def test_another_file_at_the_address_is_refused_and_not_kept(model, tmp_path):
    other = replace(model, source=replace(model.source, sha256="0" * 64))
    with pytest.raises(ModelFileError, match=f"sha256 {hashlib.sha256(CONTENT).hexdigest()}.*expects 0000"):
        fetch_model(other, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_longer_file_is_not_read_to_its_end(model, tmp_path):
    other = replace(model, source=replace(model.source, size=1000))
    with pytest.raises(ModelFileError, match=r"\(1001 bytes\)"):
        fetch_model(other, tmp_path / "cache")


def test_an_address_that_does_not_answer_is_told_with_the_way_round(model, tmp_path):
    other = replace(model, source=replace(model.source, url="http://127.0.0.1:1/m.onnx"))
    with pytest.raises(DependencyError, match=r"cannot be fetched.*--model-file yolox-nano=PATH"):
        fetch_model(other, tmp_path / "cache")


def test_an_embedded_model_needs_no_fetching(vigie):
    code, output = vigie("fetch", "hog")
    assert code != 0
    assert "nothing: it is embedded" in output


def test_list_names_every_model(vigie):
    code, output = vigie("list")
    assert code == 0
    assert [line.split()[0] for line in output.splitlines()] == ["name", "hog", "yolox-nano"]


def test_show_says_what_a_model_cannot_do(vigie):
    code, output = vigie("show", "yolox-nano")
    assert code == 0
    assert "COCO knows no van" in output
    assert load_catalogue().models["yolox-nano"].version in output


def test_show_refuses_an_unknown_name_with_the_nearest(vigie):
    code, output = vigie("show", "yolox")
    assert code != 0
    assert 'did you mean "yolox-nano"?' in output


def test_build_leaves_out_the_models_whose_file_is_not_there_and_says_how_to_get_it(vigie, tmp_path):
    code, output = vigie("build", "--out", tmp_path / "repository")
    assert code == 0
    assert "vigie models fetch yolox-nano" in output
    assert [path.name for path in (tmp_path / "repository").iterdir()] == ["hog"]


def test_build_stops_at_a_wrong_file(vigie, tmp_path):
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"wrong")
    code, output = vigie("build", "--out", tmp_path / "r", "--model-file", f"yolox-nano={wrong}")
    assert code != 0
    assert "the catalogue expects 695e750a" in output
    assert not (tmp_path / "r").exists()


def test_a_model_file_without_its_name_is_refused(vigie, tmp_path):
    code, output = vigie("build", "--out", tmp_path / "r", "--model-file", "m.onnx")
    assert code != 0
    assert "write NAME=PATH" in output
