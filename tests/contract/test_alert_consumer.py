"""What a consumer of the alerts topic sees: the documented decoder, and `vigie alerts`."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vigie_alert.book import AlertBook
from vigie_alert.publication import publication
from vigie_common.codec import Codec
from vigie_common.kafka import producer
from vigie_common.topics import TopicNames, create_topics

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def topic(kafka_settings):
    """Gives the settings, and a function that publishes revisions as the service does."""
    settings = kafka_settings()
    await create_topics(settings)
    client = producer(settings, linger_ms=0)
    await client.start()

    async def publish(*revisions):
        for alert in revisions:
            made = publication(alert, 1_800_000_002_000, (), Codec.pinned())
            await client.send_and_wait(
                TopicNames(settings.topic_prefix).full("alerts"),
                made.value,
                key=made.alert_id.encode(),
                headers=list(made.headers),
            )

    yield settings, publish
    await client.stop()


@pytest.fixture
def lived(rule_event):
    """The revisions of an alert that opened and ended."""
    book = AlertBook()
    return [*book.apply_event(rule_event()), *book.apply_event(rule_event("CLOSE", 1))]


async def vigie(settings, *arguments):
    environment = os.environ | {
        "VIGIE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap, "VIGIE_TOPIC_PREFIX": settings.topic_prefix,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "vigie"), "alerts", *arguments, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, out.decode(), err.decode()


async def test_the_documented_decoder_reads_the_real_topic(topic, lived):
    settings, publish = topic
    await publish(*lived)
    page = (ROOT / "docs" / "reference" / "alerts.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(code.strip().splitlines()) <= 10
    module = {}
    exec(compile(code, "docs/reference/alerts.md", "exec"), module)  # noqa: S102 - the page's own code is what is tested
    read = module["alerts"](settings.kafka_bootstrap, f"{settings.topic_prefix}alerts", ROOT / "schemas/alert/v1.avsc")
    async with asyncio.timeout(90):
        got = [await anext(read), await anext(read)]
    await read.aclose()
    assert [(a["id"], a["revision"], a["state"]) for a in got] == [(a["id"], a["revision"], a["state"]) for a in lived]


async def test_tail_shows_one_line_a_revision(topic, lived):
    settings, publish = topic
    await publish(*lived, lived[-1])
    code, out, err = await vigie(settings, "tail", "--from-beginning", "--lang", "fr", "--count", "2", "--for", "60s")
    assert (code, err) == (0, "")
    first, second = out.strip().splitlines()
    for part in ("attention", "[exercice]", "cam-1", "Présence", "personne dans quai", "ouverte"):
        assert part in first
    assert "finie (terminée)" in second
    assert first.startswith("2027-01-15 08:00:01 UTC "), "no camera of nimes is known here"


async def test_tail_prints_the_time_of_the_site(topic, lived, camera_record):
    settings, publish = topic
    await publish(lived[0])
    camera = camera_record(site="nimes", time_zone="Europe/Paris")
    async with producer(settings, linger_ms=0) as client:
        name = TopicNames(settings.topic_prefix).full("cameras")
        await client.send_and_wait(name, Codec.pinned().encode("camera", camera), key=b"cam-1")
    code, out, err = await vigie(settings, "tail", "--from-beginning", "--count", "1", "--for", "60s")
    assert (code, err) == (0, "")
    assert out.startswith("2027-01-15 09:00:01 Europe/Paris ")


async def test_tail_gives_whole_records_as_json(topic, lived):
    settings, publish = topic
    await publish(*lived)
    code, out, err = await vigie(settings, "tail", "--from-beginning", "--json", "--for", "60s", "--count", "2")
    assert (code, err) == (0, "")
    assert [(a["revision"], a["title"]["en"]) for a in map(json.loads, out.splitlines())] == [
        (1, "Presence"),
        (2, "Presence"),
    ]


async def test_tail_stops_in_time_when_nothing_comes(topic):
    settings, _ = topic
    assert await vigie(settings, "tail", "--for", "1s") == (0, "", "")


async def test_check_accepts_a_sound_topic_and_its_repetitions(topic, lived):
    settings, publish = topic
    await publish(*lived, *lived)
    code, out, err = await vigie(settings, "check", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["records"], found["repeats"], found["alerts"], found["open"]) == (4, 2, 1, 0)


async def test_check_refuses_two_open_alerts_of_one_key(topic, rule_event):
    settings, publish = topic
    for start in (1_800_000_000_000, 1_800_000_009_000):
        await publish(*AlertBook().apply_event(rule_event(started_at=start)))
    code, out, _ = await vigie(settings, "check")
    assert code == 1
    assert "are open together" in out


async def test_without_kafka_the_command_says_so(kafka_settings):
    settings = kafka_settings(kafka_bootstrap="127.0.0.1:9")
    code, _, err = await vigie(settings, "check")
    assert code == 1
    assert "Kafka at 127.0.0.1:9 does not answer" in err
