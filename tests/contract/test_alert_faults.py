"""The alert service killed at any step, without its database, as two processes on one: nothing lost, nothing twice."""

import asyncio
import json
import signal
import sys
import urllib.request
from pathlib import Path

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from alert_bench import decision, own_database  # it lies beside this file

# Runs the service in a process that kills itself, by SIGKILL, at one exact step of the relay.
KILLED_AT = """
import os, signal, sys
from vigie_alert import outbox
from vigie_alert.service import serve
from vigie_alert.settings import AlertSettings
from vigie_common.process import Service
import asyncio

async def die(self, *_):
    os.kill(os.getpid(), signal.SIGKILL)

async def publish(self, connection=None):
    async with self._transaction(connection) as reading:
        if (await reading.execute(self._oldest())).all():
            await die(self)
    return 0

if sys.argv[1] == "after-transaction":
    outbox.Relay.publish = publish
else:
    outbox.Relay.forget = die
asyncio.run(serve(AlertSettings(), Service("alert")))
"""


@pytest.mark.parametrize("step", ["after-transaction", "after-publication"])
async def test_a_kill_between_transaction_and_publication_loses_and_changes_nothing(
    bench, database_url, rule_event, wait_until, step
):
    await bench.write("rule-events", rule_event(), rule_event("UPDATE", 1), rule_event(subject="b"))
    killed = bench.start(database_url, "-c", KILLED_AT, step)
    await asyncio.to_thread(killed.wait, 90)
    assert killed.returncode == -signal.SIGKILL
    before = await bench.read("alerts")
    assert bool(before) == (step == "after-publication")
    with bench.service(database_url):
        await bench.write("rule-events", rule_event("CLOSE", 2), rule_event("CLOSE", 1, subject="b"))
        await bench.alerts_when(lambda a: sum(x["state"] == "ENDED" for x in a) == 2)
    records = await bench.read("alerts")
    contents = {}
    for record in records:
        headers = dict(record.headers)
        contents.setdefault(headers["ce_id"], set()).add((record.value, tuple(record.headers)))
    assert {identity: len(content) for identity, content in contents.items()} == dict.fromkeys(contents, 1)
    for alert_id in {r.key for r in records}:
        revisions = sorted(int(i.split(b":")[1]) for i in contents if i.startswith(alert_id))
        assert revisions == list(range(1, len(revisions) + 1))


async def test_kills_at_random_leave_one_content_a_revision_in_order(bench, tmp_path, rule_event):
    url = f"sqlite:///{tmp_path}/alerts.db"
    subjects = [f"s{i}" for i in range(12)]
    for round_ in range(2):
        process = bench.start(url)
        step = [rule_event("UPDATE" if round_ else "OPEN", round_, subject=s) for s in subjects]
        await bench.write("rule-events", *step[:6])
        await bench.alerts_when(lambda a, n=round_: sum(x["explanation"]["facts"]["inside_s"] == n + 1 for x in a) > 0)
        await bench.write("rule-events", *step[6:])
        process.kill()
        process.wait()
    with bench.service(url):
        await bench.write("rule-events", *[rule_event("CLOSE", 2, subject=s) for s in subjects])
        alerts = await bench.alerts_when(lambda a: len({x["id"] for x in a if x["state"] == "ENDED"}) == len(subjects))
    latest = {}
    for alert in alerts:
        seen = latest.setdefault(alert["id"], [])
        if alert["revision"] <= len(seen):
            assert alert == seen[alert["revision"] - 1]
        else:
            assert alert["revision"] == len(seen) + 1
            seen.append(alert)
    assert {len(revisions[-1]["objects"]) for revisions in latest.values()} == {1}


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)
    except OSError:
        return None, {}


async def test_a_database_that_is_away_delays_and_loses_nothing(bench, rule_event, postgres, wait_until, free_port):
    url = own_database(postgres)
    name = url.rsplit("/", 1)[1]

    def allow(yes):
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {yes}")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))

    with bench.service(url, VIGIE_HTTP_PORT=str(free_port)) as process:
        await bench.write("rule-events", rule_event())
        await bench.alerts_when(bool)
        allow("false")
        await bench.write("rule-events", rule_event("UPDATE", 1), rule_event("CLOSE", 2))
        await asyncio.to_thread(wait_until, lambda: ready(free_port)[0] == 503, 60)
        assert "database" in ready(free_port)[1]
        allow("true")
        alerts = await bench.alerts_when(lambda a: any(x["state"] == "ENDED" for x in a))
        await asyncio.to_thread(wait_until, lambda: ready(free_port)[0] == 200, 60)
        assert process.poll() is None
    assert [a["revision"] for a in alerts] == list(range(1, len(alerts) + 1))


async def test_two_processes_on_one_database_publish_each_revision_once(bench, rule_event, postgres):
    url = own_database(postgres)
    cameras = [f"cam-{i}" for i in range(4)]
    with bench.service(url), bench.service(url, VIGIE_INSTANCE_ID="alert-1"):
        await bench.joined("alert-1")  # one that is still starting would do nothing, and not stop cleanly
        for i, camera in enumerate(cameras):
            opening = rule_event(camera_id=camera)
            await bench.write("rule-events", opening, rule_event("CLOSE", 1, camera_id=camera), key=camera, partition=i)
        alerts = await bench.alerts_when(lambda a: sum(x["state"] == "ENDED" for x in a) >= len(cameras))
        ids = sorted({a["id"] for a in alerts})
        for i, alert_id in enumerate(ids):
            await bench.write("alert-decisions", decision(alert_id), key=alert_id, partition=3 - i)
        alerts = await bench.alerts_when(lambda a: sum(bool(x["decision"]) for x in a) >= len(cameras))
    identities = [(a["id"], a["revision"]) for a in alerts]
    assert sorted(set(identities)) == sorted(identities)


@pytest.fixture
def free_port():
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]
