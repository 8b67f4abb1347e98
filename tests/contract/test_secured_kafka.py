"""Kafka over TLS with a password, on a real broker: it works, and what is wrong about it is said with the fix."""

import contextlib
import sqlite3

import pytest

from vigie_statistics.settings import StatisticsSettings


@pytest.fixture
def secured(kafka, kafka_secrets):
    """The variables of a client of the shared broker's secured listener."""
    return {
        "VIGIE_KAFKA_BOOTSTRAP": kafka.secured_bootstrap,
        "VIGIE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "VIGIE_KAFKA_SASL_USERNAME": kafka_secrets.secured.user,
        "VIGIE_KAFKA_SASL_PASSWORD": kafka_secrets.secured.password,
        "VIGIE_KAFKA_SSL_CAFILE": str(kafka_secrets.cafile),
    }


async def test_figures_come_and_are_kept_over_tls_with_a_password(
    deployment, camera_record, town, start_service, history_script, secured, tmp_path, wait_until
):
    records = town(cameras=2, minutes=5)
    await deployment.produce("cameras", [(f"cam-{n}", camera_record(f"cam-{n}", site="nimes")) for n in range(2)])
    for topic in ("rule-events", "coverage"):
        await deployment.produce(topic, [(key, value) for t, key, value in records if t == topic])
    settings = StatisticsSettings(**deployment.settings.model_dump(exclude_unset=True))
    own = secured | {"VIGIE_STATISTICS_DATABASE_URL": f"sqlite:///{tmp_path}/statistics.db"}
    processes = [start_service(settings, module, **own) for module in ("vigie_statistics", history_script)]

    def kept():
        try:
            with contextlib.closing(sqlite3.connect(tmp_path / "statistics.db")) as history:
                return history.execute("SELECT count(*) FROM statistics_figures WHERE final").fetchone() > (0,)
        except sqlite3.Error:
            return False

    wait_until(kept, 90)
    assert [process.stop()[1] for process in processes] == [0, 0]
    for process in processes:
        assert "a pass word" not in process.log


@pytest.mark.parametrize(("change", "said"), [
    ({"VIGIE_KAFKA_SASL_PASSWORD": "another"}, "refuses the user 'vigie' or the password: check VIGIE_KAFKA_SASL_USE"),
    ({"VIGIE_KAFKA_SASL_MECHANISM": "PLAIN"}, "does not know PLAIN: set VIGIE_KAFKA_SASL_MECHANISM"),
    ({"VIGIE_KAFKA_SSL_CAFILE": None}, "is not trusted (self-signed certificate): set VIGIE_KAFKA_SSL_CAFILE"),
])  # fmt: skip
def test_what_kafka_refuses_ends_the_process_with_the_fix(kafka_settings, start_service, secured, change, said):
    given = {name: value for name, value in (secured | change).items() if value is not None}
    process = start_service(kafka_settings(), "vigie_statistics", **given)
    assert process.popen.wait(60) == 78
    assert said in process.log
    assert "Traceback" not in process.log
    assert "another" not in process.log
