"""Compounds in the alert service: two processes, a restart, and an authorisation that ends."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from alert_bench import own_database  # it lies beside this file


async def test_members_that_two_processes_see_at_once_are_one_compound_alert_each(bench, postgres, rule_event):
    compounds = [f"meeting-{i}" for i in range(30)]

    def member(camera, compound, kind="OPEN"):
        stamp = {
            "id": compound, "version": "v1", "same": "site", "within_ms": 60_000, "min_rules": 1, "min_cameras": 2,
            "severity": "critical", "category": "crowd", "mode": "test", "authorisation": None, "title": {},
            "explain": {},
        }  # fmt: skip
        ordinal = 0 if kind == "OPEN" else 1
        fields = {"camera_id": camera, "subject": compound, "mode": "shadow", "authorisation": None}
        return rule_event(kind, ordinal, compounds=[stamp] if kind == "OPEN" else [], **fields)

    database_url = own_database(postgres)
    with bench.service(database_url), bench.service(database_url, VIGIE_INSTANCE_ID="alert-1"):
        await bench.joined("alert-0")
        await bench.joined("alert-1")
        for kind, states in (("OPEN", 1), ("CLOSE", 2)):
            for compound in compounds:
                for partition, camera in enumerate(("cam-1", "cam-2")):
                    event = member(camera, compound, kind)
                    await bench.write("rule-events", event, key=camera, partition=partition)
            alerts = await bench.alerts_when(
                lambda a, n=states: len({(x["id"], x["state"] == "ENDED") for x in a}) == n * len(compounds)
            )
    assert sorted(a["rule"]["id"] for a in alerts if a["state"] == "OPEN") == sorted(compounds)
    assert sorted(a["rule"]["id"] for a in alerts if a["state"] == "ENDED") == sorted(compounds)
    assert {len(a["related_ids"]) for a in alerts} == {2}


async def test_a_compound_cools_down_across_a_restart_and_tells_then_what_goes_on(
    bench, postgres, rule_event, affirmation
):
    start = 1_800_000_000_000
    stamp = {
        "id": "distress", "version": "v1", "same": "camera", "within_ms": 60_000, "min_rules": 2, "min_cameras": 1,
        "cooldown_ms": 90_000, "severity": "critical", "category": "distress", "mode": "test", "title": {},
        "explain": {}, "authorisation": None,
    }  # fmt: skip
    shadow = {"mode": "shadow", "authorisation": None}

    def members(at_s, kind="OPEN"):
        started = start + 1000 * at_s
        times = {"started_at": started, "at": started} if kind == "OPEN" else {"started_at": started}
        return [
            rule_event(
                kind, int(kind == "CLOSE"), rule={"id": rule}, compounds=[stamp] * (kind == "OPEN"), **times | shadow
            )
            for rule in ("fall", "crowd")
        ]

    url, second = own_database(postgres), members(30)
    listed = [member["episode_id"] for member in second]
    with bench.service(url):
        await bench.write("rule-events", *members(0), *members(0, "CLOSE"), *second)
        await bench.alerts_when(lambda alerts: len(alerts) == 2)
    with bench.service(url):
        await bench.write("rule-events", *(affirmation(m, listed, compounds=[stamp]) for m in (0, 1)))
        alerts = await bench.alerts_when(lambda alerts: len(alerts) == 3)
    # of two alerts on two partitions neither has to come first
    assert sorted((a["started_at"] - start, a["updated_at"] - start, a["state"]) for a in alerts) == [
        (0, 0, "OPEN"),
        (0, 2_000, "ENDED"),
        (30_000, 90_000, "OPEN"),
    ]


async def test_an_open_compound_alert_ends_with_its_authorisation(bench, postgres, rule_event, affirmation):
    start = 1_800_000_000_000
    stamp = {
        "id": "distress", "version": "v1", "same": "camera", "within_ms": 60_000, "min_rules": 2, "min_cameras": 1,
        "severity": "critical", "category": "distress", "mode": "exercise", "title": {}, "explain": {},
        "authorisation": {"id": "a-9", "legal_basis": "law", "reference": "r", "valid_until": start + 90_000},
    }  # fmt: skip
    shadow = {"mode": "shadow", "authorisation": None, "compounds": [stamp]}
    members = [rule_event(rule={"id": rule}, **shadow) for rule in ("fall", "crowd")]
    listed = [member["episode_id"] for member in members]
    minutes = [affirmation(minute, listed, compounds=[stamp]) for minute in range(3)]
    with bench.service(own_database(postgres)):
        await bench.write("rule-events", *members, minutes[0])
        opened = await bench.alerts_when(lambda alerts: len(alerts) == 1)
        await bench.write("rule-events", *minutes[1:])
        alerts = await bench.alerts_when(lambda alerts: len(alerts) == 2)
    assert [alert["state"] for alert in opened] == ["OPEN"]
    ended = alerts[-1]
    assert (ended["id"], ended["ended_reason"], ended["ended_at"]) == (
        opened[0]["id"],
        "authorisation_ended",
        start + 90_000,
    )


async def test_compounds_that_two_processes_see_changed_end_once_with_the_reason(
    bench, postgres, rule_event, affirmation
):
    start = 1_800_000_000_000
    stamps = {
        name: {
            "id": name, "version": "v1", "same": "site", "within_ms": 60_000, "min_rules": 1, "min_cameras": 2,
            "severity": "critical", "category": "distress", "mode": "exercise", "title": {}, "explain": {},
            "authorisation": {"id": "a-9", "legal_basis": "law", "reference": "r", "valid_until": start + 10**9},
        }
        for name in ("gone", "changed", "withdrawn", "same")
    }  # fmt: skip
    now = [
        stamps["changed"] | {"version": "v2"},
        stamps["withdrawn"] | {"mode": "shadow", "authorisation": None},
        stamps["same"],
    ]
    cameras = ("cam-0", "cam-1")
    shadow = {"mode": "shadow", "authorisation": None, "compounds": list(stamps.values())}
    members = {camera: rule_event(camera_id=camera, **shadow) for camera in cameras}
    url = own_database(postgres)
    with bench.service(url), bench.service(url, VIGIE_INSTANCE_ID="alert-1"):
        await bench.joined("alert-1")  # one that is still starting would do nothing, and not stop cleanly
        for i, camera in enumerate(cameras):
            await bench.write("rule-events", members[camera], key=camera, partition=i)
        await bench.alerts_when(lambda alerts: len(alerts) == len(stamps))
        for i, camera in enumerate(cameras):
            listed = [members[camera]["episode_id"]]
            minutes = [affirmation(m, listed, camera_id=camera, compounds=now) for m in (0, 1)]
            await bench.write("rule-events", *minutes, minutes[0], key=camera, partition=i)
        await bench.alerts_when(lambda alerts: sum(a["state"] == "ENDED" for a in alerts) >= 3)
        for i, camera in enumerate(cameras):
            times = {"at": start + 200_000, "ended_at": start + 200_000}
            close = rule_event("CLOSE", 1, camera_id=camera, **shadow | times | {"compounds": []})
            await bench.write("rule-events", close, key=camera, partition=i)
        alerts = await bench.alerts_when(lambda alerts: sum(a["state"] == "ENDED" for a in alerts) >= 4)
    ended = sorted((a["rule"]["id"], a["ended_reason"], a["ended_at"] - start) for a in alerts if a["state"] == "ENDED")
    assert ended == [
        ("changed", "rule_changed", 60_000),
        ("gone", "rule_changed", 60_000),
        ("same", "over", 200_000),
        ("withdrawn", "authorisation_ended", 60_000),
    ]
    assert len(alerts) == 2 * len(stamps)
