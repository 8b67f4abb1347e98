"""The registry's ids instead of the pinned ones, on a real registry."""

import json

import aiohttp
import pytest

from vigie_common.codec import Codec
from vigie_common.errors import ConfigurationError, DependencyError, UnknownSchemaError
from vigie_common.registry import Registry, open_codec
from vigie_common.schemas import current

LETTER = {
    "service": "s",
    "origin_topic": "frames",
    "origin_partition": 0,
    "origin_offset": 1,
    "key": None,
    "value": None,
    "value_size": 0,
    "error": "E",
    "message": "m",
    "appended_at": 5,
}


@pytest.fixture
async def open_registry(registry, kafka_settings):
    made = await Registry.open(kafka_settings(schema_registry_url=registry))
    yield made
    await made.close()


async def test_records_travel_under_the_registrys_ids(open_registry):
    ids = await open_registry.register()
    codec = await open_registry.codec()
    data = codec.encode("dead-letter", LETTER)
    assert int.from_bytes(data[1:5], "big") == ids[f"{open_registry.prefix}dead-letters-value"]
    assert codec.decode(data) == ("dead-letter", LETTER)


async def test_registering_again_changes_nothing(open_registry):
    assert await open_registry.register() == await open_registry.register()


async def test_an_id_of_a_newer_producer_is_learnt(open_registry):
    await open_registry.register()
    codec = await open_registry.codec()
    newer = json.loads(current("dead-letter").text)
    newer["fields"].append({"name": "hint", "type": "string", "default": ""})
    subject = f"{open_registry.prefix}dead-letters-value"
    address = f"{open_registry.url}/subjects/{subject}/versions"
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, json={"schema": json.dumps(newer)}) as response,
    ):
        wire_id = (await response.json())["id"]
    body = Codec.pinned().encode("dead-letter", LETTER)[5:] + b"\x02x"
    data = b"\x00" + wire_id.to_bytes(4, "big") + body
    with pytest.raises(UnknownSchemaError):
        codec.decode(data)
    assert await codec.learn(data)
    assert codec.decode(data) == ("dead-letter", LETTER)


async def test_an_id_that_nobody_knows_is_not_learnt(open_registry):
    await open_registry.register()
    codec = await open_registry.codec()
    assert not await codec.learn(b"\x00\x7f\xff\xff\xffabc")


async def test_schemas_that_are_not_registered_are_named_with_the_fix(registry, kafka_settings):
    with pytest.raises(ConfigurationError, match="run `vigie schemas register`"):
        await open_codec(kafka_settings(schema_registry_url=registry))


async def test_a_registry_that_does_not_answer_is_named(kafka_settings):
    with pytest.raises(DependencyError, match=r"http://127\.0\.0\.1:9 does not answer"):
        await open_codec(kafka_settings(schema_registry_url="http://127.0.0.1:9"))
