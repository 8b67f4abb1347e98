"""`vigie rules status`: a rule in shadow beside the live one, over the time in which both ran as they are."""

import pytest

from vigie_cli.rules_bundles import History, Published
from vigie_cli.rules_compounds import compound_happenings
from vigie_cli.rules_difference import Difference
from vigie_cli.rules_shadow import Shadow, shadows
from vigie_cli.rules_status import SILENT_MS, SiteStatus, lines, newest_episodes
from vigie_common.stream.configuration import KNOWN_AFTER_MS

MINUTE = 60_000
T0 = 1_800_000_000_000
NOW = T0 + 60 * MINUTE


def published(minute, **rules):
    """A bundle of `live` and `trial`, each (version, status), from a minute on."""
    made = [
        {"id": name, "version": version, "status": status, "replaces": "live" if name == "trial" else None}
        for name, (version, status) in rules.items()
    ]
    at = T0 + minute * MINUTE
    return Published({"effective_at": at, "rules": made, "compounds": []}, minute, at - 10_000)


@pytest.fixture
def found(rule_event):
    """An episode of a rule that opens at a minute and ends a minute later, or stays open."""

    def make(rule, version, minute, *, ends=True):
        start = T0 + round(minute * MINUTE)
        stamp = {"rule": {"id": rule, "version": version}, "started_at": start, "subject": f"{rule}{minute}"}
        opened = rule_event(at=start, mode="shadow" if rule == "trial" else "live", **stamp)
        closed = rule_event("CLOSE", 1, at=start + MINUTE, ended_at=start + MINUTE, **stamp)
        return [opened, closed] if ends else [opened]

    return make


def compared(bundles, events, span=(T0, NOW)):
    history = History("nimes", tuple(bundles))
    [shadow] = shadows(history, NOW, span, [event for own in events for event in own])
    return shadow


def test_what_was_found_before_the_rule_in_shadow_ran_is_not_missed_by_it(found):
    bundles = [published(0, live=("v1", "stable")), published(30, live=("v1", "stable"), trial=("t1", "test"))]
    shadow = compared(bundles, [found("live", "v1", 10), found("live", "v1", 40), found("trial", "t1", 40)])
    assert shadow.span == (T0 + 30 * MINUTE, NOW)
    assert (shadow.opens, shadow.live_opens, shadow.plain()["matched"]) == (1, 1, 1)
    assert (shadow.plain()["only_test"], shadow.plain()["only_live"]) == ([], [])


def test_another_version_of_either_rule_is_another_rule(found):
    first = published(0, live=("v1", "stable"), trial=("t1", "test"))
    second = published(20, live=("v1", "stable"), trial=("t2", "test"))
    third = published(40, live=("v2", "stable"), trial=("t2", "test"))
    events = [found("trial", "t1", 10), found("trial", "t2", 30), found("trial", "t2", 50), found("live", "v1", 50)]
    shadow = compared([first, second, third], events)
    assert (shadow.opens, shadow.live_opens, shadow.span[0]) == (1, 0, T0 + 40 * MINUTE)
    assert compared([first, second, third], events, (T0 + 55 * MINUTE, NOW)).opens == 0


def test_a_draft_has_not_run_and_a_bundle_judges_once_it_is_known():
    draft = published(0, live=("v1", "stable"), trial=("t1", "draft"))
    late = Published(published(30, live=("v1", "stable"), trial=("t1", "test")).bundle, 1, T0 + 35 * MINUTE)
    history = History("nimes", (draft, late))
    assert history.running_since("trial", NOW) == T0 + 35 * MINUTE + KNOWN_AFTER_MS
    assert history.running_since("live", NOW) == T0
    assert history.running_since("trial", T0) is None


def test_what_the_live_rule_found_before_and_still_holds_is_found_by_both(found):
    bundles = [published(0, live=("v1", "stable")), published(30, live=("v1", "stable"), trial=("t1", "test"))]
    shadow = compared(bundles, [found("live", "v1", 10, ends=False), found("trial", "t1", 31, ends=False)])
    assert (len(shadow.difference.moved), len(shadow.difference.new), len(shadow.difference.gone)) == (1, 0, 0)


def test_the_time_that_was_compared_is_said(found):
    bundles = [published(0, live=("v1", "stable")), published(30, live=("v1", "stable"), trial=("t1", "test"))]
    for one in bundles:
        one.bundle.update({"digest": "d" * 64, "author": "ann", "withdrawn": False})
    history = History("nimes", tuple(bundles))

    def said(span):
        return list(lines(SiteStatus(history, NOW, (), shadows(history, NOW, span, found("live", "v1", 40)), span)))

    assert said((T0, NOW))[3:5] == [
        (
            "    trial, 2027-01-15 08:30:00 to 2027-01-15 09:00:00 UTC: 0 found, live (live) 1: 0 matched, "
            "0 only in test, 1 only in live"
        ),
        (
            "      only in live: cam-1 2027-01-15 08:40:00.0-08:41:00.0 (over), told 08:40:00.0  "
            f"{found('live', 'v1', 40)[0]['episode_id']}"
        ),
    ]
    assert said((T0, T0 + 5 * MINUTE))[3] == (
        "    trial: nothing found yet: it runs as it is beside live only from 2027-01-15 08:30:00 UTC on"
    )


STAMP = {
    "id": "both", "version": "c1", "same": "camera", "within_ms": 30_000, "min_rules": 2, "min_cameras": 1,
    "cooldown_ms": 0, "severity": "warning", "category": "security", "mode": "shadow", "authorisation": None,
    "title": {"en": "Both"}, "explain": {"en": "{rules}"},
}  # fmt: skip


def test_what_a_compound_finds_counts_its_cooldown_and_what_goes_on_at_the_end_is_told(found):
    stamps = [STAMP | {"cooldown_ms": 10 * MINUTE}]
    events = []
    for minute, ends in ((10, True), (12, True), (18, False), (21, True)):
        opens = [found(rule, own, minute, ends=ends) for rule, own in (("live", "v1"), ("trial", "t1"))]
        events += [own[0] | {"compounds": stamps} for own in opens] + [one for own in opens for one in own[1:]]
    told = [(one.at - T0, one.started_at - T0, one.mode) for one in compound_happenings(events)]
    assert told == [(10 * MINUTE, 10 * MINUTE, "shadow"), (20 * MINUTE, 18 * MINUTE, "shadow")]


def test_a_compound_in_shadow_tells_what_it_would_have_made_in_this_version(found):
    compound = {"id": "both", "version": "c1", "status": "test", "rules": ["live", "trial"]}
    bundles = [published(0, live=("v1", "stable"), trial=("t1", "stable"))]
    bundles[0].bundle["compounds"].append(compound)
    events = []
    for minute, version in ((10, "c0"), (30, "c1")):
        for rule, own, later in (("live", "v1", 0), ("trial", "t1", 0.5)):
            opened, closed = found(rule, own, minute + later)
            events.append([opened | {"compounds": [STAMP | {"version": version}]}, closed])
    shadow = compared(bundles, events)
    [told] = shadow.told
    assert (shadow.rule, shadow.opens, told.started_at) == ("both", 1, T0 + round(30.5 * MINUTE))
    assert told.mode == "shadow"
    assert shadow.plain()["told"][0]["id"] == told.id
    history = History("nimes", tuple(bundles))
    bundles[0].bundle.update({"digest": "d" * 64, "author": "ann", "withdrawn": False})
    said = list(lines(SiteStatus(history, NOW, (), (shadow,), (T0, NOW))))
    assert said[3] == (
        "    both, 2027-01-15 08:00:00 to 2027-01-15 09:00:00 UTC: 1 alert that this compound would have made"
    )
    assert said[4].startswith("      cam-1 whole image 2027-01-15 08:30:3"), said


def test_how_a_rule_is_compared_is_said_once_below_those_that_are_not():
    def alone(name):
        return Shadow(name, None, (T0, NOW), 2, 0, None)

    compared = Shadow("b", "live", (T0, NOW), 0, 0, Difference((), (), (), ()))
    hint = "    say `replaces: RULE` in a rule to compare it with a live one"

    def said(*shadows):
        return list(lines(SiteStatus(History("nimes", ()), NOW, (), shadows, (T0, NOW))))

    assert said(alone("a"), compared, alone("c"))[-1] == hint
    assert "\n".join(said(alone("a"), compared, alone("c"))).count("replaces: RULE") == 1
    assert hint not in said(compared)


def test_the_newest_episodes_of_each_rule_are_listed_with_the_beginning_of_their_ids(found):
    bundles = [published(0, live=("v1", "stable"), trial=("t1", "test"))]
    bundles[0].bundle.update({"digest": "d" * 64, "author": "ann", "withdrawn": False})
    told = [found("live", "v1", minute) for minute in range(12)]
    newest = newest_episodes([event for own in [*told, found("trial", "t1", 3, ends=False)] for event in own])
    assert [one.id for one in newest[:10]] == [opened["episode_id"] for opened, _ in told[:1:-1]]
    status = SiteStatus(History("nimes", tuple(bundles)), NOW, (), (), (T0, NOW), "Europe/Paris", newest)
    head, first, *_, last = list(lines(status))[2:]
    assert head == "  episodes from 2027-01-15 09:00:00 to 2027-01-15 10:00:00 Europe/Paris, the newest 10 of each rule"
    assert first.split()[0] == newest[0].id[:8]
    assert last.split("  ")[3:5] == ["trial quai", "cam-1"]
    assert last.endswith("  2027-01-15 09:03:00.0, told 09:03:00.0, still open at the end of what was read  shadow")
    assert [one["id"] for one in status.plain()["episodes"]] == [one.id for one in newest]


def test_an_engine_that_runs_the_former_bundle_has_not_yet_taken_over():
    bundles = [published(minute, live=("v1", "stable")) for minute in (0, 30)]
    for one, digest in zip(bundles, "ab", strict=True):
        one.bundle.update({"digest": digest * 64, "author": "ann", "withdrawn": False})
    engines = [
        ({"engine": "rules-0", "digest": digest, "errors": []}, NOW) for digest in ("a" * 64, "b" * 64, "c" * 64, "")
    ]
    said = list(lines(SiteStatus(History("nimes", tuple(bundles)), NOW, tuple(engines), (), (T0, NOW))))[1:]
    assert [line.split(" (said ")[0].removeprefix("  engine rules-0: ") for line in said] == [
        f"still runs {'a' * 16}, all rules run; it takes over what is in force with the next tracks",
        "runs it, all rules run", f"runs {'c' * 16}, all rules run",
        "runs no rules yet; it takes over what is in force with the next tracks",
    ]  # fmt: skip


def test_an_engine_that_has_said_nothing_for_minutes_is_silent():
    runs = {"engine": "rules-0", "site": "nimes", "digest": "0" * 64, "effective_at": T0, "errors": []}
    gone = runs | {"engine": "rules-1", "errors": [{"rule": "a", "camera_id": "cam-1", "message": "no such zone"}]}
    engines = ((runs, NOW - SILENT_MS + 1), (gone, NOW - SILENT_MS))
    status = SiteStatus(History("nimes", ()), NOW, engines, (), (T0, NOW))
    said = [line for line in lines(status) if "engine" in line or "rule" in line]
    assert said[0].startswith("  engine rules-0: runs 000000000000")
    (told,) = said[1:]
    assert told.startswith("  engine rules-1: silent since 2027-01-15 08:57:00 UTC: it has stopped, or judges no")
    assert [one["silent"] for one in status.plain()["engines"]] == [False, True]
