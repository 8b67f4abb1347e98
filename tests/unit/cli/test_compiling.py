"""Who waits for the compiler is told so, once, on a terminal."""

import pytest

from vigie_cli import compiling


@pytest.mark.parametrize(
    ("terminal", "ready", "told"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_terminal_is_told_that_the_core_is_compiled(monkeypatch, capsys, terminal, ready, told):
    monkeypatch.setattr(type(compiling.KERNELS), "is_ready", ready)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    compiling.say_compiling()
    assert capsys.readouterr().err == ("compiling what judges once, about a minute\n" if told else "")
