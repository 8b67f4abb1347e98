"""Local times of rules and authorisations that the clocks of their site skip or show twice: an instant nobody meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigie_common.instants import clock_change
from vigie_common.yaml_model import field_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vigie_common.yaml_document import Document, Problem
    from vigie_rule_engine.bundle import RuleFolder


def clock_problems(rules: RuleFolder, zone: str) -> Iterator[Problem]:
    """Each such time, where it stands, with the two that may be meant."""
    for document, path, text in _written_times(rules):
        change = clock_change(text, zone)
        if change is not None:
            yield document.problem(path, f"{field_path(path)}: {text}: {change}")


def _written_times(rules: RuleFolder) -> Iterator[tuple[Document, Sequence[object], str]]:
    """Every time that is local to the site without an offset, and its path."""
    for authorisation in rules.authorisations:
        yield authorisation.document, ["from"], authorisation.content.from_
        yield authorisation.document, ["until"], authorisation.content.until
    for parts in rules.parts:
        for index, test in enumerate(parts.tests):
            if test is not None:
                yield parts.document, ["tests", index, "start"], test.start
