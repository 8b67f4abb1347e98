import errno
import json
import os
import shutil
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from vigie_cli.effective_at import parse_at
from vigie_cli.main import COMMANDS, app
from vigie_cli.options import WrongOptionError
from vigie_cli.rules_bundles import History
from vigie_common.camera_source import SOURCE_KINDS
from vigie_common.errors import BadInputError
from vigie_frame_sampler.plan import KINDS


def vigie(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_help_lists_every_command_with_examples():
    said = vigie("--help").stdout
    assert [name for name in COMMANDS if name not in said] == []
    assert "vigie apply ." in said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps_with_an_example(name):
    result = vigie(name, "--help")
    assert (result.exit_code, f"vigie {name}" in result.stdout.partition("Example")[2]) == (0, True)


def test_the_version_is_the_packages():
    assert vigie("--version").stdout == "vigie 0.1.0\n"


def test_a_misspelt_command_suggests_the_right_one():
    result = vigie("aply", ".")
    assert result.exit_code == 2
    assert "'apply'" in result.stderr


def test_lint_says_nothing_is_wrong(site):
    result = vigie("rules", "lint", site)
    *warnings, last = result.stdout.splitlines()
    assert (result.exit_code, last) == (0, "17 rules, 1 compound and 1 authorisation are right with 3 cameras")
    assert ["warning: with.classes: no model of arenes-01" in line for line in warnings] == [True, True]


def test_lint_of_a_rules_folder_takes_its_cameras_by_option(site):
    result = vigie("rules", "lint", site / "rules", "--cameras", site / "cameras")
    *warnings, last = result.stdout.splitlines()
    assert (result.exit_code, last) == (0, "17 rules, 1 compound and 1 authorisation are right with 3 cameras")
    assert ["warning: with.classes: no model of arenes-01" in line for line in warnings] == [True, True]


def test_lint_speaks_text_and_json_and_ends_with_1(site):
    path = site / "rules/town/delivery-parking.yaml"
    change(path, "for: 3m", "for: 3")
    for file in ("fire", "weapon"):  # which no model that comes with Vigie finds
        (site / f"rules/decree-2023-828/{file}.yaml").unlink()
    change(site / "rules/authorisations/exercise.yaml", "weapon, ", "")
    change(site / "rules/authorisations/exercise.yaml", ", fire]", "]")
    text = vigie("rules", "lint", site)
    assert (text.exit_code, text.stdout) == (
        1,
        f"{path}:7:58: with.for: 3: a duration needs its unit: write 3s, 3m or 3h\n",
    )
    programs = vigie("rules", "lint", site, "--json")
    assert (programs.exit_code, json.loads(programs.stdout)) == (
        1,
        [
            {
                "file": str(path),
                "line": 7,
                "column": 58,
                "level": "error",
                "message": "with.for: 3: a duration needs its unit: write 3s, 3m or 3h",
            }
        ],
    )


RIGHT = "3 camera files of nimes: 0 errors, 0 warnings\n"


def test_cameras_check_reads_camera_files_alone(site):
    assert vigie("cameras", "check", site / "cameras").stdout == RIGHT
    path = site / "cameras/arenes-01.yaml"
    change(path, "yolox-nano", "yolox-nana")
    result = vigie("cameras", "check", site / "cameras")
    assert result.exit_code == 1
    told = result.stdout.splitlines()[0]
    assert told.startswith(f'{path}:6:10: error: models[0]: "yolox-nana" is not in the model catalogue; known: ')
    assert told.endswith('did you mean "yolox-nano"?')


def test_site_yaml_may_lie_above_the_camera_files(site):
    (site / "cameras/site.yaml").rename(site / "site.yaml")
    assert vigie("cameras", "check", site / "cameras").stdout == RIGHT
    assert vigie("cameras", "check", site).stdout == RIGHT


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cameras", "check"), "no camera file in it nor in cameras/ below it: give the folder that holds them"),
        (("apply",), "neither a camera file nor rules in it: give the folder that holds cameras/ and rules/"),
        (("apply", "--prune"), "neither a camera file nor rules in it"),
    ],
)
def test_a_folder_that_holds_nothing_is_no_success(tmp_path, site, arguments, said):
    (tmp_path / "bare").mkdir()
    shutil.copy(site / "cameras/site.yaml", tmp_path / "bare")
    result = vigie(*arguments, tmp_path / "bare")
    assert result.exit_code == 1
    assert f"{tmp_path}/bare: {said}" in result.stderr


def test_a_folder_without_rules_is_no_success(tmp_path):
    result = vigie("rules", "lint", tmp_path)
    assert (result.exit_code, result.stderr) == (
        1,
        f"{tmp_path}: no rule and no authorisation below it: give the folder that holds them\n",
    )


@pytest.fixture
def unreadable(monkeypatch):
    """Makes a folder one that may not be listed, for root too."""

    def make(folder):
        def refuse(really):
            def listed(place="."):
                if str(place) == str(folder):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
                return really(place)

            return listed

        monkeypatch.setattr(os, "scandir", refuse(os.scandir))
        monkeypatch.setattr(os, "listdir", refuse(os.listdir))

    return make


@pytest.mark.parametrize("which", ["rules", "rules/town", "cameras"])
@pytest.mark.parametrize(
    "arguments",
    [("rules", "lint"), ("rules", "test"), ("rules", "publish", "--dry-run"), ("apply", "--dry-run")],
)
def test_a_folder_that_cannot_be_read_is_one_line_with_its_path(site, unreadable, arguments, which):
    unreadable(site / which)
    result = vigie(*arguments, site)
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        f"{site / which}: Permission denied: check the path, and who may read and write there\n",
    )


@pytest.mark.parametrize("command", ["check", "apply"])
def test_a_folder_of_cameras_that_cannot_be_read_is_one_line_with_its_path(site, unreadable, command):
    unreadable(site / "cameras")
    result = vigie("cameras", command, site)
    said = f"{site / 'cameras'}: Permission denied: check the path, and who may read and write there\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", said)


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (("rules", "lint"), "rules/town"),
        (("rules", "test"), "rules/town"),
        (("rules", "publish", "--dry-run"), "rules/town"),
        (("apply", "--dry-run"), "rules/town"),
        (("rules", "lint"), "cameras"),
        (("cameras", "check"), "cameras"),
    ],
)
def test_what_is_called_as_a_file_and_is_none_is_named_and_never_waited_for(site, arguments, where):
    pipe = site / where / "pipe.yaml"
    os.mkfifo(pipe)
    result = vigie(*arguments, site)
    assert result.exit_code == 1
    told = next(line for line in result.output.splitlines() if line.startswith(f"{pipe}:1:1: "))
    assert told.endswith("cannot be read: a named pipe, not a file: remove it, or call it otherwise")


def test_a_folder_of_cameras_that_is_called_as_a_file_of_one_is_named(site):
    (site / "cameras/old.yaml").mkdir()
    [told, last] = vigie("cameras", "check", site).stdout.splitlines()
    assert told == (
        f"{site}/cameras/old.yaml:1:1: error: cannot be read: a folder, not a file: remove it, or call it otherwise"
    )
    assert "1 error" in last


def test_a_named_pipe_in_place_of_a_rule_or_of_the_site_is_told_as_that(site):
    pipe = site / "pipe.yaml"
    os.mkfifo(pipe)
    assert f"{pipe}:1:1: cannot be read: a named pipe, not a file" in vigie("rules", "lint", pipe).output
    (site / "cameras/site.yaml").unlink()
    os.mkfifo(site / "cameras/site.yaml")
    assert "site.yaml:1:1: cannot be read: a named pipe, not a file" in vigie("rules", "lint", site).output


@pytest.mark.parametrize("command", [("rules", "publish"), ("apply",)])
def test_an_empty_folder_of_rules_takes_no_rule_out_of_service(site, command):
    shutil.rmtree(site / "rules")
    (site / "rules").mkdir()
    result = vigie(*command, site, "--dry-run")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"{site}: no rule and no authorisation below it: give the folder that holds them; to take the last rule out of "
        "service leave its file there with status: draft\n"
    )


@pytest.mark.parametrize("site_yaml", ["cameras/site.yaml", "site.yaml"])
@pytest.mark.parametrize("command", [("rules", "publish"), ("apply",)])
@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("site/rules", "a folder of rules: give site, the folder of the site, which holds rules/ and cameras/"),
        ("site/rules/town", "a folder of rules: give site, the folder of the site, which holds rules/ and cameras/"),
        ("site/rules/town/footfall.yaml", "a file: give site, the folder of the site, which holds rules/ and cameras/"),
        ("elsewhere.yaml", "a file: give the folder of the site, which holds rules/ and cameras/"),
        ("nowhere", "no such folder: give the one that holds site.yaml or cameras/site.yaml"),
    ],
)
def test_what_lies_in_a_site_is_told_from_its_folder(
    site, monkeypatch, tmp_path_factory, command, place, said, site_yaml
):
    around = tmp_path_factory.mktemp("around")
    (site / "cameras/site.yaml").rename(site / site_yaml)
    shutil.copytree(site, around / "site")
    (around / "elsewhere.yaml").touch()
    monkeypatch.chdir(around)
    result = vigie(*command, place, "--dry-run")
    assert (result.exit_code, result.stderr) == (1, f"{place}: {said}\n")


def test_a_folder_of_rules_without_a_site_is_named_as_it_was_given(site, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("around"))
    shutil.copytree(site / "rules/town", "m")
    result = vigie("rules", "test", "m")
    assert result.exit_code == 1
    assert result.stderr.startswith("m: no site.yaml in it, in cameras/ below it nor in the folder above: ")


def test_publish_refuses_rules_beside_a_wrong_camera_file_as_the_lint_does(site):
    change(site / "cameras/arenes-01.yaml", "fps: 5", "fps: 500")
    result = vigie("rules", "publish", site, "--dry-run")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == vigie("rules", "lint", site).stdout.splitlines()[0] + "\n"
    assert "arenes-01.yaml:5:17: sampling.fps: 500" in result.stderr


def test_prune_without_any_camera_file_removes_nothing(tmp_path, site):
    (tmp_path / "bare/rules").mkdir(parents=True)
    shutil.copy(site / "cameras/site.yaml", tmp_path / "bare")
    result = vigie("apply", "--prune", tmp_path / "bare")
    assert result.exit_code == 1
    assert "has no camera file, so every camera of nimes would be removed" in result.stderr


def test_the_sampler_reads_every_kind_of_source_that_a_camera_file_may_name():
    assert sorted(SOURCE_KINDS) == sorted(KINDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ("topics", "create"),
        ("alerts", "tail"),
        ("alerts", "check"),
        ("apply", "."),
        ("apply", "--dry-run"),
        ("cameras", "apply", "."),
        ("cameras", "list"),
        ("cameras", "show", "x"),
        ("cameras", "confirm", "x"),
    ],
)
def test_every_command_that_talks_to_kafka_names_the_broker_that_does_not_answer(monkeypatch, site, arguments):
    monkeypatch.setenv("VIGIE_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    monkeypatch.chdir(site)
    result = vigie(*arguments, *([site] if arguments == ("apply", "--dry-run") else []))
    assert result.exit_code == 1
    assert result.stderr.startswith("Kafka at 127.0.0.1:9 does not answer")
    assert "source" not in result.stderr
    assert "start it, or check VIGIE_KAFKA_BOOTSTRAP" in result.stderr


@pytest.mark.parametrize("arguments", [("alerts", "check"), ("rules", "status"), ("cameras", "list")])
def test_where_a_local_stack_lies_and_kafka_does_not_answer_its_settings_are_named(monkeypatch, tmp_path, arguments):
    monkeypatch.setenv("VIGIE_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    written = tmp_path / ".vigie/stack/environment"
    written.parent.mkdir(parents=True)
    for address, named in (("127.0.0.1:40001", True), ("127.0.0.1:9", False)):
        written.write_text(f"export VIGIE_KAFKA_BOOTSTRAP={address}\n", encoding="utf-8")
        said = vigie(*arguments).stderr
        assert said.endswith("; the stack of this folder is another: source .vigie/stack/environment\n") == named, said


def test_a_replay_that_finds_no_live_rules_says_with_what_else_to_compare(monkeypatch, site):
    monkeypatch.setenv("VIGIE_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    tracks = site / "rules/town/tracks/parks-in-the-bay.csv"
    said = vigie("rules", "replay", site, "--tracks", tracks, "--camera", "maison-carree-02").stderr
    assert said.endswith("; or compare with the rules of a folder: --against FOLDER\n"), said


@pytest.mark.parametrize(
    "arguments", [("topics", "document"), ("schemas", "records"), ("rules", "schema"), ("models", "build", "hog")]
)
def test_a_place_that_cannot_be_written_is_one_message(tmp_path, arguments):
    (tmp_path / "file").touch()
    result = vigie(*arguments, "--out", tmp_path / "file" / "x")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "check the path, and who may read and write there" in result.stderr


LEAVES = [
    "topics create", "topics list", "topics document", "apply", "cameras check", "cameras apply", "cameras list",
    "cameras show", "cameras calibrate", "cameras confirm", "rules lint", "rules test",
    "rules schema", "rules templates", "rules new", "rules replay", "rules publish", "rules status", "rules explain",
    "replay", "alerts tail", "alerts check", "models list", "models show", "models fetch",
    "models build", "schemas check", "schemas register", "schemas records",
]  # fmt: skip


@pytest.mark.parametrize("name", LEAVES)
def test_each_commands_help_has_an_example(name):
    result = vigie(*name.split(), "--help")
    assert result.exit_code == 0
    assert f"vigie {name}" in " ".join(result.stdout.partition("Example")[2].split())


def test_the_tests_of_the_example_rules_pass(site):
    result = vigie("rules", "test", site)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "52 tests: 52 passed, 0 failed")


def test_a_rule_that_judges_otherwise_fails_its_tests(site):
    change(site / "rules/town/delivery-parking.yaml", "for: 3m", "for: 1m")
    result = vigie("rules", "test", site)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "52 tests: 50 passed, 2 failed")


def test_a_folder_without_tests_is_not_a_success(tmp_path, site):
    (tmp_path / "empty").mkdir()
    result = vigie("rules", "test", tmp_path / "empty", "--cameras", site)
    assert (result.exit_code, result.stderr) == (
        1,
        f"{tmp_path}/empty: no rule below it has tests: write some under `tests:`\n",
    )


def test_schemas_are_written_where_they_are_wanted(tmp_path, repository):
    assert vigie("rules", "schema", "--out", tmp_path / "out").exit_code == 0
    for path in (repository / "docs/reference/schemas").glob("*.json"):
        assert (tmp_path / "out" / path.name).read_text() == path.read_text()


def test_a_wrong_setting_is_one_message_and_78(monkeypatch, site):
    monkeypatch.setenv("VIGIE_LOG_LEVEL", "loud")
    result = vigie("apply", site)
    assert result.exit_code == 78
    assert result.stderr.startswith("wrong settings:\n  VIGIE_LOG_LEVEL = 'loud': ")


def test_a_folder_that_is_not_there_is_one_message_and_1(tmp_path):
    result = vigie("apply", tmp_path / "none")
    assert (result.exit_code, result.stderr) == (
        1,
        f"{tmp_path}/none: no such folder: give the one that holds site.yaml or cameras/site.yaml\n",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", timedelta()),
        ("+10s", timedelta(seconds=10)),
        ("+1h30m", timedelta(minutes=90)),
        ("2026-07-01T14:00+02:00", 1_782_907_200_000),
        ("2026-07-01T12:00Z", 1_782_907_200_000),
        ("2026-07-01T14:00", 1_782_907_200_000),
    ],
)
def test_an_instant_is_now_or_later_or_a_time(text, expected):
    assert parse_at(text, 1_000_000, "Europe/Paris") == expected


@pytest.mark.parametrize("text", ["+10", "+", "soon", ""])
def test_what_is_no_instant_is_refused_with_the_fix(text):
    with pytest.raises(BadInputError, match=rf"^--at {text and '.'}.*; or write now, or \+10s"):
        parse_at(text, 1_000_000, "Europe/Paris")


def test_a_time_that_is_past_is_refused_with_the_fix():
    past = r"^--at 2026-07-01T14:00: 2026-07-01 14:00:00 Europe/Paris is past, it is 2026-07-01 14:00:01 Europe/Paris, "
    with pytest.raises(BadInputError, match=past):
        parse_at("2026-07-01T14:00", 1_782_907_201_000, "Europe/Paris")


def test_a_misspelt_setting_is_told_and_the_command_goes_on(monkeypatch):
    monkeypatch.setenv("VIGIE_KAFKA_BOOTSTRAPS", "kafka:9092")
    result = vigie("rules", "templates")
    assert result.exit_code == 0
    assert result.stderr == (
        "warning: VIGIE_KAFKA_BOOTSTRAPS is no setting of any service or of the command, and is ignored; did you mean "
        '"VIGIE_KAFKA_BOOTSTRAP"?\n'
    )


TRACKS = ("--tracks", "rules/town/tracks/parks-in-the-bay.csv", "--camera", "maison-carree-02")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("publish",), "give either the folder of a site or --digest"),
        (("publish", ".", "--at", "2020-01-01"), "--at 2020-01-01: "),
        (("publish", ".", "--at", "yesterday"), "--at yesterday: not a time"),
        (("publish", ".", "--site", "nope", "--dry-run"), "--site: goes with --digest; . says itself of which site"),
        (("replay", "."), "say what to replay: --tracks FILE"),
        (("replay", ".", *TRACKS, "--topic"), "--tracks and --topic: only one of them at a time"),
        (("replay", ".", *TRACKS, "--since", "5m"), "--since: of --topic; --tracks is played whole"),
        (("replay", ".", "--topic", "--start", "2026-01-05"), "--start: of .csv files, with --tracks"),
        (("replay", ".", "--topic", "--from", "2026-01-05", "--since", "5m"), "--since: or --from: one of them"),
        (("replay", ".", *TRACKS, "--against", "rules", "--start", "noon"), "--start noon: not a time"),
        (("explain",), "ask for an episode by its id"),
        (("explain", "--rule", "a"), "--rule needs --camera and --at"),
        (("explain", "abc", "--at", "2026-01-05"), "--at: goes with --rule"),
        (("explain", "abc", *TRACKS, "--since", "5m"), "--since: of the topics; --tracks are read whole"),
        (("explain", "abc", "--camera", "arenes-01"), "--camera: goes with --rule, or with --tracks"),
        (
            ("explain", "--rule", "a", "--camera", "b", "--at", "2026-01-05", "--since", "6h"),
            "--since: of an episode; --rule is asked about the moment of --at",
        ),
        (
            ("explain", "--rule", "a", "--camera", "maison-carree-02", "--at", "noon", "--rules", ".", *TRACKS[:2]),
            "--at noon: not a time",
        ),
        (("explain", "abc", "--rules", "."), "--rules: with --tracks; "),
        (("status", "--since", "5"), "--since 5: a duration needs its unit"),
        (("status", "--since", "0s"), "--since 0s: goes back no time at all"),
        (("status", "--from", "2026-01-05", "--since", "1h"), "--since: or --from: one of them"),
        (("templates", "stopped", "dwell"), "one template at a time"),
    ],
)
def test_a_wrong_option_is_told_on_one_line_and_ends_with_2(site, monkeypatch, arguments, told):
    monkeypatch.chdir(site)
    result = vigie("rules", *arguments)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
    assert result.stderr.startswith(told)


def test_a_digest_that_is_too_short_is_a_wrong_option():
    with pytest.raises(WrongOptionError, match="--digest 6a5f1: give at least its first 6 digits"):
        History("nimes", ()).named("6a5f1")


def test_help_shows_no_value_of_flags_and_no_hidden_argument():
    for command in ("rules templates", "rules publish", "scene draw", "alerts tail"):
        assert "<bool>" not in vigie(*command.split(), "--help").stdout
    assert "Usage: vigie rules templates [OPTIONS] [name] " in vigie("rules", "templates", "--help").stdout
    scene = vigie("scene", "draw", "--help").stdout
    assert scene.index("Example: ") < scene.index("Options")
