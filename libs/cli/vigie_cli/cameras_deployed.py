"""The cameras of a deployment as its topics have them: what is in service, how it fares, what it sees now."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition

from vigie_cli.camera_history import camera_histories
from vigie_cli.configuration_topics import (
    answered,
    deployment_codec,
    last_of,
    newest_records,
    publish,
    record_at,
    topic_partitions,
)
from vigie_common.errors import BadInputError
from vigie_common.topics import TopicNames
from vigie_common.yaml_model import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from vigie_common.codec import Codec
    from vigie_common.settings import Settings

SILENT: Final[dict[str, Any]] = {"state": "unknown", "reason": None, "since": None, "updated_at": None, "fps": None}
"""The health of a camera of which no sampler has said anything yet."""

_SILENT_STATES: Final = frozenset({"unknown", "offline", "stalled"})


@dataclass(frozen=True, slots=True)
class Deployed:
    """One camera of the deployment."""

    camera: Mapping[str, Any]
    """Its version in force, or its only one that is to come."""
    pending: Mapping[str, Any] | None
    """The version that comes after it, published and not yet in force."""
    partition: int | None
    """Of every camera topic: they are partitioned alike. None: a camera file, not in service."""
    health: Mapping[str, Any]

    @property
    def camera_id(self) -> str:
        """Unique in the deployment."""
        return str(self.camera["camera_id"])

    @property
    def moved(self) -> bool:
        """Whether its view was found to be another than the one learnt, and nobody has confirmed it yet.

        It may be offline since: what is known of the view counts, not the state.
        """
        view = self.health.get("view")
        return self.health["state"] == "moved" or (view is not None and view["moved_at"] is not None)

    @property
    def reason(self) -> str | None:
        """Why it is not online, in words."""
        reason = self.health["reason"]
        return None if reason is None else str(reason).removeprefix(f"camera {self.camera_id}: ")

    @property
    def measured_fps(self) -> float | None:
        """Frames a second when the state was told last; None before anything was measured, and while none come."""
        fps: float | None = self.health["fps"]
        return fps if fps and self.health["state"] not in _SILENT_STATES else None

    def row(self) -> dict[str, Any]:
        """What `vigie cameras list --json` says of it: no address, which may tell where a camera hangs."""
        camera, health = self.camera, self.health
        return {
            "camera": self.camera_id,
            "title": camera["title"],
            "site": camera["site"],
            "source": camera["source"]["kind"],
            "state": health["state"],
            "reason": self.reason,
            "since": health["since"],
            "fps": camera["sampling"]["fps"],
            "measured_fps": self.measured_fps,
            "models": camera["models"],
            "tags": camera["tags"],
            "version": camera["version"],
            "effective_at": camera["effective_at"],
        }


async def deployed_cameras(settings: Settings) -> list[Deployed]:
    """Every camera in service, by id.

    Raises:
        DependencyError: Kafka does not answer, or has no topics.
    """
    names = TopicNames(settings.topic_prefix)
    cameras, health = names.full("cameras"), names.full("camera-health")
    async with answered(settings):
        partitions = await topic_partitions(settings, [cameras, health])
        async with deployment_codec(settings) as codec:
            found = await _cameras(settings, partitions[cameras], codec)
            wanted: dict[int, set[str]] = {}
            for name, (_, _, partition) in found.items():
                wanted.setdefault(partition, set()).add(name)
            states = await newest_records(settings, partitions[health], wanted, codec, "camera-health")
    return [
        Deployed(camera, pending, partition, states.get(name, SILENT))
        for name, (camera, pending, partition) in sorted(found.items())
    ]


async def camera_records(settings: Settings) -> list[dict[str, Any]]:
    """The newest record of every camera of every site, removed ones too.

    Raises:
        DependencyError: Kafka does not answer, or has no topics.
    """
    return [camera for camera, _ in (await last_of(settings, "cameras")).values()]


def site_time_zones(cameras: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Name of the time zone of each site that has a camera, in which its times are written and printed."""
    return {str(camera["site"]): str(camera["time_zone"]) for camera in cameras}


def check_site(site: str, sites: Collection[str]) -> None:
    """Refuse a site that has no camera in service.

    Raises:
        BadInputError: names those that have.
    """
    if site not in sites:
        known = f"there are {', '.join(sorted(sites))}" if sites else "nor of any other"
        raise BadInputError(f'--site {site}: no camera is in service of "{site}"{nearest(site, sites)}; {known}')


async def deployed_camera(settings: Settings, camera_id: str) -> Deployed:
    """One camera in service.

    Raises:
        BadInputError: there is none of that id; which ones there are.
        DependencyError: Kafka does not answer, or has no topics.
    """
    cameras = await deployed_cameras(settings)
    for deployed in cameras:
        if deployed.camera_id == camera_id:
            return deployed
    ids = [deployed.camera_id for deployed in cameras]
    known = f"{len(ids)} are in service, see `vigie cameras list`" if len(ids) > 8 else f"in service: {', '.join(ids)}"
    raise BadInputError(
        f'camera "{camera_id}" is not in service{nearest(camera_id, ids)}; {known if ids else "none is"}; '
        "`vigie cameras apply FOLDER` brings one in"
    )


async def newest_frame(settings: Settings, deployed: Deployed) -> Mapping[str, Any]:
    """The newest frame of a camera that has a picture.

    Raises:
        BadInputError: the topic has none.
        DependencyError: Kafka does not answer, or has no topics.
    """
    frame = await _newest(settings, deployed, "frames", "frame", lambda frame: frame["jpeg"] is not None)
    if frame is None:
        state, reason = deployed.health["state"], deployed.reason
        raise BadInputError(
            f"camera {deployed.camera_id}: no picture of it is in the topic frames (its state: {state}"
            f"{f', {reason}' if reason else ''}): wait for one, or take it from the camera itself with --from-source, "
            "or give an image with --image"
        )
    return frame


async def tracked_frame(settings: Settings, deployed: Deployed) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The newest tracks of a camera, and the frame they were seen in.

    Raises:
        BadInputError: there are none, or their frame is gone.
        DependencyError: Kafka does not answer, or has no topics.
    """
    tracks = await _newest(settings, deployed, "tracks", "tracks", lambda tracks: tracks["width"] > 0)
    if tracks is None:
        raise BadInputError(
            f"camera {deployed.camera_id}: no tracks of it yet: see whether it is online (`vigie cameras list`) and "
            f"whether Triton serves {', '.join(deployed.camera['models'])}"
        )
    topic, ref = TopicNames(settings.topic_prefix).full("frames"), tracks["frame_ref"]
    async with answered(settings), deployment_codec(settings) as codec:
        frame = await record_at(settings, TopicPartition(topic, ref["partition"]), ref["offset"], codec, "frame")
    if frame is None or frame["jpeg"] is None:
        raise BadInputError(
            f"camera {deployed.camera_id}: the frame of its newest tracks is gone, frames are kept for minutes: "
            "see whether it is online (`vigie cameras list`)"
        )
    return frame, tracks


async def _newest(
    settings: Settings, deployed: Deployed, topic: str, schema: str, wanted: Callable[[dict[str, Any]], bool]
) -> Mapping[str, Any] | None:
    """The newest wanted record of one camera in a camera topic."""
    name = TopicNames(settings.topic_prefix).full(topic)
    async with answered(settings):
        partitions = [p for p in (await topic_partitions(settings, [name]))[name] if p.partition == deployed.partition]
        keys = {p.partition: {deployed.camera_id} for p in partitions}
        async with deployment_codec(settings) as codec:
            found = await newest_records(settings, partitions, keys, codec, schema, wanted)
    return found.get(deployed.camera_id)


async def confirm_view(settings: Settings, camera_id: str) -> Deployed:
    """Publish that somebody has looked: zones, lines and calibration fit what the camera sees now.

    The version in force holds again from now on with the confirmation. A version that is yet to come keeps its
    instant and takes the confirmation along.

    Raises:
        BadInputError: there is no such camera, it is not in force yet, or it was not moved.
        DependencyError: Kafka does not answer, or has no topics.
    """
    deployed = await deployed_camera(settings, camera_id)
    now_ms = time.time_ns() // 1_000_000
    if deployed.camera["effective_at"] > now_ms:
        raise BadInputError(f"camera {camera_id}: it is not in force yet, so nobody can have looked at its view")
    if not deployed.moved:
        raise BadInputError(
            f"camera {camera_id}: its view was not found moved (its state: {deployed.health['state']}), so there is "
            "nothing to confirm"
        )
    records = [{**deployed.camera, "effective_at": now_ms, "view_confirmed_at": now_ms}]
    if deployed.pending is not None:
        records.append({**deployed.pending, "view_confirmed_at": now_ms})
    names = TopicNames(settings.topic_prefix)
    async with answered(settings), deployment_codec(settings) as codec:
        await publish(settings, names, codec, [("cameras", camera_id, record) for record in records])
    return Deployed(records[0], deployed.pending, deployed.partition, deployed.health)


async def _cameras(
    settings: Settings, partitions: list[TopicPartition], codec: Codec
) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any] | None, int]]:
    """Of each camera in service: its version in force, the last one to come, its partition."""
    histories = await camera_histories(settings, partitions, codec)
    now_ms = time.time_ns() // 1_000_000
    found = {}
    for name, history in histories.items():
        in_force, later = history.in_force(now_ms), history.after(now_ms)
        pending = later[-1] if later else None
        shown = in_force or pending
        if shown is not None and not shown["removed"]:
            found[name] = (shown, pending if in_force else None, history.partition)
    return found
