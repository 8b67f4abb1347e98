"""What is wrong in a text that is not YAML, in an author's words: where it begins, what it reads as, and the fix.

The parser says which sign it expected at the sign where it gave up. An author wants the place where it went wrong: the
bracket that is not closed, the text that needs quotes, the line that is indented otherwise than those beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONGEST: Final = 120
"""Characters of the longest text that a message writes out in quotes."""

_KEY: Final = re.compile(r"^(?P<indent>\s*(?:-\s+)*)(?P<key>[\w-]+):(?:\s+(?P<value>\S.*?))?\s*$")
"""A line that begins a key, with the value beside it if there is one."""

_CONDITIONS: Final = frozenset({"when"})
"""Keys whose text is a condition."""

_READS_AS: Final = {
    '"': 'what begins with " ends at the next one',
    "'": "what begins with ' ends at the next one",
    "[": "what begins with [ is a list",
    "{": "what begins with { is a mapping",
    "!": "what begins with ! is a tag",
    "&": "what begins with & is an anchor",
    "*": "what begins with * is an alias",
    "@": "nothing may begin with @",
    "`": "nothing may begin with `",
    "%": "nothing may begin with %",
    "-": "what begins with - is a list",
}
"""What the first sign of a text means to YAML."""

_CLOSING: Final = {"[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Place:
    """A line and column, from 1."""

    line: int
    column: int


Advice = tuple[Place, str]
"""Where it went wrong, and what is wrong there with the fix."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A key and the text beside it, over several lines too, without a comment."""

    key: str
    place: Place
    text: str

    @property
    def in_quotes(self) -> str:
        """`put the whole condition in single quotes: '"gate" in camera.tags'`."""
        what = "condition" if self.key in _CONDITIONS else "text"
        return f"put the whole {what} in {_quoted(self.text)}"


def _quoted(text: str) -> str:
    """Which quotes, and the text within them where it is short."""
    if "'" not in text:
        which, within = "single", f"'{text}'"
    elif not {'"', "\\"} & set(text):
        which, within = "double", f'"{text}"'
    else:
        which, within = "single", "'" + text.replace("'", "''") + "'"
    return f"{which} quotes: {within}" if len(within) <= _LONGEST else f"{which} quotes"


def advice(
    lines: Sequence[str], place: tuple[int, int], why: str, begun: tuple[int, int] | None = None
) -> Advice | None:
    """Where the author went wrong and the fix, for what the parser says; None: its own words have to do.

    Args:
        lines: of the text.
        place: line and column, from 1, where the parser gave up.
        why: the parser's words.
        begun: where what it was reading begins.
    """
    at = Place(*place)
    if "',' or ']'" in why or "',' or '}'" in why:
        return _in_brackets(lines, at, why, Place(*begun) if begun is not None else at)
    if "but found '<stream end>'" in why and begun is not None and _after(lines, Place(*begun))[:1] in {"[", "{"}:
        return _not_closed(lines, Place(*begun))
    if "unexpected end of stream" in why and begun is not None:
        sign = _after(lines, Place(*begun))[:1]
        return Place(*begun), f"the text that begins with {sign} here is not closed: write {sign} at its end"
    if "unknown escape character" in why:
        sign = _after(lines, at)[:1]
        return at, f"\\{sign} is nothing in double quotes, where \\ begins a sign: write it in single quotes"
    if "found '<block" in why or "found '?'" in why or "found '-'" in why:
        return _misaligned(lines, at)
    if "found ']'" in why or "found '}'" in why:
        sign = _after(lines, at)[:1]
        return at, f"{sign} closes nothing: remove it"
    if "mapping values are not allowed" in why:
        return _indented(lines, at) or unquoted(lines, place)
    return unquoted(lines, place)


def quoted_early(
    lines: Sequence[str], place: tuple[int, int], quoted: tuple[tuple[int, int], tuple[int, int]] | None
) -> Advice | None:
    """That a text in quotes lacks the closing one, or has one within it, if the parser gave up right behind it.

    Args:
        lines: of the text.
        place: line and column, from 1, where the parser gave up.
        quoted: where the last text in quotes begins, and the sign after it.
    """
    if quoted is None:
        return None
    begun, ended = (Place(*mark) for mark in quoted)
    line = _after(lines, Place(ended.line, 1))
    if ended.line != place[0] or line[ended.column - 1 : place[1] - 1].strip() or not _after(lines, ended).strip():
        return None
    sign = _after(lines, begun)[0]
    if begun.line < ended.line:
        if not re.match(r"\s*(?:-\s|\{?\s*[\w-]+:\s)", line[: ended.column]):
            return None
    elif re.search(r",\s*[\w-]+:\s*$", line[begun.column : ended.column - 2]) is None:
        return _quote_within(lines, begun, ended)
    return begun, f"the text that begins with {sign} here is not closed: write {sign} at its end"


def _quote_within(lines: Sequence[str], begun: Place, ended: Place) -> Advice | None:
    """A text in quotes that has the same sign within it, where it ends to YAML."""
    line, sign = _after(lines, Place(begun.line, 1)), _after(lines, begun)[0]
    key = re.search(r"([\w-]+):\s+$", line[: begun.column - 1])
    whole = re.match(rf"{sign}(.+?){sign}\s*(?:[,}}\]]|#|$)", _after(lines, begun))
    if key is None or key[1] in _CONDITIONS or whole is None or re.search(rf"[:,]\s*{sign}", whole[1]):
        return None
    if line[ended.column - 1].isspace() and not line[ended.column - 3].isspace():
        return None  # a word in quotes, and more words
    return begun, f"{key[1]}: {_READS_AS[sign]}: put the whole text in {_quoted(whole[1])}"


def unquoted(lines: Sequence[str], place: tuple[int, int]) -> Advice | None:
    """That a text needs quotes, if what stands at a place is one, or a part of one, that begins beside its key."""
    written = _written(lines, place[0])
    if written is None:
        return None
    meaning = _READS_AS.get(written.text[0])
    if meaning is None:
        if not re.search(r":(\s|$)", written.text):
            return None
        meaning = 'what stands before ": " is a key'
    return written.place, f"{written.key}: {meaning}: {written.in_quotes}"


def cut_off(lines: Sequence[str], line: int) -> Advice | None:
    """That ` #` ends the text of a line, where a comment begins after it."""
    found = _KEY.match(lines[line - 1]) if line <= len(lines) else None
    comment = re.search(r"\s#", found["value"]) if found is not None and found["value"] else None
    if found is None or comment is None:
        return None
    written = _Written(found["key"], Place(line, found.start("value") + comment.start() + 2), found["value"])
    return written.place, f"{written.key}: what follows a space and # is a comment: {written.in_quotes}"


def _written(lines: Sequence[str], line: int) -> _Written | None:
    """The key that a line belongs to, and its text."""
    for number in range(line, 0, -1):
        found = _KEY.match(lines[number - 1])
        if found is None:
            continue
        if not found["value"] or (number < line and _indent(lines[line - 1]) <= len(found["indent"])):
            return None
        text = found["value"]
        if text[0] in "|>":
            return None
        for below in lines[number:]:
            if not below.strip() or _indent(below) <= len(found["indent"]) or _KEY.match(below):
                break
            text += f" {below.strip()}"
        return _Written(found["key"], Place(number, found.start("value") + 1), without_comment(text))
    return None


def without_comment(text: str) -> str:
    """A text up to where a comment begins."""
    for comment in re.finditer(r"\s+#", text):
        before = text[: comment.start()]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return before
    return text


def _after(lines: Sequence[str], place: Place) -> str:
    """What stands on a line from a place on; nothing behind the last line."""
    return lines[place.line - 1][place.column - 1 :] if place.line <= len(lines) else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _in_brackets(lines: Sequence[str], at: Place, why: str, begun: Place) -> Advice:
    """A list or mapping in brackets that is not closed, lacks a comma, or holds a text that needs quotes."""
    first, below = (_after(lines, Place(place.line, 1)) for place in (begun, at))
    opening, closing = ("[", _CLOSING["["]) if "']'" in why else ("{", _CLOSING["{"])
    ended = at.line > begun.line and _indent(below) <= _indent(first)
    if "but got ':'" in why and not ended:
        before = re.search(r"([\w-]+):\s+([^,{}\[\]]*)$", below[: at.column - 1])
        if before is not None:
            rest = re.match(r"[^,{}\[\]]*", below[at.column - 1 :])
            text = (before[2] + (rest[0] if rest else "")).strip()
            where = Place(at.line, before.start(2) + 1)
            return where, f'{before[1]}: what stands before ": " is a key: put the whole text in {_quoted(text)}'
    if at.line <= len(lines) and not ended and "but got '}'" not in why and "but got ']'" not in why:
        begins = _indent(below) if "but got ':'" in why else at.column - 1
        at, more = Place(at.line, begins + 1), below[begins:].split(",")[0].strip(" ]}")
        if more and "but got '<stream end>'" not in why:
            fix = f"write a comma before it, {closing} to close what begins with {opening}, or the whole text in quotes"
            return at, f"{more} follows without a comma: {fix}"
    return _not_closed(lines, begun, at.column - 1 if at.line == begun.line and "'<stream end>'" not in why else None)


def _not_closed(lines: Sequence[str], begun: Place, end: int | None = None) -> Advice:
    """A bracket that is not closed, with what of its line stands before `end`."""
    inside = without_comment(_after(lines, Place(begun.line, 1))[begun.column - 1 : end]).rstrip().rstrip(",")
    closing = _CLOSING[inside[0]]
    fix = f"write {inside}{closing}" if len(inside) < _LONGEST else f"write {closing} at its end"
    return begun, f"{inside[0]} is not closed: {fix}"


def _indented(lines: Sequence[str], at: Place) -> Advice | None:
    """A key that is indented deeper than the one above it, which has its value already."""
    found = _KEY.match(_after(lines, Place(at.line, 1)))
    if found is None or at.column != found.end("key") + 1:
        return None
    for number in range(at.line - 1, 0, -1):
        above = _KEY.match(lines[number - 1])
        if above is not None and len(above["indent"]) < len(found["indent"]):
            if not above["value"]:
                return None
            text = (
                f"{found['key']}: is indented deeper than {above['key']}, which has its value beside it: begin it in "
            )
            return Place(at.line, found.start("key") + 1), f"{text}column {len(above['indent']) + 1} as well"
    return None


def _misaligned(lines: Sequence[str], at: Place) -> Advice:
    """A line that begins in a column where nothing above it does."""
    line = _after(lines, Place(at.line, 1))
    found = _KEY.match(line)
    what = found["key"] if found is not None else line.strip().split(" ")[0]
    beside = [f"column {column}, beside {name}" for column, name in _columns(lines, at)]
    if not beside:
        return at, f"{what}: a key and a list stand beside each other: begin the items of a list below a key"
    fix = f"begin it in {', or in '.join(beside)}"
    return at, f"{what}: stands in column {at.column}, in which nothing above begins: {fix}"


def _columns(lines: Sequence[str], at: Place) -> Iterator[tuple[int, str]]:
    """Columns, from 1, in which a key above begins that the line may stand beside, each with that key."""
    last: int | None = None
    for number in range(at.line - 1, 0, -1):
        found = _KEY.match(lines[number - 1])
        if found is None:
            continue
        column = len(found["indent"]) + 1
        if last is None or column < last:
            last = _indent(lines[number - 1]) + 1
            yield column, found["key"]
        if last == 1:
            return
