from __future__ import annotations

import subprocess

import pytest

from vigie_dev.chart import CHART, render
from vigie_dev.chart_tools import tools

LEAST = ["--values", str(CHART / "ci" / "least.yaml")]
CITY = ["--values", str(CHART / "ci" / "city.yaml")]


def refusal(*options):
    refused = render(*options)
    assert refused.returncode != 0, "helm rendered it"
    return refused.stderr


@pytest.mark.parametrize(
    ("value", "where", "named"),
    [
        ("kafka.bootstap=k:9092", "/kafka", "bootstap"),
        ("trackng.replicas=2", "''", "trackng"),
        ("tracking.replica=2", "/tracking", "replica"),
        ("alert.evidence.sise=2Gi", "/alert/evidence", "sise"),
        ("inference.resources.limit.cpu=1", "/inference/resources", "limit"),
        ("tracking.settings.VIGIE_KAFKA_LINGER=5", "/tracking/settings", "VIGIE_KAFKA_LINGER"),
        ("tracking.settings.VIGIE_KAFKA_BOOTSTRAP=k:9092", "/tracking/settings", "VIGIE_KAFKA_BOOTSTRAP"),
        ("statistics.settings.VIGIE_STATISTICS_KEEP_HOURS_DAYS=9", "/statistics/settings", "KEEP_HOURS_DAYS"),
        ("statisticsHistory.settings.VIGIE_STATISTICS_API_HOST=::", "/statisticsHistory/settings", "API_HOST"),
        ("frameSampler.credentials.cam-1.secret=x", "/frameSampler/credentials", "cam-1"),
        ("frameSampler.credentials.CAM.secretName=x", "/frameSampler/credentials/CAM", "secretName"),
    ],
)
def test_a_misspelt_value_is_refused_by_name_and_place(value, where, named):
    message = refusal(*LEAST, "--set", value)
    assert f"at '{where.strip(chr(39))}'" in message
    assert f"{named}'" in message


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("kafka.bootstrap=kafka", "/kafka/bootstrap"),
        ("kafka.securityProtocol=TLS", "/kafka/securityProtocol"),
        ("tracking.replicas=0", "/tracking/replicas"),
        ("topics.partitions=many", "/topics/partitions"),
        ("log.level=warn", "/log/level"),
        ("tracking.resources.limits.memory=lots", "/tracking/resources/limits/memory"),
    ],
)
def test_a_wrong_value_is_refused_by_its_place(value, named):
    assert f"at '{named}'" in refusal(*LEAST, "--set", value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([*LEAST, "--set", "kafka.bootstrap="], "kafka.bootstrap is empty: set it to the brokers"),
        ([*LEAST, "--set", "triton.enabled=true"], "triton.enabled is true and triton.url is set: leave one out"),
        ([*LEAST, "--set", "image.registry=https://registry.example"], "at '/image/registry'"),
        ([*LEAST, "--set", "triton.url="], "triton.url is empty: set it to the gRPC address"),
        (
            [*LEAST, "--set", "kafka.securityProtocol=SASL_SSL"],
            "kafka.sasl.existingSecret is empty while kafka.securityProtocol is SASL_SSL",
        ),
        ([*LEAST, "--set", "alert.replicas=2"], "several replicas need PostgreSQL"),
        ([*LEAST, "--set", "statisticsHistory.replicas=2"], "several replicas need PostgreSQL; name the Secret"),
        ([*CITY, "--set", "alert.evidence.accessMode=ReadWriteOnce"], "several replicas need ReadWriteMany"),
        (
            [*CITY, "--set", "frameSampler.credentials.VIGIE_CAM.secret=x,frameSampler.credentials.VIGIE_CAM.key=y"],
            "frameSampler.credentials.VIGIE_CAM: a name that begins with VIGIE_ is a setting",
        ),
    ],
)
def test_values_that_do_not_go_together_are_refused_with_the_fix(given, message):
    assert message in refusal(*given)


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("{spec: {selector: {}, port: [{port: 80}]}}", "additional properties 'port' not allowed"),
        ("{spec: {ports: [{port: http}]}}", "want integer"),
        ("{spec: {ports: [{name: http}]}}", "missing property 'port'"),
    ],
)
def test_an_object_that_kubernetes_would_refuse_is_found(planted, found):
    chosen = tools()
    checked = subprocess.run(
        [
            chosen.kubeconform,
            "-strict",
            "-schema-location",
            f"{chosen.schemas}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json",
        ],
        input=f"apiVersion: v1\nkind: Service\nmetadata: {{name: planted}}\n---\n"
        f"{{apiVersion: v1, kind: Service, metadata: {{name: planted}}, {planted[1:]}\n",
        text=True,
        capture_output=True,
        check=False,
    )
    assert checked.returncode == 1
    assert found in checked.stdout
