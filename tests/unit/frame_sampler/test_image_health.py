"""Dark and frozen images, judged by what masks leave visible."""

import numpy as np

from vigie_frame_sampler.masks import draw_masks
from vigie_frame_sampler.measure import HealthMeter, Verdict
from vigie_frame_sampler.plan import Mask
from vigie_frame_sampler.planes import Planes

NOISE = np.random.default_rng(3)


def image(mean=100, spread=20, size=(320, 180)):
    luma = np.clip(NOISE.normal(mean, spread, (size[1], size[0])), 0, 255).astype(np.uint8)
    chroma = np.full((size[1] // 2, size[0] // 2), 128, np.uint8)
    return Planes(luma, chroma, chroma.copy())


def test_an_ordinary_image_is_ok():
    meter = HealthMeter()
    assert [meter.judge(image(), None, t * 500).status for t in range(100)] == ["ok"] * 100


def test_a_lens_without_light_is_dark_after_five_seconds_and_not_at_the_first_flash():
    meter = HealthMeter()
    verdicts = [meter.judge(image(mean=3, spread=0), None, t * 500) for t in range(12)]
    assert [v.status for v in verdicts] == ["ok"] * 10 + ["dark"] * 2
    assert verdicts[-1] == Verdict("dark", "mean luma 3.0 of 255 is below 10")
    light = [meter.judge(image(), None, 6_000 + t * 500).status for t in range(6)]
    assert light == ["dark"] * 4 + ["ok"] * 2


def test_a_street_lamp_in_the_night_is_not_dark():
    night = image(mean=4, spread=2)
    night.y[20:60, 100:160] = 180
    assert HealthMeter().judge(night, None, 0).status == "ok"


def test_what_is_masked_makes_nothing_dark():
    bright = image(mean=150)
    stamp = draw_masks([Mask("m", ((0, 0), (0.9, 0), (0.9, 1), (0, 1)))], 320, 180)
    stamp.burn(bright)
    assert HealthMeter().judge(bright, stamp, 0).status == "ok"


def test_the_same_picture_again_and_again_is_frozen_after_a_while():
    meter, still = HealthMeter(), image()
    statuses = [meter.judge(still, None, t * 1_000).status for t in range(25)]
    assert statuses == ["ok"] * 21 + ["frozen"] * 4


def test_a_frozen_picture_thaws_at_the_first_change():
    meter, still = HealthMeter(), image()
    for t in range(30):
        meter.judge(still, None, t * 1_000)
    assert meter.judge(image(), None, 30_000).status == "ok"
