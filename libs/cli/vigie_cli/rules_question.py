"""Where `vigie rules explain` takes tracks, camera and rules from: files, or the topics as they were then."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from vigie_cli.rules_explain import AROUND_MS, LEAD_MS, Question, explain, find_episode
from vigie_common.errors import BadInputError
from vigie_common.units import parse_duration, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vigie_cli.rules_explain import Explained
    from vigie_common.settings import Settings

Asked = tuple[str | None, str | None, str | None, str | None]
"""Episode, or rule, camera and moment."""


def from_files(asked: Asked, tracks: list[Path], site: Path, start: str) -> Explained:
    """From recorded tracks and a site's folder.

    Raises:
        BadInputError: a file is wrong, or the episode is not in them.
    """
    from vigie_cli.rules_difference import happenings
    from vigie_cli.rules_judge import judge
    from vigie_cli.rules_replay import read_changed
    from vigie_cli.rules_tracks import read_tracks
    from vigie_cli.site_folder import site_of

    episode, rule, camera, at = asked
    changed = read_changed([site], site_of(site))
    zone = changed.cameras.site.time_zone
    records = read_tracks(tracks, camera, start, zone)
    cameras = {record["camera_id"]: record for record in changed.camera_records(camera)}
    if episode is None:
        question = Question(str(rule), str(camera), _moment(str(at), zone))
    else:
        known = happenings(judge(records, cameras.values(), changed.bundle).events)
        found = [one for one in known if one.id.startswith(episode)]
        if len(found) != 1:
            raise BadInputError(f"{episode}: {len(found)} episodes of these tracks begin so: give a whole id")
        question = Question(found[0].rule, found[0].camera, found[0].at, found[0].id, found[0].ended_at)
    return explain(question, records, cameras[question.camera], changed.bundle)


def from_topic(asked: Asked, since: str) -> Explained:
    """From the topics: tracks, the camera and the rules as they were then.

    Raises:
        BadInputError: the episode, camera or rules were not there then.
        DependencyError: Kafka does not answer.
    """
    from vigie_common.settings import Settings, read_settings

    return asyncio.run(topic_answer(read_settings(Settings), asked, since))


async def topic_answer(settings: Settings, asked: Asked, since: str) -> Explained:
    """The same, with the settings given."""
    from vigie_cli.cameras_deployed import deployed_camera
    from vigie_cli.rules_bundles import read_histories
    from vigie_cli.rules_tracks import topic_tracks

    episode, rule, camera_id, at = asked
    event: Mapping[str, Any] | None = None
    if episode is not None:
        now = time.time_ns() // 1_000_000
        event = await find_episode(settings, episode, (now - _duration(since), now))
        camera_id = str(event["camera_id"])
    camera = (await deployed_camera(settings, str(camera_id))).camera
    history = (await read_histories(settings)).get(str(camera["site"]))
    if event is not None:
        moment, rule = int(event["at"]), str(event["rule"]["id"])
        question = Question(rule, str(camera_id), moment, str(event["episode_id"]), event["ended_at"])
    else:
        question = Question(str(rule), str(camera_id), _moment(str(at), str(camera["time_zone"])))
    judging = None if history is None else history.in_force(question.at)
    if judging is None:
        raise BadInputError(f"no rules of {camera['site']} were in force then: see `vigie rules status`")
    span = (question.at - LEAD_MS, (question.until or question.at) + AROUND_MS)
    records = await topic_tracks(settings, span, [question.camera])
    return explain(question, records, camera, judging.bundle)


def _moment(text: str, zone: str) -> int:
    try:
        return parse_instant(text, zone)
    except ValueError as wrong:
        raise BadInputError(f"--at {text}: {wrong}") from None


def _duration(text: str) -> int:
    try:
        return round(parse_duration(text).value * 1000)
    except ValueError as wrong:
        raise BadInputError(f"--since {text}: {wrong}") from None
