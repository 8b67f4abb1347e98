import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_common.units import Quantity, parse_distance, parse_duration, parse_fraction, parse_speed, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", 0.5),
        ("100ms", 0.1),
        ("10s", 10.0),
        ("0.4s", 0.4),
        ("3m", 180.0),
        ("1h30m", 5400.0),
        ("1d2h3m4s5ms", 93784.005),
    ],
)
def test_a_duration_is_read_in_seconds(text, expected):
    assert (parse_duration(text).value, parse_duration(text).unit) == (expected, "s")


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse_distance, "2 m", (2.0, "m")),
        (parse_distance, "50cm", (0.5, "m")),
        (parse_distance, "1.5 heights", (1.5, "heights")),
        (parse_speed, "36 km/h", (10.0, "mps")),
        (parse_speed, "8 m/s", (8.0, "mps")),
        (parse_speed, "0.3 heights/s", (0.3, "heights_per_s")),
        (parse_fraction, "75%", (0.75, "fraction")),
        (parse_fraction, "100 %", (1.0, "fraction")),
    ],
)
def test_a_quantity_is_read_in_its_base_unit(parse, text, expected):
    assert (parse(text).value, parse(text).unit) == expected


@pytest.mark.parametrize(
    ("parse", "value", "message"),
    [
        (parse_duration, 3, "a duration needs its unit: write 3s, 3m or 3h"),
        (parse_duration, "3", "a duration needs its unit: write 3s, 3m or 3h"),
        (parse_duration, "3 min", "not a duration: write 3m"),
        (parse_duration, "60 minutes", "not a duration: write 60m"),
        (parse_duration, "1.5 Hours", "not a duration: write 1.5h"),
        (parse_duration, "1 min 30 s", "not a duration: write 1m30s"),
        (parse_duration, "1 h et 5 minutes", "not a duration: write 1h5m"),
        (parse_duration, "30 s 1 min", "not a duration: write a number and its unit, such as 500ms, 10s, 3m or 1h30m"),
        (parse_duration, "00:01:30", "not a duration: write 90s"),
        (parse_duration, "01:02:03", "not a duration: write 1h2m3s"),
        (parse_duration, "1:30", "not a duration: write 1h30m or 1m30s"),
        (parse_duration, "PT1M30S", "not a duration: write 90s"),
        (parse_duration, "P1DT2H", "not a duration: write 1d2h"),
        (parse_duration, "2 weeks", "not a duration: write 14d"),
        (parse_duration, "1 semaine", "not a duration: write 7d"),
        (parse_duration, "3 parsecs", "not a duration: write a number and its unit, such as 500ms, 10s, 3m or 1h30m"),
        (parse_distance, "2 mètres", "not a distance: write 2 m"),
        (parse_speed, "30 kmh", "not a speed: write 30 km/h"),
        (parse_duration, "", "not a duration: write a number and its unit, such as 500ms, 10s, 3m or 1h30m"),
        (parse_duration, "30m1h", "not a duration: write a number and its unit, such as 500ms, 10s, 3m or 1h30m"),
        (parse_duration, True, "not a duration: write a number and its unit, such as 500ms, 10s, 3m or 1h30m"),
        (parse_distance, 1.5, "a distance needs its unit: write 1.5 m or 1.5 heights"),
        (parse_distance, "2 miles", "not a distance: write a number and its unit, such as 2 m, 50 cm or 1.5 heights"),
        (parse_speed, 30, "a speed needs its unit: write 30 km/h, 30 m/s or 30 heights/s"),
        (parse_speed, "30 m", "not a speed: write a number and its unit, such as 30 km/h, 8 m/s or 0.3 heights/s"),
        (parse_fraction, 0.75, "a share needs its sign: write 75%"),
        (parse_fraction, 75, "a share needs its sign: write 75%"),
        (parse_fraction, "120%", "more than the whole: write 100% or less"),
        (lambda value: parse_distance(value, ["heights"]), 0.3, "a distance needs its unit: write 0.3 heights"),
        (
            lambda value: parse_speed(value, ["km/h", "m/s"]),
            "fast",
            "not a speed: write a number and its unit, such as 30 km/h or 8 m/s",
        ),
        (parse_duration, "-5s", "a duration is 0 or more, and less than 1000000000s"),
        (parse_speed, "1234567890 km/h", "a speed is 0 or more, and less than 1000000000 km/h"),
        (parse_fraction, "-5%", "a share is 0% or more: write 0% to 100%"),
        (
            parse_duration,
            "1.12345678901s",
            "not a duration: write a number and its unit, such as 500ms, 10s, 3m or 1h30m",
        ),
        (parse_duration, "1,5s", "not a duration: write 1.5s"),
        (parse_duration, "60\u00a0s", "not a duration, it has U+00A0 (no-break space): write 60s"),
        (parse_duration, "60\u202fminutes", "not a duration, it has U+202F (narrow no-break space): write 60m"),
        (parse_distance, "2\u00a0m", "not a distance, it has U+00A0 (no-break space): write 2 m"),
        (parse_fraction, "75\u00a0%", "not a share, it has U+00A0 (no-break space): write 75 %"),
        (parse_duration, "1,5", "a duration needs its unit: write 1.5s, 1.5m or 1.5h"),
        (parse_distance, "0,3 hauteurs", "not a distance: write 0.3 heights"),
        (parse_fraction, "7,5 %", "not a share: write 7.5 %"),
        (parse_fraction, "most", "not a share: write a number and %, such as 75%"),
    ],
)
def test_a_wrong_quantity_is_refused_with_the_fix(parse, value, message):
    with pytest.raises(ValueError, match=r".") as refused:
        parse(value)
    assert str(refused.value) == message


@given(st.integers(0, 10**6), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_a_duration_is_the_sum_of_its_parts(hours, minutes, seconds, ms):
    expected = hours * 3600 + minutes * 60 + seconds + ms / 1000
    assert parse_duration(f"{hours}h{minutes}m{seconds}s{ms}ms").value == pytest.approx(expected, rel=1e-12)


@given(st.floats(0, 1e6, allow_nan=False))
def test_kilometres_an_hour_and_metres_a_second_agree(speed):
    text = f"{speed:.6f}"
    kmh, mps = parse_speed(f"{text} km/h"), parse_speed(f"{text} m/s")
    assert math.isclose(kmh.value * 3.6, mps.value, rel_tol=1e-12, abs_tol=1e-12)


@given(st.one_of(st.text(), st.none(), st.booleans(), st.floats(), st.lists(st.integers())))
def test_whatever_is_written_gives_a_finite_quantity_or_a_value_error(value):
    for parse in (parse_duration, parse_distance, parse_speed, parse_fraction):
        try:
            quantity = parse(value)
        except ValueError:
            continue
        assert math.isfinite(quantity.value)
        assert quantity.value >= 0


@pytest.mark.parametrize(
    ("parse", "texts"),
    [
        (parse_duration, ["0s", "0.5s", "60s", "90s", "2m", "3m10s", "10m", "1h", "1h30m", "2d3h", "5m0.25s"]),
        (parse_distance, ["2 m", "0.5 m", "1.5 heights"]),
        (parse_speed, ["30 km/h", "0.3 heights/s"]),
        (parse_fraction, ["75%", "33.3%"]),
    ],
)
def test_a_quantity_is_written_as_people_write_it(parse, texts):
    spelt = ["5m250ms" if text == "5m0.25s" else text for text in texts]
    assert [written(parse(text)) for text in texts] == spelt


@given(st.integers(min_value=0, max_value=30 * 86_400_000))
def test_a_written_duration_is_read_as_the_same(milliseconds):
    quantity = Quantity(milliseconds / 1000, "s")
    assert parse_duration(written(quantity)) == quantity
