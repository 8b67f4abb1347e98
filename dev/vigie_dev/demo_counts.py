"""What the demo counted: crossings by line, class and direction, each with its coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

from vigie_common.codec import Codec
from vigie_common.stream.reading import all_records
from vigie_common.topics import TopicNames, load_topics, partition_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vigie_common.settings import Settings


async def read_figures(settings: Settings) -> list[dict[str, Any]]:
    """The newest revision of every figure on the topic."""
    name = TopicNames(settings.topic_prefix).full("statistics")
    partitions = [TopicPartition(name, n) for n in range(partition_count(load_topics()["statistics"], settings))]
    codec = Codec.pinned()
    newest: dict[bytes, dict[str, Any]] = {}
    async for record in all_records(settings, partitions):
        figure = codec.decode_as("statistic", record.value)
        known = newest.get(record.key)
        if known is None or figure["revision"] >= known["revision"]:
            newest[record.key] = figure
    return list(newest.values())


def counts_table(figures: Iterable[Mapping[str, Any]]) -> list[str]:
    """Lines for a terminal: counts of the minutes that are over, with how much of them was watched."""
    minutes = [figure for figure in figures if figure["window"] == "m1"]
    watched = [figure["coverage"] for figure in minutes if figure["measure"] == "watched"]
    if not watched:
        return ["counts: no minute of the camera was over yet; give it longer (DURATION)"]
    sums: dict[tuple[str, ...], float] = {}
    for figure in minutes:
        if figure["measure"] == "crossings":
            way = figure["direction_label"] or figure["direction"]
            key = figure["camera_id"], figure["place"], figure["object_class"], way
            sums[key] = sums.get(key, 0.0) + figure["value"]
    coverage = sum(watched) / len(watched)
    lines = [f"counts of {len(watched)} whole minute{'s' * (len(watched) > 1)}, watched for {coverage:.0%} of the time"]
    lines += [f"  {'camera':<16} {'line':<12} {'class':<12} {'direction':<12} count"]
    lines += [
        f"  {camera:<16} {line:<12} {of:<12} {way:<12} {n:5.0f}" for (camera, line, of, way), n in sorted(sums.items())
    ]
    return lines if sums else [*lines[:1], "  nobody crossed a line"]
