"""The tracker beside others on the same simulated detections: HOTA, IDF1 and CPU time a frame, in one run.

`python tests/bench/bench_peers.py`; the last line is JSON. The others are installed for this benchmark alone, into
environments of their own below the download cache, from the pins of `peers/*.txt` (about 1 GB with what they need).
Each runs as released, told the frame rate, and once more with the thresholds and the memory of ours; the better of its
two HOTAs counts, and the lower of its times. They get the capture times where they take any. Time is CPU time of the
update alone: 10 objects at 5 fps; ours is the compiled step called frame by frame, without and with the core around it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vigie_common.stream import Message
from vigie_dev.places import cache_folder
from vigie_scene.evaluation.mot_text import TrackedBoxes
from vigie_scene.evaluation.score import Score, score, total
from vigie_scene.evaluation.simulated import LEAST_VISIBLE, SCENES, score_take, truth_of
from vigie_scene.export import detection_records
from vigie_scene.film import film
from vigie_scene.library import crowd_scene, library_scene
from vigie_tracking.core import TrackingCore, warm_up
from vigie_tracking.layout import CAMERA, TRACK
from vigie_tracking.parameters import Parameters
from vigie_tracking.step import step
from vigie_tracking.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigie_scene.film import Take

PEERS = Path(__file__).parent / "peers"
ENVIRONMENT_OF = {
    "trackers-bytetrack": "trackers",
    "trackers-cbiou": "trackers",
    "supervision-bytetrack": "norfair",
    "norfair": "norfair",
}
RATES = (10.0, 5.0, 2.0)
SECONDS = 60.0
PASSES = 15
TIMES_FASTER = 40


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tracker made of one take."""

    identities: Any
    """(detections,) -1 for none."""
    cpu_s: float


def environment(name: str) -> Path:
    """The Python of an environment with the pinned packages, made when it is not there yet."""
    pins = PEERS / f"{name}.txt"
    digest = sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache_folder() / f"bench-peers-{name}-{digest}"
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
        subprocess.run(
            [*uv, "pip", "install", "--quiet", "--no-deps", "--python", python, "-r", pins],
            check=True,
        )
        done.touch()
    return python


def takes() -> dict[str, Take]:
    """By key: the scenes at each rate, and the one that time is measured on."""
    filmed = {}
    for rate in RATES:
        for name in SCENES:
            scene = library_scene(name)
            sampling = scene.sampling.model_copy(update={"fps": rate})
            filmed[f"{name} {rate:g}"] = film(scene.at(duration_s=min(scene.duration_s, SECONDS), sampling=sampling))
    filmed["time"] = film(crowd_scene(1, 10, SECONDS, 5.0))
    return filmed


def write(filmed: dict[str, Take], path: Path) -> None:
    """The detections as `follow.py` reads them."""
    arrays: dict[str, Any] = {}
    for key, take in filmed.items():
        found = take.detections
        parts = {
            "starts": found.starts,
            "box": found.box.astype(np.float64),
            "score": found.score.astype(np.float64),
            "kind": found.kind.astype(np.int64),
            "times": take.times_ms / 1000.0,
            "fps": np.array(take.scene.sampling.fps),
        }
        arrays |= {f"{key}/{part}": array for part, array in parts.items()}
    np.savez(path, **arrays)


def ask(name: str, source: Path, target: Path) -> dict[str, Answer]:
    """Answers of a peer, by take and set-up."""
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [environment(ENVIRONMENT_OF[name]), PEERS / "follow.py", name, source, target]
    done = subprocess.run(command, env=os.environ | single, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr[-2000:]}")
    times = json.loads(done.stdout.splitlines()[-1])
    with np.load(target) as archive:
        return {key: Answer(archive[key], times[key]) for key in archive.files}


def judge(take: Take, answer: Answer) -> Score:
    """The score of a peer's identities: boxes as detected, as ours are."""
    found = take.detections
    kept = answer.identities >= 0
    frame = np.repeat(np.arange(1, len(found.starts)), np.diff(found.starts))
    count = int(kept.sum())
    result = TrackedBoxes(
        frame[kept],
        answer.identities[kept],
        found.box[kept].astype(np.float64),
        np.full(count, -1),
        np.ones(count, dtype=bool),
        np.ones(count),
    )
    return score(truth_of(take), result, least_visible=LEAST_VISIBLE)


def best_us(run: Callable[[], object], frames: int) -> float:
    """CPU microseconds a frame of the quickest pass."""
    times = []
    for _ in range(PASSES):
        began = time.thread_time()
        run()
        times.append(time.thread_time() - began)
    return 1e6 * min(times) / frames


def our_step_us(take: Take) -> float:
    """The compiled step alone, called from Python for each frame."""
    found, lens = take.detections, take.scene.lens
    columns = np.column_stack([found.box, found.score, found.kind]).astype(np.float64)
    blocks = [np.ascontiguousarray(columns[a:b].T) for a, b in zip(found.starts[:-1], found.starts[1:], strict=True)]
    parameters, work = Parameters().packed(), Workspace.of(128).arrays

    def run() -> None:
        cameras, tracks = np.zeros(1, CAMERA), np.zeros((1, 128), TRACK)
        cameras["looked_at"] = -1
        for k, (block, at) in enumerate(zip(blocks, times, strict=True)):
            step(cameras, tracks, 0, block, k, at, 1, lens.width, lens.height, 0, parameters, *work)

    times = take.times_ms.tolist()
    return best_us(run, len(blocks))


def our_core_us(take: Take) -> float:
    """The whole core: record in, record out."""
    messages: list[Message] = [
        Message("detections", 0, record["seq"], "cam", record["captured_at"], record)
        for record in detection_records(take, "cam")
    ]

    def run() -> None:
        core = TrackingCore(0)
        for message in messages:
            core.process(message)

    return best_us(run, len(messages))


def rows() -> list[dict[str, object]]:
    """Every figure."""
    warm_up()
    filmed = takes()
    scored = [key for key in filmed if key != "time"]
    timed = filmed["time"]
    ours = {rate: total(score_take(filmed[f"{name} {rate:g}"]) for name in SCENES) for rate in RATES}
    step_us, core_us = our_step_us(timed), our_core_us(timed)
    made: list[dict[str, object]] = []
    best: dict[float, float] = dict.fromkeys(RATES, 0.0)
    quickest = float("inf")

    def add(name: str, value: float, unit: str, target: float | None = None) -> None:
        met = None if target is None else value >= target
        made.append({"name": name, "value": round(value, 2), "unit": unit, "target": target, "met": met})

    with tempfile.TemporaryDirectory(prefix="vigie-peers-") as scratch:
        source = Path(scratch) / "detections.npz"
        write(filmed, source)
        for name in ENVIRONMENT_OF:
            answers = ask(name, source, Path(scratch) / f"{name}.npz")
            for rate in RATES:
                each = [
                    total(judge(filmed[key], answers[f"{key}/{setup}"]) for key in scored if key.endswith(f" {rate:g}"))
                    for setup in ("released", "fitted")
                ]
                better = max(each, key=lambda one: one.hota)
                best[rate] = max(best[rate], 100 * better.hota)
                add(f"{name}: HOTA, {rate:g} fps", 100 * better.hota, "%")
                add(f"{name}: IDF1, {rate:g} fps", 100 * better.idf1, "%")
            frames = len(timed.times_ms)
            spent = 1e6 * min(answers[f"time/{setup}"].cpu_s for setup in ("released", "fitted")) / frames
            quickest = min(quickest, spent)
            add(f"{name}: a frame of 10 objects", spent, "µs")
    for rate in RATES:
        add(f"vigie: HOTA, {rate:g} fps", 100 * ours[rate].hota, "%")
        add(f"vigie: IDF1, {rate:g} fps", 100 * ours[rate].idf1, "%")
        add(f"vigie: HOTA above the best peer, {rate:g} fps", 100 * ours[rate].hota - best[rate], "points", 0.0)
    add("vigie: tracker step, a frame of 10 objects", step_us, "µs")
    add("vigie: whole core, a frame of 10 objects", core_us, "µs")
    add("tracker step: times faster than the fastest peer", quickest / step_us, "×", TIMES_FASTER)
    return made


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"rows": rows()}, ensure_ascii=False) + "\n")
