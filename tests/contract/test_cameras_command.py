"""`vigie cameras` on a real broker: thirty cameras in one go, how they fare, what they see, a view confirmed."""

import asyncio
import json
import shutil
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from vigie_cli.apply import apply_folder
from vigie_cli.cameras_deployed import confirm_view, deployed_camera, deployed_cameras, newest_frame, tracked_frame
from vigie_cli.cameras_picture import draw_camera, read_picture
from vigie_cli.main import app
from vigie_common.errors import BadInputError, DependencyError

REPOSITORY = Path(__file__).parents[2]
AT = 1_700_000_000_000
CAMERA = "maison-carree-02"
NOTHING_DRAWN = {"masks": [], "zones": [], "lines": [], "calibration": []}


@pytest.fixture
def site(tmp_path):
    """The example site's cameras, with rules of which one is wrong: cameras are apart from them."""
    shutil.copytree(REPOSITORY / "cameras", tmp_path / "cameras")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "broken.yaml").write_text("rule: broken\n")
    return tmp_path


@pytest.fixture
def say(deployment):
    """Publishes what a sampler would say of a camera's health, once for each instant."""

    async def publish(camera_id, state, *instants, **fields):
        health = {
            "camera_id": camera_id, "session": "s-1", "state": state, "reason": None, "fps": 4.9, "sampler": "s-0",
        }  # fmt: skip
        told = [health | fields | {"since": at, "updated_at": at} for at in instants]
        await deployment.produce("camera-health", [(camera_id, record) for record in told])

    return publish


def a_frame(camera_id, seq, colour):
    _, jpeg = cv2.imencode(".jpg", np.full((360, 640, 3), colour, np.uint8))
    return {
        "camera_id": camera_id, "session": "s-1", "seq": seq, "captured_at": AT + seq, "clock": "arrival",
        "status": "ok" if colour is not None else "offline", "reason": None, "camera_version": "v", "models": [],
        "width": 640, "height": 360, "source_width": 640, "source_height": 360, "source_frame": None,
        "jpeg": jpeg.tobytes(),
    }  # fmt: skip


async def vigie(settings, *arguments):
    """The command as people type it: exit status, what it said, what it complained of."""
    environment = {
        "VIGIE_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "VIGIE_TOPIC_PREFIX": settings.topic_prefix,
        "COLUMNS": "200",
    }
    typed = ["cameras", *map(str, arguments)]
    result = await asyncio.to_thread(CliRunner().invoke, app, typed, env=environment)
    return result.exit_code, result.stdout.splitlines(), result.stderr


async def apply_cameras(settings, site, at=AT, **options):
    return await apply_folder(settings, site, at, "tests", cameras_only=True, **options)


async def test_thirty_cameras_are_one_folder_and_one_command(deployment, tmp_path):
    shutil.copy(REPOSITORY / "cameras" / "site.yaml", tmp_path)
    for number in range(30):
        (tmp_path / f"porte-{number:02}.yaml").write_text(
            f"camera: porte-{number:02}\ntitle: {{fr: Porte {number}}}\nsite: nimes\n"
            f"source: {{rtsp: rtsp://porte-{number:02}.example/2}}\nmodels: [yolox-nano]\ntags: [porte]\n"
        )
    status, told, wrong = await vigie(deployment.settings, "apply", tmp_path, "--at", "now")
    assert (status, wrong) == (0, "")
    assert [line.split()[:3] for line in told if line.startswith("camera")] == [
        ["camera", f"porte-{number:02}", "added"] for number in range(30)
    ]
    assert told[-1].startswith("30 published, in force from ")

    status, told, _ = await vigie(deployment.settings, "list", "--json")
    rows = [json.loads(line) for line in told]
    assert [row["camera"] for row in rows] == [f"porte-{number:02}" for number in range(30)]
    assert {(row["source"], row["state"], row["fps"], row["measured_fps"]) for row in rows} == {
        ("rtsp", "unknown", 2.0, None)
    }


async def test_the_cameras_of_a_site_are_applied_without_its_rules(deployment, site):
    applied = await apply_cameras(deployment.settings, site)
    assert {(change.kind, change.what) for change in applied.changes} == {("camera", "added")}
    assert await deployment.read("rules") == []


async def test_the_plan_says_what_is_another_in_a_changed_camera(deployment, site):
    await apply_cameras(deployment.settings, site)
    file = site / "cameras" / f"{CAMERA}.yaml"
    text = file.read_text().replace("fps: 2", "fps: 4").replace("[0.66, 0.80]", "[0.66, 0.81]")
    file.write_text(text.replace("tags: [centre, pedestrian, delivery]", "tags: [centre, market]"))
    planned = await apply_cameras(deployment.settings, site, AT + 1, dry_run=True)
    assert {change.name: (change.what, change.details) for change in planned.changes} == {
        "arenes-01": ("unchanged", ()),
        "feucheres-03": ("unchanged", ()),
        CAMERA: (
            "changed",
            ("sampling.fps: 2 → 4", "tags: - delivery, - pedestrian, + market", "zones.livraison redrawn"),
        ),
    }
    assert len(await deployment.read("cameras")) == 3


async def test_the_list_tells_the_last_state_of_each_camera_and_can_be_narrowed(deployment, site, say):
    await apply_cameras(deployment.settings, site)
    await say("feucheres-03", "online", AT)
    await say("feucheres-03", "offline", AT + 5, reason="connection refused")
    await say("arenes-01", "online", *range(AT, AT + 300))  # more than is looked at first
    settings = deployment.settings
    found = {deployed.camera_id: deployed.health for deployed in await deployed_cameras(settings)}
    assert {name: (health["state"], health["since"]) for name, health in found.items()} == {
        "arenes-01": ("online", AT + 299),
        "feucheres-03": ("offline", AT + 5),
        CAMERA: ("unknown", None),
    }
    _, told, _ = await vigie(settings, "list", "--lang", "fr")
    assert [line.split()[0] for line in told[:4]] == ["caméra", "arenes-01", "feucheres-03", CAMERA]
    assert "hors ligne" in told[2]
    assert [line.rstrip() for line in told[4:]] == [
        "feucheres-03: connection refused",
        "3 caméras: 1 hors ligne, 1 en ligne, 1 inconnu (Europe/Paris)",
    ]
    for narrowed, expected in (
        (("--state", "offline"), ["feucheres-03"]),
        (("--tag", "centre", "--tag", "delivery"), [CAMERA]),
    ):
        _, told, _ = await vigie(settings, "list", "--json", *narrowed)
        assert [json.loads(line)["camera"] for line in told] == expected


async def test_no_list_and_no_details_show_what_a_reference_stands_for(deployment, site, monkeypatch):
    monkeypatch.setenv("CAMERA_CENTRE", "viewer:hunter2")
    await apply_cameras(deployment.settings, site)
    for arguments in (("list", "--json"), ("show", CAMERA, "--json")):
        status, told, wrong = await vigie(deployment.settings, *arguments)
        assert status == 0
        assert "hunter2" not in "\n".join(told) + wrong


async def test_the_picture_is_the_newest_frame_that_has_one(deployment, site, say, tmp_path):
    await apply_cameras(deployment.settings, site)
    frames = [(CAMERA, a_frame(CAMERA, seq, colour)) for seq, colour in enumerate((10, 60, 200))]
    gone = a_frame(CAMERA, 3, 0) | {"status": "offline", "jpeg": None, "width": 0, "height": 0}
    other = a_frame("arenes-01", 0, 90)
    await deployment.produce("frames", [*frames, (CAMERA, gone), ("arenes-01", other)])
    settings = deployment.settings
    assert (await newest_frame(settings, await deployed_camera(settings, CAMERA)))["seq"] == 2

    status, told, wrong = await vigie(settings, "show", CAMERA, "--lang", "fr", "--picture", tmp_path / "view.png")
    assert (status, wrong) == (0, "")
    assert told[0] == f"camera:       {CAMERA}  Maison Carrée, angle sud"
    view = cv2.imread(str(tmp_path / "view.png"))
    assert view.shape == (540, 960, 3)
    assert view[500, 930].tolist() == pytest.approx([200, 200, 200], abs=2)  # where nothing is drawn
    assert not np.all(view == view[500, 930])

    (tmp_path / "view.png").unlink()
    file = site / "cameras" / f"{CAMERA}.yaml"
    assert (await vigie(settings, "show", file, "--lang", "fr", "--picture", tmp_path / "view.png"))[
        0
    ] == 0  # on the same frame
    assert (cv2.imread(str(tmp_path / "view.png")) == view).all()

    status, told, wrong = await vigie(settings, "show", CAMERA, "--picture", tmp_path / "view.gif")
    assert (status, told, wrong.partition(": ")[2]) == (1, [], "no picture is written as .gif: use .png or .jpg\n")
    status, _, wrong = await vigie(settings, "show", "feucheres-03", "--picture", tmp_path / "none.png")
    assert status == 1
    assert "camera feucheres-03: no picture of it is in" in wrong


async def test_what_is_tracked_is_drawn_on_the_frame_it_was_seen_in(deployment, site, tmp_path, detections_record):
    await apply_cameras(deployment.settings, site)
    await deployment.produce("frames", [("arenes-01", a_frame("arenes-01", seq, 90)) for seq in range(3)])
    refs = [(record.partition, record.offset) for record, _ in await deployment.read("frames")]
    lists = ("vx", "vy", "ended_track_id", "ended_at", "ended_reason")
    boxes = {"x1": [64.0], "y1": [90.0], "x2": [128.0], "y2": [270.0], "score": [0.9], "object_class": ["person"]}
    record = detections_record("arenes-01", 1, AT + 1, **boxes, model_index=[0], **{name: [] for name in lists})
    record |= {
        "frame_ref": {"partition": refs[1][0], "offset": refs[1][1]},
        "track_id": [4096],
        "vx": [0.0],
        "vy": [0.0],
    }
    await deployment.produce("tracks", [("arenes-01", record)])
    settings = deployment.settings
    frame, tracks = await tracked_frame(settings, await deployed_camera(settings, "arenes-01"))
    assert (frame["seq"], tracks["track_id"]) == (1, [4096])
    drawn = draw_camera(read_picture(frame["jpeg"], "frame"), NOTHING_DRAWN, "en", tracks)
    assert drawn[200, 96].tolist() == [120, 255, 120]  # its left edge, in a picture enlarged one and a half times


async def test_a_camera_that_is_not_in_service_is_named_with_its_neighbours(deployment, site):
    await apply_cameras(deployment.settings, site)
    with pytest.raises(BadInputError) as unknown:
        await deployed_camera(deployment.settings, "maison-caree-02")
    assert str(unknown.value) == (
        f'camera "maison-caree-02" is not in service; did you mean "{CAMERA}"?; in service: arenes-01, feucheres-03, '
        f"{CAMERA}; `vigie cameras apply FOLDER` brings one in"
    )


async def test_a_camera_that_was_not_moved_cannot_be_confirmed(deployment, site, say):
    await apply_cameras(deployment.settings, site)
    await say(CAMERA, "online", AT)
    status, told, wrong = await vigie(deployment.settings, "confirm", CAMERA)
    assert (status, told) == (1, [])
    assert f"camera {CAMERA}: its view was not found moved (its state: online), so there is nothing" in wrong
    view = {"signature": b"", "detail": 0.0, "learnt_at": AT, "moved_at": AT, "confirmed_at": None}
    await say(CAMERA, "offline", AT + 1, view=view)  # it was moved, and is away since
    assert (await vigie(deployment.settings, "confirm", CAMERA))[0] == 0


async def test_a_confirmed_view_is_published_and_survives_the_next_apply(deployment, site, say):
    settings = deployment.settings
    await apply_cameras(settings, site)
    await say(CAMERA, "moved", AT)
    before = time.time_ns() // 1_000_000
    status, told, _ = await vigie(settings, "confirm", CAMERA)
    assert status == 0
    assert told[0].startswith(f"{CAMERA}: the view is confirmed from ")
    records = [value for record, value in await deployment.read("cameras") if record.key.decode() == CAMERA]
    first, confirmed = records
    assert before <= confirmed["view_confirmed_at"] == confirmed["effective_at"]
    assert confirmed == first | {key: confirmed[key] for key in ("view_confirmed_at", "effective_at")}

    later = confirmed["effective_at"] + 1
    assert {change.what for change in (await apply_cameras(settings, site, later)).changes} == {"unchanged"}
    file = site / "cameras" / f"{CAMERA}.yaml"
    file.write_text(file.read_text().replace("fps: 2", "fps: 4"))
    await apply_cameras(settings, site, later)
    last = [value for record, value in await deployment.read("cameras") if record.key.decode() == CAMERA][-1]
    assert (last["sampling"]["fps"], last["view_confirmed_at"]) == (4.0, confirmed["view_confirmed_at"])


async def test_a_confirmation_leaves_a_version_that_is_to_come_in_its_place(deployment, site, say):
    settings = deployment.settings
    await apply_cameras(settings, site)
    await say(CAMERA, "moved", AT)
    tomorrow = time.time_ns() // 1_000_000 + 86_400_000
    file = site / "cameras" / f"{CAMERA}.yaml"
    file.write_text(file.read_text().replace("fps: 2", "fps: 4"))
    await apply_cameras(settings, site, tomorrow)
    at = (await confirm_view(settings, CAMERA)).camera["view_confirmed_at"]
    deployed = await deployed_camera(settings, CAMERA)
    assert [
        (version["sampling"]["fps"], version["effective_at"], version["view_confirmed_at"])
        for version in (deployed.camera, deployed.pending)
    ] == [(2.0, at, at), (4.0, tomorrow, at)]


async def test_a_site_without_cameras_is_named_with_those_that_have_some(deployment, site):
    await apply_cameras(deployment.settings, site)
    status, _, complaint = await vigie(deployment.settings, "list", "--site", "nime")
    assert (status, complaint) == (
        1,
        '--site nime: no camera is in service of "nime"; did you mean "nimes"?; there are nimes\n',
    )


async def test_a_removed_camera_is_not_listed(deployment, site):
    settings = deployment.settings
    await apply_cameras(settings, site)
    (site / "cameras" / "feucheres-03.yaml").unlink()
    await apply_cameras(settings, site, AT + 1, prune=True)
    assert [deployed.camera_id for deployed in await deployed_cameras(settings)] == ["arenes-01", CAMERA]


async def test_topics_that_are_not_there_are_named_with_the_fix(kafka_settings):
    settings = kafka_settings()
    with pytest.raises(DependencyError, match="do not exist: run `vigie topics create`"):
        await deployed_cameras(settings)
