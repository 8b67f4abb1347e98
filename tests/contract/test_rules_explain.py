"""`vigie rules explain` of what is long past, on a real broker: the rules and tracks as they were then."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from vigie_alert.book import AlertBook
from vigie_cli.apply import apply_folder
from vigie_cli.rules_publish import publish_folder
from vigie_cli.rules_question import topic_answer
from vigie_cli.rules_tracks import topic_tracks
from vigie_common.stream import ConfigVersion, Message, Timeline
from vigie_rule_engine.core import RuleCore
from vigie_rule_engine.recorded import read_recording

CAMERA = "maison-carree-02"
MINUTE = 60_000
AWAY = "[[0.90, 0.05], [0.95, 0.05], [0.95, 0.10]]"


def now_ms():
    return time.time_ns() // 1_000_000


def iso(at):
    return datetime.fromtimestamp(at / 1000, UTC).isoformat()


async def engine_events(deployment, span):
    """What the rule engine tells of the tracks topic, under cameras and bundles as they were published."""
    timeline = Timeline()
    for topic, key in (("cameras", "camera_id"), ("rules", "site")):
        for record, value in await deployment.read(topic):
            known = ConfigVersion(value[key], value["effective_at"], record.offset, record.timestamp, value)
            timeline.add(topic, known)
    core, outputs = RuleCore(0), []
    for offset, (value, appended_at) in enumerate(await topic_tracks(deployment.settings, span, [CAMERA])):
        message = Message("tracks", 0, offset, CAMERA, appended_at, value)
        outputs += core.process(message, timeline.view(value["captured_at"], appended_at))
    return [output.value for output in outputs if output.topic == "rule-events"]


async def test_an_episode_that_a_changed_rule_ended_is_explained_by_the_rule_that_opened_it(
    deployment, site, change, until_known
):
    settings, rule = deployment.settings, site / "rules/town/delivery-parking.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").split("tests:")[0], encoding="utf-8")
    change(rule, "status: stable", "status: test")
    change(rule, "for: 3m", "for: 16m")
    change(rule, "when: local.hour >= 7 && local.hour < 20\n", "")
    start = now_ms() - 28 * MINUTE
    rows = ["t_s,track_id,class,x1,y1,x2,y2", *(f"{t},1,van,0.43,0.48,0.61,0.70" for t in range(5, 27 * 60))]
    (site / "parked.csv").write_text("\n".join(rows), encoding="utf-8")
    tracks = [(CAMERA, dict(one)) for one in read_recording(site / "parked.csv").records(CAMERA, start)]

    await apply_folder(settings, site, start - 10 * MINUTE, "ann")
    await until_known(settings)
    await deployment.produce("tracks", tracks[: 26 * 60])
    change(rule, "for: 16m", "for: 20m")
    await publish_folder(settings, site, start + 25 * MINUTE, "bob", dry_run=False)
    await until_known(settings)
    await deployment.produce("tracks", tracks[26 * 60 :])
    events = await engine_events(deployment, (start, now_ms()))
    await deployment.produce("rule-events", [(CAMERA, event) for event in events])

    [opened] = [event for event in events if event["kind"] == "OPEN"]
    closed = next(event for event in events if event["kind"] == "CLOSE")
    assert (closed["episode_id"], closed["ended_reason"]) == (opened["episode_id"], "rule_changed")
    found = await topic_answer(settings, (opened["episode_id"][:12], None, None, None), "3h")
    assert (found.question.at, found.question.until) == (opened["at"], closed["ended_at"])
    assert found.answer[0].startswith("opened "), found.answer
    assert found.answer[0].endswith(f"episode {opened['episode_id']}")
    assert any(line.endswith(": rule_changed") for line in found.answer), found.answer
    closed_ago_s = (now_ms() - closed["at"]) // 1000 + 60
    shortly = await topic_answer(settings, (opened["episode_id"], None, None, None), f"{closed_ago_s}s")
    assert shortly.answer == found.answer

    change(site / "cameras/maison-carree-02.yaml", "[[0.40, 0.55], [0.62, 0.54], [0.66, 0.80], [0.38, 0.82]]", AWAY)
    await apply_folder(settings, site, now_ms() - MINUTE, "ann", cameras_only=True)
    assert (await topic_answer(settings, (opened["episode_id"], None, None, None), "3h")).answer == found.answer
    moment = (None, opened["rule"]["id"], CAMERA, iso(opened["at"] + MINUTE))
    assert (await topic_answer(settings, moment, "3h")).answer[0] == found.answer[0]
    (site / "cameras/maison-carree-02.yaml").unlink()
    await apply_folder(settings, site, now_ms(), "ann", cameras_only=True, prune=True)
    assert (await topic_answer(settings, moment, "3h")).answer[0] == found.answer[0]


async def test_the_alert_of_a_compound_is_explained_by_its_members(deployment, site, rule_event):
    settings, start = deployment.settings, now_ms() - 20 * MINUTE
    compound = "compound: both\ntitle: {en: Both}\nstatus: test\nrules: [livraison-stationnement, parvis-presence]\n"
    compound += f"cameras: {{ids: [{CAMERA}]}}\nsame: camera\nwithin: 30s\nseverity: warning\ncategory: parking\n"
    (site / "rules/both.yaml").write_text(compound, encoding="utf-8")
    await apply_folder(settings, site, start - 100 * MINUTE, "ann")
    bundle = (await deployment.read("rules"))[0][1]
    [record] = [one for one in bundle["compounds"] if one["id"] == "both"]
    fields = ("id", "version", "same", "within_ms", "min_rules", "min_cameras", "cooldown_ms", "severity", "category")
    stamp = {name: record[name] for name in (*fields, "title", "explain")} | {"mode": "live"}
    stamp["authorisation"] = rule_event()["authorisation"]

    def event(kind, ordinal, rule, began, **at):
        about = {"camera_id": CAMERA, "mode": "shadow", "authorisation": None, "subject": rule, "scope": "parvis"}
        told = {"rule": {"id": rule, "bundle_digest": bundle["digest"]}, "compounds": [stamp] if not ordinal else []}
        return rule_event(kind, ordinal, started_at=start + began, **about, **told, **at)

    early, late = -90 * MINUTE, 10_000
    events = [
        event("OPEN", 0, "livraison-stationnement", early, at=start + early),
        event("OPEN", 0, "parvis-presence", late, at=start + late),
        event("CLOSE", 1, "parvis-presence", late, at=start + 2 * MINUTE, ended_at=start + 2 * MINUTE),
        event("CLOSE", 1, "livraison-stationnement", early, at=start + 3 * MINUTE, ended_at=start + 3 * MINUTE),
    ]
    book = AlertBook()
    alerts = [alert for one in events for alert in book.apply_event(one)]
    sent = [alert | {"produced_at": alert["updated_at"], "late_by_ms": 0} for alert in alerts]
    await deployment.produce("rule-events", [(CAMERA, one) for one in events])
    await deployment.produce("alerts", [(one["id"], one) for one in sent])

    found = await topic_answer(settings, (alerts[0]["id"][:8], None, None, None), "1h")

    def local(at):
        return datetime.fromtimestamp(at / 1000, ZoneInfo("Europe/Paris")).strftime("%H:%M:%S.%f")[:10]

    assert (found.question.rule, found.question.episode) == ("both", alerts[0]["id"])
    needs, met, count, *members = found.answer
    assert needs == (
        "this is the alert of both, a compound: it alerts when 2 of livraison-stationnement, parvis-presence are "
        "there, in one camera, on 1 camera or more, each until 30 s after its end"
    )
    assert f", together since {local(start + late)}; ended {local(start + 3 * MINUTE)}: over; alert " in met
    assert count == "2 episodes met:"
    assert members == [
        f"  {rule} on {CAMERA} parvis, from {local(start + began)} to {local(start + ended)}; "
        f"why: vigie rules explain {identity[:8]}"
        for rule, began, ended, identity in (
            ("livraison-stationnement", early, 3 * MINUTE, events[0]["episode_id"]),
            ("parvis-presence", late, 2 * MINUTE, events[1]["episode_id"]),
        )
    ]
