"""The W3C trace context of a frame: every record that follows from it carries it on."""

from __future__ import annotations

from hashlib import blake2b


def traceparent(session: str, seq: int) -> bytes:
    """The `traceparent` header (W3C Trace Context, section 3.2) of a frame: the same for the same frame.

    Version 00, a trace id of 16 bytes and a parent id of 8, and the flag that the trace is to be kept: what becomes
    of one frame in so many is rare enough to be recorded whole.
    """
    digest = blake2b(f"{session}/{seq}".encode(), digest_size=24).hexdigest()
    return f"00-{digest[:32]}-{digest[32:]}-01".encode()
