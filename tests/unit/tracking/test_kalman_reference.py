"""The closed form of the filter says what the matrices say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_tracking import kalman
from vigie_tracking.layout import BOX, TRACK

ACCELERATION, JITTER, SPEED = 0.25, 0.08, 1.5


class MatrixFilter:
    """The textbook: state cx, cy, w, h and their rates; one 8×8 covariance."""

    def __init__(self, z):
        largest = max(z[2], z[3])
        share = np.array([1, 1, kalman.SIZE_NOISE, kalman.SIZE_NOISE])
        self.x = np.concatenate([z, np.zeros(4)])
        self.p = np.diag(np.concatenate([np.full(4, (JITTER * largest) ** 2), share * (SPEED * largest) ** 2]))

    def predict(self, dt):
        f = np.eye(8)
        f[:4, 4:] = dt * np.eye(4)
        noise = np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        sigma = ACCELERATION * max(self.x[2], self.x[3]) * np.array([1, 1, 0.2, 0.2])
        self.x = f @ self.x
        self.x[2:4] = np.maximum(self.x[2:4], 4.0)
        self.p = f @ self.p @ f.T + np.kron(noise, np.diag(sigma**2))

    def update(self, z):
        h = np.hstack([np.eye(4), np.zeros((4, 4))])
        r = (JITTER * max(self.x[2], self.x[3])) ** 2 * np.eye(4)
        k = self.p @ h.T @ np.linalg.inv(h @ self.p @ h.T + r)
        self.x = self.x + k @ (z - h @ self.x)
        self.p = (np.eye(8) - k @ h) @ self.p


def box(z):
    made = np.zeros(1, BOX)
    made["cx"], made["cy"], made["w"], made["h"] = z
    return made[0]


def state(track):
    return [float(track[name]) for name in ("cx", "cy", "w", "h", "vx", "vy", "vw", "vh")]


boxes = st.tuples(st.floats(0, 2000), st.floats(0, 2000), st.floats(5, 400), st.floats(5, 400)).map(np.array)


@settings(deadline=None)  # the first call compiles
@given(boxes, st.lists(st.tuples(st.floats(0.0, 3.0), boxes | st.none()), max_size=12))
def test_it_equals_the_matrix_form(first, steps):
    reference = MatrixFilter(first)
    track = np.zeros(1, TRACK)[0]
    kalman.begin(track, *first, JITTER, SPEED)
    for dt, z in steps:
        reference.predict(dt)
        kalman.predict(track, dt, ACCELERATION, 4.0)
        if z is not None:
            reference.update(z)
            kalman.update(track, box(z), JITTER)
        scale = 1.0 + np.abs(reference.p).max()
        assert state(track) == pytest.approx(reference.x.tolist(), rel=1e-6, abs=1e-4)
        assert track["centre_var"] == pytest.approx(reference.p[0, 0], rel=1e-6, abs=1e-9 * scale)
        assert track["centre_cov"] == pytest.approx(reference.p[1, 5], rel=1e-6, abs=1e-9 * scale)
        assert track["centre_rate_var"] == pytest.approx(reference.p[5, 5], rel=1e-6, abs=1e-9 * scale)
        assert track["size_var"] == pytest.approx(reference.p[3, 3], rel=1e-6, abs=1e-9 * scale)
        assert track["size_rate_var"] == pytest.approx(reference.p[6, 6], rel=1e-6, abs=1e-9 * scale)


@settings(deadline=None)  # the first call compiles
@given(boxes, st.floats(0.1, 10.0))
def test_another_resolution_is_another_unit(first, factor):
    track, scaled = np.zeros(2, TRACK)
    kalman.begin(track, *first, JITTER, SPEED)
    kalman.begin(scaled, *(factor * first), JITTER, SPEED)
    kalman.rescale(track, factor, factor)
    assert [*state(track), track["centre_var"], track["size_rate_var"]] == pytest.approx(
        [*state(scaled), scaled["centre_var"], scaled["size_rate_var"]]
    )
