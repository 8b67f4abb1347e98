"""Which `VIGIE_*` variables mean anything to any part of a deployment, so that a misspelt one is told.

Services and the command often share one file of variables, and an image has one service alone: each therefore knows the
names of all, which are written down here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX: Final = "VIGIE_"

KNOWN: Final = frozenset({
    "ALERT_DATABASE_URL", "ALERT_EVIDENCE_DAYS", "ALERT_EVIDENCE_DIR", "ALERT_EVIDENCE_WAIT_MS",
    "ALERT_KEEP_DAYS", "CACHE", "CAPTURES_PER_PROCESS", "CAPTURE_CA_FILE", "CAPTURE_HUNG_S",
    "CAPTURE_LOOP_FILTER", "CAPTURE_OPEN_TIMEOUT_S", "CAPTURE_QUEUE_IMAGES", "CAPTURE_READ_TIMEOUT_S",
    "HTTP_HOST", "HTTP_PORT", "INFERENCE_CANARY_EVERY", "INFERENCE_IN_FLIGHT_LEAST", "INFERENCE_IN_FLIGHT_MOST",
    "INFERENCE_MAX_AGE", "INFERENCE_TIMEOUT", "INSTANCE_ID", "KAFKA_BOOTSTRAP", "KAFKA_FETCH_MAX_WAIT_MS",
    "KAFKA_FETCH_MIN_BYTES", "KAFKA_LINGER_MS", "KAFKA_SASL_MECHANISM", "KAFKA_SASL_PASSWORD",
    "KAFKA_SASL_USERNAME", "KAFKA_SECURITY_PROTOCOL", "KAFKA_SESSION_TIMEOUT_MS", "KAFKA_SSL_CAFILE",
    "KAFKA_SSL_CERTFILE", "KAFKA_SSL_KEYFILE", "LOG_FORMAT", "LOG_LEVEL", "SCHEMA_REGISTRY_URL",
    "STATISTICS_API_HOST", "STATISTICS_API_PORT", "STATISTICS_DATABASE_URL", "STATISTICS_KEEP_HOURS_DAYS",
    "STATISTICS_KEEP_MINUTES_DAYS", "STATISTICS_KEEP_QUARTERS_DAYS", "TOPIC_PARTITIONS", "TOPIC_PREFIX",
    "TOPIC_REPLICATION", "TRACKING_ACCELERATION", "TRACKING_BIRTH_SCORE", "TRACKING_BLIND_MS",
    "TRACKING_BUFFER", "TRACKING_COAST_MS", "TRACKING_DOUBLE_IOU", "TRACKING_DUPLICATE_IOU",
    "TRACKING_FIRST_IOU", "TRACKING_FORGET_MS", "TRACKING_GATE", "TRACKING_GATE_WAY", "TRACKING_HIGH_SCORE",
    "TRACKING_INITIAL_SPEED", "TRACKING_JITTER", "TRACKING_LOOK_MS", "TRACKING_LOW_SCORE", "TRACKING_MERGE_MS",
    "TRACKING_NEWBORN_AREA_RATIO", "TRACKING_NEWBORN_SLACK", "TRACKING_NEWBORN_SPEED", "TRACKING_OWN_IOU",
    "TRACKING_PART_SHARE", "TRACKING_PART_WIDTH", "TRACKING_REACH", "TRACKING_SECOND_IOU", "TRACKING_SMALLEST",
    "TRACKING_STILL_SPEED", "TRACKING_VOTE_MARGIN", "TRACKING_VOTE_MEMORY_S", "TRITON_URL",
})  # fmt: skip
"""Without the prefix: the settings of every service, and where the cache is."""

_LINK: Final = re.compile(r"_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP|SCTP)(_|$)")
"""What Kubernetes and Docker put into a container for each service of the deployment, by that service's name."""


def unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Of each `VIGIE_*` variable that nothing reads, that it is ignored, and the nearest that means something."""
    known = {PREFIX + name for name in KNOWN}
    for name, value in sorted(environment.items()):
        named = name.upper()
        link = _LINK.search(named) or (named.endswith("_PORT") and "://" in value)
        if named.startswith(PREFIX) and named not in known and not link:
            from vigie_common.yaml_model import nearest  # slow to import, seldom needed

            yield f"{name} is no setting of any service or of the command, and is ignored{nearest(named, known)}"
