"""Every transition of the one state machine, by its table."""

import numpy as np
import pytest

from vigie_rule_engine.layers.episodes import (
    CELL,
    CHECK,
    CLOSED,
    CLOSING,
    DOUBTED,
    HOLD,
    IDLE,
    MATURED,
    NOTHING,
    OFF,
    ON,
    OPEN,
    PENDING,
    UNSEEN,
    advance,
    clear,
)
from vigie_rule_engine.layers.rows import RULE


def a_rule(**fields):
    row = np.zeros(1, RULE)
    row["for_ms"], row["keep_open_ms"] = 1000, 5000
    for name, value in fields.items():
        row[name] = value
    return row[0]


def a_cell(**fields):
    cells = np.zeros(1, CELL)
    for name, value in fields.items():
        cells[name] = value
    return cells[0]


@pytest.mark.parametrize(
    ("phase", "verdict", "after", "happened"),
    [
        (IDLE, OFF, IDLE, NOTHING),
        (IDLE, HOLD, IDLE, NOTHING),
        (IDLE, UNSEEN, IDLE, NOTHING),
        (IDLE, ON, PENDING, NOTHING),
        (IDLE, DOUBTED, PENDING, NOTHING),
        (PENDING, DOUBTED, PENDING, NOTHING),
        (PENDING, ON, PENDING, NOTHING),
        (PENDING, OFF, IDLE, NOTHING),
        (PENDING, HOLD, IDLE, NOTHING),
        (PENDING, UNSEEN, PENDING, NOTHING),
        (OPEN, ON, OPEN, NOTHING),
        (OPEN, HOLD, OPEN, NOTHING),
        (OPEN, UNSEEN, OPEN, NOTHING),
        (OPEN, OFF, CLOSING, NOTHING),
        (CLOSING, ON, OPEN, NOTHING),
        (CLOSING, HOLD, CLOSING, NOTHING),
        (CLOSING, OFF, CLOSING, NOTHING),
        (CLOSING, UNSEEN, CLOSING, NOTHING),
    ],
)
def test_each_phase_and_verdict_leads_to_one_phase(phase, verdict, after, happened):
    cell = a_cell(phase=phase, since=5000, last=9800, last_w=9800, judged_w=9800, held=100)
    assert advance(cell, verdict, 5000, 10_000, 10_000, a_rule()) == happened
    assert cell["phase"] == after


def test_it_matures_after_for_and_not_before():
    cell, rule = a_cell(), a_rule()
    happened = [advance(cell, ON, 0, t, t, rule) for t in range(0, 1201, 200)]
    assert happened == [NOTHING] * 5 + [MATURED] * 2  # it stays mature until whoever asks opens it
    assert (cell["since"], cell["phase"]) == (0, PENDING)


def test_for_zero_matures_at_once():
    assert advance(a_cell(), ON, 7, 7, 7, a_rule(for_ms=0)) == MATURED


def test_a_missed_detection_between_two_sightings_counts_towards_maturing():
    cell, rule = a_cell(), a_rule()
    steps = [(ON, 0), (UNSEEN, 200), (UNSEEN, 400), (UNSEEN, 600), (ON, 1000)]
    assert [advance(cell, verdict, 0, t, t, rule) for verdict, t in steps][-1] == MATURED


def test_unseen_never_matures():
    cell, rule = a_cell(phase=PENDING, held=5000), a_rule()
    assert advance(cell, UNSEEN, 0, 10_000, 10_000, rule) == NOTHING


def test_it_closes_once_keep_open_is_over_since_it_last_held():
    cell, rule = a_cell(phase=OPEN, last=0, last_w=0), a_rule()
    happened = [advance(cell, OFF, 0, t, t, rule) for t in range(1000, 6000, 1000)]
    assert happened == [NOTHING] * 4 + [CLOSED]
    assert cell["last"] == 0


def test_closing_goes_on_while_the_subject_is_unseen():
    cell, rule = a_cell(phase=CLOSING, last_w=0), a_rule()
    assert advance(cell, UNSEEN, 0, 5000, 5000, rule) == CLOSED


def test_an_excursion_shorter_than_keep_open_is_kept():
    cell, rule = a_cell(phase=OPEN), a_rule()
    steps = [(OFF, 2000), (OFF, 4000), (ON, 4800), (OFF, 6000), (OFF, 9000)]
    assert [advance(cell, verdict, 0, t, t, rule) for verdict, t in steps] == [NOTHING] * 5
    assert cell["last"] == 4800


def test_the_watch_clock_decides_not_the_event_time():
    cell, rule = a_cell(phase=PENDING, judged_w=500), a_rule()
    assert advance(cell, ON, 0, 3_600_000, 700, rule) == NOTHING
    cell = a_cell(phase=CLOSING, last_w=500)
    assert advance(cell, OFF, 0, 3_600_000, 700, rule) == NOTHING


def test_a_later_start_begins_the_pending_time_anew():
    cell, rule = a_cell(), a_rule()
    advance(cell, ON, 0, 0, 0, rule)
    advance(cell, ON, 800, 800, 800, rule)
    assert (cell["since"], cell["held"]) == (800, 0)


def test_no_start_before_the_floor():
    cell = a_cell(floor=9000)
    advance(cell, ON, 2000, 10_000, 10_000, a_rule())
    assert cell["since"] == 9000


def test_a_condition_is_asked_at_its_time_only():
    rule = a_rule(asks=1)
    cell = a_cell(phase=OPEN, check_at=60_000)
    assert advance(cell, ON, 0, 59_999, 59_999, rule) == NOTHING
    assert advance(cell, ON, 0, 60_000, 60_000, rule) == CHECK
    waiting = a_cell(phase=PENDING, held=5000, check_at=60_000)
    assert advance(waiting, ON, 0, 59_000, 100, rule) == NOTHING
    assert advance(waiting, ON, 0, 60_000, 200, rule) == MATURED


def test_a_cleared_cell_is_all_zero():
    cells = np.zeros(1, CELL)
    cells.view(np.uint8)[:] = 255
    clear(cells[0])
    assert cells.tobytes() == bytes(CELL.itemsize)
