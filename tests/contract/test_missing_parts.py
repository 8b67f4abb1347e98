"""A part, a place or a setting that is missing or wrong is named with the fix; what can go on goes on."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

SERVICES = (
    "vigie_frame_sampler",
    "vigie_inference",
    "vigie_tracking",
    "vigie_rule_engine",
    "vigie_alert",
    "vigie_statistics",
)


async def test_an_evidence_folder_that_cannot_be_written_delays_the_image_and_not_the_alert(
    deployment, start_service, rule_event, frame_record, wait_until, tmp_path
):
    (tmp_path / "evidence").write_text("a file where a folder belongs")
    frame = frame_record(10)
    await deployment.produce("frames", [("cam-1", frame)])
    ((kept, _),) = await deployment.read("frames")
    ref = {"partition": kept.partition, "offset": kept.offset}
    await deployment.produce("rule-events", [("cam-1", rule_event(session=frame["session"], frame_ref=ref))])
    process = start_service(
        deployment.settings,
        "vigie_alert",
        VIGIE_ALERT_DATABASE_URL=f"sqlite:///{tmp_path}/alerts.db",
        VIGIE_ALERT_EVIDENCE_DIR=tmp_path / "evidence",
    )

    async def alerts():
        return [value for _, value in await deployment.read("alerts")]

    assert [a["evidence"] for a in await wait_until(alerts, 60)] == [[]]
    wait_until(lambda: "set VIGIE_ALERT_EVIDENCE_DIR" in process.log, 10)
    (tmp_path / "evidence").unlink()

    async def illustrated():
        return [a["evidence"][0]["kind"] for a in await alerts() if a["evidence"]]

    assert await wait_until(illustrated, 30) == ["image"]


@pytest.mark.parametrize("module", SERVICES)
def test_every_service_names_the_broker_that_does_not_answer_and_waits(
    kafka_settings, start_service, wait_until, module, tmp_path
):
    process = start_service(
        kafka_settings(kafka_bootstrap="127.0.0.1:9"),
        module,
        VIGIE_ALERT_DATABASE_URL=f"sqlite:///{tmp_path}/alerts.db",
    )
    wait_until(lambda: "Kafka at 127.0.0.1:9 does not answer" in process.log, 60)
    assert "start it, or check VIGIE_KAFKA_BOOTSTRAP" in process.log
    seconds, status = process.stop()
    assert (status, seconds < 10) == (0, True), process.log
    assert "Traceback" not in process.log


def get(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


async def test_without_triton_the_service_names_it_and_frames_without_a_picture_go_on(
    deployment, start_service, frame_record, wait_until
):
    process = start_service(deployment.settings, "vigie_inference", VIGIE_TRITON_URL="127.0.0.1:1")
    await deployment.produce("frames", [("cam-1", frame_record(1, status="dark", reason="no light", jpeg=None))])

    async def through():
        return [(v["seq"], v["status"]) for _, v in await deployment.read("detections")]

    assert await wait_until(through, 60) == [(1, "dark")]
    wait_until(lambda: "start it, or check VIGIE_TRITON_URL" in process.log, 20)
    address = re.search(r'"?http"?[=:] ?"?(127\.0\.0\.1:\d+)', process.log)[1]
    code, why = get(f"http://{address}/ready")
    assert code == 503
    assert "Triton 127.0.0.1:1: UNAVAILABLE" in why["triton"]


@pytest.mark.parametrize("module", SERVICES)
def test_every_service_refuses_a_wrong_setting_by_name_and_value(kafka_settings, start_service, module):
    process = start_service(kafka_settings(), module, VIGIE_HTTP_PORT="abc")
    assert process.popen.wait(60) == 78
    assert "VIGIE_HTTP_PORT = 'abc': Input should be a valid integer" in process.log
    assert "Traceback" not in process.log


def test_a_port_that_is_taken_is_named_with_the_fix(kafka_settings, start_service):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start_service(kafka_settings(), "vigie_alert", VIGIE_HTTP_PORT=port)
        assert process.popen.wait(60) == 78
    assert f"127.0.0.1:{port} cannot be listened on" in process.log
    assert "set VIGIE_HTTP_PORT to a free port, or to 0 for any" in process.log
    assert "Traceback" not in process.log


def test_an_alert_database_that_cannot_be_is_one_line(kafka_settings, tmp_path):
    (tmp_path / "file").touch()
    for url, status, said in (
        (f"sqlite:///{tmp_path}/file/x/alerts.db", 78, "the folder"),
        ("postgresql://vigie:secret@127.0.0.1:9/alerts", 1, "start it, or check VIGIE_ALERT_DATABASE_URL"),
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "vigie_alert", "migrate"],
            env=os.environ | {"VIGIE_ALERT_DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ended.returncode, said in ended.stderr) == (status, True)
        assert "Traceback" not in ended.stderr
        assert "secret" not in ended.stderr
