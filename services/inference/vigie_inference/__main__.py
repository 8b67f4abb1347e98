"""The inference service: frames in, detections out, by Triton."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vigie_common.process import run
from vigie_common.stream import run_stateless
from vigie_inference.canary import watch
from vigie_inference.service import SERVICE, Inference
from vigie_inference.settings import InferenceSettings
from vigie_inference.triton import Triton

if TYPE_CHECKING:
    from vigie_common.process import Service


async def serve(settings: InferenceSettings, service: Service) -> None:
    """Run until the service is stopped."""
    triton = Triton(settings.triton_url, timeout_s=settings.inference_timeout)
    stream = run_stateless(
        settings,
        service,
        topics=["frames"],
        handler=Inference(settings, triton),
        outputs=["detections", "dead-letters"],
        max_records=64,
        compression=None,
    )
    canary = watch(triton, service.health, settings.inference_canary_every)
    tasks = [asyncio.create_task(stream), asyncio.create_task(canary)]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await triton.close()


def main() -> None:
    """Run the service."""
    run(SERVICE, InferenceSettings, serve)


if __name__ == "__main__":
    main()
