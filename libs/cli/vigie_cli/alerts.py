"""`vigie alerts`: watch the alerts topic on a terminal, and check that it keeps its word."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import unquote, urlparse

import typer
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.text import Text

from vigie_alert.audit import audit
from vigie_cli.alert_repetitions import Repetitions
from vigie_cli.cameras_deployed import camera_records, site_time_zones
from vigie_cli.configuration_topics import silent_kafka
from vigie_cli.event_times import instant
from vigie_cli.options import WrongOptionError
from vigie_cli.wording import said, terminal_language
from vigie_common.errors import DependencyError, PoisonRecordError
from vigie_common.kafka import admin, consumer
from vigie_common.registry import open_codec
from vigie_common.settings import Settings, read_settings
from vigie_common.stream.reading import records_up_to
from vigie_common.topics import TopicNames
from vigie_common.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from aiokafka import AIOKafkaConsumer, ConsumerRecord

app = typer.Typer(help="Watch alerts as they come, and check their topic.", no_args_is_help=True, add_completion=False)

_COLOURS: Final = {"info": "cyan", "warning": "yellow", "critical": "bold red"}
_POLL_MS: Final = 200

_WORDS: Final[dict[str, dict[str, str]]] = {
    "fr": {
        "OPEN": "ouverte", "UPDATED": "suivie", "ENDED": "finie", "info": "info", "warning": "attention",
        "critical": "critique", "exercise": "exercice", "test": "essai", "replay": "rejeu", "lost": "perdue de vue",
        "over": "terminée", "track_lost": "objet perdu", "camera_offline": "caméra hors ligne",
        "rule_changed": "règle changée", "authorisation_ended": "autorisation échue",
        "condition_false": "condition levée", "closed": "close", "expired": "image expirée",
        "unreadable": "image illisible", "acknowledge": "prise en compte", "confirm": "confirmée",
        "reject": "rejetée", "close": "close",
    },
    "en": {
        "OPEN": "open", "UPDATED": "updated", "ENDED": "ended", "track_lost": "track lost",
        "camera_offline": "camera offline", "rule_changed": "rule changed", "condition_false": "condition false",
        "authorisation_ended": "authorisation ended", "expired": "image expired", "unreadable": "image unreadable",
        "acknowledge": "acknowledged", "confirm": "confirmed", "reject": "rejected", "close": "closed",
    },
}  # fmt: skip


@app.command()
def tail(
    from_beginning: Annotated[bool, typer.Option(help="Begin with the oldest alert that the topic has.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, the whole record.")] = False,
    lang: Annotated[
        Literal["fr", "en"] | None,
        typer.Option(help="Language of titles and words; by default French in a French locale, else English."),
    ] = None,
    lasting: Annotated[str | None, typer.Option("--for", help="Stop after this long: 30s, 5m.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many revisions.")] = None,
) -> None:
    """Show alerts as they come: time of the site, severity, camera, title, explanation, state, evidence.

    Example: vigie alerts tail --from-beginning --lang en --for 1m
    """
    seconds = None if lasting is None else _seconds(lasting)
    console, language = Console(highlight=False, soft_wrap=True), lang or terminal_language()

    async def show(alert: Mapping[str, Any], zones: _Zones) -> None:
        if as_json:
            sys.stdout.write(json.dumps(alert, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            console.print(alert_line(alert, language, await zones.of(alert["site"])))

    async def go() -> None:
        seen, shown = Repetitions(), 0
        settings = read_settings(Settings)
        zones = _Zones(settings)
        with suppress(TimeoutError):
            async with (
                asyncio.timeout(seconds),
                aclosing(_alerts(settings, begin=from_beginning, follow=True)) as alerts,
            ):
                async for alert in alerts:
                    if not seen.is_new(alert):
                        continue
                    await show(alert, zones)
                    shown += 1
                    if shown == count:
                        return

    with suppress(KeyboardInterrupt):
        asyncio.run(go())


@app.command()
def check(
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON object.")] = False,
) -> None:
    """Read the whole topic: no alert doubled, no revision missing or with two contents. Exit 1 when one is.

    Example: vigie alerts check
    """

    async def go() -> list[dict[str, Any]]:
        return [alert async for alert in _alerts(read_settings(Settings), begin=True, follow=False)]

    found = audit(asyncio.run(go()))
    if as_json:
        print(json.dumps(asdict(found) | {"sound": found.sound}, ensure_ascii=False))
    else:
        print(f"{found.records} records, {found.alerts} alerts, {found.open} open, {found.repeats} repeated records")
        for name in ("doubles", "conflicts", "disorder"):
            for problem in getattr(found, name):
                print(f"{name}: {problem}")
        print("the alerts are sound" if found.sound else "the alerts are NOT sound")
    if not found.sound:
        raise typer.Exit(1)


@dataclass(slots=True)
class _Zones:
    """Time zone of each site, as its cameras have it; UTC where no camera of it is known."""

    settings: Settings
    known: dict[str, str] = field(default_factory=dict)

    async def of(self, site: str) -> str:
        if site not in self.known:
            # alerts may be read by who may read nothing else
            with suppress(DependencyError):
                self.known |= site_time_zones(await camera_records(self.settings))
            self.known.setdefault(site, "UTC")
        return self.known[site]


def alert_line(alert: Mapping[str, Any], lang: str, zone: str) -> Text:
    """One alert on one line, its time in the zone of its site."""
    line = Text()
    line.append(f"{instant(alert['updated_at'], zone)} ", style="dim")
    line.append(f"{_word(alert['severity'], lang):<9} ", style=_COLOURS.get(alert["severity"], ""))
    if alert["mode"] != "live":
        line.append(f"[{_word(alert['mode'], lang)}] ", style="magenta")
    line.append(f"{alert['camera']['id']}  ")
    line.append(said(alert["title"], lang), style="bold")
    explanation = said(alert["explanation"]["text"], lang)
    colon = " :" if lang == "fr" else ":"
    line.append(f"{colon} {explanation}" if explanation else "")
    reason = f" ({_word(alert['ended_reason'], lang)})" if alert["ended_reason"] else ""
    line.append(f"  {_word(alert['state'], lang)}{reason}", style="dim" if alert["state"] == "ENDED" else "green")
    if alert["decision"] is not None:
        line.append(f"  {_word(alert['decision']['kind'], lang)}: {alert['decision']['by']}", style="blue")
    for item in alert["evidence"]:
        where = unquote(urlparse(item["uri"]).path) if item["kind"] == "image" else _word(item["kind"], lang)
        line.append(f"  {where}", style="underline" if item["kind"] == "image" else "dim")
    return line


def _word(word: str, lang: str) -> str:
    return _WORDS[lang].get(word, word)


def _seconds(text: str) -> float:
    try:
        return float(parse_duration(text).value)
    except ValueError as wrong:
        raise WrongOptionError(f"--for: {wrong}") from None


async def _alerts(settings: Settings, *, begin: bool, follow: bool) -> AsyncGenerator[dict[str, Any]]:
    """The topic's alerts, decoded; what cannot be decoded is said and left out."""
    codec = await open_codec(settings)
    try:
        topic = TopicNames(settings.topic_prefix).full("alerts")
        async with aclosing(_records(settings, topic, begin=begin, follow=follow)) as records:
            async for record in records:
                try:
                    yield codec.decode_as("alert", record.value)
                except PoisonRecordError as poison:
                    sys.stderr.write(f"{record.topic} partition {record.partition} offset {record.offset}: {poison}\n")
    finally:
        if codec.registry is not None:
            await codec.registry.close()


async def _records(settings: Settings, topic: str, *, begin: bool, follow: bool) -> AsyncGenerator[ConsumerRecord]:
    """Records of every partition, each in order: up to where they end now, or for ever."""
    async with _reader(settings, topic) as (reader, partitions):
        begins, ends = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
        for partition in partitions:
            reader.seek(partition, (begins if begin else ends)[partition])
        async for record in records_up_to(reader, ends):
            yield record
        while follow:
            for records in (await reader.getmany(timeout_ms=_POLL_MS)).values():
                for record in records:
                    yield record


@asynccontextmanager
async def _reader(settings: Settings, topic: str) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    """A consumer of the whole topic, in no group.

    Raises:
        DependencyError: Kafka does not answer, or has no such topic.
    """
    client: Any = admin(settings)
    try:
        await client.start()
        (described,) = await client.describe_topics([topic])
    except (KafkaError, OSError) as error:
        raise await silent_kafka(settings, error) from error
    finally:
        await client.close()
    partitions = [TopicPartition(topic, p["partition"]) for p in described["partitions"]]
    if described["error_code"] or not partitions:
        raise DependencyError(f"topic {topic} does not exist: run `vigie topics create`, or check VIGIE_TOPIC_PREFIX")
    reader = consumer(settings, fetch_min_bytes=1)
    try:
        await reader.start()
        reader.assign(partitions)
        yield reader, partitions
    except KafkaError as error:
        raise await silent_kafka(settings, error) from error
    finally:
        await reader.stop()
