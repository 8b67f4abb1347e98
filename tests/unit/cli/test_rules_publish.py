"""`vigie rules publish` without a broker: from when, and what it says."""

import time
from datetime import timedelta

import pytest

from vigie_cli import rules_publish
from vigie_cli.effective_at import effective_ms
from vigie_cli.event_times import written_instant
from vigie_cli.rules_bundles import History, Published
from vigie_cli.rules_publish import lines, plan_bundle, publish_folder
from vigie_common.camera_record import camera_record
from vigie_common.errors import BadInputError
from vigie_rule_engine.lint import read_cameras


def now_ms():
    return time.time_ns() // 1_000_000


FAR = 32_472_144_000_000  # 2999-01-01T00:00Z


SITE = (
    ("arenes-01", ["centre", "fire-model", "gate", "pedestrian", "weapon-model"]),
    ("feucheres-03", ["delivery", "station", "traffic"]),
    ("maison-carree-02", ["centre", "delivery", "pedestrian"]),
)


@pytest.fixture
def deployed(monkeypatch, site):
    """Puts cameras of nimes with their tags on the topic: `deployed(("arenes-01", ["centre"]))`; no rules are there."""
    folder = read_cameras(site, None)
    files = {c.content.camera: camera_record(c.content, folder.site, site, 0) for c in folder.cameras}

    def make(*cameras, **fields):
        async def no_history(_):
            return {}

        async def records(_):
            return [files[camera] | {"tags": tags} | fields for camera, tags in cameras]

        monkeypatch.setattr(rules_publish, "read_histories", no_history)
        monkeypatch.setattr(rules_publish, "camera_records", records)

    return make


async def test_ten_seconds_from_now_are_counted_from_when_the_tests_have_passed(site, monkeypatch, deployed):
    passed_at = []

    def slow_tests(*_):
        until = now_ms() + 20
        while now_ms() < until:
            pass
        passed_at.append(now_ms())

    deployed()
    monkeypatch.setattr(rules_publish, "refuse_unfit", slow_tests)
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
    assert later == (
        "note: bbbbbbbbbbbbbbbb is published already and takes over at 1970-01-01 00:15:00 UTC; to prevent it: "
        "vigie rules publish --digest aaaaaaaaaaaaaaaa --site nimes --at 1970-01-01T00:15:00+00:00"
    )


SCHEDULED = (("a", 1000), ("b", 900_000), ("a", 900_000))
"""(digest, effective_at), the second withdrawn by the third."""


def published(*bundles):
    """A history in which they were published in this order."""
    made = [Published(bundle(digest, at), offset, 0) for offset, (digest, at) in enumerate(bundles)]
    return History("nimes", tuple(sorted(made, key=lambda one: (one.effective_at, one.offset))))


def test_what_is_scheduled_can_be_withdrawn_at_its_own_instant_by_the_line_that_is_printed():
    plan = plan_bundle(published(("a", 1000)), bundle("b", FAR), "Europe/Paris")
    assert list(lines(plan, dry_run=False))[-1] == (
        "back again: vigie rules publish --digest aaaaaaaaaaaaaaaa --site nimes --at 2999-01-01T01:00:00+01:00 "
        "until it takes over, then without --at"
    )
    undone = plan_bundle(published(("a", 1000), ("b", FAR)), bundle("a", FAR))
    assert (undone.what, undone.before["digest"], undone.taken_over) == ("changed", "b" * 16, ())


def test_what_was_withdrawn_takes_over_no_more_and_what_keeps_the_same_rules_is_no_change():
    withdrawn = published(*SCHEDULED)
    assert withdrawn.later(2000) == ()
    assert [one.digest[0] for one in published(("b", 900_000), ("a", 1000)).later(0)] == ["a", "b"]
    # what keeps the former rules would end another publication
    plan = plan_bundle(withdrawn, bundle("c", 2000))
    assert plan.taken_over == (("a" * 16, 900_000, "c" * 16),)


def test_a_rule_has_run_throughout_where_what_would_have_changed_it_was_withdrawn():
    rules = [bundle(d, at) | {"rules": [{"id": "r", "version": d, "status": "test"}]} for d, at in SCHEDULED]
    for appended_at, since in ((900_000, 6000), (900_001, 905_001)):
        made = [Published(one, n, (1000, 2000, appended_at)[n]) for n, one in enumerate(rules)]
        assert History("nimes", tuple(made)).running_since("r", 1_000_000) == since


def test_what_judges_within_seconds_is_taken_back_without_a_time():
    plan = plan_bundle(published(("a", 1000)), bundle("b", now_ms() + 5000))
    assert (
        list(lines(plan, dry_run=False))[-1] == "back again: vigie rules publish --digest aaaaaaaaaaaaaaaa --site nimes"
    )


def test_an_instant_so_long_after_now_is_a_whole_second_so_that_what_is_printed_names_it():
    for ahead in (timedelta(seconds=10), timedelta(milliseconds=1500)):
        before = now_ms() + ahead / timedelta(milliseconds=1)
        at = effective_ms(ahead)
        assert at % 1000 == 0
        assert before <= at < now_ms() + ahead / timedelta(milliseconds=1) + 1000
    assert written_instant(1_782_907_200_250, "Europe/Paris") == "2026-07-01T14:00:00.250+02:00"


@pytest.fixture
def dry_run(site, deployed):
    """What `vigie rules publish --dry-run` would say of the site, without a broker."""
    deployed(*SITE)

    async def say():
        plan = await publish_folder(None, site, timedelta(seconds=10), "ann", dry_run=True)
        return [line.replace(f"{site}/", "") for line in lines(plan, dry_run=True) if line.startswith("note: ")]

    return say


async def test_it_says_which_stable_rules_run_in_shadow_for_want_of_an_authorisation(site, change, dry_run):
    assert [line for line in await dry_run() if "arenes-01 finds" not in line] == []
    authorisation = site / "rules/authorisations/exercise.yaml"
    change(authorisation, "categories: [presence, parking, ", "categories: [presence, ")
    without = "stable, but no authorisation in force covers category parking on feucheres-03, maison-carree-02"
    parking = f"note: livraison-stationnement: {without}: runs in shadow"
    assert [line for line in await dry_run() if "livraison-stationnement" in line] == [parking]
    authorisation.unlink()
    told = await dry_run()
    assert parking in told
    assert not [line for line in told if "porte-comptage" in line], "a count never alerts"


async def test_it_says_when_an_authorisation_has_not_begun_when_the_rules_do(site, change, dry_run):
    change(site / "rules/authorisations/exercise.yaml", "from: 2020-01-01", "from: 2034-01-01")
    told = [line for line in await dry_run() if "arenes-01 finds" not in line]
    assert len(told) > 5
    assert all("no authorisation in force covers category" in line for line in told)


async def test_what_the_lint_warns_of_and_failing_tests_of_rules_in_shadow_are_noted(site, change, dry_run):
    change(site / "rules/town/delivery-parking.yaml", "for: 3m", "for: 1m")
    change(site / "rules/town/delivery-parking.yaml", "status: stable", "status: test")
    change(site / "rules/town/gathering.yaml", ', en: "Gathering"', "")
    told = await dry_run()
    assert [line for line in told if "arenes-01 finds" in line] == told[:2]
    assert told[2:] == [
        "note: rules/town/gathering.yaml:3:8: title: has none in en, a language of the site: add it",
        "note: 2 of livraison-stationnement's tests fail: see `vigie rules test`",
    ]


async def test_a_compound_whose_tests_fail_is_refused_when_it_is_stable_and_noted_when_in_shadow(site, change, dry_run):
    path = site / "rules/decree-2023-828/fall-in-a-gathering.yaml"
    change(path, "expect: []", "expect: [{open: 9s}]")
    with pytest.raises(BadInputError) as refused:
        await dry_run()
    first, *_, last = str(refused.value).splitlines()
    assert first.startswith("FAIL chute-dans-un-attroupement  ")
    assert last == "nothing was published: a stable rule's tests must pass, or write status: test"
    change(path, "status: stable", "status: test")
    assert "note: 2 of chute-dans-un-attroupement's tests fail: see `vigie rules test`" in await dry_run()


async def test_rules_that_mean_no_camera_in_service_are_noted_with_what_they_ask_for(site, change, dry_run, deployed):
    compound = site / "rules/decree-2023-828/fall-in-a-gathering.yaml"
    change(compound, "cameras: {tags: [centre]}", "cameras: {tags: [centre, gate]}")
    change(compound, "camera: maison-carree-02, open: 0s, close: 5m", "camera: arenes-01, open: 0s, close: 1m")

    async def told():
        return [line for line in await dry_run() if " nowhere, " in line]

    assert await told() == []
    deployed(*SITE[1:])
    assert await told() == [
        f"note: {rules} nowhere, no camera of nimes in service {asked}"
        for rules, asked in (
            ("chute-dans-un-attroupement: runs", "carries the tags centre and gate"),
            ("depart-de-feu: runs", "carries the tag fire-model"),
            ("file-d-attente, mouvement-de-foule, personne-au-sol, zone-interdite: run", "carries the tag gate"),
            ("arme: runs", "carries the tag weapon-model"),
        )
    ]
    deployed(*SITE[:2])
    rules = "densite, parvis-frequentation, parvis-presence"
    assert f"note: {rules}: run nowhere, no camera of nimes in service is maison-carree-02" in await told()


async def test_a_zone_and_a_line_that_only_the_camera_file_has_are_noted_with_the_command_that_applies_it(
    site, change, dry_run
):
    assert [line for line in await dry_run() if " does not run on " in line] == []
    change(site / "rules/town/delivery-parking.yaml", "zone: livraison", "zone: quai")
    for camera in ("feucheres-03", "maison-carree-02"):
        change(site / f"cameras/{camera}.yaml", "  livraison:", "  quai:")
    for camera in ("arenes-01", "maison-carree-02"):
        change(site / f"cameras/{camera}.yaml", "  porte:", "  portail:")
    change(site / "rules/town/gate-count.yaml", "line: porte", "line: portail")
    told = [line for line in await dry_run() if " does not run on " in line]
    fix = "add it to the camera file, if it is not there, and apply that (vigie cameras apply), or correct the name"
    assert told == [
        (
            "note: livraison-stationnement: does not run on feucheres-03, maison-carree-02 as in service: zone "
            f"'quai' is not in camera feucheres-03 (it has livraison, voie): {fix}"
        ),
        (
            "note: porte-comptage: does not run on arenes-01, maison-carree-02 as in service: line 'portail' is "
            f"not in camera arenes-01 (it has porte): {fix}"
        ),
    ]


@pytest.mark.parametrize("fields", [{"removed": True}, {"site": "ales"}])
async def test_cameras_out_of_service_and_of_other_sites_do_not_count(dry_run, deployed, fields):
    deployed(*SITE, **fields)
    assert len([line for line in await dry_run() if " nowhere, " in line]) > 5
