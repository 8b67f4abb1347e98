"""Random numbers by name: each actor has a stream of its own, so that adding one leaves the others as they were."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


def substream(seed: int, *names: str) -> np.random.Generator:
    """The PCG64 generator of one name under a seed; the same on every machine and in every process."""
    digest = blake2b("\0".join(names).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int.from_bytes(digest, "big")])))
