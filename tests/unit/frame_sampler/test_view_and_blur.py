"""A moved view, a blurred or covered lens, and what must not be taken for them."""

import cv2
import numpy as np
import pytest

from vigie_frame_sampler.measure import HealthMeter
from vigie_frame_sampler.planes import Planes
from vigie_frame_sampler.view import SIGNATURE_BYTES
from vigie_frame_sampler.view_watch import ViewMemory, ViewWatch

WIDTH, HEIGHT = 480, 270
RNG = np.random.default_rng(11)


def street(seed=5):
    """Facades, windows and kerbs, drawn larger than the view so that this can be shifted."""
    rng = np.random.default_rng(seed)
    scene = np.full((HEIGHT * 2, WIDTH * 2), 120, np.uint8)
    for _ in range(160):
        x, y = int(rng.integers(0, WIDTH * 2)), int(rng.integers(0, HEIGHT * 2))
        w, h = int(rng.integers(10, 90)), int(rng.integers(8, 70))
        cv2.rectangle(scene, (x, y), (x + w, y + h), int(rng.integers(20, 235)), -1)
    for _ in range(25):
        a, b = rng.integers(0, WIDTH * 2, 2), rng.integers(0, HEIGHT * 2, 2)
        cv2.line(scene, (int(a[0]), int(b[0])), (int(a[1]), int(b[1])), int(rng.integers(20, 235)), 3)
    return scene


SCENE = street()


def view(dx=0.0, dy=0.0, turn=0.0, zoom=1.0, scene=SCENE):
    """The scene from one angle: shift in shares of the width and height, degrees, factor."""
    turned = cv2.getRotationMatrix2D((WIDTH, HEIGHT), turn, zoom)
    turned[:, 2] += (dx * WIDTH - WIDTH / 2, dy * HEIGHT - HEIGHT / 2)
    return cv2.warpAffine(scene, turned, (WIDTH, HEIGHT))


NOISE = [RNG.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32) for _ in range(8)]


def noisy(luma, sigma=2.0):
    return np.clip(luma + sigma * NOISE[int(RNG.integers(len(NOISE)))], 0, 255).astype(np.uint8)


def planes(luma):
    chroma = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    return Planes(noisy(luma), chroma, chroma)


def night(luma):
    lamps = np.clip(luma * 0.22 + 4, 0, 255)
    return noisy(lamps, 4.0)


def crowd(luma):
    luma = luma.copy()
    for _ in range(40):
        x, y = int(RNG.integers(0, WIDTH)), int(RNG.integers(HEIGHT // 3, HEIGHT))
        cv2.ellipse(luma, (x, y), (7, 20), 0, 0, 360, int(RNG.integers(0, 255)), -1)
    return luma


def rain(luma):
    luma = luma.copy()
    for _ in range(100):
        x, y = int(RNG.integers(0, WIDTH)), int(RNG.integers(0, HEIGHT))
        cv2.line(luma, (x, y), (x + 2, y + 15), 200, 1)
    return luma


def shadow(luma):
    light = np.ones(luma.shape, np.float32)
    cv2.fillPoly(light, [np.array([[0, 130], [300, 80], [400, HEIGHT], [0, HEIGHT]])], 0.45)
    return (luma * light).astype(np.uint8)


def blur(luma, sigma=4.0):
    return cv2.GaussianBlur(luma, (0, 0), sigma)


def cover(luma):
    return (60 + np.linspace(-30, 30, luma.shape[1])[None] + np.zeros(luma.shape)).astype(np.uint8)


class Camera:
    """A meter and its event time: a picture a second."""

    def __init__(self, memory=None, at_ms=1_000_000):
        self.meter = HealthMeter(ViewWatch(memory or ViewMemory()))
        self.at_ms, self.confirmed_at = at_ms, None

    def see(self, seconds, picture):
        """Shows a picture, or what a function makes of one, for so long; gives the statuses."""
        statuses = []
        for _ in range(seconds):
            luma = picture() if callable(picture) else picture
            statuses.append(self.meter.judge(planes(luma), None, self.at_ms, self.confirmed_at).status)
            self.at_ms += 1_000
        return statuses


@pytest.fixture(scope="module")
def known():
    """What a camera has learnt in 40 s of its view."""
    camera = Camera()
    assert set(camera.see(40, view())) == {"ok"}
    return camera.meter.memory


def test_what_is_learnt_is_small_and_no_image(known):
    assert len(known.signature) == SIGNATURE_BYTES == 576
    assert (known.moved_at, known.confirmed_at) == (None, None)
    assert known.detail > 0


@pytest.mark.parametrize(
    "moved",
    [
        {"dx": 0.04},
        {"dx": -0.1},
        {"dy": 0.08},
        {"dx": 0.3, "dy": 0.2},
        {"turn": 6},
        {"turn": -12},
        {"zoom": 1.15},
        {"zoom": 0.85},
        {"scene": street(99)},
    ],
)
def test_a_view_that_has_moved_is_told_within_a_minute_and_stays_so(known, moved):
    camera = Camera(known)
    assert set(camera.see(10, view())) == {"ok"}
    statuses = camera.see(60, view(**moved))
    assert set(statuses[:7]) == {"ok"}
    assert statuses[-1] == "moved"
    assert camera.meter.memory.signature == known.signature
    assert set(camera.see(20, view(**moved))) == {"moved"}


@pytest.mark.parametrize(
    "change",
    [
        lambda: night(view()),
        lambda: crowd(view()),
        lambda: rain(view()),
        lambda: shadow(view()),
        lambda: np.clip(view() * 1.6 + 20.0, 0, 255).astype(np.uint8),
        lambda: (view() * 0.4).astype(np.uint8),
        lambda: np.clip(view() * 0.3 + 140, 0, 255).astype(np.uint8),
        lambda: view(dx=RNG.normal(0, 0.006), dy=RNG.normal(0, 0.006)),
    ],
    ids=["night", "crowd", "rain", "shadow", "exposure up", "exposure down", "fog", "shaking camera"],
)
def test_light_weather_crowds_and_shaking_change_no_state(known, change):
    camera = Camera(known)
    camera.see(5, view())
    assert set(camera.see(60, change)) == {"ok"}
    assert set(camera.see(30, view())) == {"ok"}


def test_a_light_that_is_switched_on_and_off_changes_no_state(known):
    camera = Camera(known)
    for _ in range(4):
        assert set(camera.see(8, view())) == {"ok"}
        assert set(camera.see(8, (view() * 0.35).astype(np.uint8))) == {"ok"}


def test_a_short_swing_and_back_is_no_move(known):
    camera = Camera(known)
    camera.see(10, view())
    assert set(camera.see(5, view(dx=0.2)) + camera.see(30, view())) == {"ok"}


def test_a_camera_that_was_moved_while_no_sampler_ran_is_noticed(known):
    camera = Camera(known, at_ms=90_000_000)
    assert camera.see(40, view(dx=0.1))[-1] == "moved"


def test_a_moved_camera_stays_moved_over_a_restart_until_it_is_confirmed(known):
    before = Camera(known)
    before.see(10, view())
    before.see(40, view(dx=0.1))
    moved_at = before.meter.memory.moved_at
    after = Camera(before.meter.memory, at_ms=before.at_ms + 60_000)
    assert set(after.see(40, view(dx=0.1))) == {"moved"}
    after.confirmed_at = moved_at - 1  # what was confirmed before it moved does not count
    assert set(after.see(5, view(dx=0.1))) == {"moved"}
    after.confirmed_at = after.at_ms
    assert set(after.see(40, view(dx=0.1))) == {"ok"}
    memory = after.meter.memory
    assert (memory.moved_at, memory.confirmed_at) == (None, after.confirmed_at)
    assert memory.signature != known.signature
    # the same confirmation does not accept the next move
    assert after.see(40, view())[-1] == "moved"


def test_a_camera_that_is_put_back_is_ok_again_after_half_a_minute(known):
    camera = Camera(known)
    camera.see(40, view(dx=0.1))
    statuses = camera.see(60, view())
    assert set(statuses[:29]) == {"moved"}
    assert statuses[-1] == "ok"


def test_a_wall_without_edges_is_never_called_moved():
    camera = Camera()
    plain = np.full((HEIGHT, WIDTH), 130, np.uint8)
    plain[40:60, 50:90] = 200
    camera.see(60, plain)
    assert camera.meter.memory.signature == b""


@pytest.mark.parametrize("spoilt", [blur, cover], ids=["blurred", "covered"])
def test_a_lens_that_is_blurred_or_covered_is_told_after_ten_seconds_and_forgotten_after_five(known, spoilt):
    camera = Camera(known)
    camera.see(10, view())
    assert camera.see(15, spoilt(view())) == ["ok"] * 10 + ["blurred"] * 5
    assert camera.see(10, view()) == ["blurred"] * 5 + ["ok"] * 5
    assert camera.meter.memory.signature == known.signature


def test_a_picture_that_is_out_of_focus_for_a_moment_changes_no_state(known):
    camera = Camera(known)
    for _ in range(5):
        assert set(camera.see(4, view()) + camera.see(4, blur(view()))) == {"ok"}


def test_a_camera_that_never_was_sharp_is_not_blurred():
    assert set(Camera().see(90, blur(view()))) == {"ok"}
