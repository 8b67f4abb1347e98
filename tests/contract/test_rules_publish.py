"""`vigie rules publish`, `status`, the way back, and shadow beside live, on a real broker."""

import asyncio
import json
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from vigie_cli.apply import apply_folder
from vigie_cli.main import app
from vigie_cli.rules_bundles import live_bundle, published_zone, read_histories
from vigie_cli.rules_publish import lines as publish_lines
from vigie_cli.rules_publish import publish_folder, publish_former
from vigie_cli.rules_question import topic_answer
from vigie_cli.rules_replay import read_changed, replay
from vigie_cli.rules_status import lines as status_lines
from vigie_cli.rules_status import read_status
from vigie_cli.rules_topics import read_range
from vigie_cli.rules_tracks import topic_tracks
from vigie_common.errors import BadInputError
from vigie_common.yaml_document import InvalidFileError
from vigie_rule_engine.recorded import read_recording


def now_ms():
    return time.time_ns() // 1_000_000


@pytest.fixture
def vigie(deployment):
    """The command as people type it, which must not fail; what it prints."""
    settings = deployment.settings
    environment = {"VIGIE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap, "VIGIE_TOPIC_PREFIX": settings.topic_prefix}

    async def say(*arguments):
        found = await asyncio.to_thread(CliRunner().invoke, app, [*map(str, arguments)], env=environment)
        assert found.exit_code == 0, found.stderr
        return found.stdout

    return say


async def test_a_bundle_is_published_once_changed_shown_and_brought_back(deployment, site, change):
    settings = deployment.settings
    start = now_ms() - 60_000
    dry = await publish_folder(settings, site, start, "ann", dry_run=True)
    assert (dry.what, await read_histories(settings)) == ("added", {})
    first = await publish_folder(settings, site, start, "ann", dry_run=False)
    again = await publish_folder(settings, site, start + 1000, "ann", dry_run=False)
    assert (first.what, again.what) == ("added", "unchanged")

    change(site / "rules/town/delivery-parking.yaml", "severity: warning", "severity: critical")
    (site / "rules/town/gate-count.yaml").unlink()
    second = await publish_folder(settings, site, start + 2000, "bob", dry_run=False)
    assert second.differences == (
        "rule livraison-stationnement: severity: warning → critical",
        "rule porte-comptage: removed",
    )
    assert second.before["digest"] == first.bundle["digest"]

    back = await publish_former(settings, first.bundle["digest"][:8], None, start + 3000, "cy", dry_run=False)
    assert (back.what, back.bundle["digest"], back.bundle["author"]) == ("changed", first.bundle["digest"], "cy")
    later = await publish_former(settings, second.bundle["digest"][:8], None, now_ms() + 3_600_000, "cy", dry_run=False)
    assert later.publishes
    [status] = await read_status(settings, None, (start, now_ms()))
    plain = status.plain()
    assert (plain["live"]["digest"], plain["live"]["author"]) == (first.bundle["digest"], "cy")
    assert [one["digest"] for one in plain["later"]] == [second.bundle["digest"]]
    assert [record["author"] for _, record in await deployment.read("rules")] == ["ann", "bob", "cy", "cy"]
    notes = [line for line in publish_lines(back, dry_run=False) if line.startswith("note: ")]
    assert (
        "note: densite, parvis-frequentation, parvis-presence: run nowhere, no camera of nimes in service " in notes[0]
    )
    assert all(" nowhere, no camera of nimes in service " in note for note in notes), "none is published here"
    with pytest.raises(BadInputError, match="no bundle of this site begins so; published were, newest first: "):
        await publish_former(settings, "ffffffff", None, now_ms(), "cy", dry_run=False)


async def test_what_is_scheduled_is_withdrawn_by_the_line_that_is_printed(deployment, site, change, vigie):
    await apply_folder(deployment.settings, site, now_ms() - 60_000, "ann")
    change(site / "rules/town/delivery-parking.yaml", "severity: warning", "severity: critical")

    async def digests():
        [status] = json.loads(await vigie("rules", "status", "--json"))
        return [one["digest"][:16] for one in (status["live"], *status["later"])]

    [former] = await digests()
    scheduled = await vigie("rules", "publish", site, "--at", "+1h")
    [back] = [line for line in scheduled.splitlines() if line.startswith("back again: ")]
    in_force, coming = await digests()
    assert in_force == former

    # what is published for now leaves what is scheduled in place, and says how it is withdrawn
    now = await vigie("rules", "publish", "--digest", former)
    assert now.startswith(f"nothing to change: nimes has {former} ")
    [note] = [line for line in now.splitlines() if " takes over " in line]
    assert note.startswith(f"note: {coming} is published already and takes over at ")
    undo = note.partition("; to prevent it: ")[2]
    assert back == f"back again: {undo} until it takes over, then without --at"
    assert "; to prevent it: " + undo in await vigie("rules", "status")

    undone = await vigie(*undo.split()[1:])
    assert f" replaces {coming} from " in undone
    assert await digests() == [former]
    assert "takes over" not in await vigie("rules", "publish", "--digest", former)
    history = (await read_histories(deployment.settings))["nimes"]
    at = history.bundles[-1].effective_at
    known = now_ms() + 60_000
    assert [history.judged(then, known).digest[:16] for then in (at - 1, at, at + 1)] == [former] * 3


async def test_a_wrong_rule_and_a_stable_rule_whose_test_fails_publish_nothing(deployment, site, change):
    settings, rule = deployment.settings, site / "rules/town/delivery-parking.yaml"
    change(rule, "for: 3m", "for: 1m")
    with pytest.raises(BadInputError) as refused:
        await publish_folder(settings, site, now_ms(), "ann", dry_run=False)
    assert "FAIL livraison-stationnement  tracks/parks-in-the-bay.csv" in str(refused.value)
    assert str(refused.value).endswith("a stable rule's tests must pass, or write status: test")
    change(rule, "for: 1m", "for: 1")
    with pytest.raises(InvalidFileError, match="a duration needs its unit"):
        await publish_folder(settings, site, now_ms(), "ann", dry_run=False)
    assert await deployment.read("rules") == []


async def test_a_rule_in_shadow_is_compared_with_the_live_one_that_it_would_replace(deployment, site, rule_event):
    settings = deployment.settings
    text = (site / "rules/town/delivery-parking.yaml").read_text(encoding="utf-8")
    text = text.replace("rule: livraison-stationnement", "rule: livraison-court").split("tests:")[0]
    shadow = text.replace("status: stable", "status: test\nreplaces: livraison-stationnement").replace("3m", "2m")
    (site / "rules/town/shorter.yaml").write_text(shadow, encoding="utf-8")
    meeting = "compound: both\ntitle: {en: Both}\nstatus: test\nrules: [livraison-stationnement, livraison-court]\n"
    meeting += "cameras: {ids: [maison-carree-02]}\nwithin: 30s\nseverity: warning\ncategory: parking\n"
    (site / "rules/town/both.yaml").write_text(meeting, encoding="utf-8")
    plan = await publish_folder(settings, site, now_ms(), "ann", dry_run=False)
    versions = {rule["id"]: rule["version"] for rule in plan.bundle["rules"]}
    start = now_ms() + 60_000

    def opened(rule, at, subject, mode):
        status = "test" if mode == "shadow" else "stable"
        stamp = {"id": rule, "status": status, "version": versions[rule]}
        told = {"started_at": start + at, "subject": subject, "rule": stamp, "mode": mode}
        ended = start + at + 30_000
        return rule_event(at=start + at, **told), rule_event("CLOSE", 1, at=ended, ended_at=ended, **told)

    events = [
        opened("livraison-stationnement", 180_000, "a", "live"),
        opened("livraison-court", 120_000, "a", "shadow"),
        opened("livraison-court", 300_000, "b", "shadow"),
        opened("livraison-stationnement", 500_000, "c", "live"),
    ]
    told = [event for episode in [*events, events[0]] for event in episode]
    await deployment.produce("rule-events", [("cam-1", event) for event in told])
    error = {"rule": "livraison-court", "camera_id": "cam-1", "message": "no such zone"}
    runs = {"engine": "rules-0", "site": "nimes", "digest": "0" * 64, "effective_at": start, "errors": [error]}
    await deployment.produce("rules-status", [("rules-0/nimes", runs)])

    [status] = await read_status(settings, "nimes", (start - 120_000, start + 600_000), episodes=True)
    compared, compound = status.plain()["shadow"]
    assert (compound["rule"], compound["opens"], compound["told"]) == ("both", 0, [])
    assert (compared["rule"], compared["replaces"]) == ("livraison-court", "livraison-stationnement")
    assert (compared["opens"], compared["live_opens"], compared["matched"]) == (2, 2, 1)
    assert (compared["only_test"], compared["only_live"]) == (
        [events[2][0]["episode_id"]],
        [events[3][0]["episode_id"]],
    )
    said = "\n".join(status_lines(status))
    assert "UTC: 2 found, livraison-stationnement (live) 2: 1 matched, 1 only in test, 1 only in live" in said
    assert "engine rules-0: runs 0000000000000000, 1 rule refused" in said
    assert "livraison-court on cam-1: no such zone" in said
    assert [one.id for one in status.episodes] == [events[i][0]["episode_id"] for i in (2, 1, 3, 0)]
    assert f"    {status.episodes[0].id[:8]}  livraison-court" in said
    assert json.loads(json.dumps(status.plain()))["engines"][0]["engine"] == "rules-0"


async def test_status_and_the_way_back_say_that_a_stable_rule_runs_in_shadow(deployment, site):
    settings = deployment.settings
    (site / "rules/authorisations/exercise.yaml").unlink()
    applied = await apply_folder(settings, site, now_ms() - 60_000, "ann")
    note = "livraison-stationnement: stable, but no authorisation in force covers category parking on feucheres-03, "
    note += "maison-carree-02: runs in shadow"
    assert [f"note: {note}" in change.details for change in applied.changes if change.kind == "rules"] == [True]
    [status] = await read_status(settings, None, (now_ms() - 60_000, now_ms()))
    assert f"  note: {note}" in list(status_lines(status))
    assert note in status.plain()["notes"]
    digest = status.plain()["live"]["digest"]
    back = await publish_former(settings, digest, None, now_ms(), "ann", dry_run=True)
    assert f"note: {note}" in list(publish_lines(back, dry_run=True))


async def test_a_range_of_a_topic_is_what_happened_in_it(deployment, rule_event):
    start = now_ms() - 60_000
    events = [rule_event(started_at=start + s, at=start + s, subject=str(s)) for s in (0, 10_000, 20_000, 30_000)]
    await deployment.produce("rule-events", [("cam-1", event) for event in events])
    found = await read_range(deployment.settings, "rule-events", "at", (start + 10_000, start + 20_000))
    assert [event["subject"] for event in found] == ["10000", "20000"]
    nobody = await read_range(deployment.settings, "rule-events", "at", (start, start + 30_000), frozenset({"cam-9"}))
    assert nobody == []
    assert await asyncio.wait_for(read_range(deployment.settings, "tracks", "captured_at", (0, start)), 60) == []


async def test_what_the_tracks_topic_has_is_replayed_and_explained(deployment, site, change, until_known):
    settings, camera = deployment.settings, "maison-carree-02"
    rule = site / "rules/town/delivery-parking.yaml"
    change(rule, "when: local.hour >= 7 && local.hour < 20\n", "")
    change(rule, "status: stable", "status: test")
    start = now_ms() - 320_000
    await apply_folder(settings, site, start - 600_000, "ann")
    await until_known(settings)
    recording = read_recording(site / "rules/town/tracks/parks-in-the-bay.csv")
    await deployment.produce("tracks", [(camera, dict(one)) for one in recording.records(camera, start)])

    change(rule, "for: 3m", "for: 2m")
    changed = read_changed([rule], site)
    records = [record for record, _ in await topic_tracks(settings, (start, now_ms()), [camera])]
    live = await live_bundle(settings, "nimes")
    [(before, after)] = replay(changed, (live, "live"), records, camera).difference.moved
    assert (before.at - start, after.at - start) == (190_000, 130_000)

    moment = datetime.fromtimestamp((start + 200_000) / 1000, UTC).isoformat()
    asked = (None, "livraison-stationnement", camera, moment)
    found = await topic_answer(settings, asked, "1h")
    assert [one.at - start for one in found.opened] == [190_000]
    assert await published_zone(settings, None) == "Europe/Paris"
    local = datetime.fromtimestamp((start + 200_000) / 1000, ZoneInfo("Europe/Paris")).replace(tzinfo=None).isoformat()
    assert (await topic_answer(settings, (*asked[:3], local), "1h")).question.at == found.question.at
    with pytest.raises(BadInputError, match="is yet to come, it is"):
        await topic_answer(settings, (*asked[:3], "2999-01-01T00:00"), "1h")
    with pytest.raises(BadInputError, match=r"^no tracks of maison-carree-02 from .* UTC \(.* Europe/Paris\) to "):
        await topic_answer(settings, (*asked[:3], "2020-01-01T00:00"), "1h")
    assert found.answer[0].startswith("opened ")
    assert {sample.condition for sample in found.samples} == {None}
