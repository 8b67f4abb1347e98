# cython: language_level=3, boundscheck=False, wraparound=False
"""The columns of a record as the rows of one matrix of float64, compiled."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_GetItem
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.list cimport PyList_CheckExact, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_CheckExact


cdef class Rows:
    """Gathers columns of records.

    Args:
        names: of the columns, in the order of the rows; what is text in them becomes its number.
        beside: columns that have as many entries, and are no rows.
        numbers: of the texts.
        other: number of a text that has none; None: it is refused.
    """

    cdef tuple names, beside
    cdef dict numbers
    cdef object other

    def __init__(self, tuple names, tuple beside, dict numbers, other):
        self.names, self.beside, self.numbers, self.other = names, beside, numbers, other

    def packed(self, dict record):
        """The matrix, row after row, and how many columns it has; None where not all columns have as many entries.

        Raises:
            KeyError: a column is missing, or a text has no number.
            TypeError: an entry is neither a number nor text, or a column no list.
        """
        cdef list first = _column(record, self.names[0])
        cdef list column
        cdef Py_ssize_t count = PyList_GET_SIZE(first)
        cdef bytes data
        cdef double* place
        for name in self.beside:
            column = _column(record, name)
            if PyList_GET_SIZE(column) != count:
                return None
        data = PyBytes_FromStringAndSize(NULL, len(self.names) * count * sizeof(double))
        place = <double*>PyBytes_AS_STRING(data)
        for name in self.names:
            column = _column(record, name)
            if PyList_GET_SIZE(column) != count:
                return None
            self.write(column, place)
            place += count
        return data, count

    cdef int write(self, list column, double* place) except -1:
        cdef Py_ssize_t i = 0
        cdef PyObject* number
        while i < PyList_GET_SIZE(column):
            entry = <object>PyList_GET_ITEM(column, i)
            if PyFloat_CheckExact(entry):
                place[i] = PyFloat_AS_DOUBLE(entry)
            elif PyUnicode_CheckExact(entry):
                number = PyDict_GetItem(self.numbers, entry)
                if number != NULL:
                    place[i] = <object>number
                elif self.other is not None:
                    place[i] = self.other
                else:
                    raise KeyError(entry)
            else:
                place[i] = entry
            i += 1
        return 0


cdef inline list _column(dict record, name):
    cdef PyObject* column = PyDict_GetItem(record, name)
    if column == NULL:
        raise KeyError(name)
    if not PyList_CheckExact(<object>column):
        raise TypeError(f"{name}: want a list, got {type(<object>column).__name__}")
    return <list>column
