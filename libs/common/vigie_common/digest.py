"""One way to name content: the digest of its canonical JSON."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def content_digest(content: Any, length: int = 16) -> str:
    """Hexadecimal SHA-256 of JSON-like `content`, cut to `length` digits; the order of keys is nothing."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()[:length]
