"""The example files of the checkout, as texts that a test changes in one place."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from vigie_cli.main import app
from vigie_cli.rules import app as rules_app
from vigie_common.errors import BadInputError
from vigie_common.yaml_document import InvalidFileError
from vigie_rule_engine.bundle import read_rules

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def repository():
    """The checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def vigie():
    """What the command says to arguments: `vigie("rules", "lint", site).stdout`."""

    def said(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return said


@pytest.fixture(scope="session")
def rules():
    """What `vigie rules` says to arguments; an error is raised, and not told: `rules("lint", site).exception`."""

    def said(*arguments):
        return CliRunner().invoke(rules_app, [str(argument) for argument in arguments])

    return said


@pytest.fixture(scope="session")
def told():
    """What a reader says against its input, line by line; any other error is the test's failure."""

    def said(read, *arguments):
        try:
            read(*arguments)
        except BadInputError as error:
            return str(error).splitlines()
        return []

    return said


@pytest.fixture
def changed(tmp_path):
    """The path of an example file in which one text is replaced by another: `changed(example, old, new)`."""

    def write(example, old, new):
        text = (REPOSITORY / example).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {example}"
        path = tmp_path / "example.yaml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path

    return write


def called_f(problems, path):
    """Problems line by line; `F` stands for the path."""
    return [str(problem).replace(f"{path}:", "F:", 1) for problem in problems]


@pytest.fixture
def refusal(changed):
    """What a reader says of an example file in which one text is replaced by another; `F` stands for its path."""

    def refuse(read, example, old, new):
        path = changed(example, old, new)
        with pytest.raises(InvalidFileError) as refused:
            read(path)
        return called_f(refused.value.problems, path)

    return refuse


@pytest.fixture
def rule_refusal(changed):
    """What is wrong with an example rule or authorisation once one text is replaced by another; `F`: its path."""

    def refuse(example, old, new):
        path = changed(example, old, new)
        return called_f(read_rules(path).problems, path)

    return refuse
