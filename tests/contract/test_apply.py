"""`vigie apply` on a real broker: what it publishes, what it leaves alone, what it refuses."""

import asyncio
import os
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiokafka import TopicPartition

from vigie_cli.apply import apply_folder
from vigie_common.codec import Codec
from vigie_common.errors import DependencyError
from vigie_common.kafka import consumer
from vigie_common.registry import Registry
from vigie_common.topics import create_topics
from vigie_common.yaml_document import InvalidFileError

REPOSITORY = Path(__file__).parents[2]
AT = 1_800_000_000_000


@pytest.fixture
def site(tmp_path):
    """A copy of the example site with three of its rules; its authorisation names no camera: a test removes one."""
    for name in ("cameras", "rules"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    shutil.rmtree(tmp_path / "rules/decree-2023-828")
    for rule in (tmp_path / "rules/town").glob("*.yaml"):
        if rule.stem not in {"delivery-parking", "forecourt-presence", "gate-count"}:
            rule.unlink()
    exercise = tmp_path / "rules/authorisations/exercise.yaml"
    exercise.write_text(exercise.read_text(encoding="utf-8").replace(", ids: [feucheres-03]", ""), encoding="utf-8")
    return tmp_path


@pytest.fixture
async def settings(kafka_settings):
    settings = kafka_settings(topic_partitions=2)
    await create_topics(settings)
    return settings


async def published(settings, topic, schema, codec=None):
    """Every record of a topic, in the order of partitions and offsets: (key, value)."""
    codec = codec or Codec.pinned()
    client = consumer(settings, fetch_min_bytes=1)
    await client.start()
    try:
        partitions = [TopicPartition(settings.topic_prefix + topic, p) for p in range(1 if topic == "rules" else 2)]
        client.assign(partitions)
        ends = await client.end_offsets(partitions)
        found = []
        for partition in partitions:
            while await client.position(partition) < ends[partition]:
                for records in (await client.getmany(partition, timeout_ms=200)).values():
                    found += [(r.key.decode(), codec.decode_as(schema, r.value), r.partition) for r in records]
        return found
    finally:
        await client.stop()


def changes(applied):
    return {change.name.split(" ")[0]: change.what for change in applied.changes}


async def test_a_folder_is_published_once_and_only_what_changed_is_published_again(settings, site):
    first = await apply_folder(settings, site, AT, "tests")
    assert changes(first) == {
        "arenes-01": "added",
        "feucheres-03": "added",
        "maison-carree-02": "added",
        "nimes": "added",
    }
    cameras = await published(settings, "cameras", "camera")
    assert sorted((key, value["camera_id"], value["effective_at"]) for key, value, _ in cameras) == [
        ("arenes-01", "arenes-01", AT),
        ("feucheres-03", "feucheres-03", AT),
        ("maison-carree-02", "maison-carree-02", AT),
    ]
    [(key, bundle, _)] = await published(settings, "rules", "rule-bundle")
    assert (key, bundle["author"], bundle["effective_at"], bundle["withdrawn"]) == ("nimes", "tests", AT, False)
    assert [rule["id"] for rule in bundle["rules"]] == [
        "livraison-stationnement",
        "parvis-presence",
        "porte-comptage",
    ]
    assert [a["id"] for a in bundle["authorisations"]] == ["exercice"]

    second = await apply_folder(settings, site, AT + 1, "tests")
    assert set(changes(second).values()) == {"unchanged"}

    file = site / "cameras" / "arenes-01.yaml"
    file.write_text(file.read_text().replace("fps: 5", "fps: 4"))
    third = await apply_folder(settings, site, AT + 2, "tests")
    assert changes(third) == {
        "arenes-01": "changed",
        "feucheres-03": "unchanged",
        "maison-carree-02": "unchanged",
        "nimes": "unchanged",
    }
    assert len(await published(settings, "cameras", "camera")) == 4
    assert len(await published(settings, "rules", "rule-bundle")) == 1


async def test_what_holds_so_long_after_the_publication_is_counted_from_then(settings, site):
    before = time.time_ns() // 1_000_000
    applied = await apply_folder(settings, site, timedelta(seconds=10), "tests")
    after = time.time_ns() // 1_000_000
    assert before + 10_000 <= applied.effective_at < after + 11_000, "a whole second, as it is printed"


async def test_what_holds_from_tomorrow_can_be_brought_forward(settings, site):
    await apply_folder(settings, site, AT + 86_400_000, "tests")
    sooner = await apply_folder(settings, site, AT, "tests")
    assert set(changes(sooner).values()) == {"changed"}
    [details] = [change.details for change in sooner.changes if change.kind == "rules"]
    assert not [line for line in details if " takes over " in line], "tomorrow the same rules hold"
    assert [bundle["effective_at"] for _, bundle, _ in await published(settings, "rules", "rule-bundle")] == [
        AT + 86_400_000,
        AT,
    ]


async def test_what_takes_over_tomorrow_is_told_with_the_line_that_prevents_it(settings, site):
    rule = site / "rules/town/gate-count.yaml"
    text = rule.read_text()
    rule.unlink()
    await apply_folder(settings, site, AT + 86_400_000, "tests")
    rule.write_text(text)
    sooner = await apply_folder(settings, site, AT, "tests")
    [(details, version)] = [(change.details, change.version) for change in sooner.changes if change.kind == "rules"]
    assert details[-1].endswith(
        " is published already and takes over at 2027-01-16 09:00:00 Europe/Paris; to prevent it: "
        f"vigie rules publish --digest {version} --site nimes --at 2027-01-16T09:00:00+01:00"
    )


DAY = 86_400_000


def of_camera(applied, name="arenes-01"):
    """What was said of a camera: what became of it, and the details."""
    return [(change.what, change.details) for change in applied.changes if change.name == name]


def left(applied):
    """The same of the camera that no rule's test names, so that its file may go."""
    return of_camera(applied, "feucheres-03")


async def versions_of(settings, name="arenes-01"):
    """What was published of a camera, in order: rate, from when it holds, whether it is removed."""
    found = [value for key, value, _ in await published(settings, "cameras", "camera") if key == name]
    return [(value["sampling"]["fps"], value["effective_at"], value["removed"]) for value in found]


async def test_a_camera_is_compared_with_what_will_be_in_force_not_with_what_was_published_last(settings, site):
    file = site / "cameras" / "arenes-01.yaml"
    present = file.read_text()
    await apply_folder(settings, site, AT, "tests")
    file.write_text(present.replace("fps: 5", "fps: 4"))
    tomorrow = await apply_folder(settings, site, AT + DAY, "tests")
    assert of_camera(tomorrow) == [("changed", ("sampling.fps: 5 → 4",))]

    file.write_text(present)
    [(what, details)] = of_camera(await apply_folder(settings, site, AT + 1, "tests"))
    version = next(change.version for change in tomorrow.changes if change.name == "arenes-01")
    assert what == "unchanged"
    note = (
        f"note: {version} is published already and takes over at 2027-01-16 09:00:00 Europe/Paris; to prevent it: "
        f"vigie cameras apply {site} --at 2027-01-16T09:00:00+01:00"
    )
    assert details == (note,)
    file.write_text(present.replace("fps: 5", "fps: 3"))
    [(what, details)] = of_camera(await apply_folder(settings, site, AT + 2, "tests"))
    assert (what, details[0], len(details)) == ("changed", "sampling.fps: 5 → 3", 2)

    # what was published last is not what holds the day after tomorrow
    after = await apply_folder(settings, site, AT + 2 * DAY, "tests")
    assert of_camera(after) == [("changed", ("sampling.fps: 4 → 3",))]
    assert await versions_of(settings) == [
        (5.0, AT, False),
        (4.0, AT + DAY, False),
        (3.0, AT + 2, False),
        (3.0, AT + 2 * DAY, False),
    ]


async def test_the_line_that_is_told_prevents_what_is_scheduled(settings, site):
    file = site / "cameras" / "arenes-01.yaml"
    present = file.read_text()
    await apply_folder(settings, site, AT, "tests")
    file.write_text(present.replace("fps: 5", "fps: 4"))
    await apply_folder(settings, site, AT + DAY, "tests")
    file.write_text(present)
    await apply_folder(settings, site, AT + DAY, "tests", cameras_only=True)
    assert of_camera(await apply_folder(settings, site, AT + 1, "tests")) == [("unchanged", ())]
    assert of_camera(await apply_folder(settings, site, AT + 2 * DAY, "tests")) == [("unchanged", ())]


async def test_a_removal_that_is_scheduled_is_told_and_can_be_prevented_or_brought_forward(settings, site):
    file = site / "cameras" / "feucheres-03.yaml"
    present = file.read_text()
    await apply_folder(settings, site, AT, "tests")
    file.unlink()
    await apply_folder(settings, site, AT + DAY, "tests", prune=True)
    told = "note: its removal is published already and takes effect at 2027-01-16 09:00:00 Europe/Paris"
    assert left(await apply_folder(settings, site, AT + 1, "tests")) == [("absent", (told,))]
    file.write_text(present)
    assert left(await apply_folder(settings, site, AT + 2, "tests")) == [
        ("unchanged", (f"{told}; to prevent it: vigie cameras apply {site} --at 2027-01-16T09:00:00+01:00",))
    ]
    file.unlink()
    sooner = await apply_folder(settings, site, AT + 3, "tests", prune=True)
    assert left(sooner) == [("removed", ())]
    file.write_text(present)
    assert left(await apply_folder(settings, site, AT + DAY, "tests")) == [("added", ())]
    assert [(at, removed) for _, at, removed in await versions_of(settings, "feucheres-03")] == [
        (AT, False),
        (AT + DAY, True),
        (AT + 3, True),
        (AT + DAY, False),
    ]


async def test_a_camera_that_is_not_in_service_yet_and_left_the_folder_is_told_until_it_is_prevented(settings, site):
    file = site / "cameras" / "feucheres-03.yaml"
    coming = await apply_folder(settings, site, AT + DAY, "tests")
    version = next(change.version for change in coming.changes if change.name == "feucheres-03")
    file.unlink()
    note = (
        f"note: {version} is published already and takes over at 2027-01-16 09:00:00 Europe/Paris; to prevent it: "
        f"vigie cameras apply {site} --at 2027-01-16T09:00:00+01:00 --prune"
    )
    now = await apply_folder(settings, site, AT, "tests", prune=True)
    assert left(now) == [("coming", (note,))]
    prevented = await apply_folder(settings, site, AT + DAY, "tests", prune=True)
    assert left(prevented) == [("removed", ())]
    assert left(await apply_folder(settings, site, AT + 1, "tests")) == []


async def test_a_deployment_with_a_registry_uses_its_ids(kafka_settings, registry, site):
    settings = kafka_settings(schema_registry_url=registry, topic_partitions=2)
    await create_topics(settings)
    client = await Registry.open(settings)
    try:
        await client.register()
        codec = await client.codec()
    finally:
        await client.close()
    await apply_folder(settings, site, AT, "tests")
    again = await apply_folder(settings, site, AT, "tests")
    assert set(changes(again).values()) == {"unchanged"}
    found = await published(settings, "cameras", "camera", codec)
    assert sorted(key for key, _, _ in found) == ["arenes-01", "feucheres-03", "maison-carree-02"]


async def test_a_dry_run_says_what_would_change_and_publishes_nothing(settings, site):
    applied = await apply_folder(settings, site, AT, "tests", dry_run=True)
    assert set(changes(applied).values()) == {"added"}
    assert await published(settings, "cameras", "camera") == []
    assert await published(settings, "rules", "rule-bundle") == []


async def test_a_camera_that_left_the_folder_stays_in_service_until_prune(settings, site):
    await apply_folder(settings, site, AT, "tests")
    (site / "cameras" / "feucheres-03.yaml").unlink()

    kept = await apply_folder(settings, site, AT + 1, "tests")
    assert changes(kept)["feucheres-03"] == "absent"
    assert len(await published(settings, "cameras", "camera")) == 3

    pruned = await apply_folder(settings, site, AT + 2, "tests", prune=True)
    assert changes(pruned)["feucheres-03"] == "removed"
    of_camera = [
        (value["removed"], value["effective_at"], partition)
        for key, value, partition in await published(settings, "cameras", "camera")
        if key == "feucheres-03"
    ]
    partition = of_camera[0][2]
    assert of_camera == [(False, AT, partition), (True, AT + 2, partition)]

    again = await apply_folder(settings, site, AT + 3, "tests", prune=True)
    assert "feucheres-03" not in changes(again)


async def test_a_camera_whose_file_broke_stays_as_it_was(settings, site):
    await apply_folder(settings, site, AT, "tests")
    file = site / "cameras" / "feucheres-03.yaml"
    file.write_text(file.read_text().replace("camera: feucheres-03", "camera: Feuchères"))
    applied = await apply_folder(settings, site, AT + 1, "tests")
    assert changes(applied) == {
        "arenes-01": "unchanged",
        "feucheres-03": "kept",
        "maison-carree-02": "unchanged",
        "nimes": "unchanged",
    }


async def test_a_broken_camera_file_never_stops_the_others(settings, site):
    file = site / "cameras" / "feucheres-03.yaml"
    file.write_text(file.read_text().replace("[0.55, 0.60]", "[1.55, 0.60]"))
    applied = await apply_folder(settings, site, AT, "tests")
    assert changes(applied) == {"arenes-01": "added", "maison-carree-02": "added", "nimes": "added"}
    assert [str(problem) for problem in applied.problems] == [
        f"{file}:12:16: zones.livraison[0][0]: 1.55: outside 0..1: divide pixels by the image's width (x) or height (y)"
    ]


@pytest.mark.parametrize("option", ["strict", "prune"])
async def test_strict_and_prune_publish_nothing_while_a_camera_file_is_broken(settings, site, option):
    file = site / "cameras" / "feucheres-03.yaml"
    file.write_text(file.read_text().replace("[0.55, 0.60]", "[1.55, 0.60]"))
    with pytest.raises(InvalidFileError, match=r"outside 0\.\.1"):
        await apply_folder(settings, site, AT, "tests", **{option: True})
    assert await published(settings, "cameras", "camera") == []


async def test_a_broken_rule_refuses_everything_and_the_last_good_one_stays(settings, site):
    await apply_folder(settings, site, AT, "tests")
    (site / "cameras" / "arenes-01.yaml").write_text(
        (site / "cameras" / "arenes-01.yaml").read_text().replace("fps: 5", "fps: 4")
    )
    rule = site / "rules" / "town" / "delivery-parking.yaml"
    rule.write_text(rule.read_text().replace("for: 3m", "for: 3"))
    with pytest.raises(InvalidFileError) as refused:
        await apply_folder(settings, site, AT + 1, "tests")
    assert str(refused.value) == (f"{rule}:7:58: with.for: 3: a duration needs its unit: write 3s, 3m or 3h")
    assert len(await published(settings, "cameras", "camera")) == 3
    assert len(await published(settings, "rules", "rule-bundle")) == 1


async def test_topics_that_are_not_there_are_named_with_the_fix(kafka_settings, site):
    settings = kafka_settings()
    with pytest.raises(DependencyError) as missing:
        await apply_folder(settings, site, AT, "tests")
    prefix = settings.topic_prefix
    assert str(missing.value) == f"topics {prefix}cameras, {prefix}rules do not exist: run `vigie topics create`"


async def test_a_broker_that_is_down_is_named_with_the_fix(kafka_settings, site):
    settings = kafka_settings(kafka_bootstrap="127.0.0.1:1")
    with pytest.raises(DependencyError, match=r"^Kafka at 127\.0\.0\.1:1 does not answer .*VIGIE_KAFKA_BOOTSTRAP"):
        await apply_folder(settings, site, AT, "tests")


async def test_the_command_shows_what_changed_and_when_it_holds(settings, site):
    environment = {
        **os.environ,
        "VIGIE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "VIGIE_TOPIC_PREFIX": settings.topic_prefix,
        "VIGIE_TOPIC_PARTITIONS": "2",
        "COLUMNS": "160",
    }
    file = site / "cameras" / "feucheres-03.yaml"
    file.write_text(file.read_text().replace("fps: 2", "fps: 200"))
    at = (datetime.now(UTC) + timedelta(days=3)).replace(hour=8, minute=0, second=0, microsecond=0)

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from vigie_cli.main import app; app()",
        *("apply", str(site), "--at", at.isoformat(), "--author", "tests"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await process.communicate()
    rows = [line.split()[:3] for line in said.decode().splitlines()[1:]]
    assert rows == [
        ["camera", "arenes-01", "added"],
        ["camera", "maison-carree-02", "added"],
        ["rules", "nimes", "(3"],
        ["3", "published,", "in"],
    ]
    there = at.astimezone(ZoneInfo("Europe/Paris"))
    assert said.decode().splitlines()[-1] == f"3 published, in force from {there:%Y-%m-%d %H:%M:%S} Europe/Paris"
    assert wrong.decode() == f"{file}:5:17: sampling.fps: 200 is out of range: at most 30\n"
    assert process.returncode == 1
