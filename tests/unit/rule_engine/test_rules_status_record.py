"""What an engine says of its rules, and when it says it again."""

import pytest

from vigie_rule_engine.status import REPEAT_S, StatusBoard

BUNDLE = "b" * 64


class Table:
    """What judges a camera, as far as the status needs it."""

    def __init__(self, digest=BUNDLE):
        self.camera = {"site": "nimes"}
        self.digest, self.effective_at, self.errors = digest, 1, []


class Core:
    def __init__(self, *tables):
        self._tables = tables

    def tables(self):
        return iter(self._tables)


@pytest.fixture
def said():
    board = StatusBoard("rules-0")
    return lambda core, now_s: [(o.key, o.value["digest"]) for o in board.due([core], now_s)]


def test_what_has_changed_is_said_at_once_and_all_of_it_every_minute(said):
    assert said(Core(Table()), 100.0) == [("rules-0/nimes", BUNDLE)]
    assert said(Core(Table()), 101.0) == []
    assert said(Core(Table("c" * 64)), 102.0) == [("rules-0/nimes", "c" * 64)]
    assert said(Core(Table("c" * 64)), 102.0 + REPEAT_S - 1) == []
    assert said(Core(Table("c" * 64)), 102.0 + REPEAT_S) == [("rules-0/nimes", "c" * 64)]


def test_of_a_site_without_cameras_nothing_is_said_any_more(said):
    said(Core(Table()), 100.0)
    assert said(Core(), 100.0 + 2 * REPEAT_S) == []
