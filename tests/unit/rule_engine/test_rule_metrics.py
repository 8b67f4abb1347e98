"""What `/metrics` says of the rule engine's state."""

from vigie_rule_engine.service import RuleMetrics


def metrics_of(*cores):
    metrics = RuleMetrics()
    metrics.cores.update(cores)
    return {family.name: family.samples[0].value for family in metrics.collect() if family.type == "gauge"}


def test_the_state_of_all_cameras_and_of_the_largest_is_shown(street, rule, obj):
    quiet, busy = street([rule("presence")]), street([rule("presence")])
    quiet.during(3, lambda _: [obj(1, 0.5, 0.7)])
    busy.during(3, lambda _: [obj(k, 0.31 + k * 0.005, 0.7, 0.05) for k in range(70)])
    shown = metrics_of(quiet.core, busy.core)
    assert shown["vigie_rule_engine_cameras"] == 2
    assert shown["vigie_rule_engine_open_episodes"] == 71
    assert shown["vigie_rule_engine_state_bytes"] == quiet.core.state_bytes + busy.core.state_bytes
    assert shown["vigie_rule_engine_largest_state_bytes"] == busy.core.state_bytes > 4 * quiet.core.state_bytes


def test_an_engine_without_a_partition_shows_nothing_kept():
    assert metrics_of()["vigie_rule_engine_largest_state_bytes"] == 0
