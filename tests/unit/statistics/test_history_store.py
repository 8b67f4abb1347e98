"""The history: what is kept of figures that come again, late, out of order or not at all."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from vigie_common.errors import ConfigurationError
from vigie_common.settings import read_settings
from vigie_statistics.history.database import DATABASE
from vigie_statistics.history.keeping import oldest_kept
from vigie_statistics.history.settings import HistorySettings
from vigie_statistics.history.store import HistoryStore
from vigie_statistics.history.tables import figures, metadata, notices, series
from vigie_statistics.query import Asked, History

WEEK = 7 * 24


@pytest.fixture
async def engine(tmp_path):
    opened = DATABASE.open(f"sqlite:///{tmp_path}/deep/statistics.db")
    await DATABASE.migrate(opened)
    yield opened
    await opened.dispose()


@pytest.fixture
def store(engine):
    return HistoryStore(engine)


async def rows(engine, table):
    async with engine.connect() as connection:
        return (await connection.execute(sa.select(table))).all()


async def values(engine):
    return [(row.value, row.revision) for row in await rows(engine, figures)]


def camera(holidays=(), effective_at=0, **fields):
    return {
        "camera_id": "cam-1", "site": "nimes", "time_zone": "Europe/Paris", "holidays": list(holidays),
        "effective_at": effective_at, "removed": False,
    } | fields  # fmt: skip


async def test_migrations_make_exactly_the_tables_that_the_code_uses_and_may_run_twice(engine):
    await DATABASE.migrate(engine)
    async with engine.connect() as connection:
        options = {"compare_type": True, "version_table": DATABASE.version_table}
        different = await connection.run_sync(
            lambda c: compare_metadata(MigrationContext.configure(c, opts=options), metadata)
        )
    assert different == []


async def test_a_higher_revision_replaces_and_a_lower_or_equal_one_does_not(engine, store, statistic_record):
    for value, revision in ((5, 2), (6, 3), (4, 1), (9, 3)):
        await store.write([statistic_record(value=value, revision=revision)])
    assert await values(engine) == [(6.0, 3)]


async def test_one_batch_with_several_revisions_keeps_the_highest(engine, store, statistic_record):
    await store.write([statistic_record(value=v, revision=r) for v, r in ((5, 2), (7, 3), (4, 1))])
    assert await values(engine) == [(7.0, 3)]


async def test_a_repeated_batch_changes_nothing(engine, store, statistic_record):
    batch = [statistic_record(hour, value=hour, window=w) for hour in range(3) for w in ("m1", "h1", "d1")]
    await store.write(batch)
    before = await rows(engine, figures)
    await HistoryStore(engine).write(batch)
    assert await rows(engine, figures) == before
    assert len(before) == 9
    assert len(await rows(engine, series)) == 1


async def test_a_renamed_camera_begins_series_of_its_own_and_keeps_the_old_ones(engine, store, statistic_record):
    await store.write([statistic_record(0, 5), statistic_record(1, 6, camera_id="cam-new")])
    assert sorted(row.camera_id for row in await rows(engine, series)) == ["cam-1", "cam-new"]
    assert len(await rows(engine, figures)) == 2


async def test_each_resolution_is_forgotten_after_its_time_and_days_never(engine, store, statistic_record, monkeypatch):
    now = 1_777_845_600_000
    day = 86_400_000
    kept = [statistic_record(window=w, start=now - d * day) for w, d in (("m1", 91), ("m15", 365), ("h1", 1095))]
    old = [statistic_record(window=w, start=now - d * day) for w, d in (("m1", 93), ("m15", 367), ("h1", 1097))]
    days = [statistic_record(window="d1", start=now - 9000 * day)]
    await store.write([*kept, *old, *days])
    assert await store.forget(oldest_kept(HistorySettings(), now)) == 3
    there = {(row.window, row.start) for row in await rows(engine, figures)}
    codes = {"m1": 1, "m15": 15, "h1": 60, "d1": 1440}
    assert there == {(codes[r["window"]], r["start"]) for r in [*kept, *days]}


async def weeks(store, statistic_record, values_by_week, **fields):
    """Writes the same hour of earlier weeks, the last of them a week before hour 0."""
    number = len(values_by_week)
    await store.write([statistic_record((k - number) * WEEK, v, **fields) for k, v in enumerate(values_by_week)])


async def test_an_unusual_hour_is_told_with_its_evidence_and_again_when_its_record_comes_again(
    engine, store, statistic_record
):
    await store.write_cameras([camera()])
    await weeks(store, statistic_record, [100, 105, 95, 98, 102])
    hour = statistic_record(0, 300, coverage=0.9)
    ((first,),) = await store.write([hour])
    ((again,),) = await HistoryStore(engine).write([hour])
    assert first == again
    told = {name: first[name] for name in ("state", "side", "judged", "expected", "weeks", "coverage", "holiday")}
    assert told == {
        "state": "raised", "side": "above", "judged": 300.0, "expected": 100.0, "weeks": 5, "coverage": 0.9,
        "holiday": False,
    }  # fmt: skip
    assert len(await rows(engine, notices)) == 1


@pytest.mark.parametrize("place", ["porte", "pont"])
async def test_a_place_finds_its_notice_however_few_are_asked_for(engine, store, statistic_record, place):
    await store.write_cameras([camera()])
    for each in ("porte", "pont"):
        await weeks(store, statistic_record, [100, 105, 95, 98, 102], place=each)
        await store.write([statistic_record(0, 300, place=each)])
    asked = Asked(0, 2**42, measure="crossings", place=place)
    assert [n["place"] for n in await History(engine).unusual(asked, limit=1)] == [place]


async def test_a_late_correction_that_makes_an_hour_usual_withdraws_its_notice(store, statistic_record):
    await store.write_cameras([camera()])
    await weeks(store, statistic_record, [100, 105, 95, 98, 102])
    ((raised,),) = await store.write([statistic_record(0, 300)])
    corrected = statistic_record(0, 101, revision=2)
    ((gone,),) = await store.write([corrected])
    assert (gone["id"], gone["state"], gone["value"]) == (raised["id"], "withdrawn", 101.0)
    assert await store.write([corrected]) == [[gone]]
    assert await store.write([statistic_record(0, 300)]) == [[]], "an older revision says nothing any more"


@pytest.mark.parametrize(
    ("weeks_known", "coverage", "said"),
    [(3, 1.0, "not enough history"), (4, 0.4, "coverage too low"), (4, 1.0, "unusual")],
)
async def test_what_cannot_be_judged_is_said(engine, statistic_record, weeks_known, coverage, said):
    heard = []
    store = HistoryStore(engine, heard.append)
    await store.write_cameras([camera()])
    await weeks(store, statistic_record, [100] * weeks_known)
    heard.clear()
    await store.write([statistic_record(0, 300, coverage=coverage)])
    assert heard == [said]


async def test_hours_hardly_watched_are_no_history(engine, statistic_record):
    heard = []
    store = HistoryStore(engine, heard.append)
    await store.write_cameras([camera()])
    await weeks(store, statistic_record, [100] * 6, coverage=0.3)
    heard.clear()
    await store.write([statistic_record(0, 300)])
    assert heard == ["not enough history"]


async def test_a_holiday_is_compared_to_holidays_alone(engine, statistic_record):
    heard = []
    store = HistoryStore(engine, heard.append)
    await store.write_cameras([camera(["2026-05-04"])])
    await weeks(store, statistic_record, [100] * 6)
    heard.clear()
    await store.write([statistic_record(0, 300)])
    assert heard == ["not enough history"]


async def test_a_watched_hour_without_a_figure_was_an_hour_of_none(engine, statistic_record):
    heard = []
    store = HistoryStore(engine, heard.append)
    await store.write_cameras([camera()])
    watched = {"measure": "watched", "place": "", "object_class": "", "direction": "none", "place_kind": "none"}
    await store.write([statistic_record(-6 * WEEK, 1)])
    await store.write([statistic_record(-k * WEEK, 3600, **watched) for k in range(1, 6)])
    heard.clear()
    await store.write([statistic_record(0, 300)])
    assert heard == ["unusual"]


async def test_an_hour_that_is_not_final_is_not_judged(store, statistic_record):
    await store.write_cameras([camera()])
    await weeks(store, statistic_record, [100] * 5)
    assert await store.write([statistic_record(0, 300, final=False)]) == [[]]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "vigie.example"])
def test_the_rest_interface_refuses_an_address_that_is_not_loopback(monkeypatch, host):
    monkeypatch.setenv("VIGIE_STATISTICS_API_HOST", host)
    with pytest.raises(ConfigurationError, match=r"VIGIE_STATISTICS_API_HOST.*is not loopback"):
        read_settings(HistorySettings)
