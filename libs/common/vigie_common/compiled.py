"""Python functions compiled to machine code, bitwise deterministic.

A package names its compiled functions with `Kernels.jit`, and those among them that Python calls with `Kernels.entry`,
which says what they take. numba makes one shared library of them (`compiled_build`, `compiled_library`); every process
loads that library, and neither numba nor LLVM, which would cost it 110 MB and a second. The CPU target is the generic
one, so that two machines of a fleet compute the same bits and an image can carry its library.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

import numpy as np

from vigie_common.compiled_library import Library

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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
        makers = (Path(__file__), Path(__file__).with_name("compiled_build.py"))
        self._library = Library(
            package,
            LIBRARY,
            (*self.sources, *makers),
            ("numba", "numpy"),
            ("vigie_common.compiled_build", self.modules[0]),
        )
        self._interpreted = os.environ.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"}
        if package in building:
            building[package] = self

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
            if not checked and self._library.path.is_file():
                return cast("F", getattr(self.library, name))
            return cast("F", _Entry(self, name, function, arguments if checked else None))

        return decorate

    @property
    def library(self) -> ModuleType:
        """The loaded library, made if need be.

        Raises:
            CompilerError: it cannot be made.
        """
        return self._library.module


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
