"""The statistics service on a real broker: killed, rebalanced, cut off, its final figures are the undisturbed run's."""

import asyncio
import os
import random
import signal
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from aiokafka import TopicPartition

from vigie_common.kafka import consumer
from vigie_common.stream.configuration import KNOWN_AFTER_MS
from vigie_dev.kafka import KafkaBroker
from vigie_statistics.core import sweep, take_coverage, take_event
from vigie_statistics.pages import Pages
from vigie_statistics.settings import StatisticsSettings

SEED = 20261123
TAKERS = {"rule-events": take_event, "coverage": take_coverage}


def undisturbed(records):
    """The newest figure of each series and window, by the pure core alone."""
    stored, newest, offsets = {}, {}, dict.fromkeys(TAKERS, 0)
    for topic, _, value in records:
        pages = Pages(0, stored.get)
        TAKERS[topic](pages, value, offsets[topic], 1_790_000_000_000, ZoneInfo("Europe/Paris"))
        sweep(pages, 1_790_000_000_000)
        offsets[topic] += 1
        for figure in pages.figures():
            newest[figure["series"], figure["start"]] = figure
        for rows in (pages.window_rows(0), pages.camera_rows(0), pages.partition_row(0)):
            stored.update(rows)
            for key in [key for key, row in rows.items() if row is None]:
                del stored[key]
    return newest


async def newest(deployment):
    """The same by the records of vigie.statistics: the highest revision counts."""
    found = {}
    for _, figure in await deployment.read("statistics"):
        key = figure["series"], figure["start"]
        if key not in found or figure["revision"] >= found[key]["revision"]:
            found[key] = figure
    return found


def final(figures):
    return {key: figure for key, figure in figures.items() if figure["final"]}


async def committed_to_the_end(deployment):
    """Set the group's offsets to the end of both inputs: as if a worker had read what it never counted."""
    client = consumer(deployment.settings, group=deployment.names.full("statistics"))
    await client.start()
    try:
        partitions = range(deployment.settings.topic_partitions)
        ends = await client.end_offsets(
            [TopicPartition(deployment.names.full(t), p) for t in TAKERS for p in partitions]
        )
        client.assign(list(ends))
        await client.commit(ends)
    finally:
        await client.stop()


async def test_every_record_counts_with_its_coverage_whatever_the_group_has_committed(
    deployment, camera_record, town, start_service, wait_until
):
    records = town(cameras=2, minutes=20)
    cameras = [(f"cam-{n}", camera_record(f"cam-{n}", site="nimes")) for n in range(2)]
    await deployment.produce("cameras", cameras)
    settings = StatisticsSettings(**deployment.settings.model_dump(exclude_unset=True))
    half = len(records) // 2
    for part in (records[:half], records[half:]):
        for topic in TAKERS:
            await deployment.produce(topic, [(key, value) for t, key, value in part if t == topic])
        await committed_to_the_end(deployment)
        service = start_service(settings, "vigie_statistics")
        expected = final(undisturbed(records if part[-1] is records[-1] else part))

        async def complete(expected=expected):
            return final(await newest(deployment)) == expected

        await wait_until(complete, 60)
        assert service.stop()[1] == 0
        assert "the worker ends" not in service.log


async def test_kills_a_rebalance_a_long_pause_and_a_broker_outage_change_no_figure(
    tmp_path, deployment_on, camera_record, town, start_service, wait_until
):
    records = town(cameras=6, minutes=130)
    chance = random.Random(SEED)
    with KafkaBroker(tmp_path / "kafka") as broker:
        settings = StatisticsSettings(
            kafka_bootstrap=broker.bootstrap,
            topic_prefix="restart.",
            topic_partitions=4,
            kafka_session_timeout_ms=6000,
        )
        deployment = deployment_on(settings)
        await deployment.create()
        cameras = [(f"cam-{n}", camera_record(f"cam-{n}", site="nimes")) for n in range(6)]
        await deployment.produce("cameras", cameras)
        known_at = time.monotonic() + KNOWN_AFTER_MS / 1000 + 1.0
        first = start_service(settings, "vigie_statistics", VIGIE_INSTANCE_ID="statistics-0")
        await wait_until(ready(first, known_at), 60)
        second = None
        size = len(records) // 8 + 1
        parts = [records[at : at + size] for at in range(0, len(records), size)]
        for number, part in enumerate(parts):
            for topic in TAKERS:
                await deployment.produce(topic, [(key, value) for t, key, value in part if t == topic])
            if number in {1, 5}:
                await asyncio.sleep(chance.random())
                first.kill()
                first.start()
            if number == 2:
                second = start_service(settings, "vigie_statistics", VIGIE_INSTANCE_ID="statistics-1")
                await wait_until(ready(second), 60)
            if number == 3:  # believed dead, it wakes up with what it had in hand
                paused = worker_of(first)
                os.kill(paused, signal.SIGSTOP)
                # it held two of the four until now; who stops within a rebalance holds it up for Faust's 60 s
                await wait_until(holds_all(second), 120)
            if number == 4:
                os.kill(paused, signal.SIGCONT)
                broker.kill()
                broker.start()
            if number == 6:
                second.kill()
        expected = final(undisturbed(records))

        async def complete():
            return final(await newest(deployment)) == expected

        await wait_until(complete, 90)
        first.stop()


def worker_of(service):
    """The process id of a service's worker: the one child of the process that watches it."""
    pid = service.popen.pid
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


def holds_all(service):
    """A condition: the worker has read the rows of every partition back."""

    async def condition():
        return '"partitions": [0, 1, 2, 3]' in service.log

    return condition


def ready(service, after=0.0):
    """A condition: the worker has read its rows back and takes records in, and this time has come."""

    async def condition():
        return time.monotonic() > after and "rows are read back" in service.log

    return condition
