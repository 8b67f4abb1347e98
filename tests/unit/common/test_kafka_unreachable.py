"""What is told of a Kafka that does not answer."""

import pytest

from vigie_common import kafka
from vigie_common.settings import Settings


@pytest.mark.parametrize(
    ("error", "why"), [(OSError("refused"), "refused"), (TimeoutError(), "TimeoutError")], ids=["refuses", "is mute"]
)
async def test_it_names_the_broker_and_why_also_where_the_error_has_no_words(monkeypatch, error, why):
    async def does_not_answer(*_, **__):
        raise error

    monkeypatch.setattr(kafka, "create_conn", does_not_answer)
    told = await kafka.unreachable(Settings(kafka_bootstrap="broker:9092"), error)
    assert str(told).startswith(f"Kafka at broker:9092 does not answer ({why}): start it, or check ")
