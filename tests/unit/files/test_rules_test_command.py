"""`vigie rules test`: what a test of a rule may be, and what is said of one that fails."""

import json

import pytest


def with_test(site, test):
    """The parking rule with one more test before its own."""
    path = site / "rules/town/delivery-parking.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("tests:\n", f"tests:\n  - {test}\n"), encoding="utf-8")
    return path


VAN = "{duration_s: 60, layout: town-street, actors: [{actor: parking, name: van, at: [6, -4.6], from_s: 5, to_s: 50}]}"


def test_a_test_may_write_its_scene_out(rules, site):
    with_test(site, f"{{scene: {VAN}, with: {{zone: bay, for: 20s}}, expect: [{{open: 26s, close: 52s, within: 2s}}]}}")
    assert rules("lint", site).exit_code == 0
    result = rules("test", site, "--rule", "livraison-stationnement", "--json")
    assert result.exit_code == 0
    [outcome] = [test for test in json.loads(result.stdout)["tests"] if test["source"] == "scene"]
    [pair] = outcome["results"]
    assert (outcome["passed"], outcome["line"]) == (True, 15)
    assert pair["expected"] == {
        "what": "open", "at_s": 26.0, "until_s": 52.0, "within_s": 2.0, "text": "open 26s, close 52s within 2s",
        "facts": {},
    }  # fmt: skip
    assert pair["expected"].keys() - pair["found"].keys() == {"within_s"}
    assert (pair["found"]["what"], pair["found"]["reason"]) == ("open", "over")


def test_a_test_that_fails_shows_expected_beside_found_and_ends_with_1(rules, site):
    with_test(site, f"{{scene: {VAN}, with: {{zone: bay, for: 20s}}, expect: [{{open: 40s}}]}}")
    result = rules("test", site, "--rule", "livraison-stationnement")
    assert result.exit_code == 1
    assert "FAIL livraison-stationnement  scene\n" in result.stdout
    assert "  !    open 40s within 1s                  not found\n" in result.stdout
    assert "  !    nothing more                        found open 2" in result.stdout


def test_a_test_whose_records_the_engine_refuses_proves_nothing(rules, site):
    path = with_test(site, f"{{scene: {VAN}, with: {{zone: bay}}, start: 1970-01-01T00:00, expect: []}}")  # in UTC 1969
    result = rules("test", site, "--rule", "livraison-stationnement")
    assert result.exit_code == 1
    told = f"{path}:15:5: nothing is proven where records, one a frame, are not judged: "
    [line] = [line for line in result.stdout.splitlines() if line.startswith(told)]
    assert " refused, the first: tracks of camera " in line
    assert ": captured_at is -3600000, which is no time of the years 1970 to 2999" in line


def test_an_error_in_a_camera_file_is_not_counted_as_a_test(rules, site, change):
    change(site / "cameras/arenes-01.yaml", "fps: 5", "fps: 500")
    result = rules("test", site, "--rule", "livraison-stationnement")
    *_, error, last = result.stdout.splitlines()
    assert (result.exit_code, "sampling.fps: 500" in error) == (1, True)
    assert last == "3 tests: 3 passed, 0 failed; 1 error in files of rules and cameras"


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
            "{scene: stopped-happens, with: {zone: pavment}, expect: []}",
            (
                '15:43: tests[0]: the scene stopped-happens has no zone "pavment"; it has bay, road, eastbound, '
                'westbound, pavement; did you mean "pavement"?'
            ),
        ),
        (
            "{scene: {layout: squares}, with: {zone: square}, expect: []}",
            '15:22: tests[0].scene.layout: "squares" is not allowed: use town-street or square; did you mean "square"?',
        ),
        (
            "{scene: stopped-happens, with: {zone: bay}, start: 1960-05-04T09:00, expect: []}",
            '15:56: tests[0].start: "1960-05-04T09:00": write a time of the years 1970 to 2999',
        ),
        (
            "{scene: scenes/none.yaml, with: {zone: square}, expect: []}",
            '15:13: tests[0].scene: no file "scenes/none.yaml" beside the rule',
        ),
    ],
)
def test_the_lint_names_what_is_wrong_with_a_scene(rules, site, test, message):
    path = with_test(site, test)
    result = rules("lint", site)
    assert (result.exit_code, f"{path}:{message}" in result.stdout.splitlines()) == (1, True), result.stdout


@pytest.mark.parametrize("which", [["rules/compound.yaml"], [".", "--rule", "parvis-et-livraison"]])
def test_what_the_lint_finds_in_the_rule_that_is_tested_stands_before_its_failing_test(rules, site, which):
    text = """compound: parvis-et-livraison
title: {fr: Ensemble, en: Together}
status: test
rules: [parvis-presence, livraison-stationnement]
cameras: {ids: [maison-carree-02]}
within: 30s
category: presence
tests:
  - episodes:
      - {rule: parvis-presence, camera: maison-caree-02, open: 50s, close: 70s}
      - {rule: livraison-stationnement, camera: maison-carree-02, open: 65s, close: 2m}
    expect: [{open: 65s}]
"""
    (site / "rules/compound.yaml").write_text(text, encoding="utf-8")
    place, *only = which
    result = rules("test", site / place, *only)
    first, second, *_, last = result.stdout.splitlines()
    assert first.startswith(
        f'{site}/rules/compound.yaml:10:41: tests[0].episodes[0].camera: there is no camera "maison-caree-02"; '
    )
    assert first.endswith('did you mean "maison-carree-02"?')
    assert second.startswith("FAIL parvis-et-livraison")
    assert (result.exit_code, last) == (
        1,
        "1 test: 0 passed, 1 failed; 1 error in files of rules and cameras",
    )


def test_a_rule_that_is_wrong_in_itself_is_found_by_its_id_with_what_is_wrong(rules, site, change):
    change(site / "rules/town/delivery-parking.yaml", "for: 3m", "for: 3")
    result = rules("test", site, "--rule", "livraison-stationnement")
    assert result.stdout.splitlines() == [
        (f"{site}/rules/town/delivery-parking.yaml:7:58: with.for: 3: a duration needs its unit: write 3s, 3m or 3h"),
        "0 tests: 0 passed, 0 failed; 1 error in files of rules and cameras",
    ]
    unknown = rules("test", site, "--rule", "livraison-stationement")
    assert str(unknown.exception).endswith('; did you mean "livraison-stationnement"?')
