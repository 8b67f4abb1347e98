"""The example files of the checkout, as texts that a test changes in one place."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def repository():
    """The checkout."""
    return REPOSITORY


@pytest.fixture
def refusal(tmp_path):
    """What a reader says of an example file in which one text is replaced by another; `F` stands for its name."""

    def refuse(read, example, old, new):
        text = (REPOSITORY / example).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {example}"
        path = tmp_path / "example.yaml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(Exception) as refused:  # noqa: PT011  its kind and text are what the test asserts
            read(path, "F")
        assert type(refused.value).__name__ == "InvalidFileError"
        return str(refused.value).splitlines()

    return refuse
