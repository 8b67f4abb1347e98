"""The cache of compiled code is named by everything that goes into the code."""

import os
import stat
import subprocess
import sys

import pytest

from vigie_common import compiled


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "cored"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "jit.py").write_text(
        "from pathlib import Path\nfrom vigie_common.compiled import compiler\njit = compiler(Path(__file__).parent)\n"
    )
    (folder / "inner.py").write_text("from cored.jit import jit\nRATE = 2\n@jit\ndef f(x):\n    return RATE * x\n")
    (folder / "outer.py").write_text(
        "from cored.inner import f\nfrom cored.jit import jit\n@jit\ndef g(x):\n    return f(x)\n"
    )
    return folder


def call(package, cache, **environment):
    program = (
        "import os\nfrom cored.outer import g\nfrom numba.core import config\n"
        "print(g(21), os.environ['NUMBA_CACHE_DIR'], config.CPU_NAME, getattr(g, 'stats', ''))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "VIGIE_CACHE": str(cache), "PYTHONPATH": str(package.parent), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_second_process_reuses_the_code_and_an_edited_callee_never_does(package, tmp_path):
    cache = tmp_path / "cache"
    first = call(package, cache)
    second = call(package, cache)
    (package / "inner.py").write_text((package / "inner.py").read_text().replace("RATE = 2", "RATE = 3"))
    edited = call(package, cache)
    assert [first[0], second[0], edited[0]] == ["42", "42", "63"]
    assert first[1] == second[1] != edited[1]
    assert first[1].startswith(str(cache / "numba"))
    assert [first[2], second[2]] == ["generic", "generic"]
    assert second[3:] != first[3:]


def test_it_works_without_compiling(package, tmp_path):
    assert call(package, tmp_path / "cache", NUMBA_DISABLE_JIT="1")[0] == "42"


def test_a_folder_that_cannot_be_written_is_replaced_by_a_temporary_copy(tmp_path, monkeypatch):
    source = tmp_path / "a.py"
    source.write_text("x = 1")
    monkeypatch.setenv("VIGIE_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").write_text("in the way")
    for name in ("NUMBA_CACHE_DIR", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    before = compiled.digest([source])
    folder = compiled.use_cache([source])
    assert "vigie-numba-" in folder.name
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    source.write_text("x = 2")
    assert compiled.digest([source]) != before
