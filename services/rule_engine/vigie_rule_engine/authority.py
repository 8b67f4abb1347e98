"""Under whose authority a rule may alert on a camera, at an event time.

Statistics is the default: without a recorded authorisation in force, or before a rule is stable, everything a rule
finds stays in shadow. An authorisation switches itself off at its expiry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigie_common.records import Authorisation, AuthorisationStamp, Camera, Compound, Mode, Rule, RuleBundle

NO_CHANGE: Final = 1 << 62


def applies(tags: Sequence[str], ids: Sequence[str], camera: Camera, *, otherwise: bool) -> bool:
    """Whether a camera is meant: it is named, or carries all of the tags; `otherwise` if neither is given."""
    if not tags and not ids:
        return otherwise
    return camera["camera_id"] in ids or (bool(tags) and set(tags) <= set(camera["tags"]))


@dataclass(frozen=True, slots=True)
class Authority:
    """The authorisations of a bundle that cover one camera."""

    authorisations: tuple[Authorisation, ...] = ()

    @classmethod
    def of(cls, camera: Camera, bundle: RuleBundle | None) -> Authority:
        """Those that name the camera or whose tags it all carries; live ones first, then by id."""
        if bundle is None:
            return cls()
        covering = [
            a for a in bundle["authorisations"] if applies(a["camera_tags"], a["camera_ids"], camera, otherwise=False)
        ]
        return cls(tuple(sorted(covering, key=lambda a: (a["mode"] != "live", a["id"]))))

    def mode(self, rule: Rule | Compound, at: int) -> tuple[Mode, AuthorisationStamp | None]:
        """The mode of what `rule` finds at event time `at`, and what allows it."""
        if rule["status"] == "stable":
            for a in self.authorisations:
                if rule["category"] in a["categories"] and a["valid_from"] <= at < a["valid_until"]:
                    return a["mode"], {
                        "id": a["id"],
                        "legal_basis": a["legal_basis"],
                        "reference": a["reference"],
                        "valid_until": a["valid_until"],
                    }
        return "shadow", None

    def next_change(self, at: int) -> int:
        """The next event time after `at` when a mode may change."""
        times = [t for a in self.authorisations for t in (a["valid_from"], a["valid_until"]) if t > at]
        return min(times, default=NO_CHANGE)
