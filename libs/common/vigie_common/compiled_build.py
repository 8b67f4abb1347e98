"""Makes the library of a package's compiled functions: `python -m vigie_common.compiled_build MODULE FILE`.

numba compiles ahead of time (`numba.pycc`) and the machine's C compiler links. Both are needed here alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vigie_common import compiled
from vigie_common.compiled_library import CompilerError, check_compilers, made

if TYPE_CHECKING:
    from collections.abc import Callable


def build(module: str, path: Path) -> None:
    """Compile the package that a module with entries belongs to.

    Args:
        module: full name of the first of them.
        path: where the library goes; it appears there whole.

    Raises:
        CompilerError: there is no C compiler, or it fails.
    """
    check_compilers(module.rpartition(".")[0], "CC", "CXX")
    os.environ.update(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="", NUMBA_DISABLE_JIT="0")
    warnings.simplefilter("ignore", PendingDeprecationWarning)  # of pycc: docs/decisions
    from numba.pycc import CC

    kernels = _kernels(module)
    library = CC(compiled.LIBRARY, source_module=sys.modules[__name__])
    library.target_cpu = "generic"
    with tempfile.TemporaryDirectory(prefix=".building-", dir=path.parent) as folder:
        library.output_dir = folder
        library.output_file = path.name
        for name, (function, arguments) in kernels.entries.items():
            library.export(name, tuple(_type(argument) for argument in arguments))(_wrapped(function, len(arguments)))
        library.compile()
        (Path(folder) / path.name).replace(path)


def _kernels(module: str) -> compiled.Kernels:
    """The package of a module, all its entries compiled by numba."""
    package = module.rpartition(".")[0]
    compiled.building[package] = None
    import_module(module)
    kernels = compiled.building[package]
    if kernels is None:
        raise CompilerError(f"{package}: makes no Kernels of that name")
    for name in kernels.modules:
        import_module(name)
    return kernels


def _type(argument: Any) -> Any:
    """What numba calls the type of an argument."""
    import numba

    return numba.typeof(_example(argument))


def _example(argument: Any) -> Any:
    if not isinstance(argument, compiled.Argument):
        return type(argument)(*(_example(part) for part in argument))
    dtype, dimensions = argument
    return np.zeros((0,) * dimensions, dtype) if dimensions else dtype.type(0)


def _wrapped(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A function of so many arguments that calls it: what is exported itself divides by another model of errors."""
    names = ", ".join(f"a{i}" for i in range(count))
    scope: dict[str, Any] = {"function": function}
    exec(f"def wrapped({names}):\n    return function({names})", scope)  # noqa: S102  numba takes no *arguments here
    return scope["wrapped"]  # type: ignore[no-any-return]


if __name__ == "__main__":
    sys.exit(made(lambda: build(sys.argv[1], Path(sys.argv[2]))))
