"""`vigie` itself: help, options, settings, and a broker or a place that is not there."""

import fcntl

import pytest

from vigie_cli.main import COMMANDS
from vigie_cli.options import WrongOptionError
from vigie_cli.rules_bundles import History


def test_help_lists_every_command_with_examples(vigie):
    said = vigie("--help").stdout
    assert [name for name in COMMANDS if name not in said] == []
    assert "vigie apply ." in said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps_with_an_example(vigie, name):
    result = vigie(name, "--help")
    assert (result.exit_code, f"vigie {name}" in result.stdout.partition("Example")[2]) == (0, True)


def test_the_version_is_the_packages(vigie):
    assert vigie("--version").stdout == "vigie 0.1.0\n"


def test_a_misspelt_command_suggests_the_right_one(vigie):
    result = vigie("aply", ".")
    assert result.exit_code == 2
    assert "'apply'" in result.stderr


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
def test_every_command_that_talks_to_kafka_names_the_broker_that_does_not_answer(vigie, monkeypatch, site, arguments):
    monkeypatch.setenv("VIGIE_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    monkeypatch.chdir(site)
    result = vigie(*arguments, *([site] if arguments == ("apply", "--dry-run") else []))
    assert result.exit_code == 1
    assert result.stderr.startswith("Kafka at 127.0.0.1:9 does not answer")
    assert "source" not in result.stderr
    assert "start it, or check VIGIE_KAFKA_BOOTSTRAP" in result.stderr


@pytest.fixture
def left_behind(monkeypatch, tmp_path):
    """Writes the settings of a local stack below the present folder: `left_behind("stack", "127.0.0.1:40001")`."""
    monkeypatch.setenv("VIGIE_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    monkeypatch.chdir(tmp_path)

    def write(name, address):
        folder = tmp_path / ".vigie" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lock").touch()
        (folder / "environment").write_text(f"export VIGIE_KAFKA_BOOTSTRAP={address}\n", encoding="utf-8")
        return folder / "lock"

    return write


@pytest.mark.parametrize("arguments", [("alerts", "check"), ("rules", "status"), ("cameras", "list")])
def test_where_a_local_stack_runs_and_kafka_does_not_answer_its_settings_are_named(vigie, left_behind, arguments):
    for address, named in (("127.0.0.1:9092", True), ("127.0.0.1:9", False)):
        with left_behind("stack", address).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            said = vigie(*arguments).stderr
        assert said.endswith("; the stack of this folder is another: source .vigie/stack/environment\n") == named, said


@pytest.mark.parametrize(
    ("name", "address", "told"),
    [
        (
            "stack",
            "127.0.0.1:9",
            "; it was of `make stack`, which has ended: run that again, then {} again",
        ),
        ("run", "127.0.0.1:9", "; it was of `make demo`, which has ended: run that again, then {} again"),
        ("stack", "127.0.0.1:9092", "; the stack of this folder has ended: run `make stack` again, then {}"),
        ("run", "127.0.0.1:9092", " and the credentials"),
    ],
)
def test_where_a_local_stack_has_ended_that_is_said_and_how_to_start_it(vigie, left_behind, name, address, told):
    left_behind(name, address)
    for arguments in (("rules", "status"), ("topics", "create")):
        said = vigie(*arguments).stderr
        assert said.endswith(told.format(f"source .vigie/{name}/environment") + "\n"), said


def test_a_replay_that_finds_no_live_rules_says_with_what_else_to_compare(vigie, monkeypatch, site):
    monkeypatch.setenv("VIGIE_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    tracks = site / "rules/town/tracks/parks-in-the-bay.csv"
    said = vigie("rules", "replay", site, "--tracks", tracks, "--camera", "maison-carree-02").stderr
    assert said.endswith("; or compare with the rules of a folder: --against FOLDER\n"), said


@pytest.mark.parametrize(
    "arguments", [("topics", "document"), ("schemas", "records"), ("rules", "schema"), ("models", "build", "hog")]
)
def test_a_place_that_cannot_be_written_is_one_message(vigie, tmp_path, arguments):
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
def test_each_commands_help_has_an_example(vigie, name):
    result = vigie(*name.split(), "--help")
    assert result.exit_code == 0
    assert f"vigie {name}" in " ".join(result.stdout.partition("Example")[2].split())


def test_schemas_are_written_where_they_are_wanted(vigie, tmp_path, repository):
    assert vigie("rules", "schema", "--out", tmp_path / "out").exit_code == 0
    for path in (repository / "docs/reference/schemas").glob("*.json"):
        assert (tmp_path / "out" / path.name).read_text() == path.read_text()


def test_a_wrong_setting_is_one_message_and_78(vigie, monkeypatch, site):
    monkeypatch.setenv("VIGIE_LOG_LEVEL", "loud")
    result = vigie("apply", site)
    assert result.exit_code == 78
    assert result.stderr.startswith("wrong settings:\n  VIGIE_LOG_LEVEL = 'loud': ")


def test_a_misspelt_setting_is_told_and_the_command_goes_on(vigie, monkeypatch):
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
def test_a_wrong_option_is_told_on_one_line_and_ends_with_2(vigie, site, monkeypatch, arguments, told):
    monkeypatch.chdir(site)
    result = vigie("rules", *arguments)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
    assert result.stderr.startswith(told)


def test_a_digest_that_is_too_short_is_a_wrong_option():
    with pytest.raises(WrongOptionError, match="--digest 6a5f1: give at least its first 6 digits"):
        History("nimes", ()).named("6a5f1")


def test_help_shows_no_value_of_flags_and_no_hidden_argument(vigie):
    for command in ("rules templates", "rules publish", "scene draw", "alerts tail"):
        assert "<bool>" not in vigie(*command.split(), "--help").stdout
    assert "Usage: vigie rules templates [OPTIONS] [name] " in vigie("rules", "templates", "--help").stdout
    scene = vigie("scene", "draw", "--help").stdout
    assert scene.index("Example: ") < scene.index("Options")
