"""Python functions compiled to machine code: bitwise deterministic, kept on disk under a key that cannot lie.

A package names its compiled functions with `Kernels.jit`, and those among them that Python calls with `Kernels.entry`,
which says what they take. numba makes one shared library of them, in a process of its own (`compiled_build`), the first
time that one is called on a machine; every process loads that library, and neither numba nor LLVM, which would cost it
110 MB and a second. The library's folder is named by a digest of everything that goes into it, so an edited source is
never answered by old code. The CPU target is the generic one, so that two machines of a fleet compute the same bits
and an image can carry its library.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import sysconfig
import tempfile
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.metadata import version
from importlib.util import module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

import numpy as np

from vigie_common.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType

    import numpy.typing as npt

F = TypeVar("F", bound="Callable[..., Any]")

LIBRARY: Final = "kernels"
"""Name of the extension module that each library is."""

building: Final[dict[str, Kernels | None]] = {}
"""Packages that this process compiles (`compiled_build`): there `jit` and `entry` are numba's."""

trusting = True
"""Whether trusted entries are; where the tests clear it, before any is made, all entries check what they are given."""


class Argument(NamedTuple):
    """What an entry takes at one place: a contiguous array, or, of no dimension, a number."""

    dtype: np.dtype[Any]
    dimensions: int

    def wrong(self, value: object) -> str | None:
        """What is wrong in a value, or None. A wrong one would be read as if it were right: no type is looked at."""
        if self.dimensions:
            right = isinstance(value, np.ndarray) and (value.dtype, value.ndim) == self and value.flags.c_contiguous
            if right:
                return None
            told = type(value).__name__
            if isinstance(value, np.ndarray):
                order = "contiguous" if value.flags.c_contiguous else "strided"
                told = f"a {order} {value.ndim}-d array of {value.dtype}"
            return f"want a contiguous {self.dimensions}-d array of {self.dtype}, got {told}"
        kinds = (int, np.integer) if self.dtype.kind == "i" else (int, float, np.integer, np.floating)
        return None if isinstance(value, kinds) else f"want a number, {self.dtype}, got {type(value).__name__}"


def array(dtype: npt.DTypeLike, dimensions: int = 1) -> Any:
    """An entry's argument: a contiguous array."""
    return Argument(np.dtype(dtype), dimensions)


INT: Final = Argument(np.dtype(np.int64), 0)
FLOAT: Final = Argument(np.dtype(np.float64), 0)


class CompilerError(DependencyError):
    """The library could not be made; says how to get what is missing."""


class Kernels:
    """The compiled functions of one package, in one library.

    Make one in a package, in the module that its compiled modules import it from. No fastmath: the same input gives
    the same bits. With NUMBA_DISABLE_JIT=1 everything stays Python.

    Args:
        package: full name; its folder's Python files go into the key.
        modules: names in it of all modules that have entries.
        folder: where its files are.
        more_sources: files outside it whose values are compiled in (the taxonomy).
    """

    def __init__(self, package: str, modules: Sequence[str], folder: Path, *more_sources: Path) -> None:
        self.package = package
        self.modules = tuple(f"{package}.{module}" for module in modules)
        self.entries: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {}
        self.sources = (*sorted(folder.rglob("*.py")), *more_sources)
        self._digest = digest(self.sources)
        self._library: ModuleType | None = None
        self._interpreted = os.environ.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"}
        if package in building:
            building[package] = self
        elif not self._interpreted and self.path.is_file():
            self._library = _loaded(self.path)

    def jit(self, function: F) -> F:
        """A function that only compiled functions call; called from Python, it runs as Python."""
        return _njit(function) if self.package in building else function

    def entry(self, *arguments: Any, trusted: bool = False) -> Callable[[F], F]:
        """A function that Python calls, and compiled functions of this package may.

        Args:
            arguments: what it takes: `array(…)`, INT, FLOAT, or a NamedTuple of them.
            trusted: whoever calls it gives just that: it is not looked at, which costs more than a short call.
        """

        def decorate(function: F) -> F:
            if function.__module__ not in self.modules:
                raise ValueError(f"{function.__module__}: not in the modules that Kernels({self.package!r}) was given")
            if function.__code__.co_argcount != len(arguments):
                raise ValueError(f"{function.__qualname__}: takes {function.__code__.co_argcount} arguments, not these")
            name = f"{function.__module__.removeprefix(f'{self.package}.')}_{function.__name__}".replace(".", "_")
            compiled = self.jit(function)
            self.entries[name] = compiled, arguments
            if self._interpreted or self.package in building:
                return compiled
            checked = not (trusted and trusting)
            if self._library is not None and not checked:
                return cast("F", getattr(self._library, name))
            return cast("F", _Entry(self, name, function, arguments if checked else None))

        return decorate

    @property
    def path(self) -> Path:
        """Of the library, there or not: `$VIGIE_CACHE/compiled/<digest>`, or `~/.cache/vigie/compiled/<digest>`."""
        return cache_root() / "compiled" / self._digest / library_file()

    @property
    def library(self) -> ModuleType:
        """The loaded library, made if need be: by one process, however many ask.

        Raises:
            CompilerError: it cannot be made.
        """
        if self._library is None:
            path = self.path
            if not path.is_file():
                sys.stderr.write(f"compiling {self.package}, once on this machine: up to a minute\n")
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with (path.parent / ".lock").open("w") as lock:
                        fcntl.flock(lock, fcntl.LOCK_EX)
                        if not path.is_file():
                            self._build(path)
                except OSError as refused:  # a read-only image, no home: for this process alone
                    sys.stderr.write(
                        f"{cache_root()} cannot be written ({refused.strerror}): what is compiled now is compiled "
                        "again the next time; set VIGIE_CACHE to a folder that can\n"
                    )
                    with tempfile.TemporaryDirectory(prefix="vigie-compiled-") as folder:
                        path = Path(folder) / library_file()
                        self._build(path)
                        self._library = _loaded(path)
                        return self._library
            self._library = _loaded(path)
        return self._library

    def _build(self, path: Path) -> None:
        command = [sys.executable, "-m", "vigie_common.compiled_build", self.modules[0], str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise CompilerError(done.stderr.strip() or f"{' '.join(command)} ended with status {done.returncode}")


class _Entry:
    """An entry whose library is not there yet, or whose arguments are looked at."""

    def __init__(
        self, kernels: Kernels, name: str, python: Callable[..., Any], arguments: tuple[Any, ...] | None
    ) -> None:
        self.__wrapped__ = python
        self.__name__, self.__doc__ = python.__name__, python.__doc__
        self._kernels, self._name, self._arguments = kernels, name, arguments
        self._function: Callable[..., Any] | None = None

    def __call__(self, *given: Any) -> Any:
        if self._function is None:
            self._function = getattr(self._kernels.library, self._name)
        if self._arguments is not None:
            _check(self.__name__, self._arguments, given)
        return self._function(*given)


def _check(name: str, wanted: Sequence[Any], given: Sequence[Any]) -> None:
    """Refuse arguments of another type.

    Raises:
        TypeError: names the first.
    """
    if len(wanted) != len(given):
        raise TypeError(f"{name}: takes {len(wanted)} arguments, got {len(given)}")
    for place, (argument, value) in enumerate(zip(wanted, given, strict=True)):
        if not isinstance(argument, Argument):
            _check(f"{name}: argument {place}", argument, value)
        elif wrong := argument.wrong(value):
            raise TypeError(f"{name}: argument {place}: {wrong}")


def _njit(function: F) -> F:
    import numba

    return cast("F", numba.njit(fastmath=False, error_model="numpy")(function))


def _loaded(path: Path) -> ModuleType:
    loader = ExtensionFileLoader(LIBRARY, str(path))
    try:
        module = module_from_spec(ModuleSpec(LIBRARY, loader, origin=str(path)))
    except ImportError as damaged:
        raise CompilerError(
            f"compiled code cannot be loaded ({damaged}): remove {path.parent}, it is made anew"
        ) from None
    loader.exec_module(module)
    return module


def library_file() -> str:
    """File name of a library: it says for which Python and machine it is."""
    return LIBRARY + str(sysconfig.get_config_var("EXT_SUFFIX"))


def cache_root() -> Path:
    """Where Vigie keeps what it can make again: `$VIGIE_CACHE`, or `~/.cache/vigie`."""
    configured = os.environ.get("VIGIE_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "vigie"


def digest(sources: Iterable[Path]) -> str:
    """Twenty hexadecimal digits for what the machine code depends on: names and bytes of the sources, numba, numpy."""
    key = hashlib.sha256(f"numba {version('numba')} numpy {version('numpy')}".encode())
    for source in (*sources, Path(__file__), Path(__file__).with_name("compiled_build.py")):
        key.update(f"\0{source.parent.name}/{source.name}\0".encode())
        key.update(source.read_bytes())
    return key.hexdigest()[:20]
