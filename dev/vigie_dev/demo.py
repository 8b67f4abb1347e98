"""`make demo`: footage to alerts on real parts, with what happens shown as it happens."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from aiokafka.errors import KafkaError

from vigie_cli.apply import apply_folder
from vigie_cli.event_times import clock
from vigie_common.errors import BadInputError
from vigie_dev.demo_counts import counts_table, read_figures
from vigie_dev.demo_view import Scene, Shown, view
from vigie_dev.footage import VTEST_SHA256, Detector, find_detector, find_footage, sha256
from vigie_dev.places import CHECKOUT, DEV, run_folder, state_folder
from vigie_dev.stack import Stack
from vigie_dev.tally import Tally, follow, lags

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

_FRAMES_PER_SECOND = {"hog": 3, "yolox-nano": 5}
"""What two shared cores keep up with."""
_OTHER_FRAMES_PER_SECOND = 2
ZONE: Final = "Europe/Paris"
"""Of the demonstration's site, dev/demo/cameras/site.yaml."""

_REFRESH_S = 0.5
_LAG_EVERY_S = 2.0


def run(video: str, model: str, duration_s: float | None) -> int:
    """Run until interrupted, or for `duration_s` from when the services run; the last line printed is JSON.

    Returns:
        0 when frames, tracks and an alert really went through, 1 otherwise. Footage of one's own may have nothing
        that the demo's rules are about: it needs no alert.

    Raises:
        VigieError: it could not run; says what to do.
    """
    for name in [name for name in os.environ if name.startswith("VIGIE_") and name != "VIGIE_CACHE"]:
        print(f"  {name} is set in this shell and left out: the demo has its own")
        del os.environ[name]
    signal.signal(signal.SIGTERM, _interrupt)
    # the client says what it tries again while leaders are elected: its last resort is an exception
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    print("footage and detector")
    footage = find_footage(video)
    detector = find_detector(model)
    print(f"  {footage}\n  {_described(detector)}")
    stack = Stack(
        run_folder(),
        [detector],
        say=lambda line: print(f"  {line}", flush=True),
    )
    tally = Tally()

    def configure() -> None:
        site = write_site(state_folder() / "demo" / "site", footage, detector)
        applied = asyncio.run(apply_folder(stack.settings, site, time.time_ns() // 1_000_000, "demo"))
        if applied.problems:
            raise BadInputError("\n".join(str(problem) for problem in applied.problems))

    print("servers and services", flush=True)
    with stack.running(configure, fresh=True):
        _hint(stack)
        scene = Scene(stack, tally)
        seconds = asyncio.run(_watch(scene, duration_s))
    return _close(scene, seconds)


def write_site(folder: Path, footage: Path, detector: Detector) -> Path:
    """The demonstration's site below `folder`, with this footage and detector in its camera file."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DEV / "demo", folder)
    known = sha256(footage) == VTEST_SHA256
    chosen, other = ("vtest.yaml", "any.yaml") if known else ("any.yaml", "vtest.yaml")
    (folder / "cameras" / other).unlink()
    camera = folder / "cameras" / chosen
    values = {
        "video": json.dumps(str(footage)),
        "model": detector.name,
        "fps": _FRAMES_PER_SECOND.get(detector.name, _OTHER_FRAMES_PER_SECOND),
    }
    camera.write_text(Template(camera.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
    return folder


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _described(detector: Detector) -> str:
    if detector.name == "hog":
        return "hog: inside OpenCV, nothing to download; people only, and few of them: for trying things out"
    return f"{detector.name}: {detector.file}"


def _hint(stack: Stack) -> None:
    environment = _short(stack.folder / "environment")
    print(f"running; in another terminal: source {environment} && .venv/bin/vigie alerts tail --lang en")
    print(f"evidence images: {_short(stack.evidence)}   logs: {_short(stack.folder / 'logs')}")
    print(f"times are local to the site, {ZONE}", flush=True)


def _short(path: Path) -> Path:
    return path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path


async def _watch(scene: Scene, duration_s: float | None) -> float:
    """Show what happens until the time is over, a signal comes or a service cannot go on; stop the services.

    Returns:
        For how long it was shown, seconds.
    """
    told, stopped = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    stack, tally = scene.stack, scene.tally
    begun = loop.time()
    with view(scene, live=sys.stdout.isatty()) as shown:

        def changed(alert: Mapping[str, Any]) -> None:
            line = alert_line(alert)
            if line:
                shown.say(line)

        follower = asyncio.create_task(follow(stack.settings, tally, changed, stopped))
        measuring = asyncio.create_task(_measure(scene, shown, told))
        deadline = None if duration_s is None else begun + duration_s
        while not told.is_set() and not follower.done() and stack.failure is None:
            if deadline is not None and loop.time() >= deadline:
                break
            shown.refresh()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), _REFRESH_S)
        seconds = loop.time() - begun
        told.set()
        shown.say("stopping")
        # what is in flight arrives before the last count
        await asyncio.to_thread(stack.stop_services)
        stopped.set()
        await asyncio.gather(follower, measuring)
        with contextlib.suppress(KafkaError):  # a stack that failed may have no broker left to ask
            for line in counts_table(await read_figures(stack.settings)):
                shown.say(line)
        shown.refresh()
    return seconds


async def _measure(scene: Scene, shown: Shown, stopping: asyncio.Event) -> None:
    told: Counter[str] = Counter()
    while not stopping.is_set():
        # while groups form there is no coordinator to ask: what was known stands
        with contextlib.suppress(KafkaError):
            scene.lags = await lags(scene.stack.settings)
        await scene.read_metrics()
        restarts = scene.restarts()
        for name in restarts - told:
            shown.say(f"{_clock(time.time_ns() // 1_000_000)}  {name} ended and was started again")
        told = restarts
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _LAG_EVERY_S)


def alert_line(alert: Mapping[str, Any]) -> str | None:
    """What a person is told of one alert record; None for a revision that says nothing new."""
    title = alert["title"].get("en") or next(iter(alert["title"].values()), alert["rule"]["id"])
    text = alert["explanation"]["text"].get("en") or next(iter(alert["explanation"]["text"].values()), "")
    at = _clock(alert["updated_at"])
    where = f"{alert['camera']['id']} {alert['zone']}".strip()
    if alert["revision"] == 1:
        images = "".join(f"  {_image(image['uri'])}" for image in alert["evidence"] if image["uri"])
        return f"{at}  {alert['severity']:<8} {title}: {text} ({where}, {alert['mode']}){images}"
    if alert["state"] == "ENDED":
        lasted = (alert["ended_at"] - alert["started_at"]) / 1000
        return f"{at}  ended    {title}: after {lasted:.0f} s, {alert['ended_reason']} ({where})"
    return None


def _clock(at: int) -> str:
    """The time of day of an instant (ms), local to the site, as `vigie alerts tail` tells it."""
    return clock(at, ZONE)[:8]


def _image(uri: str) -> str:
    """Where an evidence image lies, as a person would type it."""
    parts = urlsplit(uri)
    return str(_short(Path(unquote(parts.path)))) if parts.scheme == "file" else uri


def _close(scene: Scene, seconds: float) -> int:
    """Say what went through; the last line is JSON."""
    stack, tally = scene.stack, scene.tally
    counts = tally.summary()
    doubles = sum(number - 1 for number in tally.openings.values())
    missing = [name for name in ("frames", "tracks", "alerts") if not counts[name]]
    went_through = not missing and not doubles and not tally.unreadable
    if stack.failure is not None:
        print(f"\n{stack.failure}", file=sys.stderr)
    elif tally.unreadable:
        print("\nrecords that nobody can read:\n  " + "\n  ".join(tally.unreadable[:5]), file=sys.stderr)
    elif missing == ["alerts"]:
        print(
            "\nno alert: the demo's rules are about somebody who is there for 3 s or still for 6 s, and a vehicle that "
            "is still for 15 s. Give it longer (DURATION), or write your own rules (docs/tutorials/first-rule.md)",
            file=sys.stderr,
        )
    elif not went_through:
        said = f"no {', no '.join(missing)} went through" if missing else f"{doubles} alerts were opened twice"
        print(f"\n{said}: look into {_short(stack.folder / 'logs')}, or give it longer (DURATION)", file=sys.stderr)
    images = sum(1 for path in stack.evidence.rglob("*") if path.is_file()) if stack.evidence.is_dir() else 0
    print(f"evidence: {images} images in {_short(stack.evidence)}")
    restarts = scene.restarts().total()
    latency = {f"alert_latency_ms_p{share}": tally.latency_ms(share / 100) for share in (50, 95)}
    last = {"seconds": round(seconds, 1), **counts, "doubles": doubles, "restarts": restarts, **latency}
    print(json.dumps(last), flush=True)
    return 0 if went_through and stack.failure is None else 1
