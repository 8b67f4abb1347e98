"""Triton over gRPC: one JPEG to a model, boxes back, and what is served in which version.

The model contract: IMAGE (BYTES [1], a JPEG) in, DETECTIONS (FP32 [n, 6]: x1 y1 x2 y2 score class) out. The bytes
pass through as they are: Triton decodes them and batches requests. Requests are built from the protocol's own
messages (KServe v2, "ModelInfer"), without a copy into numpy.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

import grpc  # type: ignore[import-untyped]  # grpcio publishes no types
import numpy as np
from tritonclient.grpc import service_pb2 as kserve
from tritonclient.grpc import service_pb2_grpc as kserve_grpc

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

_CHANNEL: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),  # a restarted Triton is found within a second, not in 20
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)

_META_S: Final = 5.0

_FAILURES: Final[dict[grpc.StatusCode, type[VigieError]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: ImageRefusedError,
    grpc.StatusCode.NOT_FOUND: ModelNotServedError,
    grpc.StatusCode.UNAVAILABLE: TritonAwayError,
    grpc.StatusCode.CANCELLED: TritonAwayError,
}
"""What each answer means; any other is an InferenceFailedError."""


class Triton:
    """A connection to one Triton (or to a load balancer before several)."""

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        self.url = url
        self._timeout_s = timeout_s
        self._channel = grpc.aio.insecure_channel(url, options=_CHANNEL)
        self._stub = kserve_grpc.GRPCInferenceServiceStub(self._channel)
        self._versions: dict[str, str] = {}

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()

    async def detect(self, model: str, jpeg: bytes) -> Boxes:
        """DETECTIONS (n, 6) of one image. One attempt.

        Raises:
            ImageRefusedError: the image cannot be read.
            ModelNotServedError: the model is not (yet) served.
            TritonAwayError: Triton is down or full.
            InferenceFailedError: anything else.
        """
        request = kserve.ModelInferRequest(
            model_name=model,
            inputs=[kserve.ModelInferRequest.InferInputTensor(name="IMAGE", datatype="BYTES", shape=[1, 1])],
            outputs=[kserve.ModelInferRequest.InferRequestedOutputTensor(name="DETECTIONS")],
            raw_input_contents=[struct.pack("<I", len(jpeg)) + jpeg],
        )
        answer = await self._call(model, self._stub.ModelInfer(request, timeout=self._timeout_s))
        if len(answer.raw_output_contents) != 1:
            raise InferenceFailedError(
                f'model "{model}" at {self.url} answered {len(answer.raw_output_contents)} raw tensors, '
                "the contract is one, DETECTIONS: correct the model's configuration"
            )
        return boxes_from(model, answer.raw_output_contents[0])

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
        request = kserve.ModelConfigRequest(name=model)
        answer = await self._call(model, self._stub.ModelConfig(request, timeout=_META_S))
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
            ready = await self._call("", self._stub.ServerReady(kserve.ServerReadyRequest(), timeout=_META_S))
        except TritonAwayError as away:
            raise TritonAwayError(f"{away}: start it, or check VIGIE_TRITON_URL") from away
        if not ready.ready:
            raise TritonAwayError(f"Triton at {self.url} says that it is not ready")
        index = await self._call("", self._stub.RepositoryIndex(kserve.RepositoryIndexRequest(), timeout=_META_S))
        return {entry.name: entry.state == "READY" for entry in index.models}

    async def _call(self, model: str, call: Awaitable[Any]) -> Any:
        try:
            return await call
        except grpc.aio.AioRpcError as refused:
            failure = _FAILURES.get(refused.code(), InferenceFailedError)
            about = f'model "{model}" at ' if model else ""
            raise failure(
                f"{about}Triton {self.url}: {refused.code().name}: {refused.details() or 'no reason given'}"
            ) from refused


def boxes_from(model: str, raw: bytes) -> Boxes:
    """DETECTIONS (n, 6) from the bytes of the tensor, checked: the model may be anybody's.

    Raises:
        InferenceFailedError: they are not what the contract says.
    """
    if len(raw) % (4 * COLUMNS):
        raise InferenceFailedError(
            f'model "{model}" answered {len(raw)} bytes, DETECTIONS is FP32 with {COLUMNS} columns: correct the model'
        )
    boxes = np.frombuffer(raw, dtype="<f4").reshape(-1, COLUMNS)
    classes = boxes[:, 5]
    if not (np.isfinite(boxes).all() and (classes >= 0).all() and (classes < len(CLASS_NAMES)).all()):
        raise InferenceFailedError(
            f'model "{model}" answered boxes that are not finite, or of a class outside '
            f"0..{len(CLASS_NAMES) - 1}: correct the model, or its classes in the catalogue"
        )
    return boxes
