"""The alert service as a process, on a real broker and real databases."""

import hashlib
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

import cv2

sys.path.insert(0, str(Path(__file__).parent))
from alert_bench import CODEC, Bench, decision, frame  # it lies beside this file

NOBODY = "00000000-0000-5000-8000-000000000000"


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def summary(alerts):
    return [(a["revision"], a["state"], a["ended_reason"]) for a in alerts]


async def test_events_become_alerts_with_an_evidence_image(bench, database_url, rule_event):
    opening = rule_event()
    (place,) = await bench.write("frames", frame(opening))
    opening["frame_ref"] = {"partition": 0, "offset": place}
    trace = ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    with bench.service(database_url):
        await bench.write("rule-events", opening, headers=[trace])
        await bench.write(
            "rule-events", rule_event("UPDATE", 1), rule_event("CLOSE", 2), rule_event("COUNT", subject="n")
        )
        alerts = await bench.alerts_when(lambda a: any(x["state"] == "ENDED" for x in a))
        await bench.write("alert-decisions", decision(opening["episode_id"]), key=opening["episode_id"])
        # the image is in revision 1, or follows when the machine is busy
        alerts = await bench.alerts_when(lambda a: a[-1]["decision"] and a[-1]["evidence"])
    steps = [s for s in summary(alerts) if s[1] != "ENDED"]
    assert steps[0] == (1, "OPEN", None)
    assert [a["revision"] for a in alerts] == list(range(1, len(alerts) + 1))
    assert (alerts[-1]["state"], alerts[-1]["ended_reason"], alerts[-1]["decision"]["kind"]) == (
        "ENDED",
        "over",
        "confirm",
    )
    (image,) = alerts[-1]["evidence"]
    path = Path(unquote(urlparse(image["uri"]).path))
    assert path.name == f"{opening['episode_id']}.jpg"
    assert sha256_of(path) == image["sha256"]
    drawn = cv2.imread(str(path))
    assert drawn.shape[0] > 360
    assert drawn.shape[1] == 640
    first = (await bench.read("alerts"))[0]
    headers = dict(first.headers)
    assert first.key.decode() == opening["episode_id"]
    assert headers["ce_id"].decode() == f"{opening['episode_id']}:1"
    assert headers["ce_type"] == b"vigie.alert.open"
    assert headers["ce_source"] == b"/vigie/nimes/cam-1"
    assert (headers["ce_specversion"], headers["content-type"]) == (b"1.0", b"application/avro")
    assert headers["traceparent"] == trace[1]


async def test_poison_goes_to_the_dead_letters_and_the_rest_goes_on(bench, database_url, rule_event):
    with bench.service(database_url):
        await bench.write(
            "rule-events",
            b"\x00not avro",
            rule_event(mode="live", authorisation=None, subject="x"),
            rule_event(),
            rule_event(episode_id="../../etc/passwd"),
            rule_event("CLOSE", 1),
        )
        alert_id = rule_event()["episode_id"]
        await bench.alerts_when(lambda a: any(x["state"] == "ENDED" for x in a))
        await bench.write(
            "alert-decisions", decision(NOBODY), b"", decision(alert_id, decision="reject"), decision(alert_id)
        )
        alerts = await bench.alerts_when(lambda a: any(x["decision"] for x in a))
    assert {a["id"] for a in alerts} == {alert_id}
    letters = [CODEC.decode_as("dead-letter", r.value) for r in await bench.read("dead-letters")]
    assert {(x["service"], x["origin_topic"], x["origin_partition"], x["origin_offset"]) for x in letters} == {
        ("alert", "rule-events", 0, 0), ("alert", "rule-events", 0, 1), ("alert", "rule-events", 0, 3),
        ("alert", "alert-decisions", 0, 0), ("alert", "alert-decisions", 0, 1), ("alert", "alert-decisions", 0, 2),
    }  # fmt: skip
    assert any("names no authorisation" in x["message"] for x in letters)


async def test_a_frame_that_is_gone_or_anothers_is_evidence_expired(bench, rule_event, tmp_path):
    gone = rule_event(frame_ref={"partition": 1, "offset": 500})
    other = rule_event(subject="b")
    broken = rule_event(subject="c", session="s-3")
    offsets = await bench.write("frames", frame(other, session="s-2"), frame(broken, jpeg=b"\xff\xd8 torn"))
    other["frame_ref"] = {"partition": 0, "offset": offsets[0]}
    broken["frame_ref"] = {"partition": 0, "offset": offsets[1]}
    with bench.service(f"sqlite:///{tmp_path}/alerts.db"):
        await bench.write("rule-events", gone, other, broken)
        alerts = await bench.alerts_when(lambda a: sum(bool(x["evidence"]) for x in a) == 3)
    kinds = {a["id"]: a["evidence"][0]["kind"] for a in alerts if a["evidence"]}
    assert kinds == {
        gone["episode_id"]: "expired", other["episode_id"]: "expired", broken["episode_id"]: "unreadable",
    }  # fmt: skip
    assert not list((tmp_path / "evidence").rglob("*.jpg"))


async def test_an_image_that_is_late_follows_as_a_revision(bench, rule_event, tmp_path):
    opening = rule_event(frame_ref={"partition": 2, "offset": 0})
    with bench.service(f"sqlite:///{tmp_path}/alerts.db"):
        await bench.write("rule-events", opening)
        (alert,) = await bench.alerts_when(bool)
        assert alert["evidence"] == []
        await bench.write("frames", frame(opening), partition=2)
        alerts = await bench.alerts_when(lambda a: any(x["evidence"] for x in a))
    assert [(a["revision"], a["state"], len(a["evidence"])) for a in alerts] == [(1, "OPEN", 0), (2, "UPDATED", 1)]
    assert alerts[1]["evidence"][0]["kind"] == "image"


def test_a_wrong_database_address_stops_the_start_with_the_variables_name(kafka_settings, tmp_path):
    bench = Bench(kafka_settings(), tmp_path)
    refused = subprocess.run(
        [sys.executable, "-m", "vigie_alert"],
        env=bench.environment("mysql://x/y"),
        capture_output=True,
        timeout=90,
        check=False,
    )
    assert refused.returncode == 78
    assert b"VIGIE_ALERT_DATABASE_URL" in refused.stderr
    assert b"allowed are sqlite:// and postgresql://" in refused.stderr
