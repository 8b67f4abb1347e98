"""Ids that a replay gives again (episodes, counts, events), and the one that is new each time: a session's."""

from __future__ import annotations

from typing import Final

import uuid_utils

NAMESPACE: Final = uuid_utils.UUID("9f0c1c1e-5b0a-5d5e-8a55-6f2b7f3a1d01")
"""Fixed for ever: a change would give every episode another id."""


def episode_id(site: str, camera: str, rule: str, version: str, scope: str, subject: str, started_at: int) -> str:
    """The id of an episode or count, a UUIDv5 (RFC 9562, section 5.5): the same for whoever computes it.

    Args:
        site: site id.
        camera: camera id.
        rule: rule id.
        version: digest of the rule's semantics.
        scope: zone or line name, empty for the whole image.
        subject: the object's id as rules see it, empty for a zone.
        started_at: first instant the condition held, milliseconds since 1970 UTC.
    """
    return derived_id(f"{site}/{camera}/{rule}/{version}/{scope}/{subject}/{started_at}")


def derived_id(name: str) -> str:
    """A UUIDv5: the same for whoever computes it."""
    return str(uuid_utils.uuid5(NAMESPACE, name))


def event_id(episode: str, ordinal: int) -> str:
    """The id of one step of an episode."""
    return f"{episode}:{ordinal}"


def session_id() -> str:
    """A new capture's id, a UUIDv7 (RFC 9562, section 5.7): sorts by the start of the capture."""
    return str(uuid_utils.uuid7())
