"""What every benchmark uses: rows, filling and reading topics, services as processes, their CPU and memory."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from vigie_common.codec import Codec
from vigie_common.kafka import consumer, producer
from vigie_common.topics import TopicNames, load_topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from aiokafka import ConsumerRecord

    from vigie_common.settings import Settings

Row = dict[str, Any]


def row(name: str, value: float, unit: str, target: float | None = None, *, least: bool = False) -> Row:
    """One line of the table; `least`: the target is a lower bound."""
    met = None if target is None else (value >= target if least else value <= target)
    return {"name": name, "value": round(value, 3), "unit": unit, "target": target, "met": met}


def end_tidily() -> None:
    """Let SIGTERM end this process as Ctrl-C does: what was started is stopped on the way out."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def alone(rows: Callable[..., list[Row]]) -> None:
    """A benchmark as a program of its own: numbers as arguments, JSON as the last line."""
    end_tidily()
    print(json.dumps({"rows": rows(*map(float, sys.argv[1:]))}, ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class Measured:
    """One service's run over a prefilled topic."""

    per_s: float
    cpu_us: float
    """Of the worker and its children, a record."""
    rss_mb: float


async def produce(settings: Settings, topic: str, records: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
    """Fill a topic, uncompressed as what comes with every frame; how many records there were."""
    codec, name, schema = Codec.pinned(), TopicNames(settings.topic_prefix).full(topic), load_topics()[topic].schema
    count = 0
    async with producer(settings, compression_type=None) as client:
        for key, value in records:
            await client.send(name, codec.encode(schema, value), key=key.encode())
            count += 1
        await client.flush()
    return count


async def read_all(settings: Settings, topic: str, count: int) -> list[ConsumerRecord]:
    """The first `count` records."""
    found: list[ConsumerRecord] = []
    client = consumer(settings, TopicNames(settings.topic_prefix).full(topic))
    await client.start()
    try:
        while len(found) < count:
            for batch in (await client.getmany(timeout_ms=500)).values():
                found += batch
    finally:
        await client.stop()
    return found


def appended_per_s(settings: Settings, topic: str, count: int) -> float:
    """How quickly a service filled a topic, by the broker's append times."""
    times = sorted(record.timestamp for record in asyncio.run(read_all(settings, topic, count)))
    return 1000 * (len(times) - 1) / (times[-1] - times[0])


@contextmanager
def service(settings: Settings, command: list[str], **variables: str) -> Iterator[tuple[psutil.Process, str]]:
    """A service as a process; its process and the address of its metrics."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VIGIE_") or k == "VIGIE_CACHE"} | {
        "VIGIE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "VIGIE_TOPIC_PREFIX": settings.topic_prefix,
        "VIGIE_TOPIC_PARTITIONS": str(settings.topic_partitions),
        "VIGIE_INSTANCE_ID": "bench-0",
        "VIGIE_LOG_FORMAT": "json",
        **variables,
    }
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        process = subprocess.Popen([sys.executable, *command], env=environment, stdout=log, stderr=log)
        try:
            yield psutil.Process(process.pid), _address(process, Path(log.name))
        except OSError as gone:
            text = Path(log.name).read_text(errors="replace")
            raise RuntimeError(f"{' '.join(command)} is gone ({gone}):\n{text[-2000:]}") from gone
        finally:
            process.terminate()
            process.wait(20)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        match = re.search(r'"http": "([^"]+)"', log.read_text(errors="replace"))
        if match:
            return f"http://{match[1]}/metrics"
        time.sleep(0.05)
    raise RuntimeError(f"{process.args} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def over(process: psutil.Process, address: str, metric: str, count: int, deadline_s: float = 180.0) -> Measured:
    """Watch a counter until the last record: from the last look at which it stood still at nothing."""
    began, idle_cpu = time.monotonic(), cpu_s(process)
    deadline = began + deadline_s
    while time.monotonic() < deadline:
        done = counter(address, metric)
        now, cpu = time.monotonic(), cpu_s(process)
        if not done:
            began, idle_cpu = now, cpu
        elif done >= count:
            memory = max(p.memory_info().rss for p in family(process)) / 1e6
            return Measured(done / (now - began), 1e6 * (cpu - idle_cpu) / done, memory)
        time.sleep(0.05)
    raise RuntimeError(f"{metric}: not {count} within {deadline_s} s")


def counter(address: str, metric: str) -> float:
    """The sum of a counter over its labels, now."""
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - loopback
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(metric))


def family(process: psutil.Process) -> list[psutil.Process]:
    """The process and all that it has started."""
    return [process, *process.children(recursive=True)]


def cpu_s(process: psutil.Process) -> float:
    """Seconds of CPU of the process and all that it has started, so far."""
    return sum(t.user + t.system for t in (p.cpu_times() for p in family(process)))
