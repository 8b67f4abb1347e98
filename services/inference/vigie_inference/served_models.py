"""Which models Triton serves, as far as frames have asked for them, and how long one that it does not is hoped for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from vigie_inference.failures import InferenceFailedError, ModelNotServedError, TritonAwayError, UnknownModelError
from vigie_inference.measures import SERVED

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigie_inference.triton import Triton

NOT_SERVED_S: Final = 10.0
"""A model that Triton has but has not served for so long fails its frames instead of holding up what others saw."""

_log = structlog.get_logger(__name__)


class ServedModels:
    """What frames have found out; a metric for each model, and a line in the log at the first frame that misses it."""

    def __init__(self, triton: Triton, now: Callable[[], float]) -> None:
        self._triton = triton
        self._now = now
        self._missing_since: dict[str, float] = {}

    def answered(self, model: str) -> None:
        """The model has answered."""
        SERVED.labels(model).set(True)
        if self._missing_since.pop(model, None) is not None:
            _log.info("model served again", model=model)

    def missed(self, model: str, why: ModelNotServedError) -> None:
        """Triton does not serve the model."""
        SERVED.labels(model).set(False)
        if model not in self._missing_since:
            self._missing_since[model] = self._now()
            _log.warning(
                "model not served", model=model, why=str(why), fix="load it in Triton, or correct the camera file"
            )

    async def still_hoped_for(self, model: str, missing: ModelNotServedError) -> None:
        """Nothing, when a model that is not served may be served soon.

        Raises:
            UnknownModelError: Triton's repository has no such model.
            InferenceFailedError: it has, but has not served it for long.
        """
        try:
            states = await self._triton.states()
        except (TritonAwayError, InferenceFailedError):
            return  # it is starting or stopping
        if model not in states:
            raise UnknownModelError(
                f'model "{model}" is not in the repository of Triton {self._triton.url}, which has '
                f"{', '.join(sorted(states)) or 'none'}: name one of these in the camera file, or add it "
                "(docs/how-to/add-a-model.md)"
            ) from missing
        now_s = self._now()
        # another frame may have had its answer meanwhile: then the model is missing no longer
        if now_s - self._missing_since.get(model, now_s) > NOT_SERVED_S:
            raise InferenceFailedError(
                f'model "{model}" is in the repository of Triton {self._triton.url} but has not been served for '
                f"{NOT_SERVED_S:g} s ({states[model] or missing}): load it, or read Triton's log"
            ) from missing
