"""Avro records that are mostly columns, read and written a column at a time.

A frame's boxes are arrays of numbers and classes, one entry a box. fastavro takes each entry through its dispatch on
types; here a short column goes as a whole through `struct` or a table. Everything else is fastavro's: the other fields,
columns that are long or hold large numbers, and all that does not fit its schema. The bytes are the same.

https://avro.apache.org/docs/1.12.0/specification/#arrays-1
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import SchemaParseException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHORT: Final = 64
"""Entries whose count, zigzagged, fits one byte; so do numbers from -64 to 63."""

_COUNTS: Final = tuple(bytes([2 * count]) for count in range(_SHORT))
_FLOATS: Final = tuple(struct.Struct(f"<{count}f") for count in range(_SHORT))
_SMALL: Final = {(byte >> 1) ^ -(byte & 1): byte for byte in range(2 * _SHORT)}
_LEAST_COLUMNS: Final = 4
_UNFIT: Final = (KeyError, IndexError, TypeError, ValueError, OverflowError, struct.error)


@dataclass(frozen=True, slots=True)
class _Fields:
    """Neighbours that are no columns, as a record of their own."""

    schema: Any

    def write(self, out: io.BytesIO, value: Mapping[str, Any]) -> None:
        schemaless_writer(out, self.schema, value)

    def read(self, data: bytes, at: int, stream: io.BytesIO, value: dict[str, Any]) -> int:  # noqa: ARG002 - as the others
        stream.seek(at)
        value.update(schemaless_reader(stream, self.schema, None))
        return stream.tell()


@dataclass(frozen=True, slots=True)
class _Floats:
    name: str
    schema: Any

    def write(self, out: io.BytesIO, value: Mapping[str, Any]) -> None:
        column = value[self.name]
        count = len(column)
        if 0 < count < _SHORT:
            out.write(_COUNTS[count] + _FLOATS[count].pack(*column) + b"\0")
        else:
            _write_long(out, self.schema, column)

    def read(self, data: bytes, at: int, stream: io.BytesIO, value: dict[str, Any]) -> int:
        count, odd = divmod(data[at], 2)
        end = at + 1 + 4 * count
        if odd or not 0 < count < _SHORT or data[end]:
            return _read_long(data, at, stream, self, value)
        value[self.name] = list(_FLOATS[count].unpack_from(data, at + 1))
        return end + 1


@dataclass(frozen=True, slots=True)
class _Bytes:
    """Entries that are mostly one byte each: small numbers, symbols of an enum."""

    name: str
    schema: Any
    codes: Mapping[Any, int]
    entries: Mapping[int, Any]

    def write(self, out: io.BytesIO, value: Mapping[str, Any]) -> None:
        column = value[self.name]
        count = len(column)
        if 0 < count < _SHORT:
            try:
                out.write(_COUNTS[count] + bytes([self.codes[entry] for entry in column]) + b"\0")
            except KeyError:
                pass
            else:
                return
        _write_long(out, self.schema, column)

    def read(self, data: bytes, at: int, stream: io.BytesIO, value: dict[str, Any]) -> int:
        count, odd = divmod(data[at], 2)
        end = at + 1 + count
        if odd or not 0 < count < _SHORT or data[end]:
            return _read_long(data, at, stream, self, value)
        try:
            value[self.name] = [self.entries[code] for code in data[at + 1 : end]]
        except KeyError:
            return _read_long(data, at, stream, self, value)
        return end + 1


_Part = _Fields | _Floats | _Bytes


def _write_long(out: io.BytesIO, schema: Any, column: Sequence[Any]) -> None:
    if len(column):
        schemaless_writer(out, schema, column)
    else:
        out.write(b"\0")


def _read_long(data: bytes, at: int, stream: io.BytesIO, column: _Floats | _Bytes, value: dict[str, Any]) -> int:
    if not data[at]:
        value[column.name] = []
        return at + 1
    stream.seek(at)
    value[column.name] = schemaless_reader(stream, column.schema, None)
    return stream.tell()


@dataclass(frozen=True, slots=True)
class Columns:
    """Reads and writes the records of one schema."""

    parts: tuple[_Part, ...]

    @classmethod
    def of(cls, parsed: Any) -> Columns | None:
        """For a parsed schema; none where it has few columns, or parts that need one another's names."""
        fields = parsed.get("fields", []) if isinstance(parsed, dict) else []
        parts: list[_Part] = []
        rest: list[Any] = []
        try:
            for field in fields:
                column = _column(field)
                if column is None:
                    rest.append(field)
                    continue
                if rest:
                    parts.append(_fields(rest))
                    rest = []
                parts.append(column)
            if rest:
                parts.append(_fields(rest))
        except SchemaParseException:
            return None
        return cls(tuple(parts)) if sum(not isinstance(part, _Fields) for part in parts) >= _LEAST_COLUMNS else None

    def write(self, header: bytes, value: Mapping[str, Any]) -> bytes | None:
        """The record after its header; none where it does not fit, and fastavro knows better why."""
        out = io.BytesIO(header)
        out.seek(len(header))
        try:
            for part in self.parts:
                part.write(out, value)
        except _UNFIT:
            return None
        return out.getvalue()

    def read(self, data: bytes, at: int) -> tuple[dict[str, Any], int] | None:
        """The record from there on, and where it ends; none where it does not fit, and fastavro knows better why."""
        stream, value = io.BytesIO(data), dict[str, Any]()
        try:
            for part in self.parts:
                at = part.read(data, at, stream, value)
        except (*_UNFIT, EOFError):
            return None
        return value, at


def _fields(fields: Sequence[Any]) -> _Fields:
    return _Fields(parse_schema({"type": "record", "name": "Part", "fields": list(fields)}))


def _column(field: Mapping[str, Any]) -> _Part | None:
    kind = field["type"]
    if not isinstance(kind, dict) or kind["type"] != "array":
        return None
    items = kind["items"]
    name = items["type"] if isinstance(items, dict) else items
    if name == "float":
        return _Floats(field["name"], parse_schema(kind))
    if name in {"int", "long"}:
        return _Bytes(field["name"], parse_schema(kind), _SMALL, {code: number for number, code in _SMALL.items()})
    if name == "enum" and len(items["symbols"]) <= _SHORT and "default" not in field:
        codes = {symbol: 2 * index for index, symbol in enumerate(items["symbols"])}
        return _Bytes(field["name"], parse_schema(kind), codes, {code: symbol for symbol, code in codes.items()})
    return None
