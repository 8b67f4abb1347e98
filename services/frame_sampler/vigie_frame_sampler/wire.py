"""Messages between the service and its capture processes: four bytes of length, then MessagePack."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from asyncio import StreamReader
    from typing import BinaryIO

LENGTH: Final = struct.Struct(">I")

pack: Final = msgspec.msgpack.encode
unpack: Final = msgspec.msgpack.decode


def framed(message: dict[str, Any]) -> bytes:
    """The message as it goes over a pipe."""
    body = pack(message)
    return LENGTH.pack(len(body)) + body


def read_framed(pipe: BinaryIO) -> dict[str, Any] | None:
    """The next message; none at the end."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    body = pipe.read(LENGTH.unpack(head)[0])
    message: dict[str, Any] = unpack(body)
    return message


async def receive_framed(pipe: StreamReader) -> dict[str, Any]:
    """The next message.

    Raises:
        asyncio.IncompleteReadError: the other end is gone.
    """
    size = LENGTH.unpack(await pipe.readexactly(LENGTH.size))[0]
    message: dict[str, Any] = unpack(await pipe.readexactly(size))
    return message
