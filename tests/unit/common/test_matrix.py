"""The columns of a record as one matrix."""

import numpy as np
import pytest

from vigie_common.matrix import PER_BOX, Columns, misfit
from vigie_common.taxonomy import CLASS_ORDINAL

RECORD = {
    "x1": [1.5, -2.0, 3.0],
    "y1": [0, 1, 2],
    "x2": [4.0, 5.0, float("nan")],
    "y2": [1e300, 0.0, -0.0],
    "score": [0.5, 0.25, 1.0],
    "object_class": ["person", "car", "person"],
    "model_index": [0, 1, 0],
    "track_id": [7, 2**53 - 1, -1],
}


def test_rows_are_the_columns_asked_for_in_their_order():
    names = ("score", "track_id", "object_class", "y1", "x2", "y2")
    person, car = CLASS_ORDINAL["person"], CLASS_ORDINAL["car"]
    wanted = [RECORD["score"], RECORD["track_id"], [person, car, person], RECORD["y1"], RECORD["x2"], RECORD["y2"]]
    found = Columns(names).matrix(RECORD)
    assert (found.dtype, found.shape, found.flags.c_contiguous) == (np.float64, (6, 3), True)
    np.testing.assert_array_equal(found, np.array(wanted, float))
    assert np.signbit(found[5, 2])


def test_without_boxes_it_is_empty():
    assert Columns(("x1", "object_class")).matrix({name: [] for name in RECORD}).shape == (2, 0)


@pytest.mark.parametrize("name", PER_BOX)
def test_a_column_of_another_length_is_told_by_none_whether_it_is_a_row_or_not(name):
    record = RECORD | {name: RECORD[name][:2]}
    assert Columns(("y1", "x1", "object_class")).matrix(record) is None
    assert misfit(record, 3) == name
    assert misfit(RECORD, 3) is None


def test_a_class_that_nobody_knows_is_refused_or_has_the_number_of_the_unknown():
    record = RECORD | {"object_class": ["person", "elephant", "car"]}
    with pytest.raises(KeyError, match="elephant"):
        Columns(("object_class",)).matrix(record)
    assert Columns(("object_class",), 99).matrix(record)[0, 1] == 99


@pytest.mark.parametrize(
    ("changed", "error", "told"),
    [
        ({"x1": (1.0, 2.0, 3.0)}, TypeError, "x1: want a list, got tuple"),
        ({"x1": [1.0, None, 3.0]}, TypeError, "must be real number"),
        ({"score": None}, TypeError, "score: want a list, got NoneType"),
    ],
)
def test_what_is_no_column_of_numbers_is_refused(changed, error, told):
    with pytest.raises(error, match=told):
        Columns(("x1",)).matrix(RECORD | changed)


def test_a_missing_column_is_named():
    with pytest.raises(KeyError, match="x2"):
        Columns(("x1", "x2")).matrix({name: column for name, column in RECORD.items() if name != "x2"})
