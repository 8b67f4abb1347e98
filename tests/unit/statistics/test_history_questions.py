"""Questions to the history, through the REST interface on a real socket."""

import asyncio
import csv
import io
import json
import re
import threading
import urllib.error
import urllib.parse
import urllib.request

import arro3.io
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigie_statistics.api.app import make_app
from vigie_statistics.api.serve import listen
from vigie_statistics.history.database import DATABASE
from vigie_statistics.history.settings import HistorySettings
from vigie_statistics.history.store import HistoryStore
from vigie_statistics.query import History
from vigie_statistics.sketches import bin_of, serialized

NOW = 1_777_845_600_000
"""2026-05-04 00:00 in Paris, a Monday."""
HOUR = 3_600_000


def filled(make):
    """Eight days of hours at two lines by two classes, half of the second line blind; days; stays."""
    records = []
    for back in range(1, 8 * 24 + 1):
        for place, name, value in (("porte", "person", 10), ("porte", "car", 30), ("pont", "person", 4)):
            half = place == "pont"
            more = {"coverage": 0.5, "corrected": 2.0 * value} if half else {}
            records.append(make(-back, value, place=place, object_class=name, **more))
    records += [make(-d, 240, window="d1", start=NOW - d * 24 * HOUR) for d in range(1, 9)]
    for back, stays in ((1, [1, 2, 3]), (2, [100, 200, 300, 400])):
        bins = {bin_of(s): 1 for s in stays}
        one = {"measure": "dwell", "direction": "none", "unit": "s", "sketch": serialized(bins), "corrected": None}
        records.append(make(-back, 2, samples=len(stays), **one))
    return records


@pytest.fixture(scope="module")
def api(tmp_path_factory, statistic_record):
    """The address of a REST interface on a filled history; `now` is NOW."""
    url = f"sqlite:///{tmp_path_factory.mktemp('history')}/statistics.db"
    socket = listen(HistorySettings())
    ready = threading.Event()
    servers = []

    async def serve():
        engine = DATABASE.open(url)
        await DATABASE.migrate(engine)
        store = HistoryStore(engine)
        await store.write(filled(statistic_record))
        await store.write_cameras(
            [
                {"camera_id": "cam-1", "site": "nimes", "time_zone": "Europe/Paris", "holidays": [], "effective_at": 0}
                | {"removed": False}
            ]
        )
        app = make_app(History(engine), now=lambda: NOW)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        servers.append(server)
        ready.set()
        await server.serve(sockets=[socket])
        await engine.dispose()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(60)
    yield "http://{}:{}".format(*socket.getsockname())
    servers[0].should_exit = True
    thread.join(30)
    socket.close()


def get(api, path, headers=None, **query):
    """Status and body of an answer."""
    text = urllib.parse.urlencode({k.rstrip("_"): v for k, v in query.items() if v is not None})
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{api}{path}?{text}", headers=headers or {}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def asked(api, path, **query):
    status, body = get(api, path, **query)
    assert status == 200, body
    return json.loads(body)


def test_a_series_over_a_period_has_raw_corrected_and_coverage_of_each_window_and_of_all(api):
    (one,) = asked(api, "/v1/figures", since="3h", window="h1", place="pont")
    assert [(f["value"], f["corrected"], f["coverage"], f["low_coverage"]) for f in one["figures"]] == [
        (4.0, 8.0, 0.5, True)
    ] * 3
    total = {name: one["total"][name] for name in ("value", "corrected", "coverage", "low_coverage", "windows")}
    assert total == {"value": 12.0, "corrected": 24.0, "coverage": 0.5, "low_coverage": True, "windows": 3}


def test_a_period_that_was_not_watched_at_all_has_low_coverage(api):
    (one,) = asked(api, "/v1/figures", since="16d", window="h1", place="porte", class_="car")
    assert one["total"]["coverage"] == 0.5
    assert one["total"]["low_coverage"]


def test_the_window_follows_the_length_of_the_period(api):
    windows = {since: {s["window"] for s in asked(api, "/v1/figures", since=since)} for since in ("5d", "15d")}
    assert windows == {"5d": {"h1"}, "15d": {"d1"}}


def test_two_periods_are_compared_by_their_corrected_figures(api):
    (one,) = asked(api, "/v1/compare", since="1d", earlier="8d", place="porte", class_="car", window="h1")
    assert (one["before"]["value"], one["after"]["value"], one["change"], one["comparable"]) == (720, 720, 0, True)


def test_places_are_ranked_by_what_is_corrected(api):
    top = asked(api, "/v1/top", since="1d", window="h1")
    assert [(t["rank"], t["place"], t["total"]["value"], t["total"]["corrected"]) for t in top] == [
        (1, "porte", 960.0, 960.0), (2, "pont", 96.0, 192.0),
    ]  # fmt: skip


def test_the_modal_split_adds_up_to_one(api):
    split = {s["mode"]: s for s in asked(api, "/v1/modal-split", since="1d", window="h1")}
    assert sum(s["share"] for s in split.values()) == pytest.approx(1)
    assert split["cars"]["share"] == pytest.approx(720 / 1056)
    assert split["cars"]["share_corrected"] == pytest.approx(720 / 1152)


def test_a_typical_week_says_when_it_has_too_few_weeks(api):
    (week,) = asked(api, "/v1/typical-week", since="8d", place="porte", class_="car")
    assert (week["enough"], week["time_zone"], len(week["hours"])) == (False, "Europe/Paris", 168)
    assert {(h["median"], h["spread"]) for h in week["hours"]} == {(30.0, 0.0)}
    sunday = [h["weeks"] for h in week["hours"] if h["weekday"] == 7]
    assert sunday == [2] * 24


def test_the_quantiles_of_a_period_are_those_of_all_its_stays(api):
    (one,) = asked(api, "/v1/figures", since="2h", window="h1", measure="dwell")
    assert one["total"]["value"] == pytest.approx(100, rel=0.02)
    assert one["total"]["quantiles"]["p95"] == pytest.approx(300, rel=0.02)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_export_has_every_figure_with_its_coverage(api, form):
    status, body = get(api, "/v1/export", since="2h", window="h1", format=form)
    assert status == 200
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(body.decode())))
        found = {(r["place"], float(r["value"]), float(r["corrected"]), float(r["coverage"])) for r in rows}
    else:
        table = arro3.io.read_parquet(io.BytesIO(body)).read_all()
        names = ("place", "value", "corrected", "coverage")
        rows = list(zip(*(table.column(name).to_pylist() for name in names), strict=True))
        found = set(rows)
        assert table.schema.field("start").type.time_unit == "ms"
    assert len(rows) == 6
    assert found == {("porte", 10.0, 10.0, 1.0), ("porte", 30.0, 30.0, 1.0), ("pont", 4.0, 8.0, 0.5)}


def test_open_data_hides_small_counts_and_has_no_corrected_ones(api):
    status, body = get(api, "/v1/export", since="2h", open="suppress", place="pont")
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert status == 200
    assert "corrected" not in rows[0]
    assert not [r for r in rows if r["state"] == "shown" and r["value"] in {"1.0", "2.0", "3.0", "4.0"}]


@pytest.mark.parametrize(
    ("path", "query", "says"),
    [
        ("/v1/figures", {"since": "yesterday"}, "not a time: write 7d"),
        ("/v1/figures", {"since": "2025-10-26T02:30"}, "shows this time twice, its clocks change then: write"),
        ("/v1/figures", {"since": "1d", "until": "2d"}, "ends .* before it begins"),
        ("/v1/export", {"open": "suppress", "window": "m1"}, "published by hour"),
        ("/v1/export", {"open": "suppress", "class_": "person"}, "every class"),
    ],
)
def test_a_wrong_question_is_answered_with_what_to_write(api, path, query, says):
    status, body = get(api, path, **query)
    assert status == 400
    assert re.search(says, json.loads(body)["detail"])


def test_a_page_that_reaches_it_by_another_name_gets_nothing(api):
    assert get(api, "/v1/top", {"Host": "attacker.example"})[0] == 400
    assert get(api, "/v1/top", {"Host": "localhost:1"})[0] == 200


TEXT = st.text(max_size=20) | st.sampled_from(
    ["porte", "7d", "now", "", "\0", "99999999999d", "0001-01-01", "-1", "é%"]
)


def test_whatever_is_asked_gets_an_answer_or_a_sentence(api):
    """Every parameter of every path, as the interface's own description names them, with any text."""
    described = asked(api, "/openapi.json")
    paths = {path: [p["name"] for p in item["get"]["parameters"]] for path, item in described["paths"].items()}
    assert set(paths) >= {"/v1/series", "/v1/figures", "/v1/compare", "/v1/typical-week", "/v1/top", "/v1/modal-split"}

    def values(item, name):
        schema = next(p["schema"] for p in item["get"]["parameters"] if p["name"] == name)
        known = [e for s in [schema, *schema.get("anyOf", [])] for e in s.get("enum", [])]
        return st.sampled_from(known) | TEXT if known else TEXT

    question = st.sampled_from(sorted(paths)).flatmap(
        lambda path: st.tuples(
            st.just(path),
            st.fixed_dictionaries({}, optional={name: values(described["paths"][path], name) for name in paths[path]}),
        )
    )

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(question)
    def ask(asking):
        path, query = asking
        status, body = get(api, path, **query)
        assert status in {200, 400, 422}, (status, body)
        if status != 200:
            assert json.loads(body)["detail"]

    ask()
