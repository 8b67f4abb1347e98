from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys

import aiohttp
import psutil
import psycopg
import pytest

from vigie_common.errors import ConfigurationError, DependencyError
from vigie_common.kafka import admin, consumer, producer
from vigie_common.topics import create_topics, load_topics
from vigie_dev.kafka import KafkaBroker
from vigie_dev.server import ServerProcess
from vigie_dev.triton import TritonServer


async def test_the_broker_stamps_records_with_its_own_time_and_invents_no_topic(kafka_settings):
    settings = kafka_settings()
    created = await create_topics(settings)
    assert set(created) == set(load_topics())
    client = admin(settings)
    await client.start()
    try:
        topics = {name for name in await client.list_topics() if name.startswith(settings.topic_prefix)}
    finally:
        await client.close()
    assert topics == {settings.topic_prefix + name for name in load_topics()}

    sender = producer(settings)
    await sender.start()
    try:
        sent = await sender.send_and_wait(settings.topic_prefix + "frames", b"x" * 1_000_000, timestamp_ms=1)
    finally:
        await sender.stop()
    assert (sent.timestamp_type, sent.timestamp > 1_600_000_000_000) == (1, True)


async def test_a_killed_broker_comes_back_with_every_acknowledged_record(tmp_path, kafka_settings):
    with KafkaBroker(tmp_path / "broker") as broker:
        settings = kafka_settings(kafka_bootstrap=broker.bootstrap)
        await create_topics(settings)
        topic = settings.topic_prefix + "alerts"
        sender = producer(settings)
        await sender.start()
        try:
            sent = [await sender.send_and_wait(topic, b"%d" % n, partition=0) for n in range(20)]
            before = broker.bootstrap
            await asyncio.to_thread(broker.kill)
            assert not broker.running
            await asyncio.to_thread(broker.start)
            assert broker.bootstrap == before
            sent.append(await sender.send_and_wait(topic, b"20", partition=0))
        finally:
            await sender.stop()
        reader = consumer(settings, topic)
        await reader.start()
        try:
            read = []
            async with asyncio.timeout(20):
                while len(read) < len(sent):
                    read.append((await reader.getone()).value)
        finally:
            await reader.stop()
    assert read == [b"%d" % n for n in range(21)]


def test_a_broker_that_cannot_start_says_why_with_its_log(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        broker = KafkaBroker(tmp_path, port=taken.getsockname()[1])
        with pytest.raises(DependencyError, match=r"(?s)Kafka: ended with status .*Java 17.*already in use"):
            broker.start()
    assert not broker.running


def test_triton_serves_the_models_on_loopback_only(triton):
    assert "hog" in triton.models
    listening = {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in [psutil.Process(triton.pid), *psutil.Process(triton.pid).children(recursive=True)]
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_a_killed_triton_comes_back_on_its_ports(tmp_path, triton):
    with TritonServer(triton.repository, ["hog"], tmp_path) as server:
        before = server.grpc_url
        stubs = psutil.Process(server.pid).children(recursive=True)
        server.kill()
        assert psutil.wait_procs(stubs, timeout=5)[1] == []
        server.start()
        assert server.grpc_url == before


def test_triton_names_a_model_that_is_not_in_its_repository(tmp_path, triton):
    with pytest.raises(ConfigurationError, match=r"model 'unheard-of' is not in .*there: hog"):
        TritonServer(triton.repository, ["unheard-of"], tmp_path).start()


def test_postgres_takes_statements_and_leaves_nothing(postgres):
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT 6 * 7").fetchone() == (42,)


async def test_the_registry_speaks_the_confluent_api(registry):
    async with aiohttp.ClientSession() as session, session.get(f"{registry}/schemas/types") as answer:
        assert (answer.status, "AVRO" in await answer.json(content_type=None)) == (200, True)


def test_a_server_that_does_not_end_is_killed_in_bounded_time(tmp_path):
    server = ServerProcess("deaf", tmp_path / "log", stop_within_s=0.3)
    deaf = "import signal as s, time; s.signal(s.SIGTERM, s.SIG_IGN); print('up', flush=True); time.sleep(60)"
    server.start([sys.executable, "-c", deaf], environment=os.environ)
    server.wait_until(lambda: "up" in server.log.read_text(), within_s=10, fix="")
    process = psutil.Process(server.pid)
    server.stop()
    assert not process.is_running()


def test_a_server_ends_with_the_process_that_started_it(tmp_path, wait_until):
    log = tmp_path / "log"
    program = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from vigie_dev.server import ServerProcess\n"
        f"server = ServerProcess('child', Path({str(log)!r}))\n"
        "server.start([sys.executable, '-c', 'import time; time.sleep(60)'], environment=os.environ)\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        wait_until(lambda: not child.is_running(), 5)


def test_a_server_that_dies_at_once_is_reported_with_its_last_words(tmp_path):
    server = ServerProcess("frail", tmp_path / "log")
    server.start([sys.executable, "-c", "print('no licence'); raise SystemExit(3)"], environment=os.environ)
    with pytest.raises(DependencyError, match=r"(?s)frail: ended with status 3.*buy one.*no licence"):
        server.wait_until(lambda: False, within_s=10, fix="buy one")
