"""The files that a replay writes."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final, Self

from vigie_common.taxonomy import CLASS_ORDINAL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from vigie_cli.replay_stages import Step

COUNT_COLUMNS: Final = ("at", "rule", "line", "direction", "label", "object_class", "subject")


@dataclass(slots=True)
class ReplayFiles:
    """`tracks.txt`, `tracks.jsonl`, `rule-events.jsonl`, `alerts.jsonl` and `counts.csv`, written as they come.

    `tracks.txt` has one line a tracked box, as MOTChallenge writes them (https://motchallenge.net): frame of the
    source video from 1, id numbered by first appearance, x, y, width, height in pixels of the source video, score,
    class (ordinal in the taxonomy), visibility 1.
    """

    folder: Path
    _open: dict[str, IO[str]] = field(default_factory=dict)
    _ids: dict[tuple[str, int], int] = field(default_factory=dict)
    _alerts: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("tracks.txt", "tracks.jsonl", "rule-events.jsonl", "alerts.jsonl", "counts.csv"):
            self._open[name] = (self.folder / name).open("w", encoding="utf-8", newline="\n")
        self._counts().writerow(COUNT_COLUMNS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._open.values():
            file.close()

    @property
    def identities(self) -> int:
        """How many tracks there were."""
        return len(self._ids)

    @property
    def alerts(self) -> int:
        """How many alerts there were."""
        return len(self._alerts)

    def write(self, step: Step) -> None:
        """What one frame brought."""
        for record in step.tracks:
            self._tracks(record)
            self._json("tracks.jsonl", record)
        for event in step.events:
            self._json("rule-events.jsonl", event)
            if event["kind"] == "COUNT":
                self._count(event)
        for revision in step.revisions:
            self._json("alerts.jsonl", revision)
            self._alerts.add(revision["id"])

    def summary(self, content: Mapping[str, Any]) -> None:
        """Write `summary.json`."""
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (self.folder / "summary.json").write_text(text, encoding="utf-8")

    def _tracks(self, record: Mapping[str, Any]) -> None:
        if not record["track_id"]:
            return
        number = (record["seq"] if record["source_frame"] is None else record["source_frame"]) + 1
        across, down = record["source_width"] / record["width"], record["source_height"] / record["height"]
        lines = []
        for i, track_id in enumerate(record["track_id"]):
            identity = self._ids.setdefault((record["session"], track_id), len(self._ids) + 1)
            x, y = record["x1"][i] * across, record["y1"][i] * down
            width, height = record["x2"][i] * across - x, record["y2"][i] * down - y
            kind = CLASS_ORDINAL[record["object_class"][i]]
            lines.append(
                f"{number},{identity},{x:.2f},{y:.2f},{width:.2f},{height:.2f},{record['score'][i]:.4f},{kind},1\n"
            )
        self._open["tracks.txt"].writelines(lines)

    def _json(self, name: str, value: Mapping[str, Any]) -> None:
        self._open[name].write(json.dumps(value, sort_keys=True, ensure_ascii=False) + "\n")

    def _count(self, event: Mapping[str, Any]) -> None:
        kind = event["objects"][0]["object_class"] if event["objects"] else "unknown"
        self._counts().writerow(
            (
                event["started_at"],
                event["rule"]["id"],
                event["scope"],
                event["direction"],
                event["direction_label"] or "",
                kind,
                event["subject"],
            )
        )

    def _counts(self) -> Any:
        return csv.writer(self._open["counts.csv"], lineterminator="\n")
