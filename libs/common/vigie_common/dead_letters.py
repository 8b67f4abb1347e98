"""A record that cannot be processed goes to the dead letters, with its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vigie_common.stream.records import Output

if TYPE_CHECKING:
    from vigie_common.errors import VigieError

TOPIC: Final = "dead-letters"
KEPT_BYTES: Final = 64 << 10
MAY_HOLD_IMAGES: Final = frozenset({"frames"})
"""Topics whose raw values never leave them, not even as a dead letter."""
JPEG_BEGINS: Final = b"\xff\xd8\xff"
"""A frame that strayed to another topic is an image all the same."""


def dead_letter(
    service: str,
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    appended_at: int,
    error: VigieError,
) -> Output:
    """The record of a dead letter. `topic` is logical; the key names the origin, so repeats fall together."""
    keep = value is not None and topic not in MAY_HOLD_IMAGES and len(value) <= KEPT_BYTES and JPEG_BEGINS not in value
    return Output(
        TOPIC,
        f"{topic}/{partition}/{offset}",
        {
            "service": service,
            "origin_topic": topic,
            "origin_partition": partition,
            "origin_offset": offset,
            "key": key,
            "value": value if keep else None,
            "value_size": len(value or b""),
            "error": type(error).__name__,
            "message": str(error),
            "appended_at": appended_at,
        },
    )
