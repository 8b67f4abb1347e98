"""Avro in Confluent framing: a zero byte, the schema id (4 bytes, big endian), the record.

https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fastavro import schemaless_reader, schemaless_writer

from vigie_common.columns import Columns
from vigie_common.errors import PoisonRecordError, UnknownSchemaError
from vigie_common.schemas import SchemaVersion, current, load_schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigie_common.registry import Registry

_HEADER: Final = struct.Struct(">bI")


@dataclass(slots=True)
class Codec:
    """Encodes with the newest committed version of a schema; decodes what any known version wrote.

    Without a registry the ids are those pinned in topics.yaml. With one (`Registry.codec()`), they are the
    registry's own, and an id that is not known yet can be learnt.
    """

    writers: dict[str, tuple[bytes, Any]] = field(default_factory=dict)
    """By schema name: framing header and parsed schema."""
    readers: dict[int, tuple[str, Any, Any | None]] = field(default_factory=dict)
    """By wire id: schema name, writer's schema, and the reader's where it differs."""
    registry: Registry | None = None
    columns: dict[int, Columns] = field(default_factory=dict)
    """By identity of a parsed schema whose records are mostly columns."""

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
        self.readers[wire_id] = (version.name, version.parsed, None if version is newest else newest.parsed)
        if version is newest:
            self.writers[version.name] = (_HEADER.pack(0, wire_id), version.parsed)
            columns = Columns.of(version.parsed)
            if columns is not None:
                self.columns[id(version.parsed)] = columns

    def encode(self, schema: str, value: Mapping[str, Any]) -> bytes:
        """The record, framed.

        Raises:
            ValueError: the value does not fit the schema (a fault of the program, not of the input).
        """
        header, parsed = self.writers[schema]
        columns = self.columns.get(id(parsed))
        if columns is not None and (written := columns.write(header, value)) is not None:
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
        name, writer, reader = known
        if reader is None and (columns := self.columns.get(id(writer))) is not None:
            read = columns.read(data, _HEADER.size)
            if read is not None and read[1] == len(data):
                return name, read[0]
        stream = io.BytesIO(data)
        stream.seek(_HEADER.size)
        try:
            value = schemaless_reader(stream, writer, reader)
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
