"""`vigie rules new`: what it writes is right at once, whatever the camera and the names."""

import json

import pytest

from vigie_rule_engine.bundle import read_rules
from vigie_rule_engine.catalogue import TEMPLATES


@pytest.fixture(scope="module")
def scene_site(tmp_path_factory):
    """A site with one calibrated camera that has zones and lines: that of a simulated street."""
    from vigie_scene.export import camera_file
    from vigie_scene.library import library_scene

    folder = tmp_path_factory.mktemp("scene-site")
    (folder / "cameras").mkdir()
    site = "site: scene\ntitle: {en: Scene}\ntime_zone: Europe/Paris\nlanguages: [fr, en]\n"
    (folder / "cameras/site.yaml").write_text(site, encoding="utf-8")
    camera = camera_file(library_scene("stopped-happens"), "street-01")
    (folder / "cameras/street.yaml").write_text(camera, encoding="utf-8")
    return folder


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_rule_of_every_template_lints_and_passes_its_tests_at_once(rules, scene_site, template):
    name = f"new-{template.replace('_', '-')}"
    made = rules("new", name, "--template", template, "--site", scene_site)
    assert made.exit_code == 0, made.output
    path = scene_site / f"rules/{name}.yaml"
    schema = scene_site / "rules/.schemas/rule.schema.json"
    printed = made.stdout.splitlines()
    assert printed[:3] == [str(path), str(schema), "for camera street-01 of site scene"]
    assert [line.split(" (")[0] for line in printed[3:]] == (
        ["note: no model of street-01 finds fire"] if template == "object_class" else []
    )
    assert path.read_text().startswith("# yaml-language-server: $schema=.schemas/rule.schema.json\n")
    assert json.loads(schema.read_text())["title"] == "RuleFile"
    checked = rules("lint", scene_site)
    assert checked.exit_code == 0, checked.output
    [rule] = read_rules(path).rules
    happens, *_ = [test.expect for test in rule.content.tests]
    assert happens, "a test that expects nothing of what happens cannot fail"
    tested = rules("test", scene_site, "--rule", name)
    assert (tested.exit_code, tested.stdout.splitlines()[-1]) == (0, "3 tests: 3 passed, 0 failed")


@pytest.mark.parametrize("name", ["123", "null", "true", "1e5"])
def test_a_new_rule_whose_id_yaml_would_read_as_something_else_is_written_as_a_text(rules, site, name):
    made = rules("new", name, "--template", "stopped", "--site", site)
    assert (made.exit_code, made.stdout.splitlines()[0]) == (0, f"{site}/rules/{name}.yaml"), made.exception
    [rule] = read_rules(site / f"rules/{name}.yaml").rules
    assert rule.content.rule == name
    assert rules("lint", site / f"rules/{name}.yaml").exit_code == 0


def test_a_new_rule_for_a_camera_and_a_zone_that_yaml_would_read_as_numbers_is_right(rules, site, change):
    change(site / "cameras/feucheres-03.yaml", "camera: feucheres-03", 'camera: "12"')
    change(site / "cameras/feucheres-03.yaml", "  livraison:", "  7:")
    made = rules("new", "bay", "--template", "stopped", "--site", site, "--camera", "12")
    assert made.exit_code == 0, made.exception
    [rule] = read_rules(site / "rules/bay.yaml").rules
    assert (rule.content.cameras.ids, rule.content.with_["zone"]) == (["12"], "7")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Wrong Name", "--template", "stopped"), '"Wrong Name": an id has 1 to 64 of a-z, 0-9, - and _, '),
        (("abc\n", "--template", "stopped"), "begins with a letter or digit: write abc"),
        (("a", "--template", "stoped"), 'did you mean "stopped"?'),
        (("a", "--template", "stopped", "--camera", "arene-01"), 'did you mean "arenes-01"?'),
        (("a", "--template", "density", "--camera", "feucheres-03"), "density needs four calibration points"),
        (("livraison-stationnement", "--template", "stopped"), "delivery-parking.yaml already: choose another name"),
        (("chute-dans-un-attroupement", "--template", "fall"), 'the compound "chute-dans-un-attroupement" is in '),
    ],
)
def test_a_new_rule_that_cannot_be_is_refused_with_the_fix(rules, site, arguments, message):
    result = rules("new", *arguments, "--site", site)
    assert message in str(result.exception)
    assert not (site / "rules/a.yaml").exists()


def test_a_new_rule_lies_where_the_lint_looks_also_when_the_folder_of_cameras_is_named(rules, site, monkeypatch):
    made = rules("new", "bay", "--template", "stopped", "--site", site / "cameras")
    assert made.stdout.splitlines()[0] == str(site / "rules/bay.yaml")
    monkeypatch.chdir(site / "cameras")
    assert rules("new", "bay-2", "--template", "stopped").stdout.splitlines()[0] == "../rules/bay-2.yaml"
    assert (site / "rules/bay-2.yaml").is_file()
    assert not (site / "cameras/rules").exists()
