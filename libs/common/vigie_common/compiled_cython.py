"""Makes the library of a Cython source: `python -m vigie_common.compiled_cython SOURCE FILE`.

Cython and the machine's C compiler are needed here alone.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Final

from vigie_common.compiled_library import CompilerError, Library, check_compilers, compiler, made

_FLAGS: Final = ("-O2", "-fPIC", "-fwrapv", "-shared")


def cython_library(source: Path) -> Library:
    """The library of a source, which is its only one, under its name."""
    return Library(
        f"vigie_common.{source.stem}",
        source.stem,
        (source, Path(__file__)),
        ("cython",),
        (__name__, str(source)),
    )


def build(source: Path, path: Path) -> None:
    """Compile a source.

    Args:
        source: its name, without its ending, is the module's.
        path: where the library goes; it appears there whole.

    Raises:
        CompilerError: there is no C compiler, or one of the two fails.
    """
    check_compilers(f"vigie_common.{source.stem}", "CC")
    with tempfile.TemporaryDirectory(prefix=".building-", dir=path.parent) as folder:
        code, library = Path(folder) / f"{source.stem}.c", Path(folder) / path.name
        _run(sys.executable, "-m", "cython", "-3", "--warning-errors", str(source), "-o", str(code))
        _run(*compiler("CC"), *_FLAGS, f"-I{sysconfig.get_path('include')}", str(code), "-o", str(library))
        library.replace(path)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CompilerError(done.stderr.strip() or f"{' '.join(command)} ended with status {done.returncode}")


if __name__ == "__main__":
    sys.exit(made(lambda: build(Path(sys.argv[1]), Path(sys.argv[2]))))
