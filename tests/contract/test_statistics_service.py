"""The statistics service on a real broker: killed, rebalanced and cut off, its final figures are the undisturbed run's."""

import asyncio
import random
import uuid
from zoneinfo import ZoneInfo

import pytest

from vigie_dev.kafka import KafkaBroker
from vigie_statistics.core import sweep, take_coverage, take_event
from vigie_statistics.pages import Pages
from vigie_statistics.settings import StatisticsSettings

PARTITIONS = 4
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


async def test_figures_of_lines_come_with_their_coverage(deployment, camera_record, town, start_service, wait_until):
    records = town(cameras=2, minutes=20)
    cameras = [(f"cam-{n}", camera_record(f"cam-{n}", site="nimes")) for n in range(2)]
    await deployment.produce("cameras", cameras)
    for topic in TAKERS:
        await deployment.produce(topic, [(key, value) for t, key, value in records if t == topic])
    settings = StatisticsSettings(**deployment.settings.model_dump(exclude_unset=True))
    service = start_service(settings, "vigie_statistics")
    expected = final(undisturbed(records))

    async def complete():
        return final(await newest(deployment)) == expected

    await wait_until(complete, 60)
    assert service.stop()[1] == 0
