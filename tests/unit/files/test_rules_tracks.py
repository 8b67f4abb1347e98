"""`vigie rules replay` and `vigie rules explain` on recorded tracks."""

import json
import re

import pytest

from vigie_rule_engine.recorded import read_recording

PARKS = ("--tracks", "rules/town/tracks/parks-in-the-bay.csv", "--camera", "maison-carree-02")


def test_replay_shows_what_a_changed_rule_finds_otherwise(rules, site, monkeypatch, repository):
    monkeypatch.chdir(site)
    path = site / "rules/town/delivery-parking.yaml"
    path.write_text(path.read_text().replace("for: 3m", "for: 2m"), encoding="utf-8")
    against = ("--against", repository / "rules")
    moved = rules("replay", path, *PARKS, *against)
    line, total = moved.stdout.splitlines()[1:]
    assert [re.sub(r"  [0-9a-f]{8}$", "", line), total] == [
        (
            "moved  alert   maison-carree-02  livraison-stationnement livraison  "
            "2026-01-05 12:00:10.0-12:05:00.0 (over), told 12:03:10.0 → "
            "2026-01-05 12:00:10.0-12:05:00.0 (over), told 12:02:10.0"
        ),
        "0 new, 0 gone, 1 moved, 0 the same",
    ]
    path.write_text(path.read_text().replace("for: 2m", "for: 20m"), encoding="utf-8")
    plain = json.loads(rules("replay", site, *PARKS, *against, "--json").stdout)
    assert [len(plain[what]) for what in ("new", "gone", "moved")] == [0, 1, 0]
    same = rules("replay", repository / "rules/town/delivery-parking.yaml", *PARKS, *against)
    assert same.stdout.splitlines()[-1] == "0 new, 0 gone, 0 moved, 1 the same"


def test_replay_says_how_many_frames_have_no_objects_and_that_those_of_a_csv_file_are_filled_in(
    rules, site, monkeypatch
):
    monkeypatch.chdir(site)
    header = "t_s,track_id,class,x1,y1,x2,y2"
    rows = [f"{k},{track},person,0.5,0.5,0.6,0.7" for k in range(1, 11) for track in (1, 2)]
    (site / "two.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    frames = read_recording(site / "two.csv").records("maison-carree-02", 0)
    (site / "two.jsonl").write_text("".join(json.dumps(one) + "\n" for one in frames), encoding="utf-8")
    asked = ("replay", "rules", "--camera", "maison-carree-02", "--against", "rules", "--tracks")
    said = "57 frames of tracks, 47 without objects{}, times Europe/Paris; compared with rules:"
    filled = " (filled in around the rows of .csv files)"
    assert rules(*asked, "two.csv").stdout.splitlines()[0] == said.format(filled)
    assert rules(*asked, "two.jsonl").stdout.splitlines()[0] == said.format("")
    plain = json.loads(rules(*asked, "two.csv", "--json").stdout)
    assert (plain["records"], plain["empty"]) == (57, 47)


def test_what_goes_on_at_the_end_of_the_tracks_has_not_ended(rules, site, monkeypatch, repository):
    """The camera was online, and the van still there: no reason is made up, and both sides are alike."""
    monkeypatch.chdir(site)
    records = list(read_recording(site / "rules/town/tracks/parks-in-the-bay.csv").records("maison-carree-02", 0))
    cut = [json.dumps(one) for one in records if one["captured_at"] < 250_000]
    (site / "cut.jsonl").write_text("\n".join(cut), encoding="utf-8")
    path = site / "rules/town/delivery-parking.yaml"
    text = path.read_text(encoding="utf-8").replace("for: 3m", "for: 2m").replace("status: stable", "status: test")
    path.write_text(text.replace("when: local.hour >= 7 && local.hour < 20\n", ""), encoding="utf-8")
    (site / "none").mkdir()
    asked = ("--tracks", "cut.jsonl", "--camera", "maison-carree-02")
    said = rules("replay", path, *asked, "--against", "none").stdout
    assert "01:00:10.0, told 01:02:10.0, still open at the end of what was read" in said, said
    [new] = json.loads(rules("replay", path, *asked, "--against", "none", "--json").stdout)["new"]
    assert (new["ended_at"], new["reason"]) == (None, "still open at the end of what was read")
    assert rules("replay", path, *asked, "--against", path.parent).stdout.splitlines()[-1].endswith("1 the same")
    told = rules("explain", new["id"][:8], *asked, "--rules", "rules")
    assert told.exit_code == 0, told.exception
    assert "\n  still open at the end of what was read\n" in told.stdout
    assert said.splitlines()[1].endswith(f"  {new['id'][:8]}")
    unknown = rules("explain", "0f0f0f0f", *asked, "--rules", "rules").exception
    assert str(unknown) == "0f0f0f0f: no such episode in this range; judged were these tracks by the rules of rules"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_replay_ends_with_1_when_a_camera_cannot_run_a_changed_rule(rules, site, monkeypatch, repository, form):
    monkeypatch.chdir(site)
    path = site / "rules/town/delivery-parking.yaml"
    path.write_text(path.read_text().replace("zone: livraison,", "zone: livraisons,"), encoding="utf-8")
    refused = rules("replay", path, *PARKS, "--against", repository / "rules", *form)
    assert refused.exit_code == 1
    assert "zone 'livraisons' is not in camera maison-carree-02" in refused.stdout


@pytest.fixture
def visit(site, monkeypatch):
    """Writes a recording of a van that parks in the bay: `visit("noon.jsonl", 0, "a")`, hours and session."""
    monkeypatch.chdir(site)
    (site / "nothing").mkdir()
    recording = read_recording(site / "rules/town/tracks/parks-in-the-bay.csv")

    def write(name, start_h, session):
        start = 1_767_610_800_000 + round(start_h * 3_600_000)
        records = [r | {"session": session} for r in recording.records("maison-carree-02", start)]
        (site / name).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return name

    return write


@pytest.fixture
def replayed(rules):
    """What replay of the parking rule finds in these recordings."""

    def replay(*files, against="nothing"):
        tracks = [part for name in files for part in ("--tracks", name)]
        options = ("--camera", "maison-carree-02", "--against", against, "--json")
        return rules("replay", "rules/town/delivery-parking.yaml", *tracks, *options)

    return replay


def test_replay_plays_two_recordings_of_a_camera_in_the_order_of_time(replayed, visit):
    noon, later = visit("noon.jsonl", 0, "b"), visit("later.jsonl", 2, "a")
    single = json.loads(replayed(noon).stdout)
    for files in ((noon, later), (later, noon)):
        both = json.loads(replayed(*files).stdout)
        assert (len(single["new"]), len(both["new"])) == (1, 2)
        assert both["records"] == 2 * single["records"]


def test_replay_refuses_recordings_of_a_camera_that_overlap(replayed, visit):
    noon, within = visit("noon.jsonl", 0, "a"), visit("within.jsonl", 0.05, "b")
    source = "rules/town/tracks/parks-in-the-bay.csv"
    for one, other in ((noon, within), (source, source)):
        refused = str(replayed(one, other).exception)
        assert f"{one} and {other}: both are of camera maison-carree-02 at the same time" in refused
        assert "replay them one by one" in refused


def test_replay_says_which_records_it_did_not_judge_and_why(rules, site, visit):
    path = site / visit("noon.jsonl", 0, "b")
    first, second, *others = [json.loads(line) for line in path.read_text().splitlines()]
    other, torn = first | {"camera_id": "cam-9"}, second | {"track_id": [1]}
    path.write_text("".join(json.dumps(one) + "\n" for one in (first, other, torn, first, second, *others)))
    options = ("--tracks", path, "--against", "nothing")
    said = rules("replay", "rules/town/delivery-parking.yaml", *options)
    assert said.stdout.splitlines()[:3] == [
        (
            "1 record refused, the first: tracks of camera maison-carree-02, seq 1: 1 track ids but 0 x1: every array "
            "needs one entry a box"
        ),
        "1 record left out: of cameras that have no file here",
        "1 record left out: not after the record before",
    ]
    plain = json.loads(rules("replay", "rules/town/delivery-parking.yaml", *options, "--json").stdout)
    assert (len(plain["refused"]), sum(plain["left_out"].values()), len(plain["new"])) == (1, 2, 1)


def test_replay_of_nothing_but_other_cameras_is_refused_and_not_found_to_be_without_a_difference(rules, site, visit):
    path = site / visit("noon.jsonl", 0, "b")
    records = [json.loads(line) | {"camera_id": "replay"} for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    refused = rules("replay", "rules/town/delivery-parking.yaml", "--tracks", path, "--against", "nothing")
    assert refused.exit_code == 1
    assert str(refused.exception).startswith("the tracks are of replay, which has no camera file here (there are ")
    assert "`vigie replay VIDEO --camera FILE`" in str(refused.exception)


def test_replay_without_kafka_says_how_it_compares_with_a_folder(rules, site, monkeypatch):
    monkeypatch.chdir(site)
    monkeypatch.setenv("VIGIE_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    told = str(rules("replay", site, *PARKS).exception)
    assert told.startswith("Kafka at 127.0.0.1:9 does not answer")
    assert told.endswith("; or compare with the rules of a folder: --against FOLDER")


def test_replay_without_a_source_says_which_there_are(rules, site):
    result = rules("replay", site)
    assert "--tracks FILE, or --topic with --from or --since, or --video FILE" in str(result.exception)


def test_a_camera_of_another_site_and_tracks_that_are_not_there_are_named_with_the_option_that_helps(
    rules, site, tmp_path
):
    tracks = site / "rules/town/tracks/parks-in-the-bay.csv"
    told = rules("replay", site, "--tracks", tracks, "--camera", "campus-01", "--against", site / "rules")
    assert str(told.exception) == (
        '--camera: there is no camera "campus-01" in site nimes; cameras are arenes-01, feucheres-03, '
        "maison-carree-02; give the folder of its site: --cameras FOLDER"
    )
    asked = ("--rule", "a", "--camera", "campus-01", "--at", "2026-01-05T12:04", "--tracks", tracks, "--rules", site)
    assert str(rules("explain", *asked).exception).endswith("give the folder of its site: --rules FOLDER")
    none = ("--tracks", tmp_path / "none.csv", "--camera", "arenes-01", "--against", site / "rules")
    assert str(rules("replay", site, *none).exception) == (
        f"{tmp_path}/none.csv: cannot be read (No such file or directory): give a CSV file of recorded tracks, "
        "t_s,track_id,class,x1,y1,x2,y2 and, if need be, score"
    )


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (("livraison-stationnement", "2026-01-05T12:04"), "opened 2026-01-05 12:03:10.0: it had held since 12:00:10.0"),
        (("livraison-stationnement", "2026-01-05T12:06:30"), "nothing of car, van, truck was in view within 30 s"),
        (("parvis-presence", "2026-01-05T12:04"), "nothing of person was in view"),
        (("bureau-comptage", "2026-01-05T12:04"), "the rule does not mean camera maison-carree-02"),
    ],
)
def test_explain_says_why(rules, site, monkeypatch, asked, answer):
    monkeypatch.chdir(site)
    gate = (site / "rules/town/gate-count.yaml").read_text().replace("porte-comptage", "bureau-comptage")
    (site / "rules/town/office.yaml").write_text(gate.replace("tags: [centre, pedestrian]", "ids: [arenes-01]"))
    rule, at = asked
    said = rules("explain", "--rule", rule, "--at", at, *PARKS, "--rules", site).stdout
    assert answer in said, said


def test_explain_says_by_how_much(rules, site, monkeypatch):
    monkeypatch.chdir(site)
    path = site / "rules/town/delivery-parking.yaml"
    text = path.read_text(encoding="utf-8")
    ask = ("explain", "--rule", "livraison-stationnement", "--at", "2026-01-05T12:04", *PARKS, "--rules", site)
    path.write_text(text.replace("for: 3m", "for: 10m"), encoding="utf-8")
    said = rules(*ask).stdout
    assert "a van (1) came nearest at 12:04:30.0: held for 260 s of 600 s (`for`)" in said
    assert "from where it rests 0." in said
    assert "(needs <= 0.3)" in said
    path.write_text(text.replace("local.hour >= 7 && local.hour < 20", "local.hour < 6"), encoding="utf-8")
    assert "but the condition was false: local.hour < 6" in rules(*ask).stdout
    path.write_text(text.replace("status: stable", "status: draft"), encoding="utf-8")
    assert "the rule is a draft: it does not run" in rules(*ask).stdout
    path.write_text(text.replace("status: stable", "status: test"), encoding="utf-8")
    plain = json.loads(rules(*ask, "--json").stdout)
    assert "in shadow, so nobody was alerted: status test" in plain["answer"]
    [episode] = [one["id"] for one in plain["opened"]]
    again = rules("explain", episode[:8], *PARKS, "--rules", site).stdout
    assert f"episode {episode}" in again
