"""Secrets of cameras, from where a reference points. They go into an address and nowhere else."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from vigie_common.errors import BadInputError

PLACEHOLDERS: Final = ("{user}", "{password}")
"""Where a camera takes them in the address itself."""

_ADDRESS: Final = re.compile(r"(?<=://)\S+")
_USER: Final = re.compile(r"^[^/\s]*@")
_VALUE: Final = re.compile(r"=[^&\s]+?(?=[:;,.)\]'\"]*(?:[&\s]|$))")


def with_credentials(camera_id: str, uri: str, reference: str | None) -> str:
    """The address with the user and password that the reference stands for. Never log what this gives.

    They stand where its placeholders are, if it has any, else before the host.

    Args:
        camera_id: named in errors.
        uri: an address without credentials.
        reference: `env:NAME` or `file:PATH`, whose content is `user:password`; none: the address as it is.

    Raises:
        BadInputError: the reference points nowhere, or what it points at is not `user:password`. The message
            names the reference, never the content.
    """
    if reference is None:
        return uri
    user, password = user_and_password(camera_id, reference)
    if has_placeholders(uri):
        for placeholder, value in zip(PLACEHOLDERS, (user, password), strict=True):
            uri = uri.replace(placeholder, quote(value, safe=""))
        return uri
    parts = urlsplit(uri)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


def has_placeholders(uri: str) -> bool:
    """Whether the address says itself where user and password go."""
    return any(placeholder in uri for placeholder in PLACEHOLDERS)


def user_and_password(camera_id: str, reference: str) -> tuple[str, str]:
    """What the reference stands for. Never log what this gives.

    Raises:
        BadInputError: as `with_credentials`.
    """
    user, colon, password = _resolve(camera_id, reference).partition(":")
    if not (colon and user):
        raise BadInputError(f"camera {camera_id}: {reference} does not hold user:password; write it in that form")
    return user, password


def without_credentials(text: str) -> str:
    """The text with what may be secret taken out of its addresses: safe to log.

    That is what stands before the @, and the value of every parameter: cameras call a password by too many names for a
    list of them to be trusted.
    """
    return _ADDRESS.sub(lambda found: _VALUE.sub("=…", _USER.sub("", found[0])), text)


def _resolve(camera_id: str, reference: str) -> str:
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        if name not in os.environ:
            raise BadInputError(
                f"camera {camera_id}: credentials {reference}: the sampler has no variable {name}; set it"
            )
        return os.environ[name].strip()
    if kind == "file" and name:
        try:
            return Path(name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as unreadable:
            why = unreadable.strerror if isinstance(unreadable, OSError) else "it is not UTF-8"
            raise BadInputError(
                f"camera {camera_id}: credentials {reference} cannot be read ({why}); mount the file"
            ) from None
    raise BadInputError(
        f"camera {camera_id}: credentials are not a reference of the form env:NAME or file:PATH; "
        "put user:password in a variable or file of the sampler and name it here"
    )
