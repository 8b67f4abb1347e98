"""Figures from rule events and coverage: order within lateness, repetition and restarts change none of them."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_common.errors import PoisonRecordError
from vigie_statistics.core import sweep, take_coverage, take_event
from vigie_statistics.pages import Pages
from vigie_statistics.windows import span_of

START = 1_780_000_020_000
HOUR = 3_600_000
DAY = 24 * HOUR
PARIS = ZoneInfo("Europe/Paris")
TAKERS = {"rule-events": take_event, "coverage": take_coverage}


class Counter:
    """The core with a table: what is written survives, as in the log."""

    def __init__(self, zone=PARIS):
        self.stored, self.figures, self.published, self.zone = {}, {}, [], zone
        self.offsets = dict.fromkeys(TAKERS, 0)

    def take(self, topic, value, *, appended_at=1_800_000_000_000, offset=None, steps=3):
        """Take one record in; with fewer `steps` the worker dies before the rest is written."""
        if offset is None:
            offset = self.offsets[topic]
            self.offsets[topic] += 1
        pages = Pages(0, self.stored.get)
        TAKERS[topic](pages, value, offset, appended_at, self.zone)
        sweep(pages, appended_at)
        for figure in pages.figures():
            key = figure["series"], figure["start"]
            self.published.append(figure)
            if key not in self.figures or figure["revision"] >= self.figures[key]["revision"]:
                self.figures[key] = figure
        for rows in (pages.window_rows(1), pages.camera_rows(1), pages.partition_row(1))[:steps]:
            self.stored |= {key: row for key, row in rows.items() if row is not None}
            for key in [key for key, row in rows.items() if row is None]:
                self.stored.pop(key, None)
        return offset

    def take_all(self, records):
        for topic, _, value in records:
            self.take(topic, value)
        return self

    def final(self):
        return {key: figure for key, figure in self.figures.items() if figure["final"]}

    def value(self, measure, window, start, **wanted):
        """The one figure of this measure and window."""
        found = [
            figure
            for (_, at), figure in self.figures.items()
            if (figure["measure"], figure["window"], at) == (measure, window, start)
            and all(figure[name] == value for name, value in wanted.items())
        ]
        assert len(found) == 1, found
        return found[0]


@pytest.fixture
def watched(affirmation, coverage_record):
    """Affirms and covers minutes: `watched(counter, 0, 5)`."""

    def watch(counter, first, until, start=START, **fields):
        camera = {name: value for name, value in fields.items() if name == "camera_id"}
        for minute in range(first, until):
            counter.take("rule-events", affirmation(minute, start=start, **camera))
            counter.take("coverage", coverage_record(minute, start, **fields))
        return counter

    return watch


def test_a_minute_is_final_two_minutes_after_its_end(crossing, watched):
    counter = Counter()
    counter.take("rule-events", crossing(START + 5_000))
    watched(counter, 0, 2)
    assert counter.value("crossings", "m1", START)["final"] is False
    watched(counter, 2, 3)
    figure = counter.value("crossings", "m1", START)
    assert (figure["final"], figure["value"], figure["coverage"], figure["rate_fps"]) == (True, 1.0, 1.0, 2.0)


def test_what_was_not_watched_is_told_and_corrected_in_a_field_of_its_own(crossing, watched):
    counter = Counter()
    counter.take("rule-events", crossing(START + 5_000))
    counter.take("rule-events", crossing(START + 6_000, subject="b"))
    watched(counter, 0, 3, watched_s=30.0)
    figure = counter.value("crossings", "m1", START)
    assert (figure["value"], figure["coverage"], figure["corrected"]) == (2.0, 0.5, 4.0)


def test_a_figure_with_little_coverage_is_not_corrected(crossing, watched):
    counter = Counter()
    counter.take("rule-events", crossing(START + 5_000))
    watched(counter, 0, 3, watched_s=12.0)
    figure = counter.value("crossings", "m1", START)
    assert (figure["value"], figure["coverage"], figure["corrected"]) == (1.0, 0.2, None)


def test_a_late_event_raises_the_revision_and_is_told_as_late(crossing, watched):
    counter = Counter()
    counter.take("rule-events", crossing(START + 5_000))
    watched(counter, 0, 10)
    before = counter.value("crossings", "m1", START)
    counter.take("rule-events", crossing(START + 6_000, subject="b"))
    after = counter.value("crossings", "m1", START)
    assert (before["value"], before["late"], after["value"], after["late"]) == (1.0, 0, 2.0, 1)
    assert after["revision"] > before["revision"]
    assert after["final"] is True


def test_an_event_that_is_told_again_counts_once(crossing, watched):
    counter = Counter()
    for _ in range(3):
        counter.take("rule-events", crossing(START + 5_000))
    watched(counter, 0, 3)
    assert counter.value("crossings", "m1", START)["value"] == 1.0


def test_coverage_that_is_told_again_counts_once(crossing, watched, coverage_record):
    counter = Counter()
    counter.take("rule-events", crossing(START + 5_000))
    counter.take("coverage", coverage_record(0, watched_s=30.0))
    watched(counter, 0, 3, watched_s=30.0)
    assert counter.value("crossings", "m1", START)["coverage"] == 0.5


def test_an_event_from_the_future_is_refused_and_moves_no_clock(crossing, watched):
    counter = Counter()
    with pytest.raises(PoisonRecordError, match="ahead of the broker's clock"):
        counter.take("rule-events", crossing(START + HOUR), appended_at=START)
    counter.take("rule-events", crossing(START + 5_000, subject="b"))
    watched(counter, 0, 3)
    assert counter.value("crossings", "m1", START)["late"] == 0


def test_an_event_a_week_late_counts_in_its_hour_and_day_but_not_in_its_minute(crossing, watched):
    counter = Counter()
    counter.take("rule-events", crossing(START + 5_000))
    watched(counter, 0, 60)
    watched(counter, 7 * 1440, 7 * 1440 + 3)
    counter.take("rule-events", crossing(START + 6_000, subject="b"))
    hour, day = START - START % HOUR, span_of("d1", START, PARIS).start
    values = [counter.value("crossings", *window)["value"] for window in (("m1", START), ("h1", hour), ("d1", day))]
    assert values == [1.0, 2.0, 2.0]


def test_an_event_a_week_late_that_is_told_again_counts_once(crossing, watched):
    counter = Counter()
    watched(counter, 0, 60)
    watched(counter, 7 * 1440, 7 * 1440 + 3)
    for _ in range(2):
        counter.take("rule-events", crossing(START + 6_000))
    assert counter.value("crossings", "h1", START - START % HOUR)["value"] == 1.0


def test_an_event_older_than_every_row_is_refused_by_name(crossing, watched):
    counter = Counter()
    watched(counter, 0, 3)
    watched(counter, 20 * 1440, 20 * 1440 + 3)
    with pytest.raises(PoisonRecordError, match="480 h behind its camera's other records"):
        counter.take("rule-events", crossing(START + 6_000))


def test_an_unknown_line_counts_under_its_own_name(crossing, watched):
    counter = Counter()
    counter.take("rule-events", crossing(START + 5_000, scope="ancienne porte"))
    watched(counter, 0, 3)
    assert counter.value("crossings", "m1", START)["series"] == ("nimes/cam-1/crossings/ancienne%20porte/person/in//m1")


def test_a_camera_that_is_renamed_ends_its_windows_and_begins_others(crossing, watched):
    counter = Counter()
    counter.take("rule-events", crossing(START + 5_000), appended_at=START)
    watched(counter, 0, 1)
    watched(counter, 1, 4, camera_id="cam-2")
    counter.take("rule-events", crossing(START + 5_000 + 4 * 60_000, camera_id="cam-2"), appended_at=1_800_002_000_000)
    assert counter.value("crossings", "m1", START)["final"] is True
    assert {figure["camera_id"] for figure in counter.figures.values()} == {"cam-1", "cam-2"}


@pytest.mark.parametrize(
    ("date", "noon", "hours"),
    [
        ("2026-03-29", 1_774_778_400_000, 23),
        ("2026-10-25", 1_792_926_000_000, 25),
        ("2026-06-01", 1_780_308_000_000, 24),
    ],
)
def test_a_day_of_the_site_has_the_hours_that_it_has(date, noon, hours):
    span = span_of("d1", noon, PARIS)
    assert (span.local_date, (span.end - span.start) // HOUR) == (date, hours)
    assert span_of("d1", span.end - 1, PARIS) == span
    assert span_of("d1", span.end, PARIS).start == span.end


def test_both_hours_of_the_night_that_comes_twice_count(crossing):
    counter = Counter()
    midnight = span_of("d1", 1_792_926_000_000, PARIS).start
    for n, at in enumerate((midnight + 2 * HOUR, midnight + 3 * HOUR)):
        counter.take("rule-events", crossing(at, subject=str(n)))
    pages = Pages(0, counter.stored.get)
    row = pages.stored(f"cam-1\x1fd1\x1f{midnight}")
    assert [cell.value for cell in row.cells.values()] == [2.0]


def test_a_rule_on_trial_and_a_replay_do_not_count(crossing, watched):
    counter = Counter()
    counter.take("rule-events", crossing(START + 5_000, rule={"status": "test"}))
    counter.take("rule-events", crossing(START + 6_000, mode="replay"))
    watched(counter, 0, 3)
    assert {figure["measure"] for figure in counter.figures.values()} == {"watched"}


def test_congestion_is_counted_while_it_lasts_and_put_right_at_its_end(rule_event, affirmation, coverage_record):
    counter = Counter()
    rule = {"template": "congestion", "id": "bouchon", "classes": ["car"]}
    facts = {"vehicles": 5.0, "occupancy": 0.5, "speed_ratio": 0.1}
    known = {"rule": rule, "facts": facts, "subject": "", "objects": [], "started_at": START + 30_000}
    opened = rule_event("OPEN", **known)
    counter.take("rule-events", opened)
    for minute in range(3):
        counter.take("rule-events", affirmation(minute, [opened["episode_id"]], start=START))
        counter.take("coverage", coverage_record(minute, START, rules=["bouchon"]))
    assert counter.value("congestion_minutes", "m1", START)["value"] == 0.5
    closed = rule_event("CLOSE", 1, **known, at=START + 200_000) | {"ended_at": START + 150_000}
    counter.take("rule-events", closed)
    for minute in range(3, 6):
        counter.take("rule-events", affirmation(minute, start=START))
        counter.take("coverage", coverage_record(minute, START, rules=["bouchon"]))
    minutes = [counter.value("congestion_minutes", "m1", START + 60_000 * n)["value"] for n in range(3)]
    assert minutes == [0.5, 1.0, 0.5]
    assert counter.value("queue_length", "m1", START)["value"] == 5.0


def test_stays_have_quantiles_within_one_percent(rule_event, watched):
    counter = Counter()
    for n in range(1, 101):
        at = START + 1000
        stay = {"started_at": at - 1000 * n, "subject": str(n), "at": at, "rule": {"classes": ["person"]}}
        counter.take("rule-events", rule_event("CLOSE", 1, **stay) | {"ended_at": at})
    watched(counter, 0, 3)
    found = counter.value("dwell", "m1", START)["quantiles"]
    assert found == pytest.approx({"p50": 50.0, "p90": 90.0, "p95": 95.0}, rel=0.03)


def test_occupancy_is_weighted_by_time_and_unique_objects_keep_their_band(rule_event, watched):
    counter = Counter()
    for minute, (mean, most, seconds) in enumerate([(2.0, 3.0, 60.0), (5.0, 9.0, 30.0)]):
        at = START + 60_000 * minute
        zone = {"started_at": at, "minute": at, "at": at + 60_000, "subject": "", "objects": []}
        facts = {"mean": mean, "max": most, "watched_s": seconds}
        rule = {"template": "count_zone", "id": "place", "classes": ["person", "bicycle"]}
        counter.take("rule-events", rule_event("COUNT", **zone, rule=rule, facts=facts))
        facts = {"unique": 4.0, "entered": 4.0, "low": 3.0, "high": 6.0, "watched_s": seconds}
        rule = {"template": "unique_count", "id": "uniques", "classes": ["person"]}
        counter.take("rule-events", rule_event("COUNT", **zone, rule=rule, facts=facts))
    watched(counter, 0, 70, rules=["place", "uniques"])
    hour = START - START % HOUR
    mean = counter.value("occupancy_mean", "h1", hour)
    assert (mean["value"], mean["corrected"], mean["object_class"]) == (3.0, None, "person+bicycle")
    assert counter.value("occupancy_max", "h1", hour)["value"] == 9.0
    unique = counter.value("unique", "h1", hour)
    assert (unique["value"], unique["low"] <= 6.0, unique["high"] >= 12.0) == (8.0, True, True)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_order_within_lateness_repetition_and_deaths_change_no_final_figure(town, data):
    records = town(cameras=2, minutes=25)
    expected = Counter().take_all(records).final()
    ahead = data.draw(st.integers(0, 200), label="how far coverage runs ahead")
    order = [r for r in records if r[0] == "coverage"], [r for r in records if r[0] == "rule-events"]
    counter, log, taken = Counter(), [], [0, 0]
    while taken != [len(order[0]), len(order[1])]:
        which = 0 if taken[0] * 2 <= taken[1] + ahead and taken[0] < len(order[0]) else 1
        which = which if taken[which] < len(order[which]) else 1 - which
        topic, _, value = order[which][taken[which]]
        taken[which] += 1
        dies = data.draw(st.integers(0, 12))
        offset = counter.take(topic, value, steps=min(3, dies))
        log.append((topic, value, offset))
        if dies < 3:  # the next worker begins again where the partition's row ends, or before
            for again in log[-data.draw(st.integers(1, 5)) :]:
                counter.take(again[0], again[1], offset=again[2])
    assert counter.final() == expected


def silent_camera(crossing, affirmation, coverage_record):
    """A camera whose last records were appended at START, a crossing in its last minute; then it says nothing."""
    counter = Counter()
    for topic, value in (
        ("rule-events", crossing(START)),
        ("rule-events", affirmation(0, start=START)),
        ("coverage", coverage_record(0, START)),
    ):
        counter.take(topic, value, appended_at=START + 60_000)
    return counter


def another_camera(counter, coverage_record, minutes_later):
    at = START + 60_000 * (1 + minutes_later)
    counter.take("coverage", coverage_record(minutes_later, START, camera_id="cam-9"), appended_at=at)


def test_a_camera_silent_for_half_an_hour_holds_its_windows_open_no_longer(crossing, affirmation, coverage_record):
    counter = silent_camera(crossing, affirmation, coverage_record)
    another_camera(counter, coverage_record, 29)
    assert not counter.final()
    another_camera(counter, coverage_record, 30)
    ended = {f["window"]: f["value"] for f in counter.final().values() if f["measure"] == "crossings"}
    assert ended == {"m1": 1.0, "m15": 1.0}
    another_camera(counter, coverage_record, 26 * 60)
    ended = {f["window"]: f["value"] for f in counter.final().values() if f["measure"] == "crossings"}
    assert ended == {"m1": 1.0, "m15": 1.0, "h1": 1.0, "d1": 1.0}


def test_what_a_silent_camera_says_at_last_is_late_and_counts(crossing, affirmation, coverage_record):
    counter = silent_camera(crossing, affirmation, coverage_record)
    another_camera(counter, coverage_record, 45)
    before = counter.value("crossings", "m1", START)
    counter.take("rule-events", crossing(START + 1000, subject="b"), appended_at=START + 46 * 60_000)
    after = counter.value("crossings", "m1", START)
    assert (before["value"], before["final"], after["value"], after["final"], after["late"]) == (
        1.0,
        True,
        2.0,
        True,
        1,
    )
    assert after["revision"] > before["revision"]
