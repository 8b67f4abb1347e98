"""`vigie stats` on a filled database, as a person calls it."""

import asyncio
import json
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from vigie_cli.main import app
from vigie_statistics.history.database import DATABASE
from vigie_statistics.history.store import HistoryStore

HOUR = 3_600_000
NOW = time.time_ns() // 1_000_000 // HOUR * HOUR


def tokyo(hours):
    """The start of an hour before now, where the site is."""
    return datetime.fromtimestamp((NOW - hours * HOUR) / 1000, ZoneInfo("Asia/Tokyo"))


@pytest.fixture(scope="module")
def database(tmp_path_factory, statistic_record):
    """A history of the last day: one hour unusual, one line half watched."""
    url = f"sqlite:///{tmp_path_factory.mktemp('stats')}/statistics.db"

    async def fill():
        engine = DATABASE.open(url)
        await DATABASE.migrate(engine)
        store = HistoryStore(engine)
        records = [statistic_record(value=100, start=NOW - week * 168 * HOUR - 2 * HOUR) for week in range(1, 8)]
        camera = {"camera_id": "cam-1", "site": "nimes", "time_zone": "Asia/Tokyo", "holidays": [], "effective_at": 0}
        await store.write_cameras([camera | {"removed": False}])
        await store.write(records)
        await store.write(
            [
                statistic_record(value=1300, start=NOW - 2 * HOUR, direction_label="entrée"),
                statistic_record(value=40, start=NOW - 3 * HOUR, place="pont", coverage=0.5, corrected=80.0),
            ]
        )
        await engine.dispose()

    asyncio.run(fill())
    return url


@pytest.fixture
def stats(database):
    """Runs `vigie stats …` on the database; gives its exit status and what it said."""

    def run(*arguments, source=("--database", database)):
        result = CliRunner().invoke(app, ["stats", *arguments, *source])
        return result.exit_code, result.output

    return run


@pytest.mark.parametrize(("lang", "headings"), [("fr", ["lieu", "corrigé", "couverture"]), ("en", ["place", "raw"])])
def test_top_ranks_places_in_the_language_asked_for(stats, lang, headings):
    status, said = stats("top", "--since", "1d", "--lang", lang)
    assert status == 0
    assert all(heading in said.splitlines()[0] for heading in headings)
    assert [line.split()[2] for line in said.splitlines()[1:]] == ["porte", "pont"]
    assert "1 300" in said


def test_show_gives_raw_corrected_and_coverage_of_each_window_and_warns_where_little_was_watched(stats):
    status, said = stats("show", "pont", "--since", "12h", "--window", "h1", "--lang", "en")
    assert status == 0
    (window,) = [line for line in said.splitlines() if line.startswith("20")]
    assert window.split()[2:] == ["40", "80", "-", "50%", "low", "coverage"]
    assert "from (Asia/Tokyo)" in said
    assert window.startswith(f"{tokyo(3):%Y-%m-%d %H:%M} ")


@pytest.mark.parametrize(
    ("locale", "title", "unusual"),
    [
        ("fr_FR.UTF-8", "cam-1 porte · passages · personne · entrée · passages", "passages (personne) 1300, plus que"),
        ("C", "cam-1 porte · crossings · person · in · crossings", "crossings (person) 1300, more than"),
    ],
)
def test_figures_and_notices_speak_the_language_of_the_terminal(stats, monkeypatch, locale, title, unusual):
    monkeypatch.setenv("LC_ALL", locale)
    assert stats("show", "porte", "--since", "12h", "--window", "h1")[1].splitlines()[0].rstrip() == title
    assert unusual in stats("unusual", "--since", "1d")[1]


def test_json_is_what_the_rest_interface_gives(stats):
    status, said = stats("show", "porte", "--since", "12h", "--window", "h1", "--json")
    (one,) = json.loads(said)
    assert status == 0
    assert [f["value"] for f in one["figures"]] == [1300.0]


def test_unusual_hours_are_told_with_what_was_expected(stats):
    status, said = stats("unusual", "--since", "1d", "--lang", "en")
    assert status == 0
    assert said.startswith(f"{tokyo(2):%Y-%m-%d %H:%M:%S} Asia/Tokyo  ")
    assert "crossings (person) 1300, more than usual for this hour (65–135)" in said


def test_an_export_for_the_public_is_a_file_without_corrected_figures(stats, tmp_path):
    status, _ = stats("export", "--since", "12h", "--open", "suppress", "--out", str(tmp_path / "open.csv"))
    assert status == 0
    assert "corrected" not in (tmp_path / "open.csv").read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("top", "--since", "soon"), "not a time: write 7d"),
        (("top", "--measure", "faces"), "no such measure: give one of crossings"),
        (("top", "--api", "ftp://x"), "two sources"),
    ],
)
def test_a_wrong_question_is_refused_with_what_to_write(stats, capfd, arguments, says):
    status, said = stats(*arguments)
    assert status == 1
    assert says in said + capfd.readouterr().err


def test_a_history_that_is_not_there_yet_is_said(stats, tmp_path, capfd):
    status, said = stats("top", source=("--database", f"sqlite:///{tmp_path}/none.db"))
    assert status == 1
    assert "has no history yet" in said + capfd.readouterr().err


def test_an_address_where_nobody_answers_is_said(stats, capfd):
    status, said = stats("top", source=("--api", "http://127.0.0.1:9"))
    assert status == 1
    assert "does not answer" in said + capfd.readouterr().err
