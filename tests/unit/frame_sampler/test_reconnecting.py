"""How long a capture waits before it asks a camera again."""

from statistics import pstdev

from vigie_frame_sampler.camera_capture import BACKOFF_S, CameraCapture
from vigie_frame_sampler.plan import CameraPlan


class Waits:
    """In place of the event that stops a capture: notes how long it would wait, and stops after so many waits."""

    def __init__(self, most):
        self.waits, self.most = [], most

    def is_set(self):
        return len(self.waits) >= self.most

    def wait(self, seconds):
        self.waits.append(seconds)


def test_a_camera_that_fails_is_asked_ever_less_often_and_never_in_step(unused_tcp_port):
    plan = CameraPlan("cam-1", "v1", "snapshot", f"http://127.0.0.1:{unused_tcp_port}/x", 50.0, 320)
    runs = []
    for _ in range(4):
        capture = CameraCapture(plan, lambda _: None)
        capture._stop = waits = Waits(9)
        capture.run()
        runs.append(waits.waits)
    full = [min(BACKOFF_S[1], BACKOFF_S[0] * 2**n) for n in range(9)]
    assert all(0.5 * most <= wait <= most for run in runs for wait, most in zip(run, full, strict=True)), runs
    assert all(pstdev(waits) > 0 for waits in zip(*runs, strict=True))
