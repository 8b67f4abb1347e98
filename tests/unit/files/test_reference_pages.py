import re
from pathlib import Path

import pytest

from vigie_common.camera_file import CameraFile, read_camera
from vigie_common.site_file import read_site
from vigie_rule_engine.bundle import read_rules
from vigie_rule_engine.catalogue import TEMPLATES
from vigie_rule_engine.conditions import VARIABLE_NAMES
from vigie_rule_engine.rule_file import AuthorisationFile, RuleFile
from vigie_rule_engine.template_reference import page

REFERENCE = Path(__file__).parents[3] / "docs/reference"


def examples(page):
    """The YAML examples of a page."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


def read_right_rules(path):
    """One rule or authorisation, with nothing wrong in it."""
    read = read_rules(path)
    assert (len(read.rules) + len(read.authorisations), read.problems) == (1, ())


@pytest.mark.parametrize(
    ("page", "readers"),
    [
        ("camera-files.md", [read_site, read_camera]),
        ("rule-files.md", [read_right_rules]),
        ("authorisations.md", [read_right_rules]),
    ],
)
def test_every_example_of_a_page_is_a_right_file(tmp_path, page, readers):
    found = examples(page)
    assert len(found) == len(readers)
    for reader, example in zip(readers, found, strict=True):
        path = tmp_path / "example.yaml"
        path.write_text(example, encoding="utf-8")
        reader(path)


def test_the_page_of_the_templates_is_that_of_the_catalogue():
    assert (REFERENCE / "templates.md").read_text(encoding="utf-8") == page()


def test_the_page_of_rule_files_names_every_template():
    text = (REFERENCE / "rule-files.md").read_text(encoding="utf-8")
    assert [name for name in TEMPLATES if name not in text] == []


@pytest.mark.parametrize(
    ("page", "model"),
    [
        ("camera-files.md", CameraFile),
        ("rule-files.md", RuleFile),
        ("authorisations.md", AuthorisationFile),
    ],
)
def test_the_page_names_every_field(page, model):
    text = (REFERENCE / page).read_text(encoding="utf-8")
    names = [field.alias or name for name, field in model.model_fields.items()]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_the_page_has_every_variable_of_a_condition():
    section = (REFERENCE / "rule-files.md").read_text(encoding="utf-8").split("## Conditions\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`([a-z]+\.[a-z]+)`", section)) - {"site.yaml"}
    assert sorted(named) == sorted(VARIABLE_NAMES)
