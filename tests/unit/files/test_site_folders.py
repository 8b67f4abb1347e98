"""`vigie` on the folder of a site: what is in it, what is not, and what cannot be read."""

import errno
import json
import os
import shutil

import pytest


def test_lint_says_nothing_is_wrong(vigie, site):
    result = vigie("rules", "lint", site)
    *warnings, last = result.stdout.splitlines()
    assert (result.exit_code, last) == (0, "17 rules, 1 compound and 1 authorisation are right with 3 cameras")
    assert ["warning: with.classes: no model of arenes-01" in line for line in warnings] == [True, True]


def test_lint_of_a_rules_folder_takes_its_cameras_by_option(vigie, site):
    result = vigie("rules", "lint", site / "rules", "--cameras", site / "cameras")
    *warnings, last = result.stdout.splitlines()
    assert (result.exit_code, last) == (0, "17 rules, 1 compound and 1 authorisation are right with 3 cameras")
    assert ["warning: with.classes: no model of arenes-01" in line for line in warnings] == [True, True]


def test_lint_speaks_text_and_json_and_ends_with_1(change, vigie, site):
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


def test_cameras_check_reads_camera_files_alone(change, vigie, site):
    assert vigie("cameras", "check", site / "cameras").stdout == RIGHT
    path = site / "cameras/arenes-01.yaml"
    change(path, "yolox-nano", "yolox-nana")
    result = vigie("cameras", "check", site / "cameras")
    assert result.exit_code == 1
    told = result.stdout.splitlines()[0]
    assert told.startswith(f'{path}:6:10: error: models[0]: "yolox-nana" is not in the model catalogue; known: ')
    assert told.endswith('did you mean "yolox-nano"?')


def test_site_yaml_may_lie_above_the_camera_files(vigie, site):
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
def test_a_folder_that_holds_nothing_is_no_success(vigie, tmp_path, site, arguments, said):
    (tmp_path / "bare").mkdir()
    shutil.copy(site / "cameras/site.yaml", tmp_path / "bare")
    result = vigie(*arguments, tmp_path / "bare")
    assert result.exit_code == 1
    assert f"{tmp_path}/bare: {said}" in result.stderr


def test_a_folder_without_rules_is_no_success(vigie, tmp_path):
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
def test_a_folder_that_cannot_be_read_is_one_line_with_its_path(vigie, site, unreadable, arguments, which):
    unreadable(site / which)
    result = vigie(*arguments, site)
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        f"{site / which}: Permission denied: check the path, and who may read and write there\n",
    )


@pytest.mark.parametrize("command", ["check", "apply"])
def test_a_folder_of_cameras_that_cannot_be_read_is_one_line_with_its_path(vigie, site, unreadable, command):
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
def test_what_is_called_as_a_file_and_is_none_is_named_and_never_waited_for(vigie, site, arguments, where):
    pipe = site / where / "pipe.yaml"
    os.mkfifo(pipe)
    result = vigie(*arguments, site)
    assert result.exit_code == 1
    told = next(line for line in result.output.splitlines() if line.startswith(f"{pipe}:1:1: "))
    assert told.endswith("cannot be read: a named pipe, not a file: remove it, or call it otherwise")


def test_a_folder_of_cameras_that_is_called_as_a_file_of_one_is_named(vigie, site):
    (site / "cameras/old.yaml").mkdir()
    [told, last] = vigie("cameras", "check", site).stdout.splitlines()
    assert told == (
        f"{site}/cameras/old.yaml:1:1: error: cannot be read: a folder, not a file: remove it, or call it otherwise"
    )
    assert "1 error" in last


def test_a_named_pipe_in_place_of_a_rule_or_of_the_site_is_told_as_that(vigie, site):
    pipe = site / "pipe.yaml"
    os.mkfifo(pipe)
    assert f"{pipe}:1:1: cannot be read: a named pipe, not a file" in vigie("rules", "lint", pipe).output
    (site / "cameras/site.yaml").unlink()
    os.mkfifo(site / "cameras/site.yaml")
    assert "site.yaml:1:1: cannot be read: a named pipe, not a file" in vigie("rules", "lint", site).output


@pytest.mark.parametrize("command", [("rules", "publish"), ("apply",)])
def test_an_empty_folder_of_rules_takes_no_rule_out_of_service(vigie, site, command):
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
    vigie, site, monkeypatch, tmp_path_factory, command, place, said, site_yaml
):
    around = tmp_path_factory.mktemp("around")
    (site / "cameras/site.yaml").rename(site / site_yaml)
    shutil.copytree(site, around / "site")
    (around / "elsewhere.yaml").touch()
    monkeypatch.chdir(around)
    result = vigie(*command, place, "--dry-run")
    assert (result.exit_code, result.stderr) == (1, f"{place}: {said}\n")


def test_a_folder_of_rules_without_a_site_is_named_as_it_was_given(vigie, site, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("around"))
    shutil.copytree(site / "rules/town", "m")
    result = vigie("rules", "test", "m")
    assert result.exit_code == 1
    assert result.stderr.startswith("m: no site.yaml in it, in cameras/ below it nor in the folder above: ")


def test_publish_refuses_rules_beside_a_wrong_camera_file_as_the_lint_does(change, vigie, site):
    change(site / "cameras/arenes-01.yaml", "fps: 5", "fps: 500")
    result = vigie("rules", "publish", site, "--dry-run")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == vigie("rules", "lint", site).stdout.splitlines()[0] + "\n"
    assert "arenes-01.yaml:5:17: sampling.fps: 500" in result.stderr


def test_prune_without_any_camera_file_removes_nothing(vigie, tmp_path, site):
    (tmp_path / "bare/rules").mkdir(parents=True)
    shutil.copy(site / "cameras/site.yaml", tmp_path / "bare")
    result = vigie("apply", "--prune", tmp_path / "bare")
    assert result.exit_code == 1
    assert "has no camera file, so every camera of nimes would be removed" in result.stderr


def test_the_tests_of_the_example_rules_pass(vigie, site):
    result = vigie("rules", "test", site)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "52 tests: 52 passed, 0 failed")


def test_a_rule_that_judges_otherwise_fails_its_tests(change, vigie, site):
    change(site / "rules/town/delivery-parking.yaml", "for: 3m", "for: 1m")
    result = vigie("rules", "test", site)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "52 tests: 50 passed, 2 failed")


def test_a_folder_without_tests_is_not_a_success(vigie, tmp_path, site):
    (tmp_path / "empty").mkdir()
    result = vigie("rules", "test", tmp_path / "empty", "--cameras", site)
    assert (result.exit_code, result.stderr) == (
        1,
        f"{tmp_path}/empty: no rule below it has tests: write some under `tests:`\n",
    )


def test_a_folder_that_is_not_there_is_one_message_and_1(vigie, tmp_path):
    result = vigie("apply", tmp_path / "none")
    assert (result.exit_code, result.stderr) == (
        1,
        f"{tmp_path}/none: no such folder: give the one that holds site.yaml or cameras/site.yaml\n",
    )
