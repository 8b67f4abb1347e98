"""`vigie rules publish` without a broker: from when, and what it says."""

import time
from datetime import timedelta

from vigie_cli import rules_publish
from vigie_cli.rules_bundles import History, Published
from vigie_cli.rules_publish import lines, plan_bundle, publish_folder


def now_ms():
    return time.time_ns() // 1_000_000


async def test_ten_seconds_from_now_are_counted_from_when_the_tests_have_passed(site, monkeypatch):
    passed_at = []

    def slow_tests(_):
        until = now_ms() + 20
        while now_ms() < until:
            pass
        passed_at.append(now_ms())

    async def no_history(_):
        return {}

    monkeypatch.setattr(rules_publish, "refuse_failing_tests", slow_tests)
    monkeypatch.setattr(rules_publish, "read_histories", no_history)
    plan = await publish_folder(None, site, timedelta(seconds=10), "ann", dry_run=True)
    assert plan.bundle["effective_at"] >= passed_at[0] + 10_000
    plan = await publish_folder(None, site, 1_800_000_000_000, "ann", dry_run=True)
    assert plan.bundle["effective_at"] == 1_800_000_000_000


def bundle(digest, effective_at):
    return {"digest": digest * 16, "effective_at": effective_at, "site": "nimes", "author": "ann", "rules": []}


def test_it_says_from_when_the_same_holds_already_and_what_takes_over():
    history = History("nimes", tuple(Published(bundle(d, at), at, 0) for d, at in (("a", 1000), ("b", 900_000))))
    same, later = lines(plan_bundle(history, bundle("a", 2000)), dry_run=False)
    assert same == "nothing to change: nimes has aaaaaaaaaaaaaaaa (0 rules) already, from 1970-01-01 00:00:01 UTC"
    assert later == "note: bbbbbbbbbbbbbbbb is published already and takes over at 1970-01-01 00:15:00 UTC"
