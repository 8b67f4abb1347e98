"""`vigie replay`: what cannot be read or written is told before Triton is started."""

import numpy as np
import pytest
from cv2 import imwrite
from typer.testing import CliRunner

from vigie_cli import replay
from vigie_cli.main import app
from vigie_cli.replay_triton import running_triton
from vigie_common.errors import DependencyError


@pytest.fixture
def command(monkeypatch, tmp_path):
    def started(*_arguments):
        raise AssertionError("Triton was started")

    monkeypatch.setattr(replay, "running_triton", started)
    return lambda video, out="out": CliRunner().invoke(
        app, ["replay", str(video), "--model", "hog", "--out", str(tmp_path / out)]
    )


def test_a_file_that_is_no_video(command, tmp_path):
    (tmp_path / "street.mp4").write_text("hello")
    done = command(tmp_path / "street.mp4")
    assert done.exit_code == 1
    assert "street.mp4 is no video that can be read" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pictures(command, tmp_path):
    (tmp_path / "pictures").mkdir()
    done = command(tmp_path / "pictures")
    assert "pictures holds no video or image" in done.stderr


def test_a_folder_of_results_that_cannot_be_made(command, tmp_path):
    (tmp_path / "pictures").mkdir()
    imwrite(str(tmp_path / "pictures" / "1.png"), np.zeros((32, 32, 3), np.uint8))
    (tmp_path / "taken").write_text("in the way")
    done = command(tmp_path / "pictures", "taken")
    assert "taken: File exists: check the path" in done.stderr


@pytest.mark.timeout(30)
def test_a_triton_that_does_not_answer_is_told_and_not_waited_for(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".vigie/stack").mkdir(parents=True)
    (tmp_path / ".vigie/stack/environment").write_text("export VIGIE_TRITON_URL=127.0.0.1:9\n")
    with pytest.raises(DependencyError) as away, running_triton("127.0.0.1:9", ("hog",), None):
        pass
    assert str(away.value).startswith("Triton 127.0.0.1:9: UNAVAILABLE: ")
    assert str(away.value).endswith(
        ": start it, or check VIGIE_TRITON_URL; without it and --triton one is started here; it was of `make stack`, "
        "which has ended: run that again, then source .vigie/stack/environment again"
    )
