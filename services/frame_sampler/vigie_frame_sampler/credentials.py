"""Secrets of cameras, from where a reference points. They go into an address and nowhere else."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from vigie_common.errors import BadInputError

_HIDDEN: Final = re.compile(r"(?<=://)[^/@\s]*@")


def with_credentials(camera_id: str, uri: str, reference: str | None) -> str:
    """The address with the user and password that the reference stands for. Never log what this gives.

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
    parts = urlsplit(uri)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


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
    """The text with whatever stands before the @ of an address taken out: safe to log."""
    return _HIDDEN.sub("", text)


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
