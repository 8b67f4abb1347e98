"""Triton over gRPC: one JPEG to a model, boxes back, and what is served in which version.

The model contract: IMAGE (BYTES [1], a JPEG) in, DETECTIONS (FP32 [n, 6]: x1 y1 x2 y2 score class) out. The bytes
pass through as they are: Triton decodes them and batches requests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from tritonclient.grpc.aio import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

from vigie_inference.boxes import boxes_from
from vigie_inference.failures import (
    ImageRefusedError,
    InferenceFailedError,
    ModelNotServedError,
    OutOfMemoryError,
    TritonAwayError,
    TritonFullError,
    TritonSlowError,
)
from vigie_inference.repository import VERSION_PARAMETER, version_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from vigie_common.errors import VigieError
    from vigie_inference.boxes import Boxes

_CHANNEL: Final = [
    ("grpc.max_send_message_length", -1),  # options replace the client's own: its limits again
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 10_000),  # only while a request waits: an idle connection that pings is sent away
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.initial_reconnect_backoff_ms", 200),  # a restarted Triton is found within a second, not in 20
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 500),
]

_META_S: Final = 5.0

_FAILURES: Final[dict[str, type[VigieError]]] = {
    "StatusCode.INVALID_ARGUMENT": ImageRefusedError,
    "StatusCode.NOT_FOUND": ModelNotServedError,
    "StatusCode.UNAVAILABLE": TritonAwayError,
    "StatusCode.CANCELLED": TritonAwayError,
    "StatusCode.DEADLINE_EXCEEDED": TritonSlowError,
    "StatusCode.RESOURCE_EXHAUSTED": OutOfMemoryError,
}
"""What each answer means; any other is an InferenceFailedError."""


_FULL: Final = re.compile(r"maximum queue size|request timeout expired", re.IGNORECASE)
"""UNAVAILABLE with these words is Triton's own queue policy, not an absent Triton."""

_MEMORY: Final = re.compile(
    r"MemoryError|out of memory|bad_alloc|failed to allocate|cannot allocate|BFCArena|RESOURCE_EXHAUSTED", re.IGNORECASE
)
"""How Python, C++, CUDA and onnxruntime name a lack of memory; Triton passes it on as INTERNAL."""


class Answer(NamedTuple):
    """What a model said of an image."""

    boxes: Boxes
    """DETECTIONS (n, 6), as they came."""
    version: str
    """Of the model that answered."""


class Triton:
    """A connection to one Triton (or to a load balancer before several)."""

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        self.url = url
        self._timeout_s = timeout_s
        self._client = InferenceServerClient(url, channel_args=_CHANNEL)
        self._outputs = [InferRequestedOutput("DETECTIONS")]
        self._versions: dict[tuple[str, str], str] = {}

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def answer(self, model: str, jpeg: bytes) -> Answer:
        """DETECTIONS of one image, and the version of the model that gave them. One attempt.

        Raises:
            ImageRefusedError: the image cannot be read.
            ModelNotServedError: the model is not (yet) served.
            TritonAwayError, TritonFullError: Triton is down, or full.
            TritonSlowError, OutOfMemoryError: no answer in time, no memory.
            InferenceFailedError: anything else.
        """
        image = InferInput("IMAGE", [1, 1], "BYTES")
        image.set_data_from_numpy(np.array([[jpeg]], dtype=np.object_))
        call = self._client.infer(model, [image], outputs=self._outputs, client_timeout=self._timeout_s)
        came = await self._answer(model, call)
        boxes = boxes_from(model, came.as_numpy("DETECTIONS"))
        return Answer(boxes, await self._version(model, came.get_response().model_version))

    async def detect(self, model: str, jpeg: bytes) -> Boxes:
        """The boxes alone of `answer`."""
        return (await self.answer(model, jpeg)).boxes

    async def _version(self, model: str, number: str) -> str:
        """The version behind Triton's number of it.

        A repository of ours numbers a model by its digest: the answer says it all. Of another, the configuration of
        that very number says it (`vigie_version`), and is remembered; one that says nothing has its number.
        """
        if (digest := version_of(number)) is not None:
            return digest
        if (model, number) not in self._versions:
            call = self._client.get_model_config(model, number, client_timeout=_META_S)
            stated = (await self._answer(model, call)).config.parameters[VERSION_PARAMETER].string_value
            self._versions[model, number] = stated or number
        return self._versions[model, number]

    def forget_versions(self) -> None:
        """Ask again before the next use: Triton was away and may have come back with other models."""
        self._versions.clear()

    async def models(self) -> dict[str, bool]:
        """Every model in Triton's repository, and whether it is served.

        Raises:
            TritonAwayError: Triton is down, starting or stopping.
            InferenceFailedError: anything else.
        """
        return {name: why is None for name, why in (await self.states()).items()}

    async def states(self) -> dict[str, str | None]:
        """Every model in Triton's repository, and why it is not served; None: it is.

        Raises:
            TritonAwayError: Triton is down, starting or stopping.
            InferenceFailedError: anything else.
        """
        try:
            ready = await self._answer("", self._client.is_server_ready(client_timeout=_META_S))
        except TritonAwayError as away:
            raise TritonAwayError(f"{away}: start it, or check VIGIE_TRITON_URL") from away
        if not ready:
            raise TritonAwayError(f"Triton at {self.url} says that it is not ready")
        index = await self._answer("", self._client.get_model_repository_index(client_timeout=_META_S))
        states: dict[str, str | None] = {}
        for entry in index.models:  # one entry a version
            ready = entry.state == "READY" or (entry.name in states and states[entry.name] is None)
            states[entry.name] = None if ready else " ".join((entry.reason or entry.state or "not loaded").split())
        return states

    async def _answer(self, model: str, call: Awaitable[Any]) -> Any:
        try:
            return await call
        except InferenceServerException as refused:
            message = " ".join((refused.message() or "no reason given").split())
            failure = _FAILURES.get(refused.status(), InferenceFailedError)
            if failure is TritonAwayError and _FULL.search(message):
                failure = TritonFullError
            elif failure is InferenceFailedError and _MEMORY.search(message):
                failure = OutOfMemoryError
            about = f'model "{model}" at ' if model else ""
            status = str(refused.status()).removeprefix("StatusCode.")
            raise failure(f"{about}Triton {self.url}: {status}: {message}") from refused
