"""`vigie rules` as authors meet it: tests on scenes, new rules, what the templates are."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from vigie_cli.rules import app


@pytest.fixture
def site(tmp_path, repository):
    for name in ("cameras", "rules"):
        shutil.copytree(repository / name, tmp_path / name)
    return tmp_path


def rules(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def with_test(site, test):
    """The parking rule with one more test before its own."""
    path = site / "rules/town/delivery-parking.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("tests:\n", f"tests:\n  - {test}\n"), encoding="utf-8")
    return path


VAN = "{duration_s: 60, layout: town-street, actors: [{actor: parking, name: van, at: [6, -4.6], from_s: 5, to_s: 50}]}"


def test_a_test_may_write_its_scene_out(site):
    with_test(site, f"{{scene: {VAN}, with: {{zone: bay, for: 20s}}, expect: [{{open: 26s, close: 52s, within: 2s}}]}}")
    assert rules("lint", site).exit_code == 0
    result = rules("test", site, "--rule", "livraison-stationnement", "--json")
    assert result.exit_code == 0
    [outcome] = [test for test in json.loads(result.stdout)["tests"] if test["source"] == "scene"]
    [pair] = outcome["results"]
    assert (outcome["passed"], outcome["line"], pair["expected"]) == (True, 15, "open 26s, close 52s within 2s")
    assert (pair["found"]["what"], pair["found"]["reason"]) == ("open", "over")


def test_a_test_that_fails_shows_expected_beside_found_and_ends_with_1(site):
    with_test(site, f"{{scene: {VAN}, with: {{zone: bay, for: 20s}}, expect: [{{open: 40s}}]}}")
    result = rules("test", site, "--rule", "livraison-stationnement")
    assert result.exit_code == 1
    assert "FAIL livraison-stationnement  scene\n" in result.stdout
    assert "  !    open 40s within 1s                  not found\n" in result.stdout
    assert "  !    nothing more                        found open 25" in result.stdout


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (
            "{scene: stoped-happens, expect: []}",
            (
                '15:13: tests[0].scene: there is no scene "stoped-happens": see `vigie scene list`; did you mean '
                '"stopped-happens"?'
            ),
        ),
        (
            "{scene: stopped-happens, expect: []}",
            (
                '15:13: tests[0]: the scene stopped-happens has no zone "livraison"; it has bay, road, eastbound, '
                "westbound, pavement: add with: {zone: bay} to the test"
            ),
        ),
        (
            "{scene: {layout: squares}, with: {zone: square}, expect: []}",
            '15:22: layout: "squares" is not allowed: use town-street or square; did you mean "square"?',
        ),
        (
            "{scene: scenes/none.yaml, with: {zone: square}, expect: []}",
            '15:13: tests[0].scene: no file "scenes/none.yaml" beside the rule',
        ),
    ],
)
def test_the_lint_names_what_is_wrong_with_a_scene(site, test, message):
    path = with_test(site, test)
    result = rules("lint", site)
    assert (result.exit_code, f"{path}:{message}" in result.stdout.splitlines()) == (1, True), result.stdout
