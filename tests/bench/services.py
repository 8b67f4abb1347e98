"""Each service on a real broker: records a second and CPU a record, beside a null service with the same loop."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).parent))
import street
from harness import Measured, Row, appended_per_s, over, produce, read_all, row, service

from vigie_common.codec import Codec
from vigie_common.identity import episode_id, event_id
from vigie_common.settings import Settings
from vigie_common.topics import create_topics
from vigie_dev.footage import find_detector, find_footage
from vigie_dev.kafka import KafkaBroker
from vigie_dev.triton import TritonServer
from vigie_frame_sampler.recording import read_recording
from vigie_inference.repository import build_repository
from vigie_inference.triton import Triton

if TYPE_CHECKING:
    from collections.abc import Mapping

CAMERAS: Final = 600
FRAMES: Final = 100
OBJECTS: Final = 10
EPISODES: Final = 300
KNOWN_S: Final = 6.0
"""Configuration judges records that were appended five seconds after it."""


def rows() -> list[Row]:
    """Every service, one after another."""
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as scratch, KafkaBroker(Path(scratch) / "kafka") as broker:
        settings = Settings(kafka_bootstrap=broker.bootstrap, topic_prefix="bench.", topic_partitions=12)
        nothing, films = (settings.model_copy(update={"topic_prefix": prefix}) for prefix in ("null.", "films."))
        for each in (settings, nothing, films):
            asyncio.run(create_topics(each))
        return [
            *_analytics(settings, nothing),
            *_images(films, Path(scratch)),
        ]


def _analytics(settings: Settings, nothing: Settings) -> list[Row]:
    cameras = [f"cam-{n:03d}" for n in range(CAMERAS)]
    asyncio.run(produce(settings, "cameras", ((name, street.camera_record(name)) for name in cameras)))
    asyncio.run(produce(settings, "rules", [("bench", street.rule_bundle())]))
    time.sleep(KNOWN_S)
    count = CAMERAS * FRAMES
    now = int(time.time() * 1000)
    for each in (settings, nothing):
        records = street.detections(CAMERAS, FRAMES, OBJECTS, now)
        asyncio.run(produce(each, "detections", ((str(value["camera_id"]), value) for value in records)))
    null = [str(Path(__file__).with_name("null_service.py"))]

    def measure(each: Settings, command: list[str], topic: str, **variables: str) -> Measured:
        with service(each, command, **variables) as (process, address):
            return over(process, address, f'vigie_records_consumed_total{{topic="{topic}"}}', count)

    nothing_detections = measure(
        nothing, null, "detections", VIGIE_BENCH_INPUT="detections", VIGIE_BENCH_OUTPUT="tracks"
    )
    tracking = measure(settings, ["-m", "vigie_tracking"], "detections")
    nothing_tracks = measure(nothing, null, "tracks", VIGIE_BENCH_INPUT="tracks", VIGIE_BENCH_OUTPUT="rule-events")
    rules = measure(settings, ["-m", "vigie_rule_engine"], "tracks")
    return [
        row("null service, detections to tracks: CPU a record", nothing_detections.cpu_us, "µs"),
        row("tracking: records", tracking.per_s, "1/s"),
        row("tracking: CPU a record", tracking.cpu_us, "µs"),
        row("tracking: CPU over the null service", tracking.cpu_us / nothing_detections.cpu_us, "ratio", 1.25),
        row("tracking: memory", tracking.rss_mb, "MB", 200),
        row("null service, tracks to nothing: CPU a record", nothing_tracks.cpu_us, "µs"),
        row("rule_engine, 10 rules a camera: records", rules.per_s, "1/s"),
        row("rule_engine, 10 rules a camera: CPU a record", rules.cpu_us, "µs"),
        row("rule_engine: CPU over the null service", rules.cpu_us / nothing_tracks.cpu_us, "ratio", 1.25),
        row("rule_engine: memory", rules.rss_mb, "MB", 200),
    ]


def _images(settings: Settings, scratch: Path) -> list[Row]:
    footage, detector = find_footage(), find_detector()
    cameras = [f"film-{n}" for n in range(4)]
    source = {"kind": "file", "uri": str(footage), "credentials": None, "loop": False, "pace": "fast", "start": None}
    # a start that does not hang on when the file was copied here
    frames = list(read_recording(footage, 5, street.WIDTH, models=(detector.name,)))
    images = [f["jpeg"] for f in frames if f["jpeg"] is not None]
    records = [(name, street.camera_record(name) | {"source": source, "models": [detector.name]}) for name in cameras]
    with service(settings, ["-m", "vigie_frame_sampler"]) as (process, address):
        asyncio.run(produce(settings, "cameras", records))
        sampler = over(process, address, "vigie_frame_sampler_frames_total", len(images) * len(cameras))
    sampled_per_s = appended_per_s(settings, "frames", len(images) * len(cameras))
    repository = scratch / "models"
    files = {} if detector.file is None else {detector.name: detector.file}
    from vigie_common.catalogue import load_catalogue

    build_repository(load_catalogue(), [detector.name], files, repository)
    with TritonServer(repository, [detector.name], scratch) as triton:
        asyncio.run(_bare(triton.grpc_url, detector.name, images[:20]))  # the first requests load the model
        bare = asyncio.run(_bare(triton.grpc_url, detector.name, images))
        with service(
            settings, ["-m", "vigie_inference"], VIGIE_TRITON_URL=triton.grpc_url, VIGIE_INFERENCE_MAX_AGE="0"
        ) as (process, address):
            inference = over(
                process, address, 'vigie_records_consumed_total{topic="frames"}', len(images) * len(cameras)
            )
        bare = (bare + asyncio.run(_bare(triton.grpc_url, detector.name, images))) / 2
    inferred_per_s = appended_per_s(settings, "detections", len(images) * len(cameras))
    return [
        row("frame_sampler, 768×576 file, 5 of 10 fps: frames", sampled_per_s, "1/s"),
        row("frame_sampler: CPU a frame", sampler.cpu_us, "µs"),
        row(f"bare client on the same Triton, {detector.name}: frames", bare, "1/s"),
        row(f"inference, {detector.name}: frames", inferred_per_s, "1/s"),
        row("inference: CPU a frame", inference.cpu_us, "µs"),
        row("inference: rate over the bare client", inferred_per_s / bare, "ratio", 0.9, least=True),
        *_alerts(settings, scratch),
    ]


async def _bare(url: str, model: str, images: list[bytes], at_once: int = 16) -> float:
    """Requests a second of a plain loop."""
    triton, slots = Triton(url), asyncio.Semaphore(at_once)

    async def one(image: bytes) -> None:
        async with slots:
            await triton.detect(model, image)

    started = time.perf_counter()
    await asyncio.gather(*(one(image) for image in images))
    seconds = time.perf_counter() - started
    await triton.close()
    return len(images) / seconds


def _alerts(settings: Settings, scratch: Path) -> list[Row]:
    """Episodes that open and close, each with an evidence image of a real frame."""
    codec = Codec.pinned()
    frames = [
        (record.partition, record.offset, frame)
        for record in asyncio.run(read_all(settings, "frames", EPISODES))
        if (frame := codec.decode(record.value)[1])["jpeg"] is not None
    ]
    records = []
    for number in range(EPISODES):
        partition, offset, frame = frames[number % len(frames)]
        for ordinal, kind in enumerate(("OPEN", "CLOSE")):
            records.append((frame["camera_id"], _event(number, ordinal, kind, partition, offset, frame)))
    asyncio.run(produce(settings, "rule-events", records))
    with service(
        settings,
        ["-m", "vigie_alert"],
        VIGIE_ALERT_DATABASE_URL=f"sqlite+aiosqlite:///{scratch}/alerts.db",
        VIGIE_ALERT_EVIDENCE_DIR=str(scratch / "evidence"),
    ) as (process, address):
        alert = over(process, address, "vigie_alert_revisions_published_total", len(records))
    return [
        row("alert, SQLite, an image an episode: revisions", appended_per_s(settings, "alerts", len(records)), "1/s"),
        row("alert: CPU a revision", alert.cpu_us, "µs"),
    ]


def _event(
    number: int, ordinal: int, kind: str, partition: int, offset: int, frame: Mapping[str, Any]
) -> dict[str, Any]:
    at = frame["captured_at"] + ordinal * 30_000
    began = frame["captured_at"] - 5000
    episode = episode_id("bench", frame["camera_id"], f"rule-{number}", "1", "square", str(number), began)
    return {
        "kind": kind,
        "id": event_id(episode, ordinal),
        "episode_id": episode,
        "ordinal": ordinal,
        "site": "bench",
        "camera_id": frame["camera_id"],
        "camera_version": "1",
        "session": frame["session"],
        "seq": frame["seq"],
        "at": at,
        "started_at": began,
        "ended_at": at if kind == "CLOSE" else None,
        "ended_reason": "over" if kind == "CLOSE" else None,
        "rule": {
            "id": f"rule-{number}",
            "version": "1",
            "template": "presence",
            "bundle_digest": "bench",
            "status": "stable",
            "severity": "info",
            "category": "presence",
        },
        "mode": "exercise",
        "authorisation": {"id": "a", "legal_basis": "exercise", "reference": "bench", "valid_until": at + 10**9},
        "scope_kind": "track",
        "scope": "square",
        "subject": str(number),
        "direction": None,
        "direction_label": None,
        "zone_x": [0.1, 0.9, 0.9, 0.1],
        "zone_y": [0.2, 0.2, 0.9, 0.9],
        "width": frame["width"],
        "height": frame["height"],
        "frame_ref": {"partition": partition, "offset": offset},
        "source_frame": None,
        "objects": [
            {"track_id": 1, "object_class": "person", "score": 0.8, "x1": 100.0, "y1": 100.0, "x2": 150.0, "y2": 250.0}
        ],
        "model": {"name": "hog", "version": "1"},
        "location": None,
        "title": {"en": "bench"},
        "text": {"en": "bench"},
        "facts": {},
        "open_episodes": [],
        "minute": None,
    }
