"""Every link of the documentation leads somewhere, and every page can be found from the index."""

import re

import pytest

from vigie_common.paths import repository_resource

CHECKOUT = repository_resource("docs").parent
PAGES = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md"), *(CHECKOUT / "helm").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def links(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [link.split("#")[0] for link in LINK.findall(text) if not link.startswith(("http", "#", "mailto:"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_to_a_file(page):
    assert [link for link in links(page) if not (page.parent / link).exists()] == []


def test_every_page_is_reached_from_the_readme():
    reached, waiting = set(), [CHECKOUT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        waiting += [(page.parent / link).resolve() for link in links(page) if (page.parent / link).is_file()]
    template = CHECKOUT / "docs" / "decisions" / "0000-template.md"
    assert sorted(set(PAGES) - reached - {template}) == []
