"""What `vigie rules explain EPISODE` asks of the topics: the beginning, the bundle of that time, tracks enough."""

import pytest

from vigie_cli.rules_bundles import History, Published
from vigie_cli.rules_explain import Question
from vigie_cli.rules_question import beginning_and_end, bundle_then, episode_events, lead_ms, refuse_future
from vigie_common.errors import BadInputError

MINUTE = 60_000


def test_an_episode_is_asked_about_by_its_beginning_and_ends_when_it_closed(rule_event):
    opened, told, closed = rule_event(), rule_event("UPDATE", 1), rule_event("CLOSE", 2)
    other = rule_event(subject="b")
    [*events] = episode_events(opened["episode_id"][:8], [opened, other, told, closed])
    assert events == [opened, told, closed]
    assert beginning_and_end(events) == (opened, closed["ended_at"])
    assert beginning_and_end([opened, told]) == (opened, None)
    with pytest.raises(BadInputError, match="it opened before what the topic rule-events keeps"):
        beginning_and_end([told, closed])
    with pytest.raises(BadInputError, match="2 episodes begin so: give its whole id") as several:
        episode_events("", [opened, other])
    assert all(
        f"{one['episode_id']} {one['rule']['id']} on {one['camera_id']}, " in str(several.value)
        for one in (opened, other)
    )
    with pytest.raises(
        BadInputError,
        match=r"^zz: no such episode, nor alert of a compound, in this range; .* replay` finds is explained with its",
    ):
        episode_events("zz", [opened, other])


@pytest.mark.parametrize(
    ("started_min", "for_s", "cooldown_min", "lead_min"),
    [
        (-1, 20, 0, 15), (-16, 960, 0, 21), (None, 20, 0, 15), (None, 960, 0, 32),
        (None, 60, 30, 36), (-1, 60, 30, 36), (None, 60, 5, 15),
    ],
)  # fmt: skip
def test_tracks_are_read_from_long_enough_before(started_min, for_s, cooldown_min, lead_min):
    question = Question("bay", "cam-1", 100 * MINUTE)
    cooldown_ms = cooldown_min * MINUTE
    rules = [[{"id": "bay", "numbers": {"for_s": s}, "cooldown_ms": cooldown_ms}] for s in (for_s, 1.0)]
    both = {"id": "both", "rules": ["bay", "door"], "cooldown_ms": 0}
    bundles = [{"rules": own, "compounds": [both]} for own in rules]
    started = None if started_min is None else question.at + started_min * MINUTE
    assert lead_ms(question, started, bundles) == lead_min * MINUTE
    assert lead_ms(Question("both", "cam-1", question.at), None, bundles) == lead_ms(
        Question("bay", "cam-1", question.at), None, bundles
    )


def test_what_a_compound_cools_down_after_is_read_too():
    rules = [{"id": "bay", "numbers": {"for_s": 60.0}, "cooldown_ms": 10 * MINUTE}]
    bundles = [
        {"rules": rules, "compounds": [{"id": "both", "rules": ["bay", "door"], "cooldown_ms": m * MINUTE}]}
        for m in (0, 20)
    ]
    assert lead_ms(Question("both", "cam-1", 100 * MINUTE), None, bundles) == 36 * MINUTE


def published(digest, offset, effective_at, appended_at):
    return Published({"digest": digest, "effective_at": effective_at, "rules": []}, offset, appended_at)


def test_a_bundle_that_was_published_late_has_not_judged_what_came_before():
    first, late = published("a", 0, 0, 0), published("b", 1, 10_000, 40_000)
    history = History("nimes", (first, late))
    records = [({"captured_at": at}, at + 500) for at in (9_000, 20_000, 44_000, 44_500)]
    assert [history.judged(record["captured_at"], at) for record, at in records] == [first, first, first, late]
    assert bundle_then(history, records, 20_000) == (first.bundle, [first, first, first, late])
    assert bundle_then(history, records, 60_000)[0] == late.bundle
    assert bundle_then(history, records, 60_000, digest="a")[0] == first.bundle
    assert bundle_then(None, records, 60_000) == (None, [None] * 4)


def test_nothing_judged_before_the_first_bundle_was_known():
    history = History("nimes", (published("a", 0, 0, 50_000),))
    assert bundle_then(history, [({"captured_at": 9_000}, 9_500)], 9_000) == (None, [None])


def test_a_moment_that_is_yet_to_come_is_refused():
    refuse_future(1_782_907_200_000, "Europe/Paris", 1_782_907_200_000)
    with pytest.raises(BadInputError, match=r"UTC \(14:00:00 Europe/Paris\) is yet to come, it is 2026-"):
        refuse_future(1_782_907_200_000, "Europe/Paris", 1_782_907_199_000)
