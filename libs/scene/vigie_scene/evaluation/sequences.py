"""Which result belongs to which truth: single files, or folders of sequences as MOTChallenge lays them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vigie_common.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pair:
    """One sequence."""

    name: str
    truth: Path
    result: Path


def pair_up(truths: Sequence[Path], results: Sequence[Path]) -> list[Pair]:
    """The sequences of truths and results, each a file or a folder, taken in the order given.

    A truth folder holds `NAME/gt/gt.txt`, `NAME/gt.txt` or `NAME.txt`; a result folder `NAME.txt` or `NAME/tracks.txt`.

    Raises:
        BadInputError: they do not match, a folder holds no sequence, or a sequence has no result.
    """
    if len(truths) != len(results):
        raise BadInputError(
            f"--truth is given {len(truths)} times and --result {len(results)} times: give one result for each truth, "
            "in the same order"
        )
    pairs: list[Pair] = []
    for truth, result in zip(truths, results, strict=True):
        for path, option in ((truth, "--truth"), (result, "--result")):
            if not path.exists():
                raise BadInputError(
                    f"{option} {path}: no such file or folder: give a text file of tracks, or a folder of them"
                )
        if truth.is_dir() != result.is_dir():
            raise BadInputError(
                f"--truth {truth} is a {_kind(truth)}, --result {result} a {_kind(result)}: give two files or two "
                "folders"
            )
        pairs += _folder(truth, result) if truth.is_dir() else [Pair(_name(truth), truth, result)]
    return pairs


def _kind(path: Path) -> str:
    return "folder" if path.is_dir() else "file"


def _name(truth: Path) -> str:
    """A truth's sequence: its file's name, or its folder's where the file is called gt.txt."""
    if truth.name != "gt.txt":
        return truth.stem
    folder = truth.absolute().parent
    return (folder.parent if folder.name == "gt" else folder).name


def _folder(truths: Path, results: Path) -> list[Pair]:
    found = sorted([*truths.glob("*/gt/gt.txt"), *truths.glob("*/gt.txt"), *truths.glob("*.txt")])
    if not found:
        raise BadInputError(
            f"--truth {truths}: no sequence in it: it must hold NAME/gt/gt.txt, NAME/gt.txt or NAME.txt"
        )
    pairs = []
    for truth in found:
        name = _name(truth)
        places = (results / f"{name}.txt", results / name / "tracks.txt")
        result = next((place for place in places if place.is_file()), None)
        if result is None:
            raise BadInputError(
                f"--result {results}: no result for the sequence {name} ({truth}): write {places[0]} or {places[1]}; "
                "an empty file says that nothing was tracked"
            )
        pairs.append(Pair(name, truth, result))
    return pairs
