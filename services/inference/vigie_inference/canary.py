"""Readiness by a canary: a small real image must come back from every served model.

Triton's health endpoints stay green when the process behind a model is dead; an answer does not.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import numpy as np
import simplejpeg
import structlog

from vigie_common.errors import VigieError
from vigie_inference.failures import TritonAwayError

if TYPE_CHECKING:
    from vigie_common.telemetry import Health
    from vigie_inference.triton import Triton

_log = structlog.get_logger(__name__)

WIDTH: Final = 256
HEIGHT: Final = 64
"""Pixels; flat, so that a detector that scales up has little to do."""


ANSWER_S: Final = 15.0
"""A round takes no longer, so that the canary's own heart goes on beating."""


def canary_image() -> bytes:
    """A small grey gradient, JPEG."""
    row = np.linspace(0, 255, WIDTH, dtype=np.uint8)
    grey = np.repeat(np.tile(row, (HEIGHT, 1))[:, :, np.newaxis], 3, axis=2)
    jpeg: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(grey), quality=80)
    return jpeg


async def answering(triton: Triton, image: bytes) -> dict[str, str]:
    """The version of every served model, once each has answered an image.

    Raises:
        VigieError: Triton is away, serves nothing, or a model does not answer; the message says which.
    """
    served = sorted(name for name, why in (await triton.states()).items() if why is None)
    if not served:
        raise TritonAwayError(f"Triton {triton.url} serves no model: build its repository (vigie models build)")
    answers = await asyncio.gather(*(triton.answer(model, image) for model in served))
    return {model: answer.version for model, answer in zip(served, answers, strict=True)}


async def watch(triton: Triton, health: Health, every_s: float) -> None:
    """Tell the service's health, for ever, whether Triton answers; log other models and versions by the way."""
    image = canary_image()
    told: str | None = None
    while True:
        try:
            async with asyncio.timeout(ANSWER_S):
                served = await answering(triton, image)
        except (VigieError, TimeoutError) as silent:
            triton.forget_versions()
            why = str(silent) or f"Triton {triton.url} did not answer within {ANSWER_S:g} s: read its log"
            state = f"away: {why}"
            health.ready("triton", ok=False, why=why)
        else:
            state = "serves " + ", ".join(f"{model} {version}" for model, version in served.items())
            health.ready("triton", ok=True)
        if state != told:
            _log.info("triton", state=state, url=triton.url)
            told = state
        health.beat("canary")
        await asyncio.sleep(every_s)
