"""Figures as rows: CSV (RFC 4180) and Apache Parquet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import arro3.core as arrow
import arro3.io

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vigie_statistics.query.model import SeriesFigures

Format = Literal["csv", "parquet"]

COLUMNS: Final[Mapping[str, str]] = {
    "site": "text",
    "camera_id": "text",
    "measure": "text",
    "place_kind": "text",
    "place": "text",
    "object_class": "text",
    "direction": "text",
    "direction_label": "text",
    "rule": "text",
    "window": "text",
    "start": "instant",
    "end": "instant",
    "value": "number",
    "corrected": "number",
    "low": "number",
    "high": "number",
    "unit": "text",
    "coverage": "number",
    "low_coverage": "truth",
    "rate_fps": "number",
    "samples": "integer",
    "final": "truth",
}
"""Of an export, with what they hold."""

OPEN_COLUMNS: Final[Mapping[str, str]] = {
    "site": "text",
    "camera_id": "text",
    "place_kind": "text",
    "place": "text",
    "direction": "text",
    "direction_label": "text",
    "window": "text",
    "start": "instant",
    "end": "instant",
    "object_class": "text",
    "value": "number",
    "state": "text",
    "unit": "text",
    "coverage": "number",
}
"""Of an export as open data."""


def rows(found: Iterable[SeriesFigures]) -> list[dict[str, Any]]:
    """One row a figure."""
    series: tuple[str, ...] = ("site", "camera_id", "measure", "place_kind", "place", "object_class")
    series += ("direction", "direction_label", "rule", "unit")
    own = ("start", "end", "value", "corrected", "low", "high", "coverage", "low_coverage", "rate_fps", "samples")
    return [
        {name: getattr(each.series, name) for name in series}
        | {name: getattr(figure, name) for name in own}
        | {"window": each.window, "final": figure.final}
        for each in found
        for figure in each.figures
    ]


def as_csv(table: Sequence[Mapping[str, Any]], columns: Mapping[str, str] = COLUMNS) -> bytes:
    """Rows as CSV in UTF-8, with a heading; instants in ISO 8601, UTC; what is not known is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in table:
        writer.writerow([_text(row[name], kind) for name, kind in columns.items()])
    return out.getvalue().encode()


def as_parquet(table: Sequence[Mapping[str, Any]], columns: Mapping[str, str] = COLUMNS) -> bytes:
    """Rows as Parquet, compressed with zstd; instants are timestamps of UTC, what is not known is null."""
    types = {
        "text": arrow.DataType.utf8(),
        "number": arrow.DataType.float64(),
        "integer": arrow.DataType.int64(),
        "instant": arrow.DataType.int64(),
        "truth": arrow.DataType.bool(),
    }
    arrays: dict[str, Any] = {
        name: arrow.Array([row[name] for row in table], types[kind]) for name, kind in columns.items()
    }
    instant = arrow.DataType.timestamp("ms", tz="UTC")
    arrays |= {name: arrays[name].cast(instant) for name, kind in columns.items() if kind == "instant"}
    out = io.BytesIO()
    batch = arrow.RecordBatch.from_pydict(arrays)
    arro3.io.write_parquet(arrow.Table.from_batches([batch]), out, compression="zstd(3)")
    return out.getvalue()


def _text(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "instant":
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind == "truth":
        return "true" if value else "false"
    text = str(value)
    # a spreadsheet must not take a name for a formula
    return f"'{text}" if kind == "text" and text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
