"""Where the files that travel with the code lie: in the wheel, or in the checkout of an editable install."""

from __future__ import annotations

from pathlib import Path

from vigie_common.errors import ConfigurationError

_PACKAGE = Path(__file__).parent


def repository_resource(name: str) -> Path:
    """The folder or file `name` ("schemas", "models/catalogue.yaml").

    A wheel carries it below `vigie_common/_NAME`; in a checkout it is at the top.

    Raises:
        ConfigurationError: it is in neither place.
    """
    bundled = _PACKAGE / f"_{name}"
    if bundled.exists():
        return bundled
    checkout = _PACKAGE.parents[2] / name
    if checkout.exists():
        return checkout
    raise ConfigurationError(
        f"{name}: found neither in the package ({bundled}) nor in the checkout ({checkout}): "
        "install Vigie again, or run from a complete checkout"
    )
