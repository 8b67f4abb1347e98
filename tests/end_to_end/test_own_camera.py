"""The page on adding cameras, followed to the letter: an RTSP address becomes health, frames and tracks to look at."""

import asyncio
import json
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from vigie_cli.main import app
from vigie_common.paths import repository_resource
from vigie_common.topics import create_topics
from vigie_dev.footage import find_footage
from vigie_dev.server import ServerProcess

PAGE = repository_resource("docs") / "how-to" / "add-cameras.md"
SIMULATOR = Path(__file__).parents[1] / "rtsp" / "simulator.py"
TRACK = (120, 255, 120)


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Five seconds of people in a street, H.264."""
    path = tmp_path_factory.mktemp("street") / "street.mp4"
    with av.open(str(find_footage())) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=10, options={"preset": "ultrafast", "x264-params": "keyint=10"})
        stream.width, stream.height, stream.pix_fmt = 768, 576, "yuv420p"
        stream.codec_context.max_b_frames = 0
        for number, frame in zip(range(50), source.decode(video=0), strict=False):
            picture = frame.reformat(format="yuv420p")
            picture.pts, picture.time_base, picture.pict_type = number, Fraction(1, 10), 0
            target.mux(stream.encode(picture))
        target.mux(stream.encode(None))
    return path


@pytest.fixture
def address(street):
    """The address of a camera that asks for the page's user and password."""
    command = [sys.executable, str(SIMULATOR), str(street), "--user", "viewer", "--password", "password"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as camera:
        yield f"rtsp://127.0.0.1:{json.loads(camera.stdout.readline())['port']}/cam0"
        camera.stdin.close()


@pytest.fixture
def shell(kafka_settings, triton, tmp_path):
    """The variables of a shell beside a running stack: what makes tracks of cameras, on the test's own topics."""
    settings = kafka_settings(topic_partitions=2)
    asyncio.run(create_topics(settings))
    variables = {
        "VIGIE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "VIGIE_TOPIC_PREFIX": settings.topic_prefix,
        "VIGIE_TOPIC_PARTITIONS": "2",
        "VIGIE_TRITON_URL": triton.grpc_url,
        "TOWN_CAMERAS": "viewer:password",
    }
    running = [ServerProcess(name, tmp_path / f"{name}.log") for name in ("tracking", "inference", "frame_sampler")]
    for process in running:
        own = {"VIGIE_INSTANCE_ID": f"{process.name}-0", "VIGIE_HTTP_PORT": "0"}
        command = [sys.executable, "-m", f"vigie_{process.name}"]
        process.start(command, environment=os.environ | variables | own)
    yield variables
    for process in running:
        process.stop()


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_an_rtsp_address_becomes_health_frames_and_tracks_by_the_steps_of_the_page(
    shell, address, tmp_path, monkeypatch, wait_until
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "town").mkdir()
    site, camera = blocks("yaml")[:2]
    (tmp_path / "town" / "site.yaml").write_text(site, encoding="utf-8")
    here = camera.replace("rtsp://192.0.2.17/stream2", address)
    assert here != camera
    (tmp_path / "town" / "gate-01.yaml").write_text(here, encoding="utf-8")

    def vigie(line):
        result = CliRunner().invoke(app, line.split()[1:], env=shell)
        return result.exit_code, result.stdout, result.stderr

    typed = [line for text in blocks("sh") for line in text.splitlines() if line.startswith(".venv/bin/vigie cameras")]
    check, before, apply, listed, tracked = typed[:5]
    assert vigie(check) == (0, "1 camera file of town: 0 errors, 0 warnings\n", "")
    assert vigie(before)[0] == 0
    assert cv2.imread("before.png").shape == (720, 960, 3)
    assert vigie(apply)[0] == 0
    wait_until(lambda: "1 camera: 1 online" in vigie(listed)[1], 60)
    status, told, complained = wait_until(
        lambda: (said := vigie(tracked))[0] == 0 and "person 1: track" in said[1] and said, 60
    )
    assert (status, complained, told.splitlines()[-1]) == (0, "", "view.png")
    boxes = (cv2.imread("view.png") == TRACK).all(axis=2)
    assert int(np.count_nonzero(boxes)) > 200
    wait_until(lambda: re.search(r" [12](\.\d+)?/2 ", vigie(listed)[1]), 60)
