"""Where a camera's images come from, as its file says it: an address without the secret, a video file or a folder."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from vigie_common.field_types import EventTimeText, Text
from vigie_common.yaml_model import FileModel

SourceKind = Literal["rtsp", "file", "folder", "mjpeg", "snapshot"]
SOURCE_KINDS: Final[tuple[SourceKind, ...]] = ("rtsp", "file", "folder", "mjpeg", "snapshot")
_SCHEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "rtsp": ("rtsp", "rtsps"),
    "mjpeg": ("http", "https"),
    "snapshot": ("http", "https"),
}
_REFERENCE_PATTERN: Final = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$"


def _credentials(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(_REFERENCE_PATTERN, value):
        # never shown: it may be the secret itself
        raise PydanticCustomError(
            "not_shown",
            "not a reference (the value is not shown, it may be a secret): write env:NAME or file:/path",
        )
    return value


_PASSWORD = re.compile(r"(?i)[/?&;_](?:pass(?:w(?:or)?d)?|pwd)=(?!\{password\}|[&;_]|$)")


def _address(value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError as error:
        raise ValueError(f"not an address: {error}") from error
    if "@" in parts.netloc or _PASSWORD.search(value):
        raise PydanticCustomError(
            "not_shown",
            "the address carries credentials (not shown): take them out of it and add "
            "`credentials: env:NAME` beside it, where the variable NAME holds user:password; "
            "a camera that wants them in the address has {user} and {password} in their place",
        )
    if not host:
        raise ValueError("no host: write scheme://host/path")
    return value


Address = Annotated[Text, AfterValidator(_address)]


class SourceSection(FileModel):
    """Where the images come from: exactly one of rtsp, file, folder, mjpeg, snapshot."""

    shape: ClassVar[str] = "{rtsp: rtsp://…} or {file: …}"

    rtsp: Address | None = Field(default=None, description="address of an RTSP stream, without credentials")
    file: Text | None = Field(default=None, description="a video file; a relative path starts at the camera file")
    folder: Text | None = Field(default=None, description="a folder of images, by name")
    mjpeg: Address | None = Field(default=None, description="address of an MJPEG stream")
    snapshot: Address | None = Field(default=None, description="address of a JPEG fetched again and again")
    credentials: (
        Annotated[
            str,
            BeforeValidator(_credentials),
            WithJsonSchema({"type": "string", "pattern": _REFERENCE_PATTERN}),
        ]
        | None
    ) = Field(default=None, description="a reference: env:NAME or file:/path; never the secret")
    loop: bool = Field(default=False, description="files and folders: begin again at the end")
    pace: Literal["real", "fast"] = Field(
        default="real", description="files and folders: as time passes, or as fast as possible"
    )
    start: EventTimeText | None = Field(
        default=None, description="files and folders: time of the first image; left out: now"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "SourceSection":
        given = [kind for kind in SOURCE_KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f"exactly one of {', '.join(SOURCE_KINDS)} is needed, {' and '.join(given) if given else 'none'} given"
            )
        kind = given[0]
        if kind in _SCHEMES:
            if self.credentials is None and re.search(r"\{(user|password)\}", getattr(self, kind)):
                raise ValueError("{user} and {password} stand for the credentials: add `credentials: env:NAME`")
            if self.loop or self.pace != "real" or self.start is not None:
                raise ValueError(f"loop, pace and start are for file and folder only, not for {kind}")
            scheme = urlsplit(getattr(self, kind)).scheme
            if scheme not in _SCHEMES[kind]:
                raise ValueError(f'{kind} cannot read "{scheme}://": use {"://, ".join(_SCHEMES[kind])}://')
        return self

    @property
    def kind(self) -> SourceKind:
        """Which of the kinds is given."""
        return next(kind for kind in SOURCE_KINDS if getattr(self, kind) is not None)

    @property
    def remote(self) -> bool:
        """Whether it is read over the network: what is given is an address, not a path."""
        return self.kind in _SCHEMES
