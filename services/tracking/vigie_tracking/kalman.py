"""Where a box is and how fast it moves: a constant-velocity Kalman filter with the real time step.

Four axes (centre x and y, width, height), each a position and a rate, independent of each other. x and y share
their noise, so one 2×2 covariance serves both; width and height share another. In matrix form, for an axis:
F = [[1, dt], [0, 1]], H = [1, 0], Q = q [[dt³/3, dt²/2], [dt²/2, dt]] (white-noise acceleration: Bar-Shalom, Li,
Kirubarajan, "Estimation with Applications to Tracking and Navigation", 2001, section 6.2.2). Its noise over a second is
the same in one step or in ten, so it holds at any frame rate. Noise grows with the box: a near object moves and shakes
by more pixels than a far one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigie_tracking.compiled import jit

if TYPE_CHECKING:
    from vigie_tracking.layout import Slot

SIZE_NOISE = 0.04
"""Variance of a size's acceleration and first rate, as a share of the centre's: shapes change five times less."""


@jit
def predict(track: Slot, dt: float, acceleration: float, smallest: float) -> None:
    """Move the filter on by `dt` seconds.

    Args:
        track: layout.TRACK, changed in place.
        dt: seconds, 0 or more.
        acceleration: standard deviation of the change of speed in a second, in largest sides of the box a second.
        smallest: pixels that a predicted side never falls below.
    """
    sigma = acceleration * max(track["w"], track["h"])
    squared = dt * dt
    noise = sigma * sigma * dt
    track["cx"] += dt * track["vx"]
    track["cy"] += dt * track["vy"]
    track["w"] = max(track["w"] + dt * track["vw"], smallest)
    track["h"] = max(track["h"] + dt * track["vh"], smallest)
    track["centre_var"] += 2.0 * dt * track["centre_cov"] + squared * track["centre_rate_var"] + noise * squared / 3.0
    track["centre_cov"] += dt * track["centre_rate_var"] + noise * dt / 2.0
    track["centre_rate_var"] += noise
    noise *= SIZE_NOISE
    track["size_var"] += 2.0 * dt * track["size_cov"] + squared * track["size_rate_var"] + noise * squared / 3.0
    track["size_cov"] += dt * track["size_rate_var"] + noise * dt / 2.0
    track["size_rate_var"] += noise


@jit
def update(track: Slot, box: Slot, jitter: float) -> None:
    """Correct the filter by a box.

    Args:
        track: layout.TRACK, changed in place.
        box: layout.BOX.
        jitter: standard deviation of a box, in largest sides of the predicted box.
    """
    sigma = jitter * max(track["w"], track["h"])
    noise = sigma * sigma
    gain = track["centre_var"] / (track["centre_var"] + noise)
    rate_gain = track["centre_cov"] / (track["centre_var"] + noise)
    x = box["cx"] - track["cx"]
    y = box["cy"] - track["cy"]
    track["cx"] += gain * x
    track["cy"] += gain * y
    track["vx"] += rate_gain * x
    track["vy"] += rate_gain * y
    track["centre_rate_var"] -= rate_gain * track["centre_cov"]
    track["centre_cov"] -= gain * track["centre_cov"]
    track["centre_var"] -= gain * track["centre_var"]
    gain = track["size_var"] / (track["size_var"] + noise)
    rate_gain = track["size_cov"] / (track["size_var"] + noise)
    x = box["w"] - track["w"]
    y = box["h"] - track["h"]
    track["w"] += gain * x
    track["h"] += gain * y
    track["vw"] += rate_gain * x
    track["vh"] += rate_gain * y
    track["size_rate_var"] -= rate_gain * track["size_cov"]
    track["size_cov"] -= gain * track["size_cov"]
    track["size_var"] -= gain * track["size_var"]


@jit
def begin(track: Slot, cx: float, cy: float, w: float, h: float, jitter: float, speed: float) -> None:
    """Start the filter at a place, at rest, its rates unknown.

    Args:
        track: layout.TRACK, changed in place.
        cx: centre, pixels.
        cy: centre, pixels.
        w: width, pixels.
        h: height, pixels.
        jitter: standard deviation of a box, in its largest side.
        speed: standard deviation of the unknown speed, in largest sides a second.
    """
    largest = max(w, h)
    noise = (jitter * largest) * (jitter * largest)
    rate = (speed * largest) * (speed * largest)
    track["cx"] = cx
    track["cy"] = cy
    track["w"] = w
    track["h"] = h
    track["vx"] = 0.0
    track["vy"] = 0.0
    track["vw"] = 0.0
    track["vh"] = 0.0
    track["centre_var"] = noise
    track["centre_cov"] = 0.0
    track["centre_rate_var"] = rate
    track["size_var"] = noise
    track["size_cov"] = 0.0
    track["size_rate_var"] = SIZE_NOISE * rate


@jit
def rescale(track: Slot, horizontal: float, vertical: float) -> None:
    """Express the filter in the pixels of another resolution: new pixels per old, along x and along y."""
    track["cx"] *= horizontal
    track["w"] *= horizontal
    track["vx"] *= horizontal
    track["vw"] *= horizontal
    track["cy"] *= vertical
    track["h"] *= vertical
    track["vy"] *= vertical
    track["vh"] *= vertical
    square = max(horizontal, vertical) * max(horizontal, vertical)
    track["centre_var"] *= square
    track["centre_cov"] *= square
    track["centre_rate_var"] *= square
    track["size_var"] *= square
    track["size_cov"] *= square
    track["size_rate_var"] *= square
