"""Machine code that is made once a machine, kept on disk under a key that cannot lie, and loaded without its compiler.

A library is made in a process of its own, the first time that it is asked for on a machine; every process loads it
from then on. Its folder is named by a digest of everything that goes into it, so an edited source is never answered by
old code.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.metadata import version
from importlib.util import module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING

from vigie_common.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType


class CompilerError(DependencyError):
    """The library could not be made; says how to get what is missing."""


class Library:
    """An extension module that is compiled on the machine.

    Args:
        package: what it is the machine code of, for people.
        name: of the extension module.
        sources: all that goes into it.
        tools: distributions whose version says what comes out, such as its compiler.
        maker: module, and what it is given before the library's path: it makes it, or ends with a status and words.
    """

    def __init__(
        self, package: str, name: str, sources: Sequence[Path], tools: Sequence[str], maker: Sequence[str]
    ) -> None:
        self.package, self.name, self._maker = package, name, maker
        key = hashlib.sha256(" ".join(f"{tool} {version(tool)}" for tool in tools).encode())
        for source in (*sources, Path(__file__)):
            key.update(f"\0{source.parent.name}/{source.name}\0".encode())
            key.update(source.read_bytes())
        self._digest = key.hexdigest()[:20]
        self._module: ModuleType | None = None

    @property
    def path(self) -> Path:
        """Where it is, there or not: `$VIGIE_CACHE/compiled/<digest>`, or `~/.cache/vigie/compiled/<digest>`."""
        return cache_root() / "compiled" / self._digest / self._file

    @property
    def _file(self) -> str:
        """It says for which Python and machine it is."""
        return self.name + str(sysconfig.get_config_var("EXT_SUFFIX"))

    @property
    def module(self) -> ModuleType:
        """The loaded module, made if need be: by one process, however many ask.

        Raises:
            CompilerError: it cannot be made.
        """
        if self._module is None:
            path = self.path
            if not path.is_file():
                sys.stderr.write(f"compiling {self.package}, once on this machine: up to a minute\n")
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with (path.parent / ".lock").open("w") as lock:
                        fcntl.flock(lock, fcntl.LOCK_EX)
                        if not path.is_file():
                            self._make(path)
                except OSError as refused:  # a read-only image, no home: for this process alone
                    sys.stderr.write(
                        f"{cache_root()} cannot be written ({refused.strerror}): what is compiled now is compiled "
                        "again the next time; set VIGIE_CACHE to a folder that can\n"
                    )
                    with tempfile.TemporaryDirectory(prefix="vigie-compiled-") as folder:
                        path = Path(folder) / self._file
                        self._make(path)
                        self._module = self._loaded(path)
                        return self._module
            self._module = self._loaded(path)
        return self._module

    def _make(self, path: Path) -> None:
        command = [sys.executable, "-m", *self._maker, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise CompilerError(done.stderr.strip() or f"{' '.join(command)} ended with status {done.returncode}")

    def _loaded(self, path: Path) -> ModuleType:
        loader = ExtensionFileLoader(self.name, str(path))
        try:
            module = module_from_spec(ModuleSpec(self.name, loader, origin=str(path)))
        except ImportError as damaged:
            raise CompilerError(
                f"compiled code cannot be loaded ({damaged}): remove {path.parent}, it is made anew"
            ) from None
        loader.exec_module(module)
        return module


def cache_root() -> Path:
    """Where Vigie keeps what it can make again: `$VIGIE_CACHE`, or `~/.cache/vigie`."""
    configured = os.environ.get("VIGIE_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "vigie"


def compiler(variable: str) -> list[str]:
    """The machine's compiler: `$CC` or `$CXX`, or the one that Python was built with."""
    return (os.environ.get(variable) or sysconfig.get_config_var(variable) or variable.lower()).split()


def check_compilers(package: str, *variables: str) -> None:
    """Refuse to go on where making a library lacks something.

    Raises:
        CompilerError: names all of it, and how to get it.
    """
    missing = [command for command in (compiler(name)[0] for name in variables) if shutil.which(command) is None]
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        missing.append("Python.h")
    if missing:
        raise CompilerError(
            f"{package} has no machine code on this machine, which lacks {' and '.join(missing)} to make it: "
            "apt install g++ python3-dev (Debian), or set VIGIE_CACHE to a folder that has it, as the images do"
        )


def made(build: Callable[[], None]) -> int:
    """The exit status of a process that makes a library: 1 with the reason on stderr where it cannot be."""
    try:
        build()
    except CompilerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
