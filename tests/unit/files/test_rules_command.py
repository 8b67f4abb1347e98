"""`vigie rules` as authors meet it: tests on scenes, new rules, what the templates are."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from vigie_cli.rules import app
from vigie_rule_engine.bundle import read_rules
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.recorded import read_recording


def rules(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def with_test(site, test):
    """The parking rule with one more test before its own."""
    path = site / "rules/town/delivery-parking.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("tests:\n", f"tests:\n  - {test}\n"), encoding="utf-8")
    return path


VAN = "{duration_s: 60, layout: town-street, actors: [{actor: parking, name: van, at: [6, -4.6], from_s: 5, to_s: 50}]}"


def test_a_test_may_write_its_scene_out(site):
    with_test(site, f"{{scene: {VAN}, with: {{zone: bay, for: 20s}}, expect: [{{open: 26s, close: 52s, within: 2s}}]}}")
    assert rules("lint", site).exit_code == 0
    result = rules("test", site, "--rule", "livraison-stationnement", "--json")
    assert result.exit_code == 0
    [outcome] = [test for test in json.loads(result.stdout)["tests"] if test["source"] == "scene"]
    [pair] = outcome["results"]
    assert (outcome["passed"], outcome["line"]) == (True, 15)
    assert pair["expected"] == {
        "what": "open", "at_s": 26.0, "until_s": 52.0, "within_s": 2.0, "text": "open 26s, close 52s within 2s",
        "facts": {},
    }  # fmt: skip
    assert pair["expected"].keys() - pair["found"].keys() == {"within_s"}
    assert (pair["found"]["what"], pair["found"]["reason"]) == ("open", "over")


def test_a_test_that_fails_shows_expected_beside_found_and_ends_with_1(site):
    with_test(site, f"{{scene: {VAN}, with: {{zone: bay, for: 20s}}, expect: [{{open: 40s}}]}}")
    result = rules("test", site, "--rule", "livraison-stationnement")
    assert result.exit_code == 1
    assert "FAIL livraison-stationnement  scene\n" in result.stdout
    assert "  !    open 40s within 1s                  not found\n" in result.stdout
    assert "  !    nothing more                        found open 2" in result.stdout


def test_a_test_whose_records_the_engine_refuses_proves_nothing(site):
    path = with_test(site, f"{{scene: {VAN}, with: {{zone: bay}}, start: 1970-01-01T00:00, expect: []}}")  # in UTC 1969
    result = rules("test", site, "--rule", "livraison-stationnement")
    assert result.exit_code == 1
    told = f"{path}:15:5: nothing is proven where records are not judged: "
    [line] = [line for line in result.stdout.splitlines() if line.startswith(told)]
    assert " refused, the first: tracks of camera " in line
    assert ": captured_at is -3600000, which is no time of the years 1970 to 2999" in line


def test_an_error_in_a_camera_file_is_not_counted_as_a_test(site, change):
    change(site / "cameras/arenes-01.yaml", "fps: 5", "fps: 500")
    result = rules("test", site, "--rule", "livraison-stationnement")
    *_, error, last = result.stdout.splitlines()
    assert (result.exit_code, "sampling.fps: 500" in error) == (1, True)
    assert last == "3 tests: 3 passed, 0 failed; 1 error in files of rules and cameras"


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (
            "{scene: stoped-happens, expect: []}",
            (
                '15:13: tests[0].scene: there is no scene "stoped-happens": see `vigie scene list`; did you mean '
                '"stopped-happens"?'
            ),
        ),
        (
            "{scene: stopped-happens, expect: []}",
            (
                '15:13: tests[0]: the scene stopped-happens has no zone "livraison"; it has bay, road, eastbound, '
                "westbound, pavement: add with: {zone: bay} to the test"
            ),
        ),
        (
            "{scene: stopped-happens, with: {zone: pavment}, expect: []}",
            (
                '15:43: tests[0]: the scene stopped-happens has no zone "pavment"; it has bay, road, eastbound, '
                'westbound, pavement; did you mean "pavement"?'
            ),
        ),
        (
            "{scene: {layout: squares}, with: {zone: square}, expect: []}",
            '15:22: tests[0].scene.layout: "squares" is not allowed: use town-street or square; did you mean "square"?',
        ),
        (
            "{scene: stopped-happens, with: {zone: bay}, start: 1960-05-04T09:00, expect: []}",
            '15:56: tests[0].start: "1960-05-04T09:00": write a time of the years 1970 to 2999',
        ),
        (
            "{scene: scenes/none.yaml, with: {zone: square}, expect: []}",
            '15:13: tests[0].scene: no file "scenes/none.yaml" beside the rule',
        ),
    ],
)
def test_the_lint_names_what_is_wrong_with_a_scene(site, test, message):
    path = with_test(site, test)
    result = rules("lint", site)
    assert (result.exit_code, f"{path}:{message}" in result.stdout.splitlines()) == (1, True), result.stdout


@pytest.fixture(scope="module")
def scene_site(tmp_path_factory):
    """A site with one calibrated camera that has zones and lines: that of a simulated street."""
    from vigie_scene.export import camera_file
    from vigie_scene.library import library_scene

    folder = tmp_path_factory.mktemp("scene-site")
    (folder / "cameras").mkdir()
    site = "site: scene\ntitle: {en: Scene}\ntime_zone: Europe/Paris\nlanguages: [fr, en]\n"
    (folder / "cameras/site.yaml").write_text(site, encoding="utf-8")
    camera = camera_file(library_scene("stopped-happens"), "street-01")
    (folder / "cameras/street.yaml").write_text(camera, encoding="utf-8")
    return folder


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_rule_of_every_template_lints_and_passes_its_tests_at_once(scene_site, template):
    name = f"new-{template.replace('_', '-')}"
    made = rules("new", name, "--template", template, "--site", scene_site)
    assert made.exit_code == 0, made.output
    path = scene_site / f"rules/{name}.yaml"
    schema = scene_site / "rules/.schemas/rule.schema.json"
    printed = made.stdout.splitlines()
    assert printed[:3] == [str(path), str(schema), "for camera street-01 of site scene"]
    assert [line.split(" (")[0] for line in printed[3:]] == (
        ["note: no model of street-01 finds fire"] if template == "object_class" else []
    )
    assert path.read_text().startswith("# yaml-language-server: $schema=.schemas/rule.schema.json\n")
    assert json.loads(schema.read_text())["title"] == "RuleFile"
    checked = rules("lint", scene_site)
    assert checked.exit_code == 0, checked.output
    [rule] = read_rules(path).rules
    happens, *_ = [test.expect for test in rule.content.tests]
    assert happens, "a test that expects nothing of what happens cannot fail"
    tested = rules("test", scene_site, "--rule", name)
    assert (tested.exit_code, tested.stdout.splitlines()[-1]) == (0, "3 tests: 3 passed, 0 failed")


@pytest.mark.parametrize("name", ["123", "null", "true", "1e5"])
def test_a_new_rule_whose_id_yaml_would_read_as_something_else_is_written_as_a_text(site, name):
    made = rules("new", name, "--template", "stopped", "--site", site)
    assert (made.exit_code, made.stdout.splitlines()[0]) == (0, f"{site}/rules/{name}.yaml"), made.exception
    [rule] = read_rules(site / f"rules/{name}.yaml").rules
    assert rule.content.rule == name
    assert rules("lint", site / f"rules/{name}.yaml").exit_code == 0


def test_a_new_rule_for_a_camera_and_a_zone_that_yaml_would_read_as_numbers_is_right(site, change):
    change(site / "cameras/feucheres-03.yaml", "camera: feucheres-03", 'camera: "12"')
    change(site / "cameras/feucheres-03.yaml", "  livraison:", "  7:")
    made = rules("new", "bay", "--template", "stopped", "--site", site, "--camera", "12")
    assert made.exit_code == 0, made.exception
    [rule] = read_rules(site / "rules/bay.yaml").rules
    assert (rule.content.cameras.ids, rule.content.with_["zone"]) == (["12"], "7")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Wrong Name", "--template", "stopped"), '"Wrong Name" is no id of a rule'),
        (("abc\n", "--template", "stopped"), "is no id of a rule"),
        (("a", "--template", "stoped"), 'did you mean "stopped"?'),
        (("a", "--template", "stopped", "--camera", "arene-01"), 'did you mean "arenes-01"?'),
        (("a", "--template", "density", "--camera", "feucheres-03"), "density needs four calibration points"),
        (("livraison-stationnement", "--template", "stopped"), "delivery-parking.yaml already: choose another name"),
        (("chute-dans-un-attroupement", "--template", "fall"), 'the compound "chute-dans-un-attroupement" is in '),
    ],
)
def test_a_new_rule_that_cannot_be_is_refused_with_the_fix(site, arguments, message):
    result = rules("new", *arguments, "--site", site)
    assert message in str(result.exception)
    assert not (site / "rules/a.yaml").exists()


def test_a_new_rule_lies_where_the_lint_looks_also_when_the_folder_of_cameras_is_named(site, monkeypatch):
    made = rules("new", "bay", "--template", "stopped", "--site", site / "cameras")
    assert made.stdout.splitlines()[0] == str(site / "rules/bay.yaml")
    monkeypatch.chdir(site / "cameras")
    assert rules("new", "bay-2", "--template", "stopped").stdout.splitlines()[0] == "../rules/bay-2.yaml"
    assert (site / "rules/bay-2.yaml").is_file()
    assert not (site / "cameras/rules").exists()


def test_the_templates_are_listed_and_shown_with_units_and_defaults():
    listed = rules("templates").stdout
    assert [line.split()[0] for line in listed.splitlines()] == list(TEMPLATES)
    shown = " ".join(rules("templates", "stopped").stdout.split())
    assert "for 60s duration: 500ms, 10s, 1h30m 0s to 30d how long it must have been still" in shown
    assert "facts.stopped_for_s" in shown
    assert rules("templates", "show", "stopped").stdout == rules("templates", "stopped").stdout
    assert rules("templates", "show").stdout == listed
    assert str(rules("templates", "stopped", "dwell").exception).endswith("vigie rules templates stopped")
    [plain] = json.loads(rules("templates", "density", "--json").stdout)
    assert plain["needs"] == ["a calibrated camera (four calibration points or more)", "a named zone"]
    assert 'did you mean "stopped"?' in str(rules("templates", "stoped").exception)


PARKS = ("--tracks", "rules/town/tracks/parks-in-the-bay.csv", "--camera", "maison-carree-02")


def test_replay_shows_what_a_changed_rule_finds_otherwise(site, monkeypatch, repository):
    monkeypatch.chdir(site)
    path = site / "rules/town/delivery-parking.yaml"
    path.write_text(path.read_text().replace("for: 3m", "for: 2m"), encoding="utf-8")
    against = ("--against", repository / "rules")
    moved = rules("replay", path, *PARKS, *against)
    line, total = moved.stdout.splitlines()[1:]
    assert [re.sub(r"  [0-9a-f]{8}$", "", line), total] == [
        (
            "moved  alert   maison-carree-02  livraison-stationnement livraison  "
            "2026-01-05 12:03:10.0-12:05:00.0 (over) → 2026-01-05 12:02:10.0-12:05:00.0 (over)"
        ),
        "0 new, 0 gone, 1 moved, 0 the same",
    ]
    path.write_text(path.read_text().replace("for: 2m", "for: 20m"), encoding="utf-8")
    plain = json.loads(rules("replay", site, *PARKS, *against, "--json").stdout)
    assert [len(plain[what]) for what in ("new", "gone", "moved")] == [0, 1, 0]
    same = rules("replay", repository / "rules/town/delivery-parking.yaml", *PARKS, *against)
    assert same.stdout.splitlines()[-1] == "0 new, 0 gone, 0 moved, 1 the same"


def test_what_goes_on_at_the_end_of_the_tracks_has_not_ended(site, monkeypatch, repository):
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
    assert "01:02:10.0, still open at the end of what was read" in said, said
    [new] = json.loads(rules("replay", path, *asked, "--against", "none", "--json").stdout)["new"]
    assert (new["ended_at"], new["reason"]) == (None, "still open at the end of what was read")
    assert rules("replay", path, *asked, "--against", path.parent).stdout.splitlines()[-1].endswith("1 the same")
    told = rules("explain", new["id"][:8], *asked, "--rules", "rules")
    assert told.exit_code == 0, told.exception
    assert "\n  still open at the end of what was read\n" in told.stdout
    assert said.splitlines()[1].endswith(f"  {new['id'][:8]}")
    unknown = rules("explain", "zz", *asked, "--rules", "rules").exception
    assert str(unknown) == "zz: no such episode in this range; judged were these tracks by the rules of rules"


def test_a_warning_of_the_lint_is_told_and_ends_with_1_only_when_asked_to(site, change):
    change(site / "rules/authorisations/exercise.yaml", "until: 2035-12-31", "until: 2021-12-31")
    told = rules("lint", site)
    assert (told.exit_code, "exercise.yaml:10:8: warning: until: 2021-12-31 is over" in told.stdout) == (0, True)
    assert rules("lint", site, "--strict").exit_code == 1
    rows = json.loads(rules("lint", site, "--json").stdout)
    assert {row["level"] for row in rows} == {"warning"}


def test_one_file_is_linted_beside_the_others_of_its_site_and_tested_alone(site, change, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(site)
    file = "rules/town/delivery-parking.yaml"
    assert rules("lint", file).stdout == "1 rule and 0 authorisations are right with 3 cameras\n"
    change(site / "rules/town/gathering.yaml", "[person]", "[persons]")
    assert rules("lint", file).exit_code == 0, "what is wrong in another file is not told"
    change(site / file, "zone: livraison", "zone: livraisons")
    change(site / file, "status: stable", "status: test\nreplaces: porte-comptages")
    told = rules("lint", file)
    assert (told.exit_code, {line.split(":")[0] for line in told.stdout.splitlines()}) == (1, {file})
    assert 'did you mean "porte-comptage"?' in told.stdout
    assert 'did you mean "livraison"?' in told.stdout
    farther = tmp_path_factory.mktemp("farther-out")
    (farther / "cameras").mkdir()
    alone = farther / "notes" / "mine" / "alone.yaml"
    alone.parent.mkdir(parents=True)
    alone.write_text((site / "rules/town/footfall.yaml").read_text().replace("status: stable", "status: test"))
    assert "(cameras not checked)" in rules("lint", alone).stdout
    assert rules("test", "rules/town/gate-count.yaml").stdout.splitlines()[-1] == "2 tests: 2 passed, 0 failed"
    assert str(rules("lint", "rules/none.yaml").exception).startswith("rules/none.yaml: no such file: give")


@pytest.mark.parametrize("command", ["lint", "test"])
@pytest.mark.parametrize(("one", "other"), [("gate-count.yaml", "the-same.yml"), ("the-same.yml", "gate-count.yaml")])
def test_an_id_that_two_files_have_is_told_of_either_by_itself(site, command, one, other):
    shutil.copy(site / "rules/town/gate-count.yaml", site / "rules/town/the-same.yml")
    told = rules(command, site / "rules/town" / one)
    assert told.exit_code == 1
    assert told.stdout.splitlines()[0] == (
        f'{site}/rules/town/{one}:2:7: rule: the id "porte-comptage" is taken by {site}/rules/town/{other}:2:7: '
        "choose another"
    )


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_replay_ends_with_1_when_a_camera_cannot_run_a_changed_rule(site, monkeypatch, repository, form):
    monkeypatch.chdir(site)
    path = site / "rules/town/delivery-parking.yaml"
    path.write_text(path.read_text().replace("zone: livraison,", "zone: livraisons,"), encoding="utf-8")
    refused = rules("replay", path, *PARKS, "--against", repository / "rules", *form)
    assert refused.exit_code == 1
    assert "zone 'livraisons' is not in camera maison-carree-02" in refused.stdout


MEETING = """\
compound: presence-et-livraison
title: {en: Presence during a delivery}
status: stable
rules: [parvis-presence, livraison-stationnement]
cameras: {ids: [maison-carree-02]}
within: 30s
severity: warning
category: presence
tests:
  - episodes:
      - {rule: parvis-presence, camera: maison-carree-02, open: 10s}
      - {rule: livraison-stationnement, camera: maison-carree-02, open: 60s}
    expect: [{open: 60s}]
"""


@pytest.fixture
def together(site, monkeypatch):
    """Options: somebody crosses the forecourt, which is always closed here, while a van parks in the bay."""
    monkeypatch.chdir(site)
    rule = site / "rules/town/forecourt-presence.yaml"
    rule.write_text(rule.read_text().replace("when: local.hour < 6 || local.hour >= 23\n", ""), encoding="utf-8")
    shutil.copytree(site / "rules", site / "before")
    header, *van = (site / "rules/town/tracks/parks-in-the-bay.csv").read_text().splitlines()
    person = (site / "rules/town/tracks/crosses-the-forecourt.csv").read_text().splitlines()[1:]
    rows = [*van, *(row.replace(",1,person", ",2,person") for row in person)]
    ordered = sorted(rows, key=lambda row: float(row.split(",")[0]))
    (site / "together.csv").write_text("\n".join([header, *ordered]) + "\n", encoding="utf-8")
    return ("--tracks", "together.csv", "--camera", "maison-carree-02", "--against", "before")


def test_replay_shows_what_a_changed_compound_finds_otherwise(site, together):
    path = site / "rules/meeting.yaml"
    path.write_text(MEETING, encoding="utf-8")
    added = rules("replay", path, *together)
    assert added.exit_code == 0, added.output
    [line, total] = added.stdout.splitlines()[1:]
    assert line.startswith(
        "new    alert   maison-carree-02  presence-et-livraison  2026-01-05 12:03:10.0-12:05:00.0 (over)"
    )
    assert total == "1 new, 0 gone, 0 moved, 0 the same"
    whole = rules("replay", site, *together)
    assert whole.stdout.splitlines()[-1].startswith("1 new, 0 gone, 0 moved, ")
    path.write_text(MEETING.replace("status: stable", "status: test"), encoding="utf-8")
    assert rules("replay", path, *together).stdout.splitlines()[1].startswith("new    shadow  ")
    path.write_text(MEETING.replace("status: stable", "status: draft"), encoding="utf-8")
    assert rules("replay", path, *together).stdout.splitlines()[-1].startswith("0 new, ")


def test_replay_says_why_a_stable_rule_does_not_alert(site, together, change):
    change(site / "rules/authorisations/exercise.yaml", "from: 2020-01-01", "from: 2026-06-01")
    (site / "rules/meeting.yaml").write_text(MEETING, encoding="utf-8")
    found = rules("replay", site, *together)
    told = [line for line in found.stdout.splitlines() if line.startswith("note: ")]
    without = "stable, but no authorisation in force covers category {} on maison-carree-02 at 2026-01-05 12:{} "
    without += "Europe/Paris: in shadow; exercice does from 2026-06-01 00:00:00 Europe/Paris until 2036-01-01 00:00:00 "
    without += "Europe/Paris (the .csv files begin at --start)"
    assert told == [
        "note: parvis-presence: " + without.format("presence", "00:15"),
        "note: livraison-stationnement: " + without.format("parking", "03:10"),
        "note: presence-et-livraison: " + without.format("presence", "03:10"),
    ]
    later = rules("replay", site, *together, "--start", "2026-07-06T12:00")
    assert "note: " not in later.stdout
    assert json.loads(rules("replay", site, *together, "--json").stdout)["notes"][0].endswith(" Europe/Paris")


def test_explain_says_what_a_compound_needs_and_which_of_its_parts_were_there(site, together):
    (site / "rules/meeting.yaml").write_text(MEETING, encoding="utf-8")
    (site / "rules/town/gate-count.yaml").unlink()

    def said(at):
        ask = ("explain", "--rule", "presence-et-livraison", "--at", f"2026-01-05T{at}", *together[:4], "--rules", site)
        return rules(*ask).stdout.splitlines()

    met = said("12:04")
    assert met[1] == (
        "  presence-et-livraison is a compound: it alerts when 2 of livraison-stationnement, parvis-presence are "
        "there, in one camera, on 1 camera or more, each until 30 s after its end"
    )
    together_since = "  alerted 2026-01-05 12:03:10.0, together since 12:00:10.0, ended 12:05:00.0: over; alert "
    assert met[2].startswith(together_since)
    assert met[3] == "    livraison-stationnement: there from 12:00:10.0 to 12:05:00.0, livraison"
    assert met[4] == "    parvis-presence: there from 12:00:05.0 to 12:00:35.0, parvis"
    (site / "rules/meeting.yaml").write_text(MEETING.replace("within: 30s", "within: 30s\ncooldown: 10m"))
    later = said("12:06")
    assert later[1].endswith(", each until 30 s after its end; once in 600 s")
    assert later[2] == "  it was cooling down until 12:13:10.0: another alert opened at 12:03:10.0"
    (site / "rules/meeting.yaml").write_text(MEETING, encoding="utf-8")
    before = said("12:00:03")
    assert [line for line in before if "not there" in line] == [
        "    livraison-stationnement: not there; why: --rule livraison-stationnement",
        "    parvis-presence: not there; why: --rule parvis-presence",
    ]


@pytest.fixture
def visit(site, monkeypatch):
    """Writes a recording of a van that parks in the bay: `visit("noon.jsonl", 0, "a")`, hours and session."""
    from vigie_rule_engine.recorded import read_recording

    monkeypatch.chdir(site)
    (site / "nothing").mkdir()
    recording = read_recording(site / "rules/town/tracks/parks-in-the-bay.csv")

    def write(name, start_h, session):
        start = 1_767_610_800_000 + round(start_h * 3_600_000)
        records = [r | {"session": session} for r in recording.records("maison-carree-02", start)]
        (site / name).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return name

    return write


def replayed(*files, against="nothing"):
    tracks = [part for name in files for part in ("--tracks", name)]
    options = ("--camera", "maison-carree-02", "--against", against, "--json")
    return rules("replay", "rules/town/delivery-parking.yaml", *tracks, *options)


def test_replay_plays_two_recordings_of_a_camera_in_the_order_of_time(visit):
    noon, later = visit("noon.jsonl", 0, "b"), visit("later.jsonl", 2, "a")
    single = json.loads(replayed(noon).stdout)
    for files in ((noon, later), (later, noon)):
        both = json.loads(replayed(*files).stdout)
        assert (len(single["new"]), len(both["new"])) == (1, 2)
        assert both["records"] == 2 * single["records"]


def test_replay_refuses_recordings_of_a_camera_that_overlap(visit):
    noon, within = visit("noon.jsonl", 0, "a"), visit("within.jsonl", 0.05, "b")
    source = "rules/town/tracks/parks-in-the-bay.csv"
    for one, other in ((noon, within), (source, source)):
        refused = str(replayed(one, other).exception)
        assert f"{one} and {other}: both are of camera maison-carree-02 at the same time" in refused
        assert "replay them one by one" in refused


def test_replay_says_which_records_it_did_not_judge_and_why(site, visit):
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


def test_replay_of_nothing_but_other_cameras_is_refused_and_not_found_to_be_without_a_difference(site, visit):
    path = site / visit("noon.jsonl", 0, "b")
    records = [json.loads(line) | {"camera_id": "replay"} for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    refused = rules("replay", "rules/town/delivery-parking.yaml", "--tracks", path, "--against", "nothing")
    assert refused.exit_code == 1
    assert str(refused.exception).startswith("the tracks are of replay, which has no camera file here (there are ")
    assert "`vigie replay VIDEO --camera FILE`" in str(refused.exception)


def test_replay_without_kafka_says_how_it_compares_with_a_folder(site, monkeypatch):
    monkeypatch.chdir(site)
    monkeypatch.setenv("VIGIE_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    told = str(rules("replay", site, *PARKS).exception)
    assert told.startswith("Kafka at 127.0.0.1:9 does not answer")
    assert told.endswith("; or compare with the rules of a folder: --against FOLDER")


def test_replay_without_a_source_says_which_there_are(site):
    result = rules("replay", site)
    assert "--tracks FILE, or --topic with --from or --since, or --video FILE" in str(result.exception)


def test_a_camera_of_another_site_and_tracks_that_are_not_there_are_named_with_the_option_that_helps(site, tmp_path):
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
def test_explain_says_why(site, monkeypatch, asked, answer):
    monkeypatch.chdir(site)
    gate = (site / "rules/town/gate-count.yaml").read_text().replace("porte-comptage", "bureau-comptage")
    (site / "rules/town/office.yaml").write_text(gate.replace("tags: [centre, pedestrian]", "ids: [arenes-01]"))
    rule, at = asked
    said = rules("explain", "--rule", rule, "--at", at, *PARKS, "--rules", site).stdout
    assert answer in said, said


def test_explain_says_by_how_much(site, monkeypatch):
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


def test_the_commands_that_only_read_start_without_kafka_or_compiled_code(repository):
    """What takes the time: an import of aiokafka, numba or cv2 is a second."""
    program = (
        "import sys; from vigie_cli.rules import app; app(['templates', 'stopped'], standalone_mode=False); "
        f"app(['lint', {str(repository)!r}], standalone_mode=False); "
        "print(sorted({'aiokafka', 'numba', 'cv2', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("which", [["rules/compound.yaml"], [".", "--rule", "parvis-et-livraison"]])
def test_what_the_lint_finds_in_the_rule_that_is_tested_stands_before_its_failing_test(site, which):
    text = """compound: parvis-et-livraison
title: {fr: Ensemble, en: Together}
status: test
rules: [parvis-presence, livraison-stationnement]
cameras: {ids: [maison-carree-02]}
within: 30s
category: presence
tests:
  - episodes:
      - {rule: parvis-presence, camera: maison-caree-02, open: 50s, close: 70s}
      - {rule: livraison-stationnement, camera: maison-carree-02, open: 65s, close: 2m}
    expect: [{open: 65s}]
"""
    (site / "rules/compound.yaml").write_text(text, encoding="utf-8")
    place, *only = which
    result = rules("test", site / place, *only)
    first, second, *_, last = result.stdout.splitlines()
    assert first.startswith(
        f'{site}/rules/compound.yaml:10:41: tests[0].episodes[0].camera: there is no camera "maison-caree-02"; '
    )
    assert first.endswith('did you mean "maison-carree-02"?')
    assert second.startswith("FAIL parvis-et-livraison")
    assert (result.exit_code, last) == (
        1,
        "1 test: 0 passed, 1 failed; 1 error in files of rules and cameras",
    )


def test_a_rule_that_is_wrong_in_itself_is_found_by_its_id_with_what_is_wrong(site, change):
    change(site / "rules/town/delivery-parking.yaml", "for: 3m", "for: 3")
    result = rules("test", site, "--rule", "livraison-stationnement")
    assert result.stdout.splitlines() == [
        (f"{site}/rules/town/delivery-parking.yaml:7:58: with.for: 3: a duration needs its unit: write 3s, 3m or 3h"),
        "0 tests: 0 passed, 0 failed; 1 error in files of rules and cameras",
    ]
    unknown = rules("test", site, "--rule", "livraison-stationement")
    assert str(unknown.exception).endswith('; did you mean "livraison-stationnement"?')


def test_a_path_of_a_file_that_is_not_there_is_no_folder(site):
    for command in ("lint", "test"):
        assert str(rules(command, site / "rules/town/gate-counts.yaml").exception) == (
            f'{site}/rules/town/gate-counts.yaml: no such file; did you mean "gate-count.yaml"?'
        )
    assert "no such folder" in str(rules("lint", site / "rule").exception)


def test_a_site_without_rules_says_so_and_how_to_begin_one(site):
    shutil.rmtree(site / "rules")
    for command in ("lint", "test"):
        assert str(rules(command, site).exception) == (
            f"{site}: the site has no rules yet, they lie in {site}/rules: begin one by vigie rules new NAME "
            f"--template TEMPLATE --site {site}"
        )
    (site / "rules").mkdir()
    assert "no rule and no authorisation below it" in str(rules("lint", site).exception)
