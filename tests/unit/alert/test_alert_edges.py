"""Publication, audit, keeping of images, settings, migrations."""

from datetime import date

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from vigie_alert.audit import audit
from vigie_alert.book import AlertBook
from vigie_alert.database import DATABASE
from vigie_alert.evidence import Gallery
from vigie_alert.publication import publication
from vigie_alert.settings import AlertSettings
from vigie_alert.tables import alerts, metadata
from vigie_common.codec import Codec
from vigie_common.database import passes_by_waiting
from vigie_common.errors import ConfigurationError, PoisonRecordError
from vigie_common.settings import read_settings


def life(rule_event, **fields):
    book = AlertBook()
    steps = [("OPEN", 0), ("UPDATE", 1), ("CLOSE", 2)]
    return [r for kind, ordinal in steps for r in book.apply_event(rule_event(kind, ordinal, **fields))]


def test_a_publication_says_when_it_was_made_and_how_late(rule_event):
    (alert,) = AlertBook().apply_event(rule_event())
    made = publication(alert, alert["updated_at"] + 1234, (("traceparent", b"00-x"),), Codec.pinned())
    value = Codec.pinned().decode_as("alert", made.value)
    assert (value["produced_at"], value["late_by_ms"]) == (alert["updated_at"] + 1234, 1234)
    headers = dict(made.headers)
    assert headers["ce_time"] == b"2027-01-15T08:00:01.000Z"
    assert headers["traceparent"] == b"00-x"


def test_a_sound_life_passes_the_audit_repeated_or_not(rule_event):
    first, *rest = life(rule_event)
    found = audit([first, *rest, first, *rest])
    assert (found.sound, found.records, found.repeats, found.alerts, found.open) == (True, 6, 3, 1, 0)


def test_the_audit_finds_gaps_conflicts_and_doubles(rule_event):
    first, second, third = life(rule_event)
    assert audit([first, third]).disorder
    assert audit([second, first]).disorder
    assert audit([first, first | {"severity": "critical"}]).conflicts
    other = life(rule_event, started_at=1_800_000_001_000)
    assert audit([first, second, other[0]]).doubles
    assert not audit([first, second, third, *life(rule_event, started_at=1_800_000_009_000)]).doubles


def test_two_subjects_in_one_zone_are_no_double(rule_event):
    assert audit([*life(rule_event)[:1], *life(rule_event, subject="b")[:1]]).sound


def test_a_topic_that_begins_in_the_middle_is_no_disorder(rule_event):
    assert audit(life(rule_event)[1:]).sound


def test_images_past_keeping_are_deleted_by_day_and_nothing_else(tmp_path):
    for name in ("2026-01-01", "2026-01-30", "2026-01-31", "notes", "2026-99-99"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").touch()
    gallery = Gallery(AlertSettings(alert_evidence_dir=tmp_path, alert_evidence_days=30), frames=None)
    assert gallery.sweep(date(2026, 3, 1)) == ["2026-01-01"]
    assert gallery.sweep(date(2026, 3, 2)) == ["2026-01-30"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2026-01-31", "2026-99-99", "notes"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("VIGIE_ALERT_EVIDENCE_DAYS", "0"), ("VIGIE_ALERT_EVIDENCE_WAIT_MS", "9000")],
)
def test_a_wrong_setting_is_named(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=variable):
        read_settings(AlertSettings)


@pytest.mark.parametrize("url", ["mysql://a/b", "nonsense", ""])
def test_a_wrong_database_url_is_refused_without_showing_it(url):
    with pytest.raises(ConfigurationError, match="VIGIE_ALERT_DATABASE_URL"):
        DATABASE.open(url)


async def test_migrations_make_exactly_the_tables_that_the_code_uses_and_may_run_twice(tmp_path):
    engine = DATABASE.open(f"sqlite:///{tmp_path}/deep/alerts.db")
    await DATABASE.migrate(engine)
    await DATABASE.migrate(engine)
    async with engine.connect() as connection:
        different = await connection.run_sync(
            lambda c: compare_metadata(MigrationContext.configure(c, opts={"compare_type": True}), metadata)
        )
    await engine.dispose()
    assert different == []


async def test_what_passes_by_waiting_is_told_from_what_does_not(tmp_path):
    engine = DATABASE.open(f"sqlite:///{tmp_path}/alerts.db")
    async with engine.connect() as connection:
        with pytest.raises(sa.exc.OperationalError) as missing:
            await connection.execute(sa.select(alerts))
    await engine.dispose()
    assert passes_by_waiting(missing.value)
    assert not passes_by_waiting(KeyError("x"))


def test_a_compound_may_be_open_in_two_versions_and_end_by_what_comes_late(rule_event):
    def compound(version, start, ended_at=None, known_at=None):
        opened, *_ = life(rule_event, started_at=start)
        opened |= {"rule": opened["rule"] | {"template": "compound", "version": version}}
        if ended_at is None:
            return [opened]
        return [opened, opened | {"revision": 2, "state": "ENDED", "ended_at": ended_at, "updated_at": known_at}]

    at = 1_800_000_000_000
    assert audit([*compound("v1", at), *compound("v2", at + 1_000)]).sound
    assert audit([*compound("v1", at), *compound("v1", at + 9_000)]).doubles
    assert audit([*compound("v1", at, at + 5_000, at + 60_000), *compound("v1", at + 9_000)]).sound


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"frame_ref": {"partition": 0, "offset": -1}}, "frame_ref.offset is -1, and must be 0 or more"),
        ({"frame_ref": {"partition": -7, "offset": 0}}, "frame_ref.partition is -7, and must be 0 or more"),
        ({"width": 0}, "it has objects but its frame is 0 x "),
    ],
)
def test_an_event_of_a_frame_that_cannot_be_is_refused_before_anything_of_it_is_taken(
    book, rule_event, stamp, fields, told
):
    with pytest.raises(PoisonRecordError, match=told):
        book.apply_event(rule_event(compounds=[stamp()], **fields))
    assert book == AlertBook()
