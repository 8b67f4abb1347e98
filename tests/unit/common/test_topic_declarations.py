import pytest

from vigie_cli.topics import reference_page
from vigie_common.errors import ConfigurationError
from vigie_common.paths import repository_resource
from vigie_common.settings import Settings
from vigie_common.topics import TopicNames, load_topics, partition_count


def test_camera_topics_are_co_partitioned():
    assert {t.partitions for t in load_topics().values() if t.key == "camera_id"} == {48}


def test_checkpoints_have_the_partitions_of_their_input():
    topics = load_topics()
    assert topics["tracking-state"].partitions == topics["detections"].partitions
    assert topics["rule-engine-state"].partitions == topics["tracks"].partitions


def test_append_time_is_the_brokers_on_every_topic():
    assert {t.config["message.timestamp.type"] for t in load_topics().values()} == {"LogAppendTime"}


KEPT_H = {
    "frames": 1 / 6,
    "detections": 1,
    "tracks": 6,
    "rule-events": 7 * 24,
    "coverage": 395 * 24,
    "statistics": 90 * 24,
    "notices": 90 * 24,
    "alerts": 30 * 24,
    "alert-decisions": 365 * 24,
    "dead-letters": 7 * 24,
    "rules": None,
}
"""Hours that a record is kept; None: for ever. What may hold a person is kept no longer than its use."""


def test_every_topic_is_kept_as_long_as_it_is_used_and_no_longer():
    topics = load_topics().values()
    deleted = {t.name: int(t.config["retention.ms"]) for t in topics if "delete" in t.config["cleanup.policy"]}
    assert deleted == {name: -1 if hours is None else round(hours * 3_600_000) for name, hours in KEPT_H.items()}
    compacted = {t.name for t in topics if t.config["cleanup.policy"] == "compact"}
    assert compacted == {
        "cameras", "rules-status", "camera-health", "tracking-state", "rule-engine-state", "statistics-state",
    }  # fmt: skip


def test_a_deployment_caps_the_partitions():
    topic = load_topics()["frames"]
    assert [partition_count(topic, Settings(topic_partitions=n)) for n in (12, 100)] == [12, 48]


def test_names_go_both_ways():
    names = TopicNames("ville.")
    assert names.full("frames") == "ville.frames"
    assert names.logical("ville.frames") == "frames"


def test_an_undeclared_topic_is_named():
    with pytest.raises(ConfigurationError, match=r"topic 'frame' is not declared in topics\.yaml; known: cameras"):
        TopicNames("vigie.").full("frame")


def test_the_reference_page_is_current():
    """Run `vigie topics document --out docs/reference/topics.md`."""
    page = repository_resource("docs") / "reference" / "topics.md"
    assert page.read_text(encoding="utf-8") == reference_page()


def test_a_record_lives_little_longer_than_its_retention():
    """Kafka deletes closed segments alone: without `segment` the default of seven days would be the real retention."""
    week_ms = 7 * 86_400_000
    for topic in load_topics().values():
        retention = int(topic.config.get("retention.ms", "-1"))
        segment = int(topic.config.get("segment.ms", str(week_ms)))
        if retention >= 0:
            assert segment * 6 <= retention, topic.name
