"""The record that a rule becomes, its version, and the bundle of a site."""

import json
from pathlib import Path

import fastavro
import pytest

from vigie_common.site_file import read_site
from vigie_common.yaml_source import parse_document
from vigie_rule_engine.bundle import read_rules, rule_bundle, rule_record
from vigie_rule_engine.rule_file import parse_rule

REPOSITORY = Path(__file__).parents[3]
RULE = "rules/town/delivery-parking.yaml"


def rule(change=("", "")):
    """The record of the example rule, one text of it replaced by another."""
    old, new = change
    text = (REPOSITORY / RULE).read_text(encoding="utf-8")
    assert old in text
    return rule_record(parse_rule(parse_document(text.replace(old, new), "F"), REPOSITORY))


def test_one_height_is_a_distance():
    assert rule(("within: 0.3 heights", "within: 1 height"))["numbers"]["within_heights"] == 1.0


def test_a_rule_is_judged_with_all_its_parameters_in_base_units():
    record = rule()
    assert record["numbers"] == {
        "for_s": 180.0,
        "keep_open_s": 5.0,
        "margin_heights": 0.1,
        "within_heights": 0.3,
    }
    assert record["cooldown_ms"] == 0
    assert rule(("category: parking", "category: parking\ncooldown: 1m30s"))["cooldown_ms"] == 90_000
    assert (record["classes"], record["zones"], record["lines"]) == (["car", "van", "truck"], ["livraison"], [])


@pytest.mark.parametrize(
    "change",
    [
        ("title: {fr: Stationnement gênant en aire de livraison", "title: {fr: Autre"),
        ("severity: warning", "severity: critical"),
        ("status: stable", "status: test"),
        ("category: parking", "category: standing"),
        ("cameras: {tags: [delivery]}", "cameras: {ids: [arenes-01]}"),
        ("for: 3m", "for: 180s"),
        ("[car, van, truck]", "[truck, car, van]"),
        ("within: 0.3 heights}", "within: 0.3 heights, keep_open: 5s}"),
    ],
)
def test_a_change_that_judges_the_same_keeps_the_version(change):
    assert rule(change)["version"] == rule()["version"]


@pytest.mark.parametrize(
    "change",
    [
        ("for: 3m", "for: 4m"),
        ("[car, van, truck]", "[car, van]"),
        ("zone: livraison,", "zone: [livraison, parvis],"),
        ("local.hour < 20", "local.hour < 21"),
        ("within: 0.3 heights", "within: 0.2 heights"),
        ("category: parking", "category: parking\ncooldown: 10m"),
    ],
)
def test_a_change_that_judges_otherwise_is_another_version(change):
    assert rule(change)["version"] != rule()["version"]


def test_the_bundle_is_what_the_schema_says_and_its_digest_is_of_the_content():
    schema = fastavro.parse_schema(json.loads((REPOSITORY / "schemas/rule-bundle/v1.avsc").read_text()))
    site = read_site(REPOSITORY / "cameras/site.yaml").content
    folder = read_rules(REPOSITORY / "rules")
    bundle = rule_bundle(site, folder, author="a", effective_at=1)
    assert fastavro.validate(bundle, schema, strict=True)
    assert bundle["digest"] == rule_bundle(site, folder, author="b", effective_at=2)["digest"]
    assert bundle["digest"] != rule_bundle(site, folder, author="a", effective_at=1, withdrawn=True)["digest"]
    [authorisation] = bundle["authorisations"]
    assert (authorisation["valid_from"], authorisation["valid_until"]) == (1_577_833_200_000, 2_082_754_800_000)
