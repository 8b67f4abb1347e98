"""`vigie topics`: what there is, and bringing it into being."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from vigie_cli.local_stack import stack_words
from vigie_common.errors import DependencyError
from vigie_common.settings import Settings, read_settings
from vigie_common.topics import TopicNames, create_topics, load_declarations, load_topics, partition_count

app = typer.Typer(help="The Kafka topics.", no_args_is_help=True, add_completion=False)


@app.command()
def create() -> None:
    """Create every topic that is not there yet, and put the settings of the others right.

    Example: VIGIE_KAFKA_BOOTSTRAP=kafka:9092 VIGIE_TOPIC_REPLICATION=3 vigie topics create
    """
    settings = read_settings(Settings)
    names = TopicNames(settings.topic_prefix)
    try:
        done = asyncio.run(create_topics(settings))
    except DependencyError as down:
        raise DependencyError(f"{down}{stack_words(settings.kafka_bootstrap)}") from down
    for topic, what in done.items():
        print(f"{names.full(topic)}: {what}")


@app.command(name="list")
def list_() -> None:
    """Show every topic: owner, key, schema, partitions in this deployment, settings.

    Example: vigie topics list
    """
    settings = read_settings(Settings)
    names = TopicNames(settings.topic_prefix)
    table = Table("topic", "owner", "key", "schema", "partitions", "settings")
    for topic in load_topics().values():
        config = ", ".join(f"{key}={value}" for key, value in topic.config.items())
        table.add_row(
            names.full(topic.name), topic.owner, topic.key, topic.schema, str(partition_count(topic, settings)), config
        )
    Console(soft_wrap=True).print(table)


@app.command()
def document(out: Annotated[Path, typer.Option(help="file to write")]) -> None:
    """Write the reference page of the topics.

    Example: vigie topics document --out docs/reference/topics.md
    """
    out.write_text(reference_page(), encoding="utf-8")


def reference_page() -> str:
    """The topics as a page for people, from the same declarations as everything else."""
    declared = load_declarations()
    lines = [
        "# Topics",
        "",
        "Generated from `schemas/topics.yaml` by `vigie topics document`; do not edit.",
        "",
        "Names follow `VIGIE_TOPIC_PREFIX` (default `vigie.`). Partitions are the city's; `VIGIE_TOPIC_PARTITIONS`",
        "caps them. Topics with key `camera_id` are co-partitioned: a camera has the same partition number on all.",
        "Times are the broker's append time. Values are Avro in Confluent framing, under the pinned id below, or under",
        "the registry's where `VIGIE_SCHEMA_REGISTRY_URL` is set. Each schema has an `example.json` beside it.",
        "",
        "| topic | written by | key | value | partitions | settings |",
        "|---|---|---|---|---|---|",
    ]
    for topic in declared.topics.values():
        config = ", ".join(f"`{key}={value}`" for key, value in topic.config.items() if not key.startswith("message."))
        version, wire_id = max(declared.schemas[topic.schema].versions.items())
        value = f"[{topic.schema} v{version}](../../schemas/{topic.schema}/v{version}.avsc), id {wire_id}"
        lines.append(f"| {topic.name} | {topic.owner} | {topic.key} | {value} | {topic.partitions} | {config} |")
    return "\n".join(lines) + "\n"
