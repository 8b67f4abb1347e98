"""The tutorial's files and commands do what its text says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from vigie_common.paths import repository_resource

PAGE = repository_resource("docs") / "tutorials" / "first-rule.md"


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def site(tmp_path):
    """The folder as the tutorial builds it, with the forgotten unit."""
    site_file, camera, rule, expectation = blocks("yaml")
    folder = tmp_path / "site"
    (folder / "cameras").mkdir(parents=True)
    (folder / "rules" / "tracks").mkdir(parents=True)
    (folder / "cameras" / "site.yaml").write_text(site_file, encoding="utf-8")
    (folder / "cameras" / "campus.yaml").write_text(camera, encoding="utf-8")
    (folder / "rules" / "linger.yaml").write_text(rule, encoding="utf-8")
    program = re.search(r"<<'PY'\n(.*?)PY", blocks("sh")[1], re.DOTALL)[1]
    tracks = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    (folder / "rules" / "tracks" / "stays.csv").write_text(tracks, encoding="utf-8")
    return folder, expectation


def said(console):
    """Command and output of a console block."""
    command, output = console.split("\n", 1)
    return command.removeprefix("$ vigie ").split(), output


def test_each_console_block_is_what_the_command_prints(site):
    folder, expectation = site
    rule = folder / "rules" / "linger.yaml"
    forgotten, tested = (said(block) for block in blocks("console"))
    assert run(folder, forgotten[0]) == (1, forgotten[1])
    rule.write_text(rule.read_text(encoding="utf-8").replace("for: 5}", "for: 5s}") + expectation, encoding="utf-8")
    assert run(folder, ["rules", "lint", "site"]) == (0, "1 rule and 0 authorisations are right with 1 camera\n")
    assert run(folder, tested[0]) == (0, tested[1])


def test_a_rule_that_waits_longer_fails_its_test(site):
    folder, expectation = site
    rule = folder / "rules" / "linger.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("for: 5}", "for: 30s}") + expectation, encoding="utf-8")
    status, output = run(folder, ["rules", "test", "site"])
    assert status == 1
    assert "1 test: 0 passed, 1 failed" in output


def run(folder, arguments):
    done = subprocess.run(
        [Path(sys.executable).with_name("vigie"), *arguments],
        cwd=folder.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout
