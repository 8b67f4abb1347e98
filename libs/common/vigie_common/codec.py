"""Avro in Confluent framing: a zero byte, the schema id (4 bytes, big endian), the record.

https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fastavro import schemaless_reader, schemaless_writer

from vigie_common.avro import layout
from vigie_common.errors import PoisonRecordError, UnknownSchemaError
from vigie_common.schemas import SchemaVersion, current, load_schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_common.avro import Layout
    from vigie_common.registry import Registry

_HEADER: Final = struct.Struct(">bI")


class Writer(NamedTuple):
    """How records of a schema are written."""

    header: bytes
    schema: Any
    layout: Layout | None


class Reader(NamedTuple):
    """How records that were written with a version of a schema are read."""

    name: str
    schema: Any
    newest: Any | None
    """What they are resolved to; none where they were written with it."""
    layout: Layout | None


@dataclass(slots=True)
class Codec:
    """Encodes with the newest committed version of a schema; decodes what any known version wrote.

    Without a registry the ids are those pinned in topics.yaml. With one (`Registry.codec()`), they are the
    registry's own, and an id that is not known yet can be learnt.
    """

    writers: dict[str, Writer] = field(default_factory=dict)
    """By schema name."""
    readers: dict[int, Reader] = field(default_factory=dict)
    """By wire id."""
    registry: Registry | None = None

    @classmethod
    def pinned(cls) -> Codec:
        """A codec with the ids that are pinned in topics.yaml."""
        codec = cls()
        for versions in load_schemas().values():
            for version in versions:
                codec.add(version, version.id)
        return codec

    def add(self, version: SchemaVersion, wire_id: int) -> None:
        """Know a committed version under this id."""
        newest = current(version.name)
        if version is newest:
            how = layout(version.parsed)
            self.readers[wire_id] = Reader(version.name, version.parsed, None, how)
            self.writers[version.name] = Writer(_HEADER.pack(0, wire_id), version.parsed, how)
        else:
            self.know(version.name, version.parsed, wire_id)

    def know(self, name: str, written_with: Any, wire_id: int) -> None:
        """Know that records with this id are of that schema, in another version than the newest committed one."""
        self.readers[wire_id] = Reader(name, written_with, current(name).parsed, None)

    def encode(self, schema: str, value: Mapping[str, Any]) -> bytes:
        """The record, framed.

        Raises:
            ValueError: the value does not fit the schema (a fault of the program, not of the input).
        """
        header, parsed, how = self.writers[schema]
        if how is not None and (written := how.encode(header, value)) is not None:
            return written
        out = io.BytesIO(header)
        out.seek(_HEADER.size)
        schemaless_writer(out, parsed, value)
        return out.getvalue()

    def decode(self, data: bytes | None) -> tuple[str, dict[str, Any]]:
        """The schema's name and the record.

        Raises:
            UnknownSchemaError: nobody here knows the id.
            PoisonRecordError: not framed Avro, or not what its schema says.
        """
        if data is None or len(data) <= _HEADER.size:
            raise PoisonRecordError(
                f"a record of {len(data or b'')} bytes is no framed Avro record (5 bytes of header, then the value)"
            )
        magic, wire_id = _HEADER.unpack_from(data)
        if magic != 0:
            raise PoisonRecordError(
                f"first byte is {magic:#04x}, framed Avro begins with 0x00: was it written by another serializer?"
            )
        known = self.readers.get(wire_id)
        if known is None:
            raise UnknownSchemaError(
                f"schema id {wire_id} is unknown: upgrade this service, or set the registry the producer uses"
            )
        name, written_with, newest, how = known
        if how is not None and (read := how.decode(data, _HEADER.size)) is not None:
            return name, read
        stream = io.BytesIO(data)
        stream.seek(_HEADER.size)
        try:
            value = schemaless_reader(stream, written_with, newest)
        except Exception as broken:
            raise PoisonRecordError(
                f"not a {name} record (schema id {wire_id}): {type(broken).__name__}: {broken}"
            ) from broken
        if stream.tell() != len(data):
            raise PoisonRecordError(f"{len(data) - stream.tell()} bytes follow the {name} record (schema id {wire_id})")
        return name, value

    def decode_as(self, schema: str, data: bytes | None) -> dict[str, Any]:
        """The record, which must be of this schema.

        Raises:
            PoisonRecordError: it is of another, or cannot be decoded.
        """
        name, value = self.decode(data)
        if name != schema:
            raise PoisonRecordError(f"a {name} record lies where a {schema} record belongs")
        return value

    async def learn(self, data: bytes | None) -> bool:
        """Ask the registry for the schema of a record whose id is unknown; says whether it is known now."""
        if self.registry is None or data is None or len(data) <= _HEADER.size:
            return False
        return await self.registry.learn(self, _HEADER.unpack_from(data)[1])
