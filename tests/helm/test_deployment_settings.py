from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import yaml
from pydantic import SecretStr

from vigie_common.settings import Settings
from vigie_dev.places import CHECKOUT
from vigie_dev.reference import SERVICES, out_of_date, service_settings, variables, variables_named_in

COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))
KNOWN = {service.replace("_", "-"): set(variables(service_settings(service))) for service in SERVICES}
SECRET = {
    name
    for service in SERVICES
    for name, field in variables(service_settings(service)).items()
    if field.annotation in (SecretStr, SecretStr | None)
}


def test_every_variable_that_the_chart_gives_is_read_by_the_service_that_gets_it(release, service):
    container = release.workload(service)["spec"]["template"]["spec"]["containers"][0]
    given = set(release.named("ConfigMap", service)["data"]) | {entry["name"] for entry in container.get("env", [])}
    assert {name for name in given if name.startswith("VIGIE_")} - KNOWN[service] == set()


def test_every_variable_that_the_chart_gives_a_job_is_one_of_every_service(release):
    for name, job in release.of("Job").items():
        pod = job["spec"]["template"]["spec"]
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            given = {entry["name"] for entry in container.get("env", [])}
            assert given <= set(variables(Settings)), name
            assert "command" in container or "VIGIE_KAFKA_BOOTSTRAP" in given, name


def test_every_variable_that_compose_gives_is_read_by_the_service_that_gets_it(service):
    given = {name for name in COMPOSE["services"][service]["environment"] if name.startswith("VIGIE_")}
    assert given - KNOWN[service] == set()
    assert "VIGIE_KAFKA_BOOTSTRAP" in given


def test_compose_names_no_variable_that_nobody_reads():
    text = (CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8")
    assert variables_named_in(text) - set().union(*KNOWN.values()) == set()


def test_the_services_accept_what_the_chart_gives_them(release, service, monkeypatch):
    for name, value in release.named("ConfigMap", service)["data"].items():
        monkeypatch.setenv(name, value)
    for name in ("USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"VIGIE_KAFKA_SASL_{name}", "x")
    settings = service_settings(service.replace("-", "_"))()
    assert settings.http_port == 8080
    assert settings.kafka_bootstrap == release.given["kafka"]["bootstrap"]


def test_the_services_accept_what_compose_gives_them(service, monkeypatch):
    for name, value in COMPOSE["services"][service]["environment"].items():
        monkeypatch.setenv(name, str(value))
    settings = service_settings(service.replace("-", "_"))()
    assert settings.kafka_bootstrap == "kafka:9092"


def test_no_secret_is_written_in_a_rendered_object(release):
    plain = [item for config in release.of("ConfigMap").values() for item in config["data"].items()]
    for container in release.containers().values():
        plain += [(entry["name"], entry["value"]) for entry in container.get("env", []) if "value" in entry]
    written = {name: value for name, value in plain if name in SECRET and not value.startswith("sqlite:")}
    assert {"VIGIE_KAFKA_SASL_PASSWORD", "VIGIE_ALERT_DATABASE_URL", "VIGIE_STATISTICS_DATABASE_URL"} <= SECRET
    assert written == {}


def test_the_city_gets_its_secrets_by_reference(city):
    def references(service):
        container = city.workload(service)["spec"]["template"]["spec"]["containers"][0]
        return {
            entry["name"]: tuple(entry["valueFrom"]["secretKeyRef"].values())
            for entry in container["env"]
            if "secretKeyRef" in entry.get("valueFrom", {})
        }

    kafka = {
        "VIGIE_KAFKA_SASL_USERNAME": ("vigie-kafka", "username"),
        "VIGIE_KAFKA_SASL_PASSWORD": ("vigie-kafka", "password"),
    }
    assert references("tracking") == kafka
    assert references("alert") == {**kafka, "VIGIE_ALERT_DATABASE_URL": ("vigie-alert-database", "url")}
    assert references("statistics-history") == {
        **kafka,
        "VIGIE_STATISTICS_DATABASE_URL": ("vigie-statistics-database", "url"),
    }
    assert references("frame-sampler") == {
        **kafka,
        "CAMERA_CENTRE": ("camera-credentials", "centre"),
        "CAMERA_STATION": ("camera-credentials", "station"),
    }


def test_every_compose_container_of_ours_is_confined_and_limited():
    for name, container in COMPOSE["services"].items():
        assert container["mem_limit"], name
        if name != "kafka":
            assert container["read_only"] is True, name
            assert container["cap_drop"] == ["ALL"], name
            assert container["security_opt"] == ["no-new-privileges:true"], name


def test_compose_runs_the_kafka_that_the_tests_run():
    pom = ET.parse(CHECKOUT / "dev" / "kafka" / "pom.xml")  # noqa: S314 - our own file
    namespace = {"m": "http://maven.apache.org/POM/4.0.0"}
    tested = {
        dependency.findtext("m:version", namespaces=namespace)
        for dependency in pom.iterfind(".//m:dependency", namespace)
        if dependency.findtext("m:groupId", namespaces=namespace) == "org.apache.kafka"
    }
    assert {COMPOSE["services"]["kafka"]["image"]} == {f"apache/kafka:{version}" for version in tested}


def test_every_image_that_compose_and_the_chart_name_is_built(release):
    built = {
        re.sub(r":.*", "", container["image"])
        for name, container in COMPOSE["services"].items()
        if name != "kafka" and "build" in container
    }
    used = {re.sub(r"(.*/)?(.*):.*", r"\2", container["image"]) for container in release.containers().values()}
    assert used - built == set()


def test_the_reference_pages_are_those_of_the_code():
    assert out_of_date() == [], "run `python -m vigie_dev.reference` and commit what it writes"
