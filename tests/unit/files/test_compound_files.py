"""Compound rule files: read, linted beside their rules, tested, and put into the bundle."""

import pytest

from vigie_cli.rules_test import run_tests
from vigie_rule_engine.bundle import read_rules, rule_bundle
from vigie_rule_engine.lint import lint, read_cameras

COMPOUND = """\
compound: parvis-et-livraison
title: {fr: Présence pendant une livraison, en: Presence during a delivery}
status: stable
rules: [parvis-presence, livraison-stationnement]
cameras: {ids: [maison-carree-02]}
same: camera
within: 30s
severity: warning
category: presence
explain: {fr: "{count} événements sur {cameras}"}
tests:
  - episodes:
      - {rule: parvis-presence, camera: maison-carree-02, open: 10s, close: 40s}
      - {rule: livraison-stationnement, camera: maison-carree-02, open: 65s, close: 2m}
    expect: [{open: 65s, close: 2m}]
  - episodes:
      - {rule: parvis-presence, camera: maison-carree-02, open: 10s, close: 30s}
      - {rule: livraison-stationnement, camera: maison-carree-02, open: 65s, close: 2m}
    expect: []
"""


@pytest.fixture
def site(site):
    """A copy of the example site, with the compound; `site(old, new)` changes one text of it."""

    def write(old="", new=""):
        assert not old or COMPOUND.count(old) == 1
        (site / "rules" / "compound.yaml").write_text(COMPOUND.replace(old, new) if old else COMPOUND)
        return site

    return write


def told(folder):
    problems = lint(read_rules(folder / "rules"), read_cameras(folder / "cameras", None))
    return [f"{p.mark.line}:{p.mark.column}: {p.message}" for p in problems]


def test_a_right_compound_has_nothing_to_lint(site):
    assert told(site()) == []


def test_it_is_in_the_bundle_with_the_digest_of_what_decides(site):
    folder = site()
    cameras = read_cameras(folder / "cameras", None)

    def compounds():
        bundle = rule_bundle(cameras.site, read_rules(folder / "rules"), author="a", effective_at=0)
        return [compound for compound in bundle["compounds"] if compound["id"] == "parvis-et-livraison"]

    (record,) = compounds()
    assert record["rules"] == ["livraison-stationnement", "parvis-presence"]
    assert (record["same"], record["within_ms"], record["min_rules"], record["min_cameras"]) == ("camera", 30_000, 2, 1)
    site("severity: warning", "severity: critical")
    assert compounds()[0]["version"] == record["version"]
    site("within: 30s", "within: 31s")
    assert compounds()[0]["version"] != record["version"]
    assert record["cooldown_ms"] == 0
    site("within: 30s", "within: 30s\ncooldown: 1m30s")
    assert compounds()[0]["cooldown_ms"] == 90_000
    assert compounds()[0]["version"] != record["version"]


def test_its_tests_run_with_those_of_the_rules(site):
    report = run_tests([site() / "rules"], site() / "cameras", "parvis-et-livraison")
    assert (len(report.outcomes), report.passed) == (2, True)
    folder = site("expect: [{open: 65s, close: 2m}]", "expect: [{open: 65s, close: 3m}]")
    report = run_tests([folder / "rules"], folder / "cameras", "parvis-et-livraison")
    failed = [o for o in report.outcomes if not o.passed]
    assert [(o.rule, [str(f) for f in o.found]) for o in failed] == [
        ("parvis-et-livraison", ["open 1m05s, close 2m (over)"])
    ]


@pytest.mark.parametrize(
    ("last", "expected"),
    [("5m", ""), ("7m", ", {open: 4m, close: 7m}"), (None, ", {open: 4m}")],
    ids=["over meanwhile", "goes on when it is over", "goes on for ever"],
)
def test_its_tests_know_its_cooldown(site, last, expected):
    closes = "" if last is None else f", close: {last}"
    more = [
        f"      - {{rule: {rule}, camera: maison-carree-02, open: 4m{closes}}}\n"
        for rule in ("parvis-presence", "livraison-stationnement")
    ]
    folder = site(
        "    expect: [{open: 65s, close: 2m}]", f"{''.join(more)}    expect: [{{open: 65s, close: 2m}}{expected}]"
    )
    path = folder / "rules/compound.yaml"
    path.write_text(path.read_text().replace("within: 30s", "within: 30s\ncooldown: 5m"))
    report = run_tests([folder / "rules"], folder / "cameras", "parvis-et-livraison")
    assert (len(report.outcomes), [str(o) for o in report.outcomes if not o.passed]) == (2, [])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rules: [parvis-presence, l", "rules: [parvis-presense, l", '"parvis-presense": there is no such rule'),
        ("rules: [parvis-presence, l", "rules: [porte-comptage, l", "counts and opens no episode"),
        (
            "rules: [parvis-presence, l",
            "rules: [embouteillage, l",
            'rules[0]: "embouteillage" runs on feucheres-03, and the compound means maison-carree-02: ',
        ),
        ("rules: [parvis-presence, l", "rules: [parvis-presence, parvis-presence, l", "4:26: rules[1]: "),
        (
            "same: camera",
            "same: site\nat_least: {cameras: 2}",
            "7:21: at_least.cameras: 2 can never be there, the compound's rules run on maison-carree-02",
        ),
        (
            "rule: livraison-stationnement, camera: maison-carree-02, open: 65s, close: 2m}\n    expect: []",
            "rule: livraison-stationnement, camera: maison-caree-02, open: 65s, close: 2m}\n    expect: []",
            'tests[1].episodes[1].camera: there is no camera "maison-caree-02"',
        ),
        (
            "rules: [parvis-presence, livraison-stationnement]\ncameras: {ids: [maison-carree-02]}",
            "rules: [embouteillage, parvis-presence]\ncameras: {ids: [maison-carree-02, feucheres-03]}",
            "6:7: same: 2 rules must be in one camera and never are: embouteillage on feucheres-03; parvis-presence",
        ),
        (
            "rules: [parvis-presence, livraison-stationnement]\ncameras: {ids: [maison-carree-02]}\nsame: camera\n",
            "rules: [embouteillage, parvis-presence]\ncameras: {ids: [maison-carree-02, feucheres-03]}\n",
            "4:8: rules: 2 rules must be in one camera and never are: ",
        ),
        (
            "same: camera",
            "same: zone",
            "livraison-stationnement in livraison of maison-carree-02: name rules of one zone, or same: camera",
        ),
        (
            "rules: [parvis-presence, livraison-stationnement]\ncameras: {ids: [maison-carree-02]}\nsame: camera",
            "rules: [parvis-presence, attroupement]\ncameras: {ids: [maison-carree-02]}\nsame: zone",
            '4:26: rules[1]: "attroupement" names no zone, and with same: zone only episodes in a named zone count: ',
        ),
        (
            "cameras: {ids: [maison-carree-02]}\nsame: camera",
            "cameras: {tags: [centre]}\nsame: site\nat_least: {cameras: 2, rules: 1}",
            "7:21: at_least.cameras: 2 can never be there, the compound's rules run on maison-carree-02",
        ),
        (
            "rule: livraison-stationnement, camera: maison-carree-02, open: 65s, close: 2m}\n    expect: []",
            "rule: livraison-stationnement, camera: arenes-01, open: 65s, close: 2m}\n    expect: []",
            "18:49: tests[1].episodes[1].camera: the compound does not mean arenes-01; it means maison-carree-02",
        ),
        (
            "camera: maison-carree-02, open: 10s, close: 40s",
            "camera: maison-carree-02, zone: livraison, open: 10s, close: 40s",
            '13:65: tests[0].episodes[0].zone: parvis-presence is not about "livraison"; its zones are parvis',
        ),
        ("compound: parvis-et-livraison", "compound: parvis-presence", 'the id "parvis-presence" is taken by '),
        ("within: 30s", "within: 30", "30"),
        ("within: 30s", "within: 2h", "is longer than 1h"),
        ("within: 30s", "within: 30s\ncooldown: 8d", '8:11: cooldown: "8d": write more than 0s and 7d at most'),
        ("same: camera", "same: camera\nat_least: {cameras: 2}", "write same: site"),
        ("same: camera", "same: camera\nat_least: {rules: 3}", "3 of 2 rules can never be there"),
        ("same: camera", "same: camera\nat_least: {rules: 1}", "one rule on one camera is no compound"),
        ("same: camera", "same: street", "same"),
        ("cameras: {ids: [maison-carree-02]}", "cameras: {ids: [maison-caree-02]}", "there is no camera"),
        ("compound: parvis-et-livraison", "compound: parvis-et-livraison\nwhen: true", "when"),
        (
            "{count} événements",
            "{counts} événements",
            '10:16: explain.fr: {counts} is not known: use one of {cameras}, {count}, {rules}; did you mean "count"?',
        ),
        ("en: Presence during a delivery", "en: 'During {rules}'", "title.en: {rules} is not filled in a title"),
    ],
)  # fmt: skip
def test_what_an_author_can_get_wrong_is_told(site, old, new, message):
    found = told(site(old, new))
    assert any(message in line for line in found), found


def test_a_test_on_a_camera_that_the_rule_does_not_run_on_is_told(site):
    path = site("cameras: {ids: [maison-carree-02]}", "cameras: {tags: [centre]}") / "rules/compound.yaml"
    text = path.read_text()
    path.write_text(
        text.replace("camera: maison-carree-02, open: 10s, close: 30s", "camera: arenes-01, open: 10s, close: 30s")
    )
    message = "17:41: tests[1].episodes[0].camera: parvis-presence does not run on arenes-01; it runs on "
    assert told(path.parents[1]) == [f"{message}maison-carree-02"]


def test_enough_of_the_members_in_one_place_are_enough(site):
    wider = "cameras: {ids: [maison-carree-02, feucheres-03]}"
    path = site("cameras: {ids: [maison-carree-02]}", wider) / "rules/compound.yaml"
    text = path.read_text().replace("livraison-stationnement]", "livraison-stationnement, embouteillage]")
    path.write_text(text)
    assert any("3 rules must be in one camera" in line for line in told(path.parents[1]))
    path.write_text(text.replace("same: camera", "same: camera\nat_least: {rules: 2}"))
    assert told(path.parents[1]) == []


def test_everything_wrong_in_a_compound_is_told_at_once(site):
    path = site("rules: [parvis-presence, l", "rules: [parvis-presense, l") / "rules/compound.yaml"
    text = path.read_text(encoding="utf-8").replace("severity: warning", "severity: high")
    path.write_text(text.replace("within: 30s", "within: 2h"), encoding="utf-8")
    assert [line.split(": ")[:2] for line in told(path.parents[1])] == [
        ["4:9", "rules[0]"],
        ["7:9", "within"],
        ["8:11", "severity"],
        ["13:16", "tests[0].episodes[0].rule"],
        ["17:16", "tests[1].episodes[0].rule"],
    ]


def test_a_stable_compound_needs_tests(site):
    found = told(site(COMPOUND[COMPOUND.index("tests:") :], ""))
    assert any("a stable compound needs tests" in line for line in found), found
