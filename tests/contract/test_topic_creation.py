import pytest
from aiokafka.admin import NewTopic

from vigie_common.errors import ConfigurationError
from vigie_common.kafka import admin
from vigie_common.topics import TopicNames, create_topics, load_topics


async def test_topics_are_created_once_and_left_alone_after(kafka_settings):
    settings = kafka_settings()
    assert set((await create_topics(settings)).items()) == {(name, "created") for name in load_topics()}
    assert set((await create_topics(settings)).values()) == {"unchanged"}


async def test_another_number_of_partitions_is_refused_with_the_fix(kafka_settings):
    settings = kafka_settings()
    client = admin(settings)
    await client.start()
    await client.create_topics([NewTopic(TopicNames(settings.topic_prefix).full("frames"), 3, 1)])
    await client.close()
    with pytest.raises(
        ConfigurationError, match=r"frames has 3 partitions and 4 are declared: set VIGIE_TOPIC_PARTITIONS=3"
    ):
        await create_topics(settings)


async def test_a_topic_whose_retention_was_changed_is_put_right(kafka_settings):
    settings = kafka_settings()
    client = admin(settings)
    await client.start()
    await client.create_topics(
        [NewTopic(TopicNames(settings.topic_prefix).full("frames"), 4, 1, topic_configs={"retention.ms": "1"})]
    )
    await client.close()
    assert (await create_topics(settings))["frames"] == "updated"
    assert (await create_topics(settings))["frames"] == "unchanged"
