"""All that the compiled packages take values from is in the name of their library."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from vigie_rule_engine.layers.jit import KERNELS as RULES
from vigie_scene.kernels.compiled import KERNELS as SCENE
from vigie_tracking.compiled import KERNELS as TRACKING

NOT_COMPILED_IN = {"vigie_common", "vigie_common.compiled"}
"""What makes the library; it is in the name too."""


def imported(path):
    """Names of the product's modules that a file imports when it runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vigie_"):
            yield node.module
            for name in node.names:
                try:
                    submodule = find_spec(f"{node.module}.{name.name}")
                except ModuleNotFoundError:  # the module is no package
                    continue
                if submodule is not None:
                    yield submodule.name


@pytest.mark.parametrize("kernels", [RULES, SCENE, TRACKING], ids=lambda kernels: kernels.package)
def test_every_module_that_an_entry_reaches_is_a_source(kernels):
    waiting, seen = list(kernels.modules), set()
    while waiting:
        name = waiting.pop()
        if name in seen | NOT_COMPILED_IN:
            continue
        seen.add(name)
        path = Path(find_spec(name).origin)
        assert path in kernels.sources, f"{name} is compiled in: move it into {kernels.package}, or name it"
        waiting += imported(path)
    assert len(seen) > len(kernels.modules) + 1
