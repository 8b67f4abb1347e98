"""What `vigie alerts tail` leaves out, and that it does not keep everything for ever."""

from vigie_alert.outbox import _AT_ONCE
from vigie_alert.publication import SHARDS
from vigie_cli.alert_repetitions import REMEMBERED, Repetitions


def revisions(numbers):
    return [{"id": f"alert-{number // 3}", "revision": number % 3 + 1} for number in numbers]


def test_everything_is_new_once_also_when_a_relay_repeats_what_it_had_in_hand_again_and_again():
    seen = Repetitions()
    in_hand = revisions(range(SHARDS * _AT_ONCE))
    assert [seen.is_new(alert) for alert in in_hand] == [True] * len(in_hand)
    for start in range(len(in_hand), 4 * REMEMBERED, REMEMBERED // 2):  # other alerts come between the repetitions
        assert not any(seen.is_new(alert) for alert in in_hand)
        assert all(seen.is_new(alert) for alert in revisions(range(start, start + REMEMBERED // 2)))


def test_another_revision_of_an_alert_is_new():
    seen = Repetitions()
    assert [seen.is_new({"id": "a", "revision": number}) for number in (1, 2, 1, 3, 2)] == [
        True, True, False, True, False,
    ]  # fmt: skip


def test_no_more_is_remembered_however_long_it_runs():
    seen = Repetitions()
    for alert in revisions(range(3 * REMEMBERED)):
        seen.is_new(alert)
    assert len(seen) == REMEMBERED
