"""Triton over gRPC: one JPEG to a model, boxes back, and what is served in which version.

The model contract: IMAGE (BYTES [1], a JPEG) in, DETECTIONS (FP32 [n, 6]: x1 y1 x2 y2 score class) out. The bytes
pass through as they are: Triton decodes them and batches requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from tritonclient.grpc.aio import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

from vigie_common.taxonomy import CLASS_NAMES
from vigie_inference.failures import (
    ImageRefusedError,
    InferenceFailedError,
    ModelNotServedError,
    TritonAwayError,
)
from vigie_inference.repository import VERSION_PARAMETER

if TYPE_CHECKING:
    from collections.abc import Awaitable

    import numpy.typing as npt

    from vigie_common.errors import VigieError

    Boxes = npt.NDArray[np.float32]

COLUMNS: Final = 6
"""x1 y1 x2 y2, pixels of the JPEG; score 0..1; class, ordinal in the taxonomy."""

UNKNOWN_VERSION: Final = "unknown"
"""Version of a model whose configuration does not tell it."""

_CHANNEL: Final = [
    ("grpc.max_send_message_length", -1),  # options replace the client's own: its limits again
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 10_000),  # only while a request waits: an idle connection that pings is sent away
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.initial_reconnect_backoff_ms", 200),  # a restarted Triton is found within a second, not in 20
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]

_META_S: Final = 5.0

_FAILURES: Final[dict[str, type[VigieError]]] = {
    "StatusCode.INVALID_ARGUMENT": ImageRefusedError,
    "StatusCode.NOT_FOUND": ModelNotServedError,
    "StatusCode.UNAVAILABLE": TritonAwayError,
    "StatusCode.CANCELLED": TritonAwayError,
}
"""What each answer means; any other is an InferenceFailedError."""


class Triton:
    """A connection to one Triton (or to a load balancer before several)."""

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        self.url = url
        self._timeout_s = timeout_s
        self._client = InferenceServerClient(url, channel_args=_CHANNEL)
        self._outputs = [InferRequestedOutput("DETECTIONS")]
        self._versions: dict[str, str] = {}

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def detect(self, model: str, jpeg: bytes) -> Boxes:
        """DETECTIONS (n, 6) of one image. One attempt.

        Raises:
            ImageRefusedError: the image cannot be read.
            ModelNotServedError: the model is not (yet) served.
            TritonAwayError: Triton is down or full.
            InferenceFailedError: anything else.
        """
        image = InferInput("IMAGE", [1, 1], "BYTES")
        image.set_data_from_numpy(np.array([[jpeg]], dtype=np.object_))
        call = self._client.infer(model, [image], outputs=self._outputs, client_timeout=self._timeout_s)
        return boxes_from(model, (await self._answer(model, call)).as_numpy("DETECTIONS"))

    async def version(self, model: str) -> str:
        """The version of a served model, as its configuration says; `unknown` if it does not. Remembered.

        Raises:
            ModelNotServedError, TritonAwayError, InferenceFailedError: as `detect`.
        """
        if model not in self._versions:
            await self.read_version(model)
        return self._versions[model]

    async def read_version(self, model: str) -> str:
        """The version of a served model, asked of Triton again."""
        answer = await self._answer(model, self._client.get_model_config(model, client_timeout=_META_S))
        stated = answer.config.parameters[VERSION_PARAMETER].string_value
        self._versions[model] = stated or UNKNOWN_VERSION
        return self._versions[model]

    def forget_versions(self) -> None:
        """Ask again before the next use: Triton was away and may have come back with other models."""
        self._versions.clear()

    async def models(self) -> dict[str, bool]:
        """Every model in Triton's repository, and whether it is served.

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
        return {entry.name: entry.state == "READY" for entry in index.models}

    async def _answer(self, model: str, call: Awaitable[Any]) -> Any:
        try:
            return await call
        except InferenceServerException as refused:
            failure = _FAILURES.get(refused.status(), InferenceFailedError)
            about = f'model "{model}" at ' if model else ""
            status = str(refused.status()).removeprefix("StatusCode.")
            raise failure(f"{about}Triton {self.url}: {status}: {refused.message() or 'no reason given'}") from refused


def boxes_from(model: str, tensor: npt.NDArray[Any] | None) -> Boxes:
    """DETECTIONS (n, 6) from the answer's tensor, checked: the model may be anybody's.

    Raises:
        InferenceFailedError: they are not what the contract says.
    """
    if tensor is None or tensor.dtype != np.float32 or tensor.shape[-1:] != (COLUMNS,):
        found = "nothing" if tensor is None else f"{tensor.dtype} {tensor.shape}"
        raise InferenceFailedError(
            f'model "{model}" answered {found}, DETECTIONS is FP32 with {COLUMNS} columns: correct the model'
        )
    boxes: Boxes = tensor.reshape(-1, COLUMNS)
    classes = boxes[:, 5]
    if not (np.isfinite(boxes).all() and (classes >= 0).all() and (classes < len(CLASS_NAMES)).all()):
        raise InferenceFailedError(
            f'model "{model}" answered boxes that are not finite, or of a class outside '
            f"0..{len(CLASS_NAMES) - 1}: correct the model, or its classes in the catalogue"
        )
    return boxes
