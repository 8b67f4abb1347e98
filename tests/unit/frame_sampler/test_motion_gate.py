"""A still scene is handed on at a low rate, motion at once, and what was watched in between is told."""

import numpy as np
import pytest

from vigie_common.identity import session_id
from vigie_frame_sampler.frames import FrameWriter
from vigie_frame_sampler.measure import small_copy
from vigie_frame_sampler.motion import MotionGate
from vigie_frame_sampler.picture import Picture
from vigie_frame_sampler.plan import Mask

RNG = np.random.default_rng(2)
STREET = RNG.integers(60, 180, (18, 32)).repeat(10, axis=0).repeat(10, axis=1).astype(np.int16)
NOISE = [RNG.normal(0, 1, STREET.shape) for _ in range(16)]
STEP_MS = 200


def picture(person=None, light=0, noise=1.0, size=(16, 40)):
    """(180, 320) luma: a street, maybe with somebody at (x, y) of an image 960 wide, under more or less light."""
    luma = STREET + light
    if person is not None:
        (x, y), (w, h) = person, size
        luma[y // 3 : (y + h) // 3, x // 3 : (x + w) // 3] = 230
    return np.clip(luma + noise * NOISE[int(RNG.integers(16))], 0, 255).astype(np.uint8)


class Scene:
    """A gate and its event time, five pictures a second."""

    def __init__(self, visible=None):
        self.gate, self.at_ms, self.visible = MotionGate(patience_ms=1_000), 1_000_000, visible

    def show(self, seconds, make=lambda _: picture()):
        """The event times of the pictures that are handed on, from the beginning of this showing, and what they say."""
        begin, handed_on = self.at_ms, []
        for n in range(round(seconds * 5)):
            if self.gate.wants(small_copy(make(n)), self.visible, self.at_ms, 2_000, 100):
                handed_on.append((self.at_ms - begin, self.gate.still, self.gate.watched_ms))
            self.at_ms += STEP_MS
        return handed_on


def test_a_still_scene_is_sampled_at_the_low_rate_after_five_seconds():
    handed_on = Scene().show(15)
    assert [at for at, _, _ in handed_on] == [*range(0, 5_000, 200), *range(6_800, 15_000, 2_000)]
    assert {still for _, still, _ in handed_on[:25]} == {False}
    assert [(still, watched) for _, still, watched in handed_on[25:]] == [(True, 2_000)] * 5


def test_the_first_picture_with_motion_is_handed_on_at_once_and_the_full_rate_returns():
    scene = Scene()
    scene.show(10)
    handed_on = scene.show(3, lambda n: picture((100 + 20 * n, 200)))
    assert [at for at, _, _ in handed_on] == [*range(0, 3_000, 200)]
    assert {still for _, still, _ in handed_on} == {False}
    assert sum(watched for _, _, watched in handed_on[:1]) > 200  # the stillness before it was watched


def test_slow_motion_adds_up_until_it_is_seen():
    scene = Scene()
    scene.show(10)
    handed_on = scene.show(20, lambda n: picture((100 + n // 2, 200)))
    assert any(not still for _, still, _ in handed_on)


@pytest.mark.parametrize(
    "make",
    [lambda n: picture(light=n // 3), lambda n: picture(light=40 * (n > 20)), lambda _: picture(noise=5.0)],
    ids=["dawn", "light switch", "night noise"],
)
def test_light_and_noise_are_no_motion(make):
    scene = Scene()
    scene.show(10, lambda _: make(0))
    assert all(still for _, still, _ in scene.show(10, make))


def test_a_parked_car_is_still_again():
    scene = Scene()
    scene.show(2, lambda n: picture((100 + 30 * n, 200), size=(120, 60)))
    handed_on = scene.show(12, lambda _: picture((400, 200), size=(120, 60)))
    assert handed_on[-1][1]


def test_what_masks_hide_is_no_motion():
    visible = np.ones((90, 160), np.bool_)
    visible[:, 80:] = False
    scene = Scene(visible)
    scene.show(6)
    assert all(still for _, still, _ in scene.show(5, lambda n: picture((600 + 10 * n, 200))))


def test_time_in_which_no_picture_came_is_not_watched():
    scene = Scene()
    scene.show(10)
    scene.at_ms += 60_000
    assert scene.show(1)[0][2] == 0


def test_the_frame_says_that_the_scene_is_still_and_what_was_watched(plan, clip):
    import av

    path = clip("still.mp4", pictures=1)
    frame = next(av.open(str(path)).decode(video=0))
    writer = FrameWriter(plan(fps=5.0, still_fps=0.5, masks=(Mask("m", ((0, 0), (0.1, 0), (0.1, 0.1))),)), session_id)
    records = []
    for n in range(50):
        seen = Picture(frame, n * 0.2)
        if writer.wants(seen, 1_000_000 + n * 200):
            records.append(writer.image(seen, 1_000_000 + n * 200, "recording"))
    assert [(r["still"], r["watched_ms"]) for r in records[-2:]] == [(True, 2_000)] * 2
    assert len(records) == 27


def test_without_a_low_rate_every_picture_is_wanted(plan, clip):
    writer = FrameWriter(plan(fps=5.0), session_id)
    assert all(writer.wants(Picture(None, n * 0.2), n * 200) for n in range(50))
