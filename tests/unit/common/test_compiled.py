"""Compiled code: a library that is made once, named by everything that goes into it, and given nothing else."""

import os
import subprocess
import sys

import pytest

from vigie_common.compiled import INT, Kernels, array
from vigie_common.compiled_library import CompilerError
from vigie_common.errors import DependencyError

JIT = """\
from pathlib import Path
from vigie_common.compiled import Kernels
KERNELS = Kernels("cored", ["outer"], Path(__file__).parent)
jit, entry = KERNELS.jit, KERNELS.entry
"""
INNER = """\
from cored.jit import jit
RATE = 2
@jit
def double(x):
    return RATE * x
"""
OUTER = """\
import numpy as np
from vigie_common.compiled import FLOAT, INT, array
from cored.inner import double
from cored.jit import entry
@entry(INT)
def whole(x):
    return double(x)
@entry(array(np.float64, 2), FLOAT)
def scaled(values, by):
    for i in range(values.shape[0]):
        values[i, 0] = values[i, 0] / by
    return values.shape[0], values[0, 0]
"""
CALL = """\
import sys
from cored.outer import whole
sys.stdout.write(f"{whole(21)} {'numba' in sys.modules}" + chr(10))
"""


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "cored"
    folder.mkdir()
    for name, text in (("__init__", ""), ("jit", JIT), ("inner", INNER), ("outer", OUTER)):
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A cache that all tests share: a library takes seconds, and its name says what is in it."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def own(tmp_path):
    """A cache of one test."""
    return tmp_path / "cache"


@pytest.fixture
def run(package, made):
    """Runs a program that may import the package, with its library below `cache`; gives what it prints, in words.

    On stderr if it fails, or line by line if that is asked for.
    """

    def call(program=CALL, *, cache=made, fails=False, stderr=False, **environment):
        environment = {"VIGIE_CACHE": str(cache), "PYTHONPATH": str(package.parent)} | environment
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
        assert bool(done.returncode) == fails, done.stderr
        if stderr:
            return done.stderr.splitlines()
        return done.stderr if fails else done.stdout.split()

    return call


def libraries(cache):
    return sorted(cache.rglob("*.so"))


def test_a_second_process_loads_the_library_and_an_edited_callee_never_does(package, run, own):
    assert run(cache=own) == ["42", "False"]
    (first,) = libraries(own)
    made = first.stat().st_mtime_ns
    assert run(cache=own) == ["42", "False"]
    assert [(path, path.stat().st_mtime_ns) for path in libraries(own)] == [(first, made)]
    (package / "inner.py").write_text(INNER.replace("RATE = 2", "RATE = 3"))
    assert run(cache=own) == ["63", "False"]
    assert len(libraries(own)) == 2
    assert sorted(path.name for path in first.parent.iterdir()) == [".lock", first.name]


def test_processes_that_want_it_at_once_wait_for_one(run, package, own):
    both = "import subprocess, sys\nps = [subprocess.Popen([sys.executable, '-c', sys.argv[1]]) for _ in range(2)]\n"
    program = f"import sys; sys.argv.append({CALL!r})\n{both}print([p.wait() for p in ps])"
    assert run(program, cache=own).count("42") == 2
    assert len(libraries(own)) == 1


def test_it_stays_python_without_jit(run, own):
    assert run(cache=own, NUMBA_DISABLE_JIT="1") == ["42", "False"]
    assert libraries(own) == []


def test_it_is_made_for_one_process_where_the_cache_cannot_be_written(run, own):
    own.write_text("in the way")
    assert run(cache=own) == ["42", "False"]
    assert run(
        "import tempfile, pathlib; print(list(pathlib.Path(tempfile.gettempdir()).glob('vigie-compiled-*')))"
    ) == ["[]"]


def test_divisions_are_those_of_numpy(run):
    program = "import numpy as np\nfrom cored.outer import scaled\nprint(*scaled(np.ones((3, 1)), 0.0))"
    assert run(program) == ["3", "inf"]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("whole(1.5)", "whole: argument 0: want a number, int64, got float"),
        ("whole()", "whole: takes 1 arguments, got 0"),
        (
            "scaled(np.ones((2, 1), np.float32), 1.0)",
            "argument 0: want a contiguous 2-d array of float64, got a contig",
        ),
        ("scaled(np.ones((4, 2))[:, :1], 1.0)", "got a strided 2-d array of float64"),
        ("scaled(np.ones(3), 1.0)", "got a contiguous 1-d array of float64"),
        ("scaled([[1.0]], 1.0)", "got list"),
        ("scaled(np.ones((1, 1)), 'a')", "argument 1: want a number, float64, got str"),
    ],
)
def test_what_is_not_what_it_takes_is_refused(run, call, told):
    assert told in run(f"import numpy as np\nfrom cored.outer import scaled, whole\n{call}", fails=True)


def test_a_trusted_entry_is_looked_at_where_nobody_is_trusted(package, run):
    (package / "outer.py").write_text(OUTER.replace("@entry(INT)", "@entry(INT, trusted=True)"))
    whole = "from cored.outer import whole\nprint(whole(2.5))"
    assert run() == ["42", "False"]
    assert run(whole) == ["4"]
    distrust = "from vigie_common import compiled\ncompiled.trusting = False\n"
    assert "want a number, int64, got float" in run(distrust + whole, fails=True)


def test_without_a_c_compiler_it_says_what_to_install(run, own):
    told = run(cache=own, fails=True, PATH="/nowhere")
    assert "CompilerError: cored has no machine code on this machine, which lacks gcc and g++ to make it: " in told
    assert "apt install g++ python3-dev" in told


def test_who_waits_for_the_compiler_is_told_so_once(run, own):
    assert run(cache=own, stderr=True) == ["compiling cored, once on this machine: up to a minute"]
    assert run(cache=own, stderr=True) == []


def test_where_the_cache_cannot_be_written_it_says_so_and_goes_on(run, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    _, told = run(cache=taken, stderr=True)
    assert told.startswith(f"{taken} cannot be written (Not a directory): what is compiled now is compiled again")
    assert told.endswith("set VIGIE_CACHE to a folder that can")


def test_a_damaged_library_is_named_with_what_to_do(run, own):
    run(cache=own)
    (library,) = libraries(own)
    library.write_bytes(library.read_bytes()[:100])
    told = run(cache=own, fails=True).splitlines()[-1]
    assert "CompilerError: compiled code cannot be loaded (" in told
    assert f"remove {library.parent}, it is made anew" in told


def test_what_does_not_compile_is_told_at_its_end(package, run):
    (package / "inner.py").write_text(INNER.replace("RATE * x", "x.nothing"))
    assert "nothing" in run(fails=True)


def test_an_entry_that_is_in_no_named_module_or_takes_something_else_is_refused(tmp_path):
    def called(first, second):
        return first + second

    with pytest.raises(ValueError, match="not in the modules that Kernels"):
        Kernels("cored", ["outer"], tmp_path).entry(INT, INT)(called)
    kernels = Kernels("unit", ["x"], tmp_path)
    called.__module__ = "unit.x"
    with pytest.raises(ValueError, match="takes 2 arguments, not these"):
        kernels.entry(array(float))(called)
    assert issubclass(CompilerError, DependencyError)
