"""An authorisation that is wrong is refused with the place and the fix."""

import pytest

AUTHORISATION = "rules/authorisations/exercise.yaml"


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        (
            "until: 2035-12-31",
            "until: 2019-12-31",
            ["F:10:8: until: 2019-12-31 is not after from, 2020-01-01: write a later one"],
        ),
        (
            "until: 2035-12-31",
            "until: 31/12/2035",
            ['F:10:8: until: "31/12/2035": not a time: write 2035-12-31'],
        ),
        ("mode: exercise", "mode: real", ['F:8:7: mode: "real" is not allowed: use exercise or live']),
        (
            'reference: "Note de service d\'exemple 2026-01"\n',
            "",
            [
                (
                    'F:3:1: reference: is missing: add "reference: …"; keys are authorisation, categories, '
                    "cameras, legal_basis, reference, mode, from, until"
                )
            ],
        ),
        (
            (
                "categories: [presence, parking, counting, traffic, queue, gathering, abandoned-object, weapon, "
                "wrong-way, forbidden-zone, distress, crowd-movement, density, fire]"
            ),
            "categories: []",
            ["F:4:13: categories: 0 given: at least 1 needed"],
        ),
    ],
)
def test_a_wrong_authorisation_is_refused_with_the_place_and_the_fix(rule_refusal, old, new, messages):
    assert rule_refusal(AUTHORISATION, old, new) == messages
