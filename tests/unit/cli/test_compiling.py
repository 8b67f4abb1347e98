"""Who waits for the compiler is told so, once, on a terminal."""

import pytest
from numba import njit

from vigie_cli import compiling
from vigie_common.compiled import is_compiled


def double(x):
    return 2 * x


def test_what_is_compiled_is_known_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))  # numba takes the environment over when it compiles
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path))
    compiled = njit(cache=True)(double)
    assert not is_compiled(compiled)
    compiled(1)
    assert is_compiled(compiled)
    assert is_compiled(njit(cache=True)(double))  # as the next process finds it
    assert is_compiled(double)  # without JIT


@pytest.mark.parametrize(
    ("terminal", "ready", "told"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_terminal_is_told_that_the_core_is_compiled(monkeypatch, capsys, terminal, ready, told):
    monkeypatch.setattr(compiling, "is_compiled", lambda _: ready)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    compiling.say_compiling()
    assert capsys.readouterr().err == ("compiling the rule core once, about 40 s\n" if told else "")
