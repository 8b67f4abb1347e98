from __future__ import annotations

import itertools

CHART_PODS = 8  # the six services, the history and the topic job


def test_every_service_has_its_workload_and_every_value_file_is_tested(release, service):
    assert release.workload(service)["metadata"]["labels"]["app.kubernetes.io/component"] == service
    assert len(release.pods()) >= CHART_PODS


def test_every_pod_is_confined_and_has_no_token(release):
    for owner, pod in release.pods().items():
        context = pod["securityContext"]
        assert context["runAsNonRoot"] is True, owner
        assert context["runAsUser"] == 10001, owner
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, owner
        assert pod["automountServiceAccountToken"] is False, owner
        assert pod["terminationGracePeriodSeconds"] == 30, owner


def test_every_container_is_read_only_without_privileges_and_limited(release):
    for name, container in release.containers().items():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        for bound in ("requests", "limits"):
            assert {"cpu", "memory"} <= container["resources"][bound].keys(), f"{name} {bound}"
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"], name  # noqa: S108 - in the pod


def test_every_service_is_probed_on_its_own_health_endpoints(release, service):
    container = release.workload(service)["spec"]["template"]["spec"]["containers"][0]
    settings = release.named("ConfigMap", service)["data"]
    assert container["startupProbe"]["httpGet"] == {"path": "/live", "port": "http"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/live", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "http"}
    assert container["ports"] == [{"name": "http", "containerPort": int(settings["VIGIE_HTTP_PORT"])}]
    assert settings["VIGIE_HTTP_HOST"] == "0.0.0.0"


def test_a_triton_of_the_release_is_probed_and_is_the_one_inference_uses(trial):
    container = trial.workload("triton")["spec"]["template"]["spec"]["containers"][0]
    assert container["readinessProbe"]["httpGet"]["path"] == "/v2/health/ready"
    assert container["livenessProbe"]["httpGet"]["path"] == "/v2/health/live"
    host, port = trial.named("ConfigMap", "inference")["data"]["VIGIE_TRITON_URL"].split(":")
    assert int(port) in [entry["port"] for entry in trial.of("Service")[host]["spec"]["ports"]]


def test_a_triton_elsewhere_is_used_as_given(least):
    assert least.named("ConfigMap", "inference")["data"]["VIGIE_TRITON_URL"] == "triton:8001"
    assert "vigie-triton" not in least.of("Deployment")


def test_services_that_hold_partitions_are_static_members_named_by_their_pod(release):
    held = {"vigie-frame-sampler", "vigie-tracking", "vigie-rule-engine", "vigie-statistics"}
    assert set(release.of("StatefulSet")) == held
    for name, workload in release.of("StatefulSet").items():
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        entry = {"name": "VIGIE_INSTANCE_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
        assert entry in container["env"], name
        assert workload["spec"]["podManagementPolicy"] == "Parallel", name
        assert workload["spec"]["serviceName"] in release.of("Service"), name


def test_services_whose_pods_change_names_are_no_static_members(release):
    for name, workload in release.of("Deployment").items():
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        assert "VIGIE_INSTANCE_ID" not in [entry["name"] for entry in container.get("env", [])], name


def test_replicas_belong_to_whoever_scales_until_they_are_set(least, city):
    workloads = [*least.of("Deployment").values(), *least.of("StatefulSet").values()]
    assert [item["spec"]["replicas"] for item in workloads if "replicas" in item["spec"]] == []
    assert city.workload("tracking")["spec"]["replicas"] == city.given["tracking"]["replicas"]


def test_every_reference_leads_to_an_object_of_the_release_or_one_that_was_given(release):
    given = set(_texts(release.given))
    known = {
        "configMap": set(release.of("ConfigMap")) | given,
        "secret": given,
        "claim": set(release.of("PersistentVolumeClaim")) | given,
        "account": set(release.of("ServiceAccount")),
    }
    for owner, kind, name in _references(release):
        assert name in known[kind], f"{owner}: no {kind} {name}"


def test_a_job_before_the_install_needs_nothing_of_the_release(release):
    early = {
        f"Job {name}"
        for name, job in release.of("Job").items()
        if "pre-install" in job["metadata"]["annotations"]["helm.sh/hook"]
    }
    own = {item["metadata"]["name"] for item in release.objects}
    assert early == {"Job vigie-topics"}
    assert [name for owner, _, name in _references(release) if owner in early and name in own] == []


def test_every_mount_has_its_volume_and_every_volume_a_mount(release):
    for owner, pod in release.pods().items():
        containers = [*pod.get("initContainers", []), *pod["containers"]]
        mounted = {mount["name"] for container in containers for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}, owner


def test_a_selector_finds_the_pods_of_its_own_service_and_no_others(release):
    workloads = [*release.of("Deployment").values(), *release.of("StatefulSet").values()]
    labels = {item["metadata"]["name"]: item["spec"]["template"]["metadata"]["labels"] for item in workloads}
    selectors = {item["metadata"]["name"]: item["spec"]["selector"]["matchLabels"] for item in workloads}
    selectors |= {name: item["spec"]["selector"] for name, item in release.of("Service").items()}
    for owner, selector in selectors.items():
        assert [name for name, pod in labels.items() if selector.items() <= pod.items()] == [owner]


def test_a_changed_setting_rolls_the_pods_of_its_service(least, city):
    def checksum(release):
        return release.workload("tracking")["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]

    assert checksum(least) != checksum(city)


def test_topics_are_made_and_schemas_registered_before_the_services(city, least):
    pod = city.named("Job", "topics")["spec"]["template"]["spec"]
    assert [item["args"] for item in [*pod["initContainers"], *pod["containers"]]] == [
        ["topics", "create"],
        ["schemas", "register"],
    ]
    pod = least.named("Job", "topics")["spec"]["template"]["spec"]
    assert "initContainers" not in pod
    assert [item["args"] for item in pod["containers"]] == [["topics", "create"]]


def test_alerts_on_one_volume_never_have_two_writers(least, city):
    assert least.workload("alert")["spec"]["strategy"] == {"type": "Recreate"}
    assert city.workload("alert")["spec"]["strategy"] == {"type": "RollingUpdate"}


def test_the_history_runs_from_the_image_of_the_statistics(least):
    (container,) = least.workload("statistics-history")["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["args"]) == ("vigie-statistics:0.1.0", ["history"])


def test_the_history_answers_on_loopback_alone_at_a_port_that_can_be_forwarded(release):
    settings = release.named("ConfigMap", "statistics-history")["data"]
    assert settings["VIGIE_STATISTICS_API_HOST"] == "127.0.0.1"
    assert settings["VIGIE_STATISTICS_API_PORT"] == "8081"
    assert "vigie-statistics-history" not in release.of("Service")


def test_a_history_in_sqlite_has_one_writer_on_a_volume_that_outlives_the_release(least):
    workload = least.workload("statistics-history")
    assert workload["spec"]["strategy"] == {"type": "Recreate"}
    database = least.named("ConfigMap", "statistics-history")["data"]["VIGIE_STATISTICS_DATABASE_URL"]
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    folders = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert database == f"sqlite:///{folders['history']}/statistics.db"
    claim = least.named("PersistentVolumeClaim", "statistics-history")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_a_history_in_postgresql_keeps_nothing_in_its_pods(city):
    workload = city.workload("statistics-history")
    assert workload["spec"]["strategy"] == {"type": "RollingUpdate"}
    volumes = [volume["name"] for volume in workload["spec"]["template"]["spec"]["volumes"]]
    assert volumes == ["tmp", "kafka-tls"]
    assert "VIGIE_STATISTICS_DATABASE_URL" not in city.named("ConfigMap", "statistics-history")["data"]
    assert "vigie-statistics-history" not in city.of("PersistentVolumeClaim")


def test_evidence_outlives_the_release(least):
    claim = least.named("PersistentVolumeClaim", "alert-evidence")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_images_are_named_by_registry_service_and_tag(city, least):
    assert city.workload("tracking")["spec"]["template"]["spec"]["containers"][0]["image"] == (
        "registry.example/city/vigie-tracking:0.1.0"
    )
    assert least.workload("tracking")["spec"]["template"]["spec"]["containers"][0]["image"] == "vigie-tracking:0.1.0"


def _references(release):
    """(owner, kind, name) of everything a pod needs to find."""
    for owner, pod in release.pods().items():
        if "serviceAccountName" in pod:
            yield owner, "account", pod["serviceAccountName"]
        for secret in pod.get("imagePullSecrets", []):
            yield owner, "secret", secret["name"]
        for volume in pod["volumes"]:
            if "configMap" in volume:
                yield owner, "configMap", volume["configMap"]["name"]
            if "secret" in volume:
                yield owner, "secret", volume["secret"]["secretName"]
            if "persistentVolumeClaim" in volume:
                yield owner, "claim", volume["persistentVolumeClaim"]["claimName"]
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            for source in container.get("envFrom", []):
                yield owner, "configMap", source["configMapRef"]["name"]
            for entry in container.get("env", []):
                if "secretKeyRef" in entry.get("valueFrom", {}):
                    yield owner, "secret", entry["valueFrom"]["secretKeyRef"]["name"]


def _texts(value):
    """Every string in a tree of values."""
    if isinstance(value, dict):
        return itertools.chain.from_iterable(map(_texts, value.values()))
    if isinstance(value, list):
        return itertools.chain.from_iterable(map(_texts, value))
    return [value] if isinstance(value, str) else []
