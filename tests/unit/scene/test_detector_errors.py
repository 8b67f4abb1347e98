"""The simulated detector against the table of measured errors, each within its sampling error."""

from __future__ import annotations

import numpy as np
import pytest

from vigie_common.taxonomy import ObjectClass
from vigie_scene.film import film
from vigie_scene.kernels import error_table as table

HEIGHTS = (20.0, 45.0, 67.0, 82.0, 140.0)
HIDDEN = (0.02, 0.15, 0.40, 0.60, 0.90)
SIGMAS = 4.5


def missed(looked):
    """Share of looks without a box at score 0.3, what the table speaks of."""
    return float((looked.found < 0.3).mean())


def share_error(share, looks):
    return SIGMAS * np.sqrt(max(share * (1 - share), 1e-4) / looks)


@pytest.mark.parametrize(("row", "height"), list(enumerate(HEIGHTS)))
@pytest.mark.parametrize(("column", "hidden"), list(enumerate(HIDDEN)))
def test_objects_are_missed_as_often_as_measured(look, row, height, column, hidden):
    looked = look(height=height, hidden=hidden)
    expected = max(table.MISS[row, column], table.MISS[row, 0])
    assert missed(looked) == pytest.approx(expected, abs=share_error(expected, looked.found.size))


def test_of_what_is_missed_a_share_is_found_with_a_low_score(look):
    looked = look(height=67, hidden=0.6)
    low = ((looked.found > 0) & (looked.found < 0.3)).sum() / (looked.found < 0.3).sum()
    assert low == pytest.approx(table.LOW_SCORE_SHARE, abs=0.02)


@pytest.mark.parametrize(
    ("after_s", "measured", "within"), [(0.14, 0.70, 0.04), (0.42, 0.44, 0.06), (0.98, 0.26, 0.14)]
)
def test_misses_come_in_runs_as_measured(look, after_s, measured, within):
    """Far apart the measured clip has more, since there some objects were missed more than others."""
    gone = look(height=67, hidden=0.0, places=np.full((*table.PLACE_GRID, 5), 0.065), frames=800, dt=0.14).found < 0.3
    step = round(after_s / 0.14)
    again = (gone[:, :-step] & gone[:, step:]).sum() / gone[:, :-step].sum()
    assert again == pytest.approx(measured, abs=within)


def test_a_run_of_misses_lasts_about_half_a_second(look):
    gone = look(height=67, hidden=0.0, places=np.full((*table.PLACE_GRID, 5), 0.065), frames=800, dt=0.14).found < 0.3
    runs = (gone[:, 1:] & ~gone[:, :-1]).sum()
    assert gone[:, 1:].sum() * 0.14 / runs == pytest.approx(0.48, abs=0.08)


def test_misses_do_not_depend_on_the_frame_rate(look):
    assert missed(look(height=67, hidden=0.4, frames=400, dt=0.1)) == pytest.approx(
        missed(look(height=67, hidden=0.4, frames=400, dt=1.0, seed=2)), abs=0.02
    )


def test_misses_in_the_open_depend_on_the_place(look):
    mapped = table.open_misses(table.PLACE_FACTORS.reshape(table.PLACE_GRID))
    worst = np.broadcast_to(mapped[0, 0], mapped.shape)
    best = np.broadcast_to(mapped[-1, -1], mapped.shape)
    for height, most, least in ((67, 0.33, 0.007), (82, 0.33, 0.057), (140, 0.165, 0.0035)):
        assert missed(look(height=height, places=worst)) == pytest.approx(most, abs=0.02)
        assert missed(look(height=height, places=best)) == pytest.approx(least, abs=0.01)


def test_the_map_of_places_keeps_what_was_measured_of_each_height_and_of_the_worst_place():
    order = np.random.default_rng(1).permutation(table.PLACE_FACTORS).reshape(table.PLACE_GRID)
    mapped = table.open_misses(order)
    assert mapped.mean(axis=(0, 1)) == pytest.approx(table.MISS[:, 0])
    assert mapped[..., 1:].max(axis=(0, 1)).tolist() == pytest.approx([0.33, 0.33, 0.33, 0.165], rel=1e-3)
    assert np.ptp(mapped[..., 0]) == 0.0
    assert (np.diff(mapped[..., 2].ravel()[np.argsort(order.ravel())]) >= 0).all()


def test_the_measured_misses_are_those_of_the_measurement():
    assert table.MISS[2].tolist() == [0.02, 0.15, 0.33, 0.72, 0.81]
    assert table.MISS[3, :4].tolist() == [0.08, 0.11, 0.33, 0.70]
    assert table.MISS[4, :2].tolist() == [0.01, 0.06]


def jitter(looked, height=140.0, width=56.0):
    x1, y1, x2, y2 = np.moveaxis(looked.box, 2, 0)
    return {
        "centre": ((x1 + x2) / 2 - (600 + width / 2)) / height,
        "foot": (y2 - (300 + height)) / height,
        "width": (x2 - x1) / width - 1,
        "height": (y2 - y1) / height - 1,
    }


@pytest.mark.parametrize(
    ("hidden", "name", "std", "mean"),
    [
        (0.0, "centre", 0.046, 0.0),
        (0.0, "foot", 0.039, 0.0),
        (0.0, "width", 0.176, 0.13),
        (0.0, "height", 0.067, 0.0),
        (0.2, "foot", 0.13, 0.0),
        (0.2, "height", 0.13, 0.0),
        (0.6, "foot", 0.175, 0.11),
    ],
)
def test_boxes_shake_as_measured(look, hidden, name, std, mean):
    off = jitter(look(height=140, width=56, hidden=hidden))[name]
    assert np.nanstd(off) == pytest.approx(std, rel=0.05)
    assert np.nanmean(off) == pytest.approx(mean, abs=0.01)


@pytest.mark.parametrize(("after_s", "measured"), [(0.14, 0.68), (1.0, 0.28), (2.0, 0.13)])
def test_the_foot_shakes_slowly_as_measured(look, after_s, measured):
    off = jitter(look(height=140, width=56, frames=500, dt=after_s))["foot"]
    both = np.isfinite(off[:, :-1]) & np.isfinite(off[:, 1:])
    kept = np.corrcoef(off[:, :-1][both], off[:, 1:][both])[0, 1]
    assert kept == pytest.approx(measured, abs=0.04)


def test_a_vehicle_that_stands_in_the_open_is_never_missed_and_hardly_shakes(look):
    looked = look(height=140, width=56, kind=ObjectClass.car, speed=0.0)
    assert missed(looked) == 0.0
    assert np.nanstd(jitter(looked)["foot"]) == pytest.approx(0.006, rel=0.05)


def test_street_furniture_has_a_box_in_nearly_every_frame(look):
    looked = look(height=140, width=56, false=True, frames=500)
    assert missed(looked) == pytest.approx(1 / 795, abs=0.0007)
    assert np.nanstd(jitter(looked)["foot"]) == pytest.approx(0.033, rel=0.05)
    assert np.median(looked.found) == pytest.approx(0.54, abs=0.01)


@pytest.mark.parametrize(("hidden", "quantiles"), [(0.0, (0.61, 0.80, 0.86)), (0.5, (0.36, 0.67, 0.82))])
def test_scores_are_as_measured(look, hidden, quantiles):
    score = look(height=140, hidden=hidden).found
    assert np.quantile(score[score >= 0.3], (0.05, 0.5, 0.95)) == pytest.approx(quantiles, abs=0.02)


def test_cars_are_hardly_seen_from_straight_above(look):
    assert 1 - missed(look(kind=ObjectClass.car, below=88)) == pytest.approx(0.07, abs=0.01)


def test_people_are_seen_from_above(look):
    assert missed(look(kind=ObjectClass.person, below=88, height=140)) < 0.02


def test_lying_people_are_missed_more_often(look):
    assert missed(look(height=140, lean=1.5)) == pytest.approx(1 - 0.99 * 0.5, abs=0.02)


def test_glare_hides_most(look):
    assert missed(look(height=140, blind=0.9)) == pytest.approx(0.9, abs=0.02)


def test_a_van_with_two_classes_has_two_boxes_in_nearly_every_frame(look):
    looked = look(height=140, width=200, kind=ObjectClass.van, speed=0.0, double=True)
    assert (looked.boxes == 2).mean() == pytest.approx(0.95, abs=0.01)
    assert set(np.unique(looked.kind)) == {ObjectClass.car, ObjectClass.truck}


def test_a_class_lasts_for_about_half_a_second(look):
    kind = look(height=140, width=200, kind=ObjectClass.van, speed=0.0, frames=400, dt=0.2).kind
    assert (kind == ObjectClass.car).mean() == pytest.approx(0.65, abs=0.03)
    changed = (kind[:, 1:] != kind[:, :-1]).mean()
    assert changed == pytest.approx(2 * 0.65 * 0.35 * (1 - np.exp(-0.4)), abs=0.01)


def test_passing_false_positives_are_as_many_and_as_short_as_measured(scene):
    take = film(scene(duration_s=6000, sampling={"fps": 7.0}))
    score = take.detections.score
    frames = len(take.times_ms)
    assert (score >= 0.3).sum() / frames == pytest.approx(0.15, rel=0.2)
    assert ((score >= 0.1) & (score < 0.3)).sum() / frames == pytest.approx(0.34, rel=0.2)
    assert (take.detections.entity == -1).all()


def test_no_score_is_under_the_floor(scene):
    take = film(scene(duration_s=600, detector={"score_floor": 0.4}))
    assert len(take.detections.score) > 0
    assert take.detections.score.min() >= 0.4
