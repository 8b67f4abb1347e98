"""The history as a process, on a real broker and a real PostgreSQL that goes away and comes back."""

import asyncio
import json
import re
import urllib.request

import psycopg
import pytest

from vigie_dev.postgres import PostgresServer

WEEK = 7 * 24


@pytest.fixture(scope="module")
def own_postgres():
    """A PostgreSQL of this test's own: it is frozen and stopped."""
    with PostgresServer() as server:
        yield server


def fetched(url, statement):
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def answered(url):
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def environment(url, **more):
    variables = {"VIGIE_STATISTICS_DATABASE_URL": url, "VIGIE_INSTANCE_ID": "history-0", "VIGIE_LOG_FORMAT": "json"}
    return variables | {"VIGIE_KAFKA_SESSION_TIMEOUT_MS": "6000"} | more


async def test_nothing_is_lost_or_doubled_while_the_database_is_down_and_the_process_killed(
    deployment, start_service, history_script, own_postgres, statistic_record, camera_record, wait_until
):
    url = own_postgres.url
    settings = deployment.settings
    figures = [statistic_record(-k * WEEK, 100) for k in range(5, 0, -1)]
    await deployment.produce("cameras", [("cam-1", camera_record("cam-1", site="nimes"))])
    await deployment.produce("statistics", [(f["series"], f) for f in figures])
    process = start_service(settings, history_script, **environment(url))
    count = "SELECT count(*), sum(value) FROM statistics_figures"

    def kept(number):
        try:
            return fetched(url, count)[0][0] == number
        except psycopg.Error:
            return False

    wait_until(lambda: kept(5), 90)
    wait_until(lambda: fetched(url, "SELECT count(*) FROM statistics_calendars") == [(1,)], 90)

    own_postgres.halt()
    more = [statistic_record(hour, hour, place="pont") for hour in range(50)]
    await deployment.produce("statistics", [(f["series"], f) for f in more])
    await deployment.produce("statistics", [(figures[0]["series"], statistic_record(0, 300))])
    wait_until(lambda: "waiting for the database" in process.log, 90)
    process.kill()
    process.start()
    wait_until(lambda: process.log.count("waiting for the database") > 1, 90)
    own_postgres.resume()

    wait_until(lambda: kept(56), 90)
    assert fetched(url, count) == [(56, 500 + sum(range(50)) + 300)]

    async def told():
        return [value for _, value in await deployment.read("notices")]

    notices = await wait_until(told, 90)
    assert {(n["state"], n["judged"], n["expected"], n["weeks"]) for n in notices} == {("raised", 300.0, 100.0, 5)}
    assert len({n["id"] for n in notices}) == 1

    # the same process answers questions, on loopback, as its log says
    rest = re.findall(r"(http://127\.0\.0\.1:\d+)/openapi.json", process.log)[-1]
    query = "since=2026-05-04T00:00&until=2026-05-05&window=h1"
    top = await asyncio.to_thread(answered, f"{rest}/v1/top?{query}")
    assert [(t["place"], t["total"]["value"]) for t in top] == [("pont", float(sum(range(48)))), ("porte", 300.0)]
    _, status = process.stop()
    assert status == 0


async def test_a_record_that_cannot_be_kept_is_a_dead_letter_and_the_rest_goes_on(
    deployment, start_service, history_script, tmp_path, statistic_record, wait_until
):
    url = f"sqlite:///{tmp_path}/statistics.db"
    wrong = [
        statistic_record(0, 1) | {"window": "unknown"},
        statistic_record(1, 1) | {"end": 0},
        statistic_record(2, 1) | {"place": "x" * 300},
    ]
    sound = statistic_record(3, 7)
    await deployment.produce("statistics", [(f["series"], f) for f in [*wrong, sound]])
    start_service(deployment.settings, history_script, **environment(url))

    async def dead():
        letters = [value for _, value in await deployment.read("dead-letters")]
        return letters if len(letters) == 3 else None

    letters = await wait_until(dead, 90)
    assert all("statistic" in letter["message"] for letter in letters)
