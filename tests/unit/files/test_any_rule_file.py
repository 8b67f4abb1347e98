"""Whatever a rule file holds, it is a rule or a clear error."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_common.yaml_source import parse_document
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.rule_file import RuleFile, parse_rule

REPOSITORY = Path(__file__).parents[3]


leaf = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["3m", "stopped", "in"])
)
keys = st.sampled_from(["tags", "ids", "for", "within", "zone", "classes", "open", "count", "at", "fr", "tracks"])
tree = st.recursive(
    leaf, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner)), max_leaves=8
)
fields = st.sampled_from([field.alias or name for name, field in RuleFile.model_fields.items()])


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(fields, tree), st.sampled_from([*TEMPLATES, "none"]))
def test_any_content_is_a_rule_or_a_clear_error(told, content, template):
    document = parse_document(json.dumps({"template": template, **content}), "F")
    assert all(line.startswith("F:1:") for line in told(lambda: parse_rule(document, REPOSITORY)))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_any_condition_is_a_rule_or_a_clear_error(told, condition):
    content = {
        "rule": "a",
        "title": {"fr": "a"},
        "template": "presence",
        "cameras": {"ids": ["a"]},
        "with": {"classes": "person"},
        "category": "a",
        "when": condition,
        "explain": {"fr": condition},
    }
    document = parse_document(json.dumps(content), "F")
    assert all(line.startswith("F:1:") for line in told(lambda: parse_rule(document, REPOSITORY)))
