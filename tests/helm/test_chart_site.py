from __future__ import annotations

import subprocess

import pytest
import yaml

from vigie_cli.site_folder import read_site_folder
from vigie_dev.chart import CHART
from vigie_dev.places import CHECKOUT

FILES = [path for name in ("cameras", "rules") for path in (CHECKOUT / name).rglob("*") if path.is_file()]


def by_value(tmp_path):
    """The example site in site.files."""
    files = {str(path.relative_to(CHECKOUT)): path.read_text(encoding="utf-8") for path in FILES}
    return {"files": files}, {}


def by_config_map(tmp_path):
    """The example site in ConfigMaps, one a folder, as `kubectl create configmap --from-file=FOLDER` makes them."""
    folders = sorted({path.parent.relative_to(CHECKOUT) for path in FILES})
    names = {str(folder).replace("/", "-"): folder for folder in folders}
    existing = {
        name: {path.name: path.read_text(encoding="utf-8") for path in FILES if path.parent == CHECKOUT / folder}
        for name, folder in names.items()
    }
    return {"configMaps": [{"name": name, "folder": str(folder)} for name, folder in names.items()]}, existing


@pytest.mark.parametrize("form", [by_value, by_config_map])
def test_the_example_site_reaches_apply_as_the_folder_it_is(form, chart_objects, tmp_path):
    site, existing = form(tmp_path)
    values = tmp_path / "site.yaml"
    values.write_text(yaml.safe_dump({"site": site}), encoding="utf-8")
    rendered = chart_objects("--values", str(CHART / "ci" / "least.yaml"), "--values", str(values))
    config_maps = {item["metadata"]["name"]: item["data"] for item in rendered if item["kind"] == "ConfigMap"}
    (job,) = [item for item in rendered if item["kind"] == "Job" and item["metadata"]["name"] == "vigie-site"]
    pod = job["spec"]["template"]["spec"]
    (gather,) = pod["initContainers"]
    (apply,) = pod["containers"]

    mounted = {mount["name"]: tmp_path / mount["mountPath"].lstrip("/") for mount in gather["volumeMounts"]}
    for volume in pod["volumes"]:
        if "configMap" in volume:
            mount_as_kubelet_does(mounted[volume["name"]], volume["configMap"], config_maps | existing)
    mounted["site"].mkdir(parents=True)
    script = gather["args"][0].replace("/etc/vigie/", f"{tmp_path}/etc/vigie/")
    subprocess.run([*gather["command"], script], check=True)

    assert apply["args"][:2] == ["apply", "/etc/vigie/site"]
    assert apply["volumeMounts"][-1] == {"name": "site", "mountPath": "/etc/vigie/site", "readOnly": True}
    gathered = {str(path.relative_to(mounted["site"])) for path in mounted["site"].rglob("*") if path.is_file()}
    assert gathered == {str(path.relative_to(CHECKOUT)) for path in FILES}
    read = read_site_folder(mounted["site"])
    assert (read.problems, read.cameras.problems) == ((), ())
    assert len(read.cameras.cameras) == len(list((CHECKOUT / "cameras").glob("*.yaml"))) - 1


def mount_as_kubelet_does(folder, source, config_maps):
    """A mounted ConfigMap: the files in a dated hidden folder, symbolic links to them beside it."""
    data = config_maps[source["name"]]
    items = source.get("items") or [{"key": key, "path": key} for key in data]
    dated = folder / "..2026_11_23_12_00_00.1"
    for item in items:
        (dated / item["path"]).parent.mkdir(parents=True, exist_ok=True)
        (dated / item["path"]).write_text(data[item["key"]], encoding="utf-8")
    (folder / "..data").symlink_to(dated.name)
    for top in {item["path"].split("/")[0] for item in items}:
        (folder / top).symlink_to(f"..data/{top}")
