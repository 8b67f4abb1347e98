"""The library of a Cython source: made once a machine, and what goes wrong is told with what to do."""

import pytest

from vigie_common.compiled_cython import cython_library
from vigie_common.compiled_library import CompilerError


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setenv("VIGIE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "doubled.pyx"
    path.write_text("def double(long long number):\n    return 2 * number\n")
    return path


def test_it_is_made_once_and_anew_for_another_source(source, capfd):
    made = cython_library(source)
    assert made.module.double(21) == 42
    assert cython_library(source).module.double(4) == 8
    assert capfd.readouterr().err.count("compiling vigie_common.doubled, once on this machine") == 1
    source.write_text(source.read_text().replace("2 *", "3 *"))
    other = cython_library(source)
    assert other.path != made.path
    assert not other.path.exists()


def test_what_does_not_compile_is_told(source):
    source.write_text("def double(nothing number):\n    return 2 * number\n")
    with pytest.raises(CompilerError, match="'nothing' is not a type identifier"):
        cython_library(source).module  # noqa: B018 - made


def test_without_a_compiler_it_says_what_to_install(source, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(CompilerError, match="which lacks no-such-compiler to make it: apt install"):
        cython_library(source).module  # noqa: B018 - made


def test_a_compiler_that_fails_is_told(source, monkeypatch):
    monkeypatch.setenv("CC", "false")
    with pytest.raises(CompilerError, match=r"false .* ended with status 1"):
        cython_library(source).module  # noqa: B018 - made
