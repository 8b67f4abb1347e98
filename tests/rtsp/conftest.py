"""Simulated cameras on real sockets, and a capture of one in this process."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import simplejpeg

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from sampler_footage import picture, write_clip  # noqa: E402 - it lies beside this file

from vigie_frame_sampler.camera_capture import CameraCapture  # noqa: E402 - as above
from vigie_frame_sampler.picture import Limits  # noqa: E402 - as above
from vigie_frame_sampler.plan import CameraPlan  # noqa: E402 - as above
from vigie_frame_sampler.wire import framed, read_framed  # noqa: E402 - as above


class Simulator:
    """A process with simulated cameras; ends when its standard input does."""

    def __init__(self, clip, *options):
        command = [sys.executable, str(HERE / "simulator.py"), str(clip), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def address(self, camera="cam0"):
        return f"rtsp://127.0.0.1:{self.port}/{camera}"

    def order(self, *words):
        """Tell a camera what to do: see simulator.py."""
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class HttpSimulator:
    """A process with a simulated HTTP camera; ends when its standard input does."""

    def __init__(self, *options):
        command = [sys.executable, str(HERE / "http_simulator.py"), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def address(self, path="mjpeg"):
        return f"http://127.0.0.1:{self.port}/{path}"

    def order(self, *words):
        """Tell the camera what to do, see http_simulator.py; gives what it answers."""
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def counted(self):
        return json.loads(self.order("count"))

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture
def simulate_http():
    """Starts a simulated HTTP camera: `simulate_http("--user", "u", "--password", "p", "--auth", "basic")`."""
    running = []

    def start(*options):
        running.append(HttpSimulator(*options))
        return running[-1]

    yield start
    for simulator in running:
        simulator.close()


@pytest.fixture(scope="session")
def camera_clip(tmp_path_factory):
    """Four seconds of 25 pictures a second, a key frame each second."""
    return write_clip(tmp_path_factory.mktemp("clips") / "camera.mp4", pictures=100)


@pytest.fixture(scope="session")
def camera_jpeg():
    """One picture of a camera."""
    return simplejpeg.encode_jpeg(picture(7, 320, 192), 85, "RGB", "420")


@pytest.fixture
def simulate(camera_clip):
    """Starts simulated cameras: `simulate("--user", "u", "--password", "p")`."""
    running = []

    def start(*options, clip=camera_clip, more=()):
        running.append(Simulator(clip, *more, *options))
        return running[-1]

    yield start
    for simulator in running:
        simulator.close()


class Watched:
    """A capture that runs in threads of this process, and all that it has said."""

    def __init__(self, plan, limits):
        self.messages = []
        self.capture = CameraCapture(plan, self.messages.append, limits)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self.capture.run), threading.Thread(target=self._tick)]
        for thread in self._threads:
            thread.start()

    @property
    def frames(self):
        return [m["frame"] for m in list(self.messages) if "frame" in m]

    @property
    def states(self):
        return [m["health"]["state"] for m in list(self.messages) if m.get("changed")]

    @property
    def troubles(self):
        return [m["trouble"] for m in list(self.messages) if "trouble" in m]

    def status(self, status):
        return [f for f in self.frames if f["status"] == status]

    def stop(self):
        self._over.set()
        self.capture.stop()
        for thread in self._threads:
            thread.join(15)

    def _tick(self):
        while not self._over.wait(0.05):
            self.capture.tick()


@pytest.fixture
def watch():
    """Captures a camera in this process until the test ends: `watch(uri=..., fps=5)`."""
    running = []

    def start(ca_file=None, read_s=1.5, **fields):
        defaults = {"camera_id": "cam-1", "version": "v1", "kind": "rtsp", "fps": 5.0, "width": 320}
        # reading waits longer than a heartbeat: silence is told before the connection is given up
        limits = Limits(open_s=1.0, read_s=read_s, ca_file=ca_file)
        running.append(Watched(CameraPlan(**(defaults | fields)), limits))
        return running[-1]

    yield start
    for watched in running:
        watched.stop()


class Told:
    """What a capture process has said of one camera."""

    def __init__(self):
        self.messages = []

    frames, states, troubles, status = Watched.frames, Watched.states, Watched.troubles, Watched.status

    @property
    def reasons(self):
        return [f["reason"] for f in self.status("offline")]


class CaptureProcess:
    """A real capture process: `python -m vigie_frame_sampler.capture`."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vigie_frame_sampler.capture"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"CAMERA_CENTRE": "operator:hunter2"},
        )
        self.cameras, self.log = {}, []
        self._order({"images": 100, "limits": {"open_s": 1.0, "read_s": 1.5}})
        self._readers = [threading.Thread(target=self._read), threading.Thread(target=self._read_log)]
        for reader in self._readers:
            reader.start()

    def watch(self, camera_id, **fields):
        """Capture a camera from now on; gives what is said of it."""
        plan = {"camera_id": camera_id, "version": "v1", "fps": 5.0, "width": 320} | fields
        told = self.cameras[camera_id] = Told()
        self._order({"start": plan})
        return told

    def forget(self, camera_id):
        self._order({"stop": camera_id})

    def close(self):
        self.process.stdin.close()
        for reader in self._readers:
            reader.join(15)
        self.process.wait(15)
        self.process.stdout.close()
        self.process.stderr.close()

    def _order(self, order):
        self.process.stdin.write(framed(order))
        self.process.stdin.flush()

    def _read(self):
        while (message := read_framed(self.process.stdout)) is not None:
            if "camera" in message:
                self.cameras[message["camera"]].messages.append(message)

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line.decode())


@pytest.fixture(scope="module")
def capture_process():
    """One capture process that the tests of a module share."""
    process = CaptureProcess()
    yield process
    process.close()


@pytest.fixture
def now_ms():
    """Wall clock, ms."""
    return lambda: time.time_ns() // 1_000_000
