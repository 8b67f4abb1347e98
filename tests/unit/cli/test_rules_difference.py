"""What two runs of rules found, side by side: matched one to one, whatever their number."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_cli.rules_difference import NEAR_MS, STILL_OPEN, Happening, comparable, compare, times

ONE = Happening("bay", "cam-1", "quai", "open", 0, 0, None, None, "live", "a", "e", "")


@st.composite
def happened(draw):
    """An episode or a count; instants are multiples of half of what is near."""
    kind = draw(st.sampled_from(["open", "open", "in"]))
    started = draw(st.integers(0, 12)) * NEAR_MS // 2
    at = started if kind == "in" else started + draw(st.integers(0, 3)) * NEAR_MS // 2
    lasts = draw(st.none() | st.integers(0, 6))
    ended = None if lasts is None or kind == "in" else started + lasts * NEAR_MS // 2
    rule, subject = draw(st.sampled_from("ab")), draw(st.sampled_from("xy"))
    return replace(ONE, rule=rule, kind=kind, at=at, started_at=started, ended_at=ended, subject=subject)


def partners(before, after):
    """Who is whose, by every pair that may be one thing, the nearest first: (same or moved pairs)."""

    def end(one):
        return float("inf") if one.kind == "open" and one.ended_at is None else max(one.at, one.ended_at or one.at)

    pairs = []
    for i, old in enumerate(before):
        for j, new in enumerate(after):
            together = (old.rule, old.kind) == (new.rule, new.kind)
            overlap = end(old) >= new.started_at and end(new) >= old.started_at
            if together and (abs(old.at - new.at) <= NEAR_MS or (old.kind == "open" and overlap)):
                pairs.append(((old.subject != new.subject, abs(old.at - new.at)), i, j))
    left, right, found = set(), set(), []
    for _, i, j in sorted(pairs):
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            found.append((i, j))
    return sorted(found)


@given(st.lists(happened(), max_size=8), st.lists(happened(), max_size=8))
def test_a_match_is_that_of_all_pairs_the_nearest_first(before, after):
    before = [replace(one, id=f"b{i}") for i, one in enumerate(before)]
    after = [replace(one, id=f"a{j}") for j, one in enumerate(after)]
    expected = partners(before, after)
    found = compare(before, after)
    assert [h.id for h in found.gone] == [f"b{i}" for i in range(len(before)) if i not in dict(expected)]
    assert [h.id for h in found.new] == [f"a{j}" for j in range(len(after)) if j not in {j for _, j in expected}]
    assert {(old.id, new.id) for old, new in found.moved} <= {(f"b{i}", f"a{j}") for i, j in expected}
    assert len(found.same) + len(found.moved) == len(expected)


@pytest.mark.parametrize(
    ("later_ms", "told"),
    [(500, "same"), (501, "moved"), (-500, "same"), (-501, "moved"), (60_000, "moved"), (60_001, "gone")],
)
def test_half_a_second_is_the_same_and_a_minute_is_near(later_ms, told):
    count = replace(ONE, kind="in", at=1_000_000, started_at=1_000_000)
    later = replace(count, at=count.at + later_ms, started_at=count.at + later_ms)
    found = compare([count], [later])
    sizes = {"same": len(found.same), "moved": len(found.moved), "gone": len(found.gone), "new": len(found.new)}
    assert sizes == dict.fromkeys(sizes, 0) | ({"gone": 1, "new": 1} if told == "gone" else {told: 1})


def test_of_a_day_of_thousands_neighbours_alone_are_compared():
    many = [replace(ONE, at=i * 20_000, started_at=i * 20_000, ended_at=i * 20_000 + 5000) for i in range(20_000)]
    assert len(compare(many, many).same) == len(many)
    assert sum(1 for _ in comparable(many, many)) < 10 * len(many)


def test_an_episode_is_from_when_its_condition_began_and_says_when_it_was_told():
    episode = replace(ONE, started_at=4000, at=24_000, ended_at=39_600, reason="track_lost")
    assert times(episode, "UTC") == "1970-01-01 00:00:04.0-00:00:39.6 (track_lost), told 00:00:24.0"
    goes_on = replace(episode, ended_at=None, reason=STILL_OPEN)
    assert times(goes_on, "UTC") == "1970-01-01 00:00:04.0, told 00:00:24.0, still open at the end of what was read"
    count = replace(ONE, kind="in", started_at=4000, at=4000)
    assert times(count, "UTC") == "1970-01-01 00:00:04.0 (in)"


def test_what_begins_otherwise_has_moved_though_it_was_told_at_the_same_instant():
    before = replace(ONE, started_at=4000, at=24_000, ended_at=39_600)
    assert len(compare([before], [replace(before, started_at=4600)]).moved) == 1
    assert len(compare([before], [replace(before, started_at=4500)]).same) == 1
