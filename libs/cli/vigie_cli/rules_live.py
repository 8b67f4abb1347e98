"""`vigie rules replay`, `publish`, `status` and `explain`: rules beside what is recorded and what runs.

Each command's own module is imported when it runs, so that `--help` comes at once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from vigie_cli.options import AsJson, WrongOptionError, refuse_unused
from vigie_cli.wording import counted
from vigie_common.errors import BadInputError


def publish(
    folder: Annotated[Path | None, typer.Argument(help="folder of the site, which holds rules/ and cameras/")] = None,
    at: Annotated[str, typer.Option(help="when it holds from: now, +10s, or an ISO time")] = "+10s",
    author: Annotated[str | None, typer.Option(help="who publishes; by default the user")] = None,
    digest: Annotated[
        str | None, typer.Option(help="instead of a folder: a former bundle, by the beginning of its digest")
    ] = None,
    site: Annotated[str | None, typer.Option(help="of which site, with --digest; by default the only one")] = None,
    dry_run: Annotated[bool, typer.Option(help="say what would change, publish nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a site's rules in force from an event time on; or a former bundle back.

    Refused, and nothing published, when the lint finds something or a stable rule's test fails.

    Example: vigie rules publish town --dry-run

    Example: vigie rules publish town --at 2026-12-24T18:00+01:00

    Example: vigie rules publish --digest 6a5f1fe8c4a8
    """
    import asyncio
    import getpass

    from vigie_cli import rules_publish as publishing
    from vigie_cli.effective_at import now_ms, parse_at
    from vigie_cli.rules_bundles import published_zone
    from vigie_cli.site_folder import site_time_zone
    from vigie_common.settings import Settings, read_settings

    if (folder is None) == (digest is None):
        raise WrongOptionError("give either the folder of a site or --digest: vigie rules publish town")
    if folder is not None:
        refuse_unused({"--site": site}, f"goes with --digest; {folder} says itself of which site it is")
    settings, who = read_settings(Settings), author or getpass.getuser()
    zone = site_time_zone(folder) if folder is not None else asyncio.run(published_zone(settings, site))
    when = parse_at(at, now_ms(), zone)
    if folder is not None:
        plan = asyncio.run(publishing.publish_folder(settings, folder, when, who, dry_run=dry_run))
    else:
        plan = asyncio.run(publishing.publish_former(settings, str(digest), site, when, who, dry_run=dry_run))
    if as_json:
        print(json.dumps({**plan.plain(), "dry_run": dry_run}, ensure_ascii=False, indent=1))
        return
    for line in publishing.lines(plan, dry_run=dry_run):
        print(line)


def status(
    site: Annotated[str | None, typer.Option(help="only this site")] = None,
    since: Annotated[
        str | None,
        typer.Option(help="how far back rules in shadow are compared with the live ones: 30m, 6h; by default 1h"),
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="or from when: an ISO time, local to the site, of several sites UTC")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="until when: an ISO time; by default now")] = None,
    episodes: Annotated[bool, typer.Option("--episodes", help="the newest episodes of each rule, with ids")] = False,
    as_json: AsJson = False,
) -> None:
    """Which bundle runs where, which rules were refused, and how rules in shadow compare with the live ones.

    A rule of `status: test` runs in shadow: on live streams, never shown as an alert. One that says `replaces: RULE`
    is compared with that rule over the given time.

    Example: vigie rules status --since 6h

    Example: vigie rules status --episodes
    """
    import asyncio

    from vigie_cli import rules_status as watching
    from vigie_cli.rules_bundles import published_zone
    from vigie_cli.rules_topics import since_ms, time_range
    from vigie_common.settings import Settings, read_settings

    _refuse_two_beginnings(begin, since)
    back = since or "1h"
    since_ms(back)  # before Kafka is asked
    settings = read_settings(Settings)
    zone = asyncio.run(published_zone(settings, site, several=True))
    found = asyncio.run(watching.read_status(settings, site, time_range(begin, end, back, zone), episodes=episodes))
    if as_json:
        print(json.dumps([one.plain() for one in found], ensure_ascii=False, indent=1))
        return
    for one in found:
        for line in watching.lines(one):
            print(line)


Rules = Annotated[list[Path], typer.Argument(help="changed rules: files, or a folder of them or of the whole site")]
Tracks = Annotated[
    list[Path] | None, typer.Option("--tracks", help="recorded tracks: .csv, or .jsonl of `vigie replay`; repeatable")
]
FromTopic = Annotated[bool, typer.Option("--topic", help="the tracks topic, with --from or --since")]
OneCamera = Annotated[str | None, typer.Option(help="only this camera; that of the .csv files or the video")]
Begin = Annotated[str | None, typer.Option("--from", help="range of the topic: an ISO time, local to the site")]
End = Annotated[str | None, typer.Option("--to", help="range of the topic: an ISO time; by default now")]
Since = Annotated[str | None, typer.Option(help="or how far back from --to: 10m, 2h; by default 10m")]
CSV_START: Final = "2026-01-05T12:00"
Start = Annotated[str | None, typer.Option(help=f"local time of the beginning of .csv files; by default {CSV_START}")]


def _refuse_two_beginnings(begin: str | None, since: str | None) -> None:
    if begin is not None:
        refuse_unused({"--since": since}, "or --from: one of them says where the range begins")


def replay(
    rules: Rules,
    tracks: Tracks = None,
    topic: FromTopic = False,
    video: Annotated[Path | None, typer.Option(help="a video, through detection and tracking first")] = None,
    begin: Begin = None,
    end: End = None,
    since: Since = None,
    camera: OneCamera = None,
    cameras: Annotated[Path | None, typer.Option(help="folder of the cameras; by default the site's own")] = None,
    against: Annotated[Path | None, typer.Option(help="compare with this folder's rules, not the live ones")] = None,
    start: Start = None,
    triton: Annotated[
        str | None,
        typer.Option(envvar="VIGIE_TRITON_URL", help="Triton's gRPC address for --video; by default one is started"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run changed rules over recorded tracks and show what differs from the rules that are live now.

    New: found by the changed rules alone. Gone: by the present ones alone. Moved: by both, at other times. Exit status
    1 if a camera cannot run a changed rule.

    Example: vigie rules replay town --topic --since 2h

    Example: vigie rules replay rules/bay.yaml --tracks monday.jsonl --against town/rules

    Example: vigie rules replay rules/bay.yaml --video street.mp4 --camera street-01
    """
    import asyncio

    from vigie_cli import rules_difference as differing
    from vigie_cli import rules_replay as replaying
    from vigie_cli.rules_judge import unjudged
    from vigie_cli.rules_tracks import read_tracks, topic_tracks, video_tracks
    from vigie_cli.site_folder import site_of
    from vigie_common.settings import Settings, read_settings

    sources = {"--tracks": bool(tracks), "--topic": topic, "--video": video is not None}
    named = [name for name, given in sources.items() if given]
    if not named:
        raise WrongOptionError("say what to replay: --tracks FILE, or --topic with --from or --since, or --video FILE")
    if len(named) > 1:
        raise WrongOptionError(f"{' and '.join(named)}: only one of them at a time")
    if not topic:
        refuse_unused({"--from": begin, "--to": end, "--since": since}, f"of --topic; {named[0]} is played whole")
    if not tracks:
        refuse_unused({"--start": start}, "of .csv files, with --tracks")
    _refuse_two_beginnings(begin, since)
    changed = replaying.read_changed(rules, cameras or site_of(rules[0]))
    # what is wrong with the tracks is told before Kafka is asked, and both before a video is looked at
    zone, settings, files = changed.cameras.site.time_zone, read_settings(Settings), changed.camera_files(camera)
    if video is not None and len(files) != 1:
        raise BadInputError(f"{video}: which camera saw this? Add --camera ID")
    records = read_tracks(tracks, camera, start or CSV_START, zone) if tracks else []
    if topic:
        from vigie_cli.rules_topics import time_range

        span = time_range(begin, end, since or "10m", zone)
    present = replaying.present_rules(settings, changed, against)
    if video is not None:
        records = [dict(record) for record in video_tracks(video, Path(files[0].document.file), triton)]
    elif topic:
        names = [located.content.camera for located in files]
        records = [record for record, _ in asyncio.run(topic_tracks(settings, span, names, zone))]
    found = replaying.replay(changed, present, records, camera)
    if as_json:
        print(json.dumps(found.plain(), ensure_ascii=False, indent=1))
    else:
        for error in found.errors:
            print(f"{error['rule']} on {error['camera_id']}: {error['message']}")
        for line in unjudged(found.refused, found.left_out):
            print(line)
        csv = any(path.suffix.lower() == ".csv" for path in tracks or ())
        frames = f"{counted(found.records, 'frame')} of tracks, {found.empty} without objects"
        filled = " (filled in around the rows of .csv files)" if csv else ""
        print(f"{frames}{filled}, times {found.time_zone}; compared with {found.against}:")
        for line in differing.lines(found.difference, found.time_zone):
            print(line)
        for note in found.notes:
            print(f"note: {note}{' (the .csv files begin at --start)' if csv else ''}")
    if found.errors:
        raise typer.Exit(1)


def explain(
    episode: Annotated[str | None, typer.Argument(help="id of an episode, or its beginning")] = None,
    rule: Annotated[str | None, typer.Option(help="a rule that said nothing, or not what you expect")] = None,
    camera: Annotated[str | None, typer.Option(help="on this camera")] = None,
    at: Annotated[str | None, typer.Option(help="at this moment: an ISO time, local to the site")] = None,
    tracks: Tracks = None,
    rules: Annotated[Path | None, typer.Option("--rules", help="folder of the site, for --tracks")] = None,
    since: Annotated[
        str | None, typer.Option(help="how far back an episode is looked for: 30m, 6h; by default 1h")
    ] = None,
    start: Start = None,
    track: Annotated[str | None, typer.Option(help="the course of this track, not of who came nearest")] = None,
    as_json: AsJson = False,
) -> None:
    """Why an episode opened, or why nothing did: what held, since when, and by how much.

    Judges the same tracks again, those of the tracks topic or of files, and shows the measured values beside their
    thresholds, the condition, the authorisation, and when the camera was blind.

    Example: vigie rules explain 3f2a9c

    Example: vigie rules explain --rule linger --camera campus-01 --at 2026-05-04T14:05

    Example: vigie rules explain --rule linger --camera campus-01 --at 2026-01-05T12:00:20 --tracks a.csv --rules site
    """
    from vigie_cli import rules_explain as explaining
    from vigie_cli.rules_question import from_files, from_topic
    from vigie_cli.site_folder import require_site_here

    if (episode is None) == (rule is None):
        raise WrongOptionError("ask for an episode by its id, or for --rule, --camera and --at")
    if rule is not None and (camera is None or at is None):
        raise WrongOptionError("--rule needs --camera and --at: which camera, and when?")
    if rule is None:
        refuse_unused({"--at": at}, "goes with --rule; an episode has a time of its own")
    if episode is not None and set(episode.lower()) - set("0123456789abcdef-"):
        ask = f"of a rule ask --rule {episode} --camera ID --at TIME"
        raise WrongOptionError(f"{episode}: an episode's id has digits and a to f: {ask}")
    if tracks:
        refuse_unused({"--since": since}, "of the topics; --tracks are read whole")
        if rules is None:
            require_site_here("--rules")
    else:
        if rule is None:
            refuse_unused({"--camera": camera}, "goes with --rule, or with --tracks; an episode says its own")
        else:
            refuse_unused({"--since": since}, "of an episode; --rule is asked about the moment of --at")
        refuse_unused(
            {"--rules": rules, "--start": start}, "with --tracks; else rules and time are those of the topics"
        )
    asked = (None if episode is None else episode.lower(), rule, camera, at)
    if tracks:
        found = from_files(asked, tracks, rules or Path(), start or CSV_START)
    else:
        found = from_topic(asked, since or "1h")
    if as_json:
        print(json.dumps(found.plain(), ensure_ascii=False, indent=1))
        return
    for line in explaining.lines(found, track):
        print(line)
