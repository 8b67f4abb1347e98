"""`vigie topics`: what there is, and bringing it into being."""

from __future__ import annotations

import asyncio

import typer
from rich.console import Console
from rich.table import Table

from vigie_common.settings import Settings, read_settings
from vigie_common.topics import TopicNames, create_topics, load_topics, partition_count

app = typer.Typer(help="The Kafka topics.", no_args_is_help=True)


@app.command()
def create() -> None:
    """Create every topic that is not there yet, and put the settings of the others right.

    Example: VIGIE_KAFKA_BOOTSTRAP=kafka:9092 VIGIE_TOPIC_REPLICATION=3 vigie topics create
    """
    settings = read_settings(Settings)
    names = TopicNames(settings.topic_prefix)
    for topic, what in asyncio.run(create_topics(settings)).items():
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
