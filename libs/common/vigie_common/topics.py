"""The topics of Vigie, as `schemas/topics.yaml` declares them, and their creation on a broker."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from ruamel.yaml import YAML

from vigie_common.errors import ConfigurationError, DependencyError
from vigie_common.kafka import admin, unreachable
from vigie_common.paths import repository_resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_common.settings import Settings


_UNITS_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SETTINGS_TRIES: Final = 100
_UNITS_BYTES: Final = {"KiB": 1 << 10, "MiB": 1 << 20}


@dataclass(frozen=True, slots=True)
class Topic:
    """One declared topic."""

    name: str
    owner: str
    key: str
    schema: str
    partitions: int
    config: Mapping[str, str]
    """The broker's topic settings."""


@dataclass(frozen=True, slots=True)
class SchemaDeclaration:
    """The pinned ids and the compatibility of one schema."""

    name: str
    compatibility: str
    versions: Mapping[int, int]
    """Wire id by version."""


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything that topics.yaml says."""

    topics: Mapping[str, Topic]
    schemas: Mapping[str, SchemaDeclaration]


@cache
def load_declarations() -> Declarations:
    """What topics.yaml declares.

    Raises:
        ConfigurationError: a declaration is wrong.
    """
    path = repository_resource("schemas") / "topics.yaml"
    raw: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    schemas = {
        name: SchemaDeclaration(name, entry["compatibility"], dict(entry["versions"]))
        for name, entry in raw["schemas"].items()
    }
    topics = {name: _topic(name, entry) for name, entry in raw["topics"].items()}
    for topic in topics.values():
        if topic.schema not in schemas:
            raise ConfigurationError(
                f"{path.name}: topic {topic.name}: schema {topic.schema!r} is not declared; known: {', '.join(schemas)}"
            )
    return Declarations(topics, schemas)


def load_topics() -> Mapping[str, Topic]:
    """Every declared topic by its logical name."""
    return load_declarations().topics


@dataclass(frozen=True, slots=True)
class TopicNames:
    """Logical names ("frames") to names on the broker ("vigie.frames") and back."""

    prefix: str

    def full(self, topic: str) -> str:
        """The name on the broker."""
        if topic not in load_topics():
            raise ConfigurationError(
                f"topic {topic!r} is not declared in topics.yaml; known: {', '.join(load_topics())}"
            )
        return self.prefix + topic

    def logical(self, full: str) -> str:
        """The logical name."""
        return full.removeprefix(self.prefix)


async def create_topics(settings: Settings, deadline_s: float = 30.0) -> dict[str, str]:
    """Bring every declared topic into being; says of each: created, updated or unchanged.

    A topic whose retention or cleanup differs is put right. A wrong number of partitions is refused: records of
    a camera would change partition, so that is a migration, not a setting.

    Raises:
        ConfigurationError: a topic exists with another number of partitions.
        DependencyError: the broker does not answer, or refuses.
    """
    names = TopicNames(settings.topic_prefix)
    client = admin(settings)
    try:
        await client.start()
        existing = set(await client.list_topics())
        missing = [t for t in load_topics().values() if names.full(t.name) not in existing]
        done = dict.fromkeys(await _create(client, names, missing, settings), "created")
        await _await_partitions(client, names, settings, deadline_s)
        for topic in load_topics().values():
            if topic.name not in done:
                done[topic.name] = await _correct(client, names.full(topic.name), topic)
    except (KafkaError, OSError) as down:
        raise await unreachable(settings, down) from down
    else:
        return done
    finally:
        await client.close()


def partition_count(topic: Topic, settings: Settings) -> int:
    """How many partitions the topic has in this deployment."""
    return min(topic.partitions, settings.topic_partitions)


async def _create(client: Any, names: TopicNames, missing: list[Topic], settings: Settings) -> list[str]:
    """Logical names of those that this call created; another creator may have been quicker."""
    if not missing:
        return []
    response = await client.create_topics(
        [
            NewTopic(
                names.full(t.name),
                partition_count(t, settings),
                settings.topic_replication,
                topic_configs=dict(t.config),
            )
            for t in missing
        ]
    )
    created = []
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        if not code:
            created.append(names.logical(name))
        elif error is not TopicAlreadyExistsError:
            why = message[0] if message and message[0] else error.__name__
            raise DependencyError(f"topic {name} cannot be created: {why}")
    return created


async def _await_partitions(client: Any, names: TopicNames, settings: Settings, deadline_s: float) -> None:
    """Wait until the metadata lists every partition with a leader; the broker answers before it has them."""
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline_s
    wanted = {names.full(t.name): partition_count(t, settings) for t in load_topics().values()}
    while True:
        described = await client.describe_topics(list(wanted))
        found = {
            t["topic"]: (len(t["partitions"]), all(p["leader"] >= 0 for p in t["partitions"]))
            for t in described
            if not t["error_code"]
        }
        for name, (count, _) in found.items():
            if count != wanted[name]:
                raise ConfigurationError(
                    f"topic {name} has {count} partitions and {wanted[name]} are declared: set "
                    f"VIGIE_TOPIC_PARTITIONS={count}, or move the deployment to a new VIGIE_TOPIC_PREFIX"
                )
        if len(found) == len(wanted) and all(ready for _, ready in found.values()):
            return
        if loop.time() > end:
            raise DependencyError(f"topics without a leader after {deadline_s:g} s: {sorted(set(wanted) - set(found))}")
        await asyncio.sleep(0.05)


async def _correct(client: Any, name: str, topic: Topic) -> str:
    if not await _wrong_settings(client, name, topic):
        return "unchanged"
    resource = ConfigResource(ConfigResourceType.TOPIC, name, configs=dict(topic.config))
    for response in await client.alter_configs([resource]):
        for code, message, *_ in response.resources:
            if code:
                raise DependencyError(f"topic {name}: its settings cannot be put right: {message}")
    for _ in range(_SETTINGS_TRIES):  # the broker answers before it describes the change
        if not (wrong := await _wrong_settings(client, name, topic)):
            import structlog  # a fifth of a second, which every command that only reads topics is spared

            structlog.get_logger(__name__).info("topic settings corrected", topic=name)
            return "updated"
        await asyncio.sleep(0.05)
    raise DependencyError(f"topic {name}: the broker does not take over {wrong}")


async def _wrong_settings(client: Any, name: str, topic: Topic) -> dict[str, str]:
    responses = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    current = {entry[0]: entry[1] for response in responses for entry in response.resources[0][4]}
    return {key: value for key, value in topic.config.items() if current.get(key) != value}


def _topic(name: str, entry: dict[str, Any]) -> Topic:
    config = {"cleanup.policy": entry["cleanup"], "message.timestamp.type": "LogAppendTime"}
    keys = {
        "retention": "retention.ms",
        "segment": "segment.ms",
        "min_compaction_lag": "min.compaction.lag.ms",
        "max_message": "max.message.bytes",
    }
    for field, key in keys.items():
        if field in entry:
            config[key] = str(_quantity(name, field, str(entry[field])))
    return Topic(name, entry["owner"], entry["key"], entry["schema"], int(entry["partitions"]), config)


def _quantity(topic: str, field: str, text: str) -> int:
    if text == "forever":
        return -1
    units = _UNITS_BYTES if field == "max_message" else _UNITS_MS
    match = re.fullmatch(r"(\d+)([a-zA-Z]+)", text)
    if not match or match[2] not in units:
        raise ConfigurationError(
            f"topics.yaml: {topic}.{field}: {text!r} is not a number with a unit of {', '.join(units)}"
        )
    return int(match[1]) * units[match[2]]
