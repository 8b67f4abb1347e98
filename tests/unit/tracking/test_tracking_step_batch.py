"""A batch of frames of many cameras is the frames one after the other."""

import numpy as np

from vigie_tracking.layout import CAMERA, ENDED, FOUND, FRAME, TRACK
from vigie_tracking.parameters import Parameters
from vigie_tracking.step import step, step_many
from vigie_tracking.workspace import Workspace


def state(cameras):
    heads = np.zeros(cameras, CAMERA)
    heads["looked_at"] = -1
    return heads, np.zeros((cameras, 64), TRACK)


def test_a_batch_gives_what_single_steps_give():
    rng = np.random.default_rng(5)
    p = Parameters().packed()
    boxes, places, matrices, found, ended = Workspace.of(64).arrays
    frames = np.zeros(200, FRAME)
    frames["camera"] = np.arange(200) % 3
    frames["seq"] = np.arange(200) // 3
    frames["now"] = 200 * frames["seq"]
    frames["ok"] = rng.random(200) > 0.1
    frames["width"], frames["height"] = 1280, 720
    frames["session_over"] = frames["seq"] == 40
    frames["boxes"] = rng.integers(0, 12, 200)
    blocks = []
    for frame in frames:
        corner = np.arange(frame["boxes"]) * 90.0 + frame["seq"] * 8.0 + rng.normal(0, 2, frame["boxes"])
        blocks.append(np.array([corner, corner / 2, corner + 40, corner / 2 + 80, 0.8 + 0 * corner, 1 + 0 * corner]))

    one_by_one, results = state(3), []
    for frame, block in zip(frames, blocks, strict=True):
        names = ("seq", "now", "ok", "width", "height", "session_over")
        arguments = [int(frame[name]) for name in names]
        counts = step(*one_by_one, int(frame["camera"]), block, *arguments, p, boxes, places, matrices, found, ended)
        results.append((counts, found[: counts[0]].tobytes(), ended[: counts[1]].tobytes()))

    at_once = state(3)
    all_found, all_ended = np.zeros(200 * 12 + 64, FOUND), np.zeros(4000, ENDED)
    flat = np.concatenate([block.ravel() for block in blocks])
    seen, gone = step_many(*at_once, frames, flat, p, boxes, places, matrices, all_found, all_ended)

    assert [tuple(f) for f in frames[["found", "ended", "ignored", "born"]].tolist()] == [c for c, *_ in results]
    assert all_found[:seen].tobytes() == b"".join(f for _, f, _ in results)
    assert all_ended[:gone].tobytes() == b"".join(e for *_, e in results)
    assert gone > 10
    assert at_once[0].tobytes() == one_by_one[0].tobytes()
