"""A client of a Confluent-compatible schema registry (Confluent, Apicurio's ccompat v7, Karapace).

https://docs.confluent.io/platform/current/schema-registry/develop/api.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

import fastavro

from vigie_common.codec import Codec
from vigie_common.errors import ConfigurationError, DependencyError
from vigie_common.schemas import load_schemas, parse
from vigie_common.topics import load_declarations

if TYPE_CHECKING:
    import aiohttp

    from vigie_common.settings import Settings

_JSON: Final = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
_ANSWER_S: Final = 10.0


@dataclass(slots=True)
class Registry:
    """The registry of one deployment. Subjects are named by topic: `vigie.alerts-value`."""

    url: str
    prefix: str
    session: aiohttp.ClientSession

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Connect; to be closed with `close`."""
        if settings.schema_registry_url is None:
            raise ConfigurationError("VIGIE_SCHEMA_REGISTRY_URL is not set: there is no registry to talk to")
        import aiohttp  # a quarter of a second, which a deployment without a registry is spared

        return cls(
            settings.schema_registry_url.rstrip("/"),
            settings.topic_prefix,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_S)),
        )

    async def close(self) -> None:
        """Let the connections go."""
        await self.session.close()

    async def register(self) -> dict[str, int]:
        """Register every committed version, set each subject's compatibility; gives the newest id by subject."""
        ids = {}
        for topic in load_declarations().topics.values():
            subject = f"{self.prefix}{topic.name}-value"
            for version in load_schemas()[topic.schema]:
                answer = await self._call(
                    "POST", f"/subjects/{quote(subject, safe='')}/versions", {"schema": version.text}
                )
                ids[subject] = int(answer["id"])
            level = load_declarations().schemas[topic.schema].compatibility
            await self._call("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": level})
        return ids

    async def codec(self) -> Codec:
        """A codec with the registry's ids of every committed version.

        Raises:
            ConfigurationError: a schema is not registered.
        """
        codec = Codec(registry=self)
        for topic in load_declarations().topics.values():
            for version in load_schemas()[topic.schema]:
                subject = f"{self.prefix}{topic.name}-value"
                answer = await self._call("POST", f"/subjects/{quote(subject, safe='')}", {"schema": version.text})
                codec.add(version, int(answer["id"]))
        return codec

    async def learn(self, codec: Codec, wire_id: int) -> bool:
        """Know the writer's schema of this id, if the registry does and a schema of ours has its name."""
        try:
            answer = await self._call("GET", f"/schemas/ids/{wire_id}", None)
        except ConfigurationError:
            return False
        try:
            writer = json.loads(answer["schema"])
            name = _SCHEMA_OF_RECORD[str(writer["name"])]
            codec.know(name, parse(writer), wire_id)
        except (KeyError, TypeError, json.JSONDecodeError, fastavro.schema.SchemaParseException):
            return False
        return True

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        import aiohttp

        try:
            async with self.session.request(method, self.url + path, json=body, headers=_JSON) as response:
                text = await response.text()
                if response.status in (404, 409, 422):
                    raise ConfigurationError(
                        f"schema registry: {method} {path}: {response.status} {text[:300]}: "
                        "run `vigie schemas register`, or check the schema's compatibility"
                    )
                if response.status >= 300:
                    raise DependencyError(
                        f"schema registry {self.url}: {method} {path}: {response.status} {text[:300]}"
                    )
                answer: dict[str, Any] = json.loads(text)
                return answer
        except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError) as broken:
            raise DependencyError(
                f"schema registry {self.url} does not answer ({broken or type(broken).__name__}): "
                "check VIGIE_SCHEMA_REGISTRY_URL"
            ) from broken


_SCHEMA_OF_RECORD: Final = {
    str(json.loads(versions[-1].text)["name"]): name for name, versions in load_schemas().items()
}


async def open_codec(settings: Settings) -> Codec:
    """The codec of this deployment: the registry's ids where one is set, else the pinned ones."""
    if settings.schema_registry_url is None:
        return Codec.pinned()
    registry = await Registry.open(settings)
    try:
        return await registry.codec()
    except BaseException:
        await registry.close()
        raise
