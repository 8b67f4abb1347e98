"""The numba compiler as every core uses it: bitwise deterministic, cached on disk under a key that cannot lie.

numba's own cache looks at one file only: it misses an edited callee in another module and a changed global. So the
cache folder is named by a digest of all the sources that go into the machine code. The CPU target is the generic
one, so that two machines of a fleet compute the same bits and an image can carry its cache.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

_ENVIRONMENT: Final = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}


def compiler(package: Path, *more_sources: Path) -> Callable[[F], F]:
    """The decorator that compiles the functions of one package; without JIT (NUMBA_DISABLE_JIT=1) it changes nothing.

    Call it once in a package, in the module that the package's compiled modules import it from, and import numba
    nowhere else. No fastmath: the same input gives the same bits.

    Args:
        package: folder whose Python files go into the cache key.
        more_sources: files outside it whose values are compiled in (the taxonomy).
    """
    use_cache([*sorted(package.rglob("*.py")), *more_sources])
    import numba

    return cast("Callable[[F], F]", numba.njit(cache=True, fastmath=False, error_model="numpy"))


def use_cache(sources: Iterable[Path]) -> Path:
    """Point numba at the cache folder of these sources and at the generic CPU; gives the folder.

    The folder is `$VIGIE_CACHE/numba/<digest>`, or `~/.cache/vigie/numba/<digest>`. numba reads it when a function
    is decorated, so each package may have its own. A folder that cannot be written (a read-only image, no home) is
    copied to, or replaced by, a temporary one that goes away with the process.
    """
    folder = _writable(cache_root() / "numba" / digest(sources))
    os.environ.update(_ENVIRONMENT, NUMBA_CACHE_DIR=str(folder))
    if "numba" in sys.modules:  # it has read the environment already
        config = sys.modules["numba"].config
        config.CACHE_DIR = str(folder)
        config.CPU_NAME, config.CPU_FEATURES = "generic", ""
    return folder


def cache_root() -> Path:
    """Where Vigie keeps what it can make again: `$VIGIE_CACHE`, or `~/.cache/vigie`."""
    configured = os.environ.get("VIGIE_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "vigie"


def digest(sources: Iterable[Path]) -> str:
    """Twenty hexadecimal digits for what the machine code depends on: names and bytes of the sources, numba, numpy."""
    key = hashlib.sha256(f"numba {version('numba')} numpy {version('numpy')}".encode())
    for source in sources:
        key.update(f"\0{source.parent.name}/{source.name}\0".encode())
        key.update(source.read_bytes())
    return key.hexdigest()[:20]


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        temporary = Path(tempfile.mkdtemp(prefix="vigie-numba-"))
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        if folder.is_dir():
            shutil.copytree(folder, temporary, dirs_exist_ok=True)
        return temporary


def is_compiled(function: Callable[..., Any]) -> bool:
    """Whether a compiled function can be called at once: its machine code is in the cache, or there is no JIT."""
    stats, code = getattr(function, "stats", None), getattr(function, "__code__", None)
    if stats is None or code is None:
        return True
    return any(Path(stats.cache_path).glob(f"*.{code.co_name}-{code.co_firstlineno}.*.nbi"))
