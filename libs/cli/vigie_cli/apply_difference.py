"""The plan that `apply` shows: what becomes of a camera or the rules, and what another version says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_APART: Final = frozenset({"version", "effective_at", "view_confirmed_at", "removed"})
_NAMED: Final = ("masks", "zones", "lines")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one camera, or of the rules."""

    kind: str
    """camera or rules."""
    name: str
    what: str
    """added, changed, unchanged, removed; absent: no longer in the folder, still in service; kept: in service,
    and in the folder only if one of its wrong files is this camera's; coming: not in the folder, in service later."""
    version: str
    details: tuple[str, ...] = ()
    """What is another now, of what is changed; then notes: what takes over later, what is worth knowing of rules."""


def differences(last: Mapping[str, Any], record: Mapping[str, Any]) -> tuple[str, ...]:
    """Each field that differs between two Camera records, with both values where they are short."""
    said: list[str] = []
    for name in sorted((last.keys() | record.keys()) - _APART):
        before, after = last.get(name), record.get(name)
        if before == after:
            continue
        if name in _NAMED:
            said += _shapes(name, before or (), after or ())
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            said += [
                _changed(f"{name}.{key}", before.get(key), after.get(key))
                for key in sorted(before.keys() | after.keys())
                if before.get(key) != after.get(key)
            ]
        else:
            said.append(_changed(name, before, after))
    return tuple(said) or ("holds from an earlier instant",)


def _shapes(section: str, before: Any, after: Any) -> list[str]:
    old, new = ({shape["name"]: shape for shape in shapes} for shapes in (before, after))
    what = {name: "added" if name not in old else "removed" if name not in new else "redrawn" for name in old | new}
    return [f"{section}.{name} {what[name]}" for name in sorted(what) if old.get(name) != new.get(name)]


def _changed(name: str, before: Any, after: Any) -> str:
    if isinstance(before, list) or isinstance(after, list):
        if all(isinstance(item, str) for item in [*(before or ()), *(after or ())]):
            lost = [f"- {item}" for item in before or () if item not in (after or ())]
            new = [f"+ {item}" for item in after or () if item not in (before or ())]
            return f"{name}: {', '.join(lost + new) or 'in another order'}"
        return f"{name}: {len(before or ())} → {len(after or ())} points" if before and after else f"{name}: changed"
    return f"{name}: {_short(before)} → {_short(after)}"


def _short(value: Any) -> str:
    if value is None:
        return "none"
    text = f"{value:g}" if isinstance(value, float) else "set" if isinstance(value, Mapping) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
