"""`vigie rules` as authors meet it: what the lint says of a file and of a site, and what the templates are."""

import json
import shutil
import subprocess
import sys

import pytest

from vigie_rule_engine.catalogue import TEMPLATES


def test_the_templates_are_listed_and_shown_with_units_and_defaults(rules):
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


def test_a_warning_of_the_lint_is_told_and_ends_with_1_only_when_asked_to(rules, site, change):
    change(site / "rules/authorisations/exercise.yaml", "until: 2035-12-31", "until: 2021-12-31")
    told = rules("lint", site)
    assert (told.exit_code, "exercise.yaml:10:8: warning: until: 2021-12-31 is over" in told.stdout) == (0, True)
    assert rules("lint", site, "--strict").exit_code == 1
    rows = json.loads(rules("lint", site, "--json").stdout)
    assert {row["level"] for row in rows} == {"warning"}


def test_one_file_is_linted_beside_the_others_of_its_site_and_tested_alone(
    rules, site, change, monkeypatch, tmp_path_factory
):
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
    assert "(cameras not checked: give --cameras FOLDER)" in rules("lint", alone).stdout
    assert rules("test", "rules/town/gate-count.yaml").stdout.splitlines()[-1] == "2 tests: 2 passed, 0 failed"
    assert str(rules("lint", "rules/none.yaml").exception).startswith("rules/none.yaml: no such file: give")


@pytest.mark.parametrize("command", ["lint", "test"])
@pytest.mark.parametrize(("one", "other"), [("gate-count.yaml", "the-same.yml"), ("the-same.yml", "gate-count.yaml")])
def test_an_id_that_two_files_have_is_told_of_either_by_itself(rules, site, command, one, other):
    shutil.copy(site / "rules/town/gate-count.yaml", site / "rules/town/the-same.yml")
    told = rules(command, site / "rules/town" / one)
    assert told.exit_code == 1
    assert told.stdout.splitlines()[0] == (
        f'{site}/rules/town/{one}:2:7: rule: the id "porte-comptage" is taken by {site}/rules/town/{other}:2:7: '
        "choose another"
    )


def test_the_commands_that_only_read_start_without_kafka_or_compiled_code(repository):
    """What takes the time: an import of aiokafka, numba or cv2 is a second."""
    program = (
        "import sys; from vigie_cli.rules import app; app(['templates', 'stopped'], standalone_mode=False); "
        f"app(['lint', {str(repository)!r}], standalone_mode=False); "
        "print(sorted({'aiokafka', 'numba', 'cv2', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_path_of_a_file_that_is_not_there_is_no_folder(rules, site):
    for command in ("lint", "test"):
        assert str(rules(command, site / "rules/town/gate-counts.yaml").exception) == (
            f'{site}/rules/town/gate-counts.yaml: no such file; did you mean "gate-count.yaml"?'
        )
    assert str(rules("lint", site / "rule").exception) == f'{site}/rule: no such folder; did you mean "rules"?'
    assert str(rules("test", site / "rules/town/gate-count").exception) == (
        f'{site}/rules/town/gate-count: no such folder; did you mean "gate-count.yaml"?'
    )
    assert str(rules("lint", site / "nothing").exception) == (
        f"{site}/nothing: no such folder: give the one that holds the rules, or the file of one"
    )


def test_a_folder_of_rules_that_is_linted_alone_says_what_to_give_for_its_cameras(rules, site, monkeypatch):
    monkeypatch.chdir(site)
    assert rules("lint", "rules").stdout.endswith(" are right (cameras not checked: give . or --cameras FOLDER)\n")
    monkeypatch.chdir(site.parent)
    assert rules("lint", f"{site.name}/rules/town").stdout.endswith(
        f" are right (cameras not checked: give {site.name} or --cameras FOLDER)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("explain", "e958", "--tracks", "a.csv", "--camera", "b"), "--rules"),
        (("new", "linger", "--template", "dwell"), "--site"),
    ],
)
def test_a_command_away_from_its_site_names_the_option_that_says_where_it_is(
    rules, site, monkeypatch, arguments, option
):
    monkeypatch.chdir(site.parent)
    told = rules(*arguments)
    assert (
        str(told.exception) == f"{option} is missing: no site.yaml in the present folder; give the folder of the site"
    )


def test_a_rule_is_no_episode_to_explain(rules, site):
    for more in ((), ("--tracks", site / "rules/town/tracks/parks-in-the-bay.csv", "--rules", site)):
        assert str(rules("explain", "porte-comptage", *more).exception) == (
            "porte-comptage: an episode's id has digits and a to f: of a rule ask --rule porte-comptage --camera ID "
            "--at TIME"
        )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("--tracks", "rules/town/tracks/parks-in-the-bay.csv"),
            "rules/town/tracks/parks-in-the-bay.csv: which camera",
        ),
        (
            ("--tracks", "rules/town/tracks/park-in-the-bay.csv", "--camera", "maison-carree-02"),
            "rules/town/tracks/park-i",
        ),
        (("--topic", "--since", "2"), "--since 2: a duration needs its unit"),
        (("--topic", "--from", "yesterday"), "--from yesterday: not a time"),
        (("--topic", "--camera", "nobody"), '--camera: there is no camera "nobody"'),
    ],
)
def test_what_is_wrong_with_tracks_is_told_before_kafka_is_asked(rules, site, monkeypatch, arguments, told):
    monkeypatch.chdir(site)
    monkeypatch.setenv("VIGIE_KAFKA_BOOTSTRAP", "127.0.0.1:9")
    assert str(rules("replay", ".", *arguments).exception).startswith(told)


def test_a_site_without_rules_says_so_and_how_to_begin_one(rules, site):
    shutil.rmtree(site / "rules")
    for command in ("lint", "test"):
        assert str(rules(command, site).exception) == (
            f"{site}: the site has no rules yet, they lie in {site}/rules: begin one by vigie rules new NAME "
            f"--template TEMPLATE --site {site}"
        )
    (site / "rules").mkdir()
    assert "no rule and no authorisation below it" in str(rules("lint", site).exception)
