"""What Faust's consumer is asked to watch."""

from types import SimpleNamespace

from faust.types import TP

from vigie_common.topics import TopicNames
from vigie_statistics.faust_app import STATE_TOPIC, PositionedConsumer
from vigie_statistics.rows import INPUTS


def test_only_the_inputs_are_watched_for_a_stream_that_hangs():
    watched = []
    consumer = PositionedConsumer.__new__(PositionedConsumer)
    consumer.app = SimpleNamespace(topic_names=TopicNames("city."))
    consumer._thread = SimpleNamespace(verify_event_path=lambda _, tp: watched.append(tp.topic))
    for topic in (*INPUTS, STATE_TOPIC):
        consumer.verify_event_path(0.0, TP(f"city.{topic}", 0))
    assert watched == [f"city.{topic}" for topic in INPUTS]
