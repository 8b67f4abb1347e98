"""What differs between two bundles is said in the keys and units of the files."""

from vigie_cli.rules_bundles import bundle_differences
from vigie_rule_engine.bundle import read_rules, rule_bundle
from vigie_rule_engine.lint import read_cameras


def bundle(site):
    return rule_bundle(read_cameras(site, None).site, read_rules(site / "rules"), author="ann", effective_at=0)


def test_a_changed_rule_is_told_as_its_author_writes_it(site, change):
    rule = site / "rules/town/delivery-parking.yaml"
    change(rule, "category: parking\n", "category: parking\ncooldown: 10m\n")
    before = bundle(site)
    change(rule, "for: 3m, within: 0.3 heights", "for: 10s, within: 2 m")
    change(rule, "cooldown: 10m", "cooldown: 1h")
    change(rule, "severity: warning", "severity: critical")
    change(rule, "zone: livraison", "zone: [livraison, voie]")
    [told] = bundle_differences(before, bundle(site))
    assert told == (
        "rule livraison-stationnement: cooldown: 10m → 1h, for: 3m → 10s, severity: warning → critical, "
        "within: 0.3 heights → 2 m, zone: [livraison] → [livraison, voie]"
    )
    [back] = bundle_differences(bundle(site), before)
    assert "cooldown: 1h → 10m" in back


def test_a_changed_authorisation_is_told_with_its_times(site, change):
    before = bundle(site)
    change(site / "rules/authorisations/exercise.yaml", "until: 2035-12-31", "until: 2034-12-31")
    assert list(bundle_differences(before, bundle(site))) == [
        "authorisation exercice: until: 2035-12-31 23:00 UTC → 2034-12-31 23:00 UTC"
    ]
