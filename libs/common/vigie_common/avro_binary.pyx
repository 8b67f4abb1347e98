# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Avro's binary encoding of the records of one schema, compiled.

https://avro.apache.org/docs/1.12.0/specification/#binary-encoding

fastavro is the measure: what is written here is, to the byte, what it writes, and what is read is equal. What does not
fit, or is no whole record, is answered by None, and fastavro says why. Nothing read from a record is trusted: no length
reaches beyond its bytes, and each entry of a list takes one of them at least.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_CheckExact, PyDict_GetItem, PyDict_SetItem, PyDict_Size
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_Check, PyFloat_FromDouble
from cpython.list cimport PyList_Append, PyList_CheckExact, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_CheckExact, PyLong_FromLongLong
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_CheckExact, PyUnicode_DecodeUTF8
from libc.math cimport isfinite
from libc.string cimport memcpy

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL


class UnfitError(Exception):
    """A value that does not fit its schema, or bytes that do not."""


cdef struct Input:
    const unsigned char* at
    const unsigned char* end


cdef struct Output:
    unsigned char* data
    Py_ssize_t size
    Py_ssize_t room


cdef int _grow(Output* out, Py_ssize_t more) except -1:
    cdef Py_ssize_t room = 2 * out.room + more
    cdef unsigned char* data = <unsigned char*>PyMem_Realloc(out.data, room)
    if data == NULL:
        raise MemoryError
    out.data, out.room = data, room
    return 0


cdef inline int _put(Output* out, const void* data, Py_ssize_t size) except -1:
    if out.room - out.size < size:
        _grow(out, size)
    memcpy(out.data + out.size, data, size)
    out.size += size
    return 0


cdef inline int _put_long(Output* out, long long value) except -1:
    """A number in zigzag, seven bits a byte."""
    cdef unsigned long long left = (<unsigned long long>value << 1) ^ <unsigned long long>(value >> 63)
    if out.room - out.size < 10:
        _grow(out, 10)
    while left > 127:
        out.data[out.size] = <unsigned char>(left & 127) | 128
        out.size += 1
        left >>= 7
    out.data[out.size] = <unsigned char>left
    out.size += 1
    return 0


cdef inline int _get_long(Input* data, long long* value) except -1:
    cdef unsigned long long found = 0
    cdef int shift = 0
    cdef unsigned char byte
    while True:
        if data.at == data.end or shift > 63:
            raise UnfitError
        byte = data.at[0]
        data.at += 1
        if shift == 63 and byte > 1:
            raise UnfitError
        found |= <unsigned long long>(byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    value[0] = <long long>(found >> 1) ^ -<long long>(found & 1)
    return 0


cdef inline Py_ssize_t _get_size(Input* data) except -1:
    """A length in bytes that are there."""
    cdef long long size
    _get_long(data, &size)
    if size < 0 or size > data.end - data.at:
        raise UnfitError
    return <Py_ssize_t>size


cdef class Type:
    """One Avro type."""

    cdef Py_ssize_t least  # bytes that every value has at least

    cdef object read(self, Input* data):
        raise NotImplementedError

    cdef int write(self, Output* out, value) except -1:
        raise NotImplementedError


cdef class Null(Type):
    cdef object read(self, Input* data):
        return None

    cdef int write(self, Output* out, value) except -1:
        if value is not None:
            raise UnfitError
        return 0


cdef class Boolean(Type):
    def __init__(self):
        self.least = 1

    cdef object read(self, Input* data):
        if data.at == data.end or data.at[0] > 1:
            raise UnfitError
        data.at += 1
        return (data.at - 1)[0] == 1

    cdef int write(self, Output* out, value) except -1:
        cdef unsigned char byte = value is True
        if value is not True and value is not False:
            raise UnfitError
        return _put(out, &byte, 1)


cdef class Integer(Type):
    """int and long: the same bytes."""

    cdef long long smallest, greatest

    def __init__(self, int bits):
        self.least = 1
        self.greatest = (<object>1 << (bits - 1)) - 1
        self.smallest = -self.greatest - 1

    cdef object read(self, Input* data):
        cdef long long value
        _get_long(data, &value)
        return PyLong_FromLongLong(value)

    cdef int write(self, Output* out, value) except -1:
        cdef int overflow = 0
        cdef long long number
        if not PyLong_CheckExact(value):
            raise UnfitError
        number = PyLong_AsLongLongAndOverflow(value, &overflow)
        if overflow or number < self.smallest or number > self.greatest:
            raise UnfitError
        return _put_long(out, number)


cdef class Float(Type):
    def __init__(self):
        self.least = 4

    cdef object read(self, Input* data):
        cdef float value
        if data.end - data.at < 4:
            raise UnfitError
        memcpy(&value, data.at, 4)
        data.at += 4
        return PyFloat_FromDouble(value)

    cdef int write(self, Output* out, value) except -1:
        cdef double number = _double(value)
        cdef float narrow = <float>number
        if isfinite(number) and not isfinite(narrow):
            raise UnfitError
        return _put(out, &narrow, 4)


cdef class Double(Type):
    def __init__(self):
        self.least = 8

    cdef object read(self, Input* data):
        cdef double value
        if data.end - data.at < 8:
            raise UnfitError
        memcpy(&value, data.at, 8)
        data.at += 8
        return PyFloat_FromDouble(value)

    cdef int write(self, Output* out, value) except -1:
        cdef double number = _double(value)
        return _put(out, &number, 8)


cdef inline double _double(value) except? -1.0:
    if PyFloat_Check(value):
        return PyFloat_AS_DOUBLE(value)
    if PyLong_CheckExact(value):
        return value
    raise UnfitError


cdef class String(Type):
    def __init__(self):
        self.least = 1

    cdef object read(self, Input* data):
        cdef Py_ssize_t size = _get_size(data)
        data.at += size
        return PyUnicode_DecodeUTF8(<const char*>data.at - size, size, NULL)

    cdef int write(self, Output* out, value) except -1:
        cdef Py_ssize_t size = 0
        cdef const char* text
        if not PyUnicode_CheckExact(value):
            raise UnfitError
        text = PyUnicode_AsUTF8AndSize(value, &size)
        _put_long(out, size)
        return _put(out, text, size)


cdef class Bytes(Type):
    def __init__(self):
        self.least = 1

    cdef object read(self, Input* data):
        cdef Py_ssize_t size = _get_size(data)
        data.at += size
        return PyBytes_FromStringAndSize(<const char*>data.at - size, size)

    cdef int write(self, Output* out, value) except -1:
        if not PyBytes_CheckExact(value):
            raise UnfitError
        _put_long(out, PyBytes_GET_SIZE(value))
        return _put(out, PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value))


cdef class Enum(Type):
    cdef tuple symbols
    cdef dict numbers

    def __init__(self, symbols):
        self.least = 1
        self.symbols = tuple(symbols)
        self.numbers = {symbol: number for number, symbol in enumerate(self.symbols)}

    cdef object read(self, Input* data):
        cdef long long number
        _get_long(data, &number)
        if number < 0 or number >= len(self.symbols):
            raise UnfitError
        return self.symbols[number]

    cdef int write(self, Output* out, value) except -1:
        cdef PyObject* number
        if not PyUnicode_CheckExact(value):
            raise UnfitError
        number = PyDict_GetItem(self.numbers, value)
        if number == NULL:
            raise UnfitError
        return _put_long(out, <long long><object>number)


cdef class Optional(Type):
    """A union of null and one other type."""

    cdef Type other
    cdef long long null

    def __init__(self, Type other, long long null):
        self.least, self.other, self.null = 1, other, null

    cdef object read(self, Input* data):
        cdef long long branch
        _get_long(data, &branch)
        if branch == self.null:
            return None
        if branch != 1 - self.null:
            raise UnfitError
        return self.other.read(data)

    cdef int write(self, Output* out, value) except -1:
        if value is None:
            return _put_long(out, self.null)
        _put_long(out, 1 - self.null)
        return self.other.write(out, value)


cdef class Blocks(Type):
    """What arrays and maps share: entries in blocks, each after their number; a number below zero is followed by bytes."""

    cdef long long block(self, Input* data) except -1:
        """Entries of the next block; 0 after the last."""
        cdef long long count, size
        _get_long(data, &count)
        if count < 0:
            _get_long(data, &size)
            count = -count
        if count < 0:
            raise UnfitError
        return count


cdef class Array(Blocks):
    cdef Type items

    def __init__(self, Type items):
        if not items.least:
            raise UnfitError
        self.least, self.items = 1, items

    cdef object read(self, Input* data):
        cdef list found = []
        cdef long long left = self.block(data)
        while left:
            while left:
                PyList_Append(found, self.items.read(data))
                left -= 1
            left = self.block(data)
        return found

    cdef int write(self, Output* out, value) except -1:
        cdef Py_ssize_t i
        if not PyList_CheckExact(value):
            raise UnfitError
        if PyList_GET_SIZE(value):
            _put_long(out, PyList_GET_SIZE(value))
            i = 0
            while i < PyList_GET_SIZE(value):
                self.items.write(out, <object>PyList_GET_ITEM(value, i))
                i += 1
        return _put_long(out, 0)


cdef class Map(Blocks):
    cdef Type keys, values

    def __init__(self, Type values):
        self.least, self.keys, self.values = 1, String(), values

    cdef object read(self, Input* data):
        cdef dict found = {}
        cdef long long left = self.block(data)
        while left:
            while left:
                key = self.keys.read(data)
                PyDict_SetItem(found, key, self.values.read(data))
                left -= 1
            left = self.block(data)
        return found

    cdef int write(self, Output* out, value) except -1:
        if not PyDict_CheckExact(value):
            raise UnfitError
        if PyDict_Size(value):
            _put_long(out, PyDict_Size(value))
            for key, entry in (<dict>value).items():
                self.keys.write(out, key)
                self.values.write(out, entry)
        return _put_long(out, 0)


cdef class Record(Type):
    cdef tuple names
    cdef tuple types

    def __init__(self, names, types):
        self.names, self.types = tuple(names), tuple(types)
        self.least = sum([(<Type>each).least for each in self.types])

    cdef object read(self, Input* data):
        cdef dict found = {}
        cdef Py_ssize_t i
        for i in range(len(self.names)):
            PyDict_SetItem(found, <object>self.names[i], (<Type>self.types[i]).read(data))
        return found

    cdef int write(self, Output* out, value) except -1:
        cdef PyObject* entry
        cdef Py_ssize_t i
        if not PyDict_CheckExact(value):
            raise UnfitError
        for i in range(len(self.names)):
            entry = PyDict_GetItem(value, <object>self.names[i])
            if entry == NULL:
                raise UnfitError
            (<Type>self.types[i]).write(out, <object>entry)
        return 0


cdef Type _type(schema, dict known):
    """The type of a parsed schema.

    Raises:
        UnfitError: it is none of those that are written here.
    """
    if isinstance(schema, list):
        if len(schema) == 2 and "null" in schema:
            null = schema.index("null")
            return Optional(_type(schema[1 - null], known), null)
        raise UnfitError
    if isinstance(schema, str):
        if schema in known:
            return known[schema]
        if schema in _PLAIN:
            return _PLAIN[schema]
        raise UnfitError
    kind = schema["type"]
    if kind == "array":
        return Array(_type(schema["items"], known))
    if kind == "map":
        return Map(_type(schema["values"], known))
    if kind == "enum":
        known[schema["name"]] = made = Enum(schema["symbols"])
        return made
    if kind == "record":
        fields = schema["fields"]
        made = Record([field["name"] for field in fields], [_type(field["type"], known) for field in fields])
        known[schema["name"]] = made
        return made
    return _type(kind, known)


cdef dict _PLAIN = {
    "null": Null(), "boolean": Boolean(), "int": Integer(32), "long": Integer(64), "float": Float(), "double": Double(),
    "string": String(), "bytes": Bytes(),
}


cdef class Layout:
    """How the records of one schema are written.

    Args:
        schema: parsed by fastavro, without logical types.

    Raises:
        UnfitError: it has a type that is not written here (fixed, a union of others than null and one type, recursion).
    """

    cdef Type type

    def __init__(self, schema):
        self.type = _type(schema, {})

    def encode(self, bytes header, value):
        """The record after its header; None where it does not fit."""
        cdef Output out
        out.room, out.size = 1024, 0
        out.data = <unsigned char*>PyMem_Malloc(out.room)
        if out.data == NULL:
            raise MemoryError
        try:
            _put(&out, PyBytes_AS_STRING(header), PyBytes_GET_SIZE(header))
            self.type.write(&out, value)
            return PyBytes_FromStringAndSize(<const char*>out.data, out.size)
        except (UnfitError, UnicodeError, OverflowError):
            return None
        finally:
            PyMem_Free(out.data)

    def decode(self, bytes data, Py_ssize_t at):
        """The record that is all of the data from there on; None where it is not."""
        cdef Input left
        if at < 0 or at > PyBytes_GET_SIZE(data):
            return None
        left.at = <const unsigned char*>PyBytes_AS_STRING(data) + at
        left.end = <const unsigned char*>PyBytes_AS_STRING(data) + PyBytes_GET_SIZE(data)
        try:
            value = self.type.read(&left)
        except (UnfitError, UnicodeError):
            return None
        return value if left.at == left.end else None
