"""Quantiles of durations by DDSketch: mergeable, order no matter, each value within 1 % (Masson et al., VLDB 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ddsketch.ddsketch import BaseDDSketch
from ddsketch.mapping import LogarithmicMapping
from ddsketch.pb.ddsketch_pb2 import DDSketch as SketchMessage
from ddsketch.pb.proto import DDSketchProto
from ddsketch.store import DenseStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ACCURACY: Final = 0.01
"""Relative error of a quantile."""
LEAST_S: Final = 0.001
"""Shorter durations count as this."""
QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95}

_mapping = LogarithmicMapping(ACCURACY)


def bin_of(seconds: float) -> int:
    """The bin of a duration."""
    return int(_mapping.key(max(LEAST_S, seconds)))


def sketch_of(bins: Mapping[int, int]) -> Any:
    """The sketch of binned durations, to be merged with others or asked for quantiles."""
    store = DenseStore()
    for key, count in sorted(bins.items()):
        store.add(key, count)
    return BaseDDSketch(_mapping, store, DenseStore(), 0.0)


def quantiles(bins: Mapping[int, int]) -> dict[str, float]:
    """p50, p90 and p95 in seconds."""
    return _quantiles_of(sketch_of(bins))


def merged_quantiles(sketches: Iterable[bytes | None]) -> dict[str, float]:
    """The quantiles of serialized sketches together; empty without any."""
    merged: Any = None
    for data in sketches:
        if data is not None:
            message = SketchMessage()
            message.ParseFromString(data)
            one = DDSketchProto.from_proto(message)  # type: ignore[no-untyped-call]  # its protobuf part has no types
            if merged is None:
                merged = one
            else:
                merged.merge(one)
    return {} if merged is None or not merged.count else _quantiles_of(merged)


def _quantiles_of(sketch: Any) -> dict[str, float]:
    return {name: round(float(sketch.get_quantile_value(share)), 3) for name, share in QUANTILES.items()}


def serialized(bins: Mapping[int, int]) -> bytes:
    """The sketch in its library's protobuf, without the empty bins round it."""
    proto = DDSketchProto.to_proto(sketch_of(bins))  # type: ignore[no-untyped-call]  # its protobuf part has no types
    low, high = min(bins), max(bins)
    first = low - proto.positiveValues.contiguousBinIndexOffset
    kept = proto.positiveValues.contiguousBinCounts[first : first + high - low + 1]
    del proto.positiveValues.contiguousBinCounts[:]
    proto.positiveValues.contiguousBinCounts.extend(kept)
    proto.positiveValues.contiguousBinIndexOffset = low
    del proto.negativeValues.contiguousBinCounts[:]
    return bytes(proto.SerializeToString(deterministic=True))
