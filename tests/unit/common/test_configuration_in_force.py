"""Which version of a configuration record judges, in literal numbers."""

import pytest

from vigie_common.stream import ConfigVersion, Timeline

VERSIONS = [
    # offset, effective_at, appended_at: ms
    (0, 10_000, 1_000),
    (1, 40_000, 2_000),
    (2, 20_000, 3_000),
    (3, 20_000, 4_000),
    (4, 30_000, 90_000),
]
"""The second takes effect last, two take effect at one time, and the last came late."""


@pytest.mark.parametrize("versions", [VERSIONS, VERSIONS[::-1]], ids=["as written", "backwards"])
@pytest.mark.parametrize(
    ("captured_at", "appended_at", "in_force"),
    [
        (9_999, 200_000, None),
        (10_000, 200_000, 0),
        (19_999, 200_000, 0),
        (20_000, 200_000, 3),
        (29_999, 200_000, 3),
        (30_000, 200_000, 4),
        (39_999, 200_000, 4),
        (40_000, 200_000, 1),
        (35_000, 94_999, 3),
        (35_000, 95_000, 4),
        (45_000, 94_999, 1),
        (45_000, 5_999, None),
        (45_000, 6_000, 0),
        (45_000, 6_999, 0),
        (45_000, 7_000, 1),
        (25_000, 8_000, 2),
        (25_000, 8_999, 2),
        (25_000, 9_000, 3),
    ],
)
def test_the_greatest_time_and_then_offset_that_was_known_in_time(versions, captured_at, appended_at, in_force):
    timeline = Timeline()
    for offset, effective_at, said_at in versions:
        timeline.add("rules", ConfigVersion("nimes", effective_at, offset, said_at, {}))
    found = timeline.at("rules", "nimes", captured_at, appended_at)
    assert (None if found is None else found.offset) == in_force
