"""The city at detections level, at its real pace: 600 cameras, 5 frames a second, 10 objects, 10 rules a camera.

`python tests/bench/bench_city.py [seconds]`, or `make bench ONLY=city SECONDS=60`; the last line is JSON. Tracking,
rule engine and alert are real processes on a real broker with 12 partitions; simulated streets come from another one.
After the measured time, tracking and then the rule engine are killed, parent and worker, and started again at once.
A second city, for a minute at most, runs all the rules of the shipped packs on every camera instead.

From detection to rule event: the broker's append time of the event that a record brought, less that of the record. The
counts of a minute are brought by no record: the cameras of a city tell theirs within ten seconds after it, one by one.
Caught up: the last record that came out more than half a second late after a kill.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parent))
import street
from harness import Row, alone, counter, cpu_s, family, produce, row, service
from packs import pack_bundle, pack_camera

from vigie_common.codec import Codec
from vigie_common.kafka import consumer
from vigie_common.settings import Settings
from vigie_common.topics import TopicNames, create_topics
from vigie_dev.kafka import KafkaBroker
from vigie_scene.export import camera_record
from vigie_scene.library import crowd_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiokafka import ConsumerRecord

CAMERAS: Final = 600
FPS: Final = 5.0
PARTITIONS: Final = 12
SECONDS: Final = 300.0
WARM_S: Final = 40.0
"""Before measuring: compiling, the rules of 600 cameras, the broker's own compiler, and the cars that were parked there
before the beginning, all of which open their episodes at once."""

PACKS_S: Final = 60.0
AFTER_KILL_S: Final = 15.0
LATE_MS: Final = 500
KNOWN_S: Final = 6.0
LOOK_S: Final = 5.0

INPUTS: Final = {"tracking": "detections", "rule_engine": "tracks", "alert": "rule-events"}
"""The three services, with what each reads."""


@dataclass
class City:
    """The services that run, and how to look at them."""

    settings: Settings
    broker: KafkaBroker
    scratch: Path
    stack: ExitStack
    running: dict[str, tuple[psutil.Process, str]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start a service, or start it again in its place."""
        extra = {}
        if name == "alert":
            extra = {
                "VIGIE_ALERT_DATABASE_URL": f"sqlite+aiosqlite:///{self.scratch}/alerts.db",
                "VIGIE_ALERT_EVIDENCE_DIR": str(self.scratch / "evidence"),
            }
        self.running[name] = self.stack.enter_context(service(self.settings, ["-m", f"vigie_{name}"], **extra))

    def kill(self, name: str) -> float:
        """SIGKILL of parent and worker; wall clock of it, ms."""
        for process in family(self.running[name][0]):
            process.kill()
        self.running[name][0].wait(10)
        return time.time() * 1000

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU so far."""
        spent = {name: cpu_s(process) for name, (process, _) in self.running.items()}
        return spent | {"broker": cpu_s(psutil.Process(self.broker.pid))}

    def lag(self) -> float:
        """Records that wait for tracking and for the rule engine."""
        return sum(
            counter(address, f'vigie_consumer_lag_records{{topic="{INPUTS[name]}"}}')
            for name, (_, address) in self.running.items()
            if name != "alert"
        )

    def memory_mb(self, name: str) -> float:
        """Of the worker."""
        return max(process.memory_info().rss for process in family(self.running[name][0])) / 1e6

    def wait_for(self, what: str, condition: Callable[[], bool], deadline_s: float = 90.0) -> None:
        """Wait until it is so."""
        deadline = time.monotonic() + deadline_s
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"not within {deadline_s:g} s: {what}")
            time.sleep(0.1)


def rows(seconds: float | None = None) -> list[Row]:
    """The city with ten rules a camera and two kills, then the city with all packs."""
    seconds = seconds or float(os.environ.get("SECONDS") or SECONDS)
    camera, bundle = _camera(), pack_bundle()
    with_packs = pack_camera(camera, bundle)
    return [
        *_city("city", camera, street.scene_bundle(), seconds, ("tracking", "rule_engine")),
        row("city, all packs: rules on each camera", len(bundle["rules"]), "rules"),
        *_city("city, all packs", with_packs, bundle, min(seconds, PACKS_S), ()),
    ]


def _city(
    what: str, camera: Mapping[str, Any], bundle: Mapping[str, Any], seconds: float, killed: tuple[str, ...]
) -> list[Row]:
    """One city from its first record to its last, then the services that are killed."""
    with (
        tempfile.TemporaryDirectory(prefix="vigie-bench-") as scratch,
        KafkaBroker(Path(scratch) / "kafka") as broker,
        ExitStack() as stack,
    ):
        settings = Settings(kafka_bootstrap=broker.bootstrap, topic_prefix="city.", topic_partitions=PARTITIONS)
        city = City(settings, broker, Path(scratch), stack)
        _configure(settings, camera, bundle)
        for name in INPUTS:
            city.start(name)
        whole_s = WARM_S + seconds + len(killed) * AFTER_KILL_S + 5.0
        load = stack.enter_context(_Load(settings, whole_s))
        city.wait_for(
            "the first tracks are judged",
            lambda: counter(city.running["rule_engine"][1], "vigie_records_consumed_total") > 0,
        )
        time.sleep(WARM_S)
        measured, window = _steady(what, city, seconds)
        kills = {}
        for name in killed:
            kills[name] = city.kill(name)
            city.start(name)
            time.sleep(max(0.0, AFTER_KILL_S - (time.time() * 1000 - kills[name]) / 1000))
        said, _ = load.communicate(timeout=whole_s)
        sent = json.loads(said.splitlines()[-1])
        measured.append(row(f"{what}: load generator, largest delay of a record", sent["late_ms"], "ms"))
        return measured + asyncio.run(_logs(what, settings, window, kills))


def _camera() -> dict[str, Any]:
    seen: dict[str, Any] = dict(camera_record(crowd_scene(0), "", "bench", ("centre",)))
    return seen | {"zones": [*seen["zones"], street.WHOLE]}


def _configure(settings: Settings, camera: Mapping[str, Any], bundle: Mapping[str, Any]) -> None:
    asyncio.run(create_topics(settings))
    names = [f"cam-{number:03d}" for number in range(CAMERAS)]
    asyncio.run(produce(settings, "cameras", ((name, {**camera, "camera_id": name}) for name in names)))
    asyncio.run(produce(settings, "rules", [("bench", bundle)]))
    time.sleep(KNOWN_S)


class _Load:
    """The load generator as a process."""

    def __init__(self, settings: Settings, seconds: float) -> None:
        numbers = (PARTITIONS, CAMERAS, FPS, seconds)
        self.command = [
            *(sys.executable, str(Path(__file__).with_name("city_load.py")), settings.kafka_bootstrap),
            *(settings.topic_prefix, *map(str, numbers)),
        ]

    def __enter__(self) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def _steady(what: str, city: City, seconds: float) -> tuple[list[Row], tuple[float, float]]:
    """Rows of the measured time, and its beginning and end, wall clock in ms."""
    before, began, began_ms = city.cpu(), time.monotonic(), time.time() * 1000
    lags = []
    while (left := began + seconds - time.monotonic()) > 0:
        lags.append(city.lag())
        time.sleep(min(LOOK_S, left))
    after, period = city.cpu(), time.monotonic() - began
    cores = {name: (after[name] - before[name]) / period for name in before}
    quarter = max(1, len(lags) // 4)
    growth = float(np.mean(lags[-quarter:]) - np.mean(lags[:quarter]))
    services = sum(cores[name] for name in INPUTS)
    second = CAMERAS * FPS
    return [
        *(row(f"{what}: {name}, CPU", cores[name], "cores") for name in INPUTS),
        row(f"{what}: the three services together, CPU", services, "cores", 0.4),
        row(f"{what}: broker, CPU", cores["broker"], "cores", 0.3),
        row(f"{what}: lag of tracking and rule engine, largest", max(lags), "records"),
        row(f"{what}: lag, last quarter over first", growth, "records", 0.1 * second),
        *(row(f"{what}: {name}, memory", city.memory_mb(name), "MB", 200) for name in ("tracking", "rule_engine")),
    ], (began_ms, time.time() * 1000)


async def _logs(what: str, settings: Settings, window: tuple[float, float], kills: Mapping[str, float]) -> list[Row]:
    """What the logs tell: latencies, and when the killed had caught up."""
    began: dict[int, list[int]] = {}
    for record in await _read(settings, "detections"):
        began.setdefault(record.partition, []).append(record.timestamp)
    since = min(kills.values(), default=window[1])
    tracks = [record for record in await _read(settings, "tracks") if record.timestamp >= since]
    late = {"tracking": [delay for _, delay in _late(began, tracks)]}
    told = _late(began, await _read(settings, "rule-events"))
    events = late["rule_engine"] = [delay for event, delay in told if _brought(event)]
    steady = _within(events, window)
    by_minute = _within([delay for event, delay in told if _of_a_minute(event)], window)
    alerts = await _read(settings, "alerts")
    period_s = (window[1] - window[0]) / 1000
    made = [
        row(f"{what}: records of detections", sum(map(len, began.values())), "records"),
        row(f"{what}: rule events that open or count", len(steady) / period_s, "1/s"),
        row(f"{what}: alert revisions, whole run", len(alerts), "records"),
        row(f"{what}: detection to rule event, median", float(np.median(steady)), "ms"),
        row(f"{what}: detection to rule event, 99 %", float(np.percentile(steady, 99)), "ms", 200),
    ]
    if len(by_minute):
        made.append(row(f"{what}: counts of a minute, told after it, largest", float(by_minute.max()) / 1000, "s", 12))
    for name, killed in kills.items():
        ends = [at for at, delay in late[name] if killed < at < killed + 1000 * AFTER_KILL_S and delay > LATE_MS]
        caught_up = (max(ends, default=killed) - killed) / 1000
        made.append(row(f"{what}: {name} killed and started again, caught up after", caught_up, "s", 5))
    return made


def _brought(event: Mapping[str, Any]) -> bool:
    """Whether a frame brought it, and not the end of a minute."""
    return event["kind"] in {"OPEN", "COUNT"} and not _of_a_minute(event)


def _of_a_minute(event: Mapping[str, Any]) -> bool:
    return event["kind"] == "COUNT" and event["minute"] is not None


def _within(events: list[tuple[int, int]], window: tuple[float, float]) -> np.ndarray:
    """The delays of those that were told in the measured time, ms."""
    return np.array([delay for at, delay in events if window[0] <= at < window[1]])


def _late(
    began: Mapping[int, list[int]], records: list[ConsumerRecord]
) -> list[tuple[Mapping[str, Any], tuple[int, int]]]:
    """Each record that names a frame, with its append time and how long after the detections that brought it, ms."""
    codec, found = Codec.pinned(), []
    for record in records:
        value: dict[str, Any] = codec.decode(record.value)[1]
        place = value["frame_ref"]
        if place is not None:
            found.append((value, (record.timestamp, record.timestamp - began[place["partition"]][place["offset"]])))
    return found


async def _read(settings: Settings, topic: str) -> list[ConsumerRecord]:
    """Every record of a topic, each partition in order."""
    client = consumer(settings, TopicNames(settings.topic_prefix).full(topic))
    await client.start()
    found: list[ConsumerRecord] = []
    try:
        while not (partitions := sorted(client.assignment())):
            await asyncio.sleep(0.05)
        ends = await client.end_offsets(partitions)
        while any([await client.position(tp) < ends[tp] for tp in partitions]):
            for batch in (await client.getmany(timeout_ms=500)).values():
                found += batch
    finally:
        await client.stop()
    return found


if __name__ == "__main__":
    alone(rows)
