"""What is wrong in the texts of a rule file: braces, and placeholders that nothing fills."""

import pytest

RULE = "rules/town/delivery-parking.yaml"
COUNT = "rules/town/gate-count.yaml"


def test_a_placeholder_in_a_block_is_shown_where_it_stands(rule_refusal):
    [message] = rule_refusal(
        RULE, 'en: "{object.class} still for {facts.stopped_for}', "en: >\n    still,\n    {object.klass}"
    )
    assert message.startswith("F:15:5: explain.en: {object.klass} is not known")


def test_a_brace_without_its_other_half_is_shown_where_it_stands(rule_refusal):
    english = "{object.class} still for {facts.stopped_for}"
    assert rule_refusal(RULE, english, "{object.class} still for {facts.stopped_for") == [
        (
            "F:13:33: explain.en: {facts.stopped_for is not closed, operators would read it as it stands: write "
            "{facts.stopped_for}"
        )
    ]
    [message] = rule_refusal(RULE, english, "{object.clas, {facts.stopped_for}")
    assert message.startswith("F:13:8: explain.en: {object.clas is not closed")
    assert message.endswith("write {object.class}")
    assert rule_refusal(RULE, english, "object.class}") == [
        "F:13:20: explain.en: } closes nothing: remove it, or open a placeholder before it"
    ]


def test_a_placeholder_that_nothing_fills_is_shown(rule_refusal):
    message, empty = rule_refusal(RULE, '"{object.class} still for {facts.stopped_for}', '"{object.klass} still for {}')
    assert empty.startswith("F:13:33: explain.en: {} is not known: use one of ")
    assert message.startswith("F:13:8: explain.en: {object.klass} is not known: use one of {camera.id}, ")
    assert message.endswith('; did you mean "object.class"?')


ENGLISH = '"{object.class} still for {facts.stopped_for} in {zone.name}"'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            ENGLISH,
            '"On {line.name}"',
            (
                "13:11: explain.en: {line.name} is a placeholder that nothing fills: stopped is "
                "about no line: write {zone.name}"
            ),
        ),
        (
            ENGLISH,
            '"To {direction}"',
            (
                "13:11: explain.en: {direction} is a placeholder that nothing fills: stopped is "
                "about no line, which alone has directions: leave it out"
            ),
        ),
        (
            "zone: livraison, ",
            "",
            (
                "13:56: explain.en: {zone.name} is a placeholder that nothing fills: the rule is about "
                "the whole image: add `zone` to `with`, or write {camera.title}"
            ),
        ),
    ],
)
def test_a_placeholder_that_nothing_fills_in_this_rule_is_shown(rule_refusal, old, new, message):
    assert rule_refusal(RULE, old, new)[-1] == f"F:{message}"


def test_a_place_or_a_unit_that_the_rule_does_not_have_fills_nothing(rule_refusal):
    [message] = rule_refusal(COUNT, "Passage, direction {direction}", "{zone.name} {line.name} {direction}")
    assert message.endswith("nothing fills: count_line is about a line: write {line.name}")
    wrong_way = "rules/decree-2023-828/wrong-way.yaml"
    [message] = rule_refusal(wrong_way, "against the traffic on", "{facts.progress_heights} {facts.progress_m}")
    assert message.endswith("nothing fills: the rule measures in heights: write {facts.progress_heights}")


def test_a_placeholder_in_a_title_is_shown_since_titles_are_not_filled(rule_refusal):
    [message] = rule_refusal(RULE, "en: Parking in a delivery bay", 'en: "Parking in {zone.name}"')
    assert message.endswith(": title.en: {zone.name} is not filled in a title: write it in `explain`")
