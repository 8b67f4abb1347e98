"""Types of the decoded records. Generated from `schemas/` by `vigie schemas records`: do not edit."""

from __future__ import annotations

from typing import Literal, TypedDict

SourceKind = Literal["unknown", "rtsp", "file", "folder", "mjpeg", "snapshot"]
"""How to read it."""

Pace = Literal["real", "fast"]
"""Files: as time passes, or as fast as possible."""


class Source(TypedDict):
    """Where the images come from."""

    kind: SourceKind
    """How to read it."""
    uri: str
    """Address or path, without credentials."""
    credentials: str | None
    """A reference (env:NAME, file:PATH), never the secret itself."""
    loop: bool
    """Files: begin again at the end."""
    pace: Pace
    """Files only."""
    start: int | None
    """Files: event time of the first image; none: when the capture starts."""


class Sampling(TypedDict):
    """How often and how large."""

    fps: float
    """Frames a second of event time."""
    still_fps: float | None
    """Frames a second while nothing moves in the scene; none: always fps."""
    width: int
    """Pixels of the sampled frame; height follows."""


class Position(TypedDict):
    """WGS 84."""

    lat: float
    """Degrees."""
    lon: float
    """Degrees."""
    height_m: float | None
    """Metres above the ground."""
    heading_deg: float | None
    """Degrees clockwise from north."""


class Polygon(TypedDict):
    """A closed polygon, normalised to the image: 0..1, origin top left."""

    name: str
    """Name in the camera file."""
    x: list[float]
    """0..1."""
    y: list[float]
    """0..1."""


class Line(TypedDict):
    """Looking from the first point to the second, left to right is in."""

    name: str
    """Name in the camera file."""
    x1: float
    """0..1."""
    y1: float
    """0..1."""
    x2: float
    """0..1."""
    y2: float
    """0..1."""
    in_label: str
    """What the direction in is called."""
    out_label: str
    """What the direction out is called."""


class Calibration(TypedDict):
    """A point of the ground seen in the image."""

    x: float
    """0..1."""
    y: float
    """0..1."""
    lat: float
    """Degrees."""
    lon: float
    """Degrees."""


class Camera(TypedDict):
    """One version of one camera: what a camera file says."""

    camera_id: str
    """Unique in the deployment."""
    site: str
    """The site it belongs to."""
    version: str
    """Digest of the content, effective_at and view_confirmed_at apart."""
    effective_at: int
    """Event time from which this version judges."""
    removed: bool
    """The camera is taken out of service at effective_at."""
    view_confirmed_at: int | None
    """Event time at which a person said that zones, lines and calibration fit what the camera now sees."""
    title: dict[str, str]
    """By language."""
    time_zone: str
    """IANA name, for local time in conditions and statistics."""
    languages: list[str]
    """Of the site, first is the default."""
    holidays: list[str]
    """ISO dates of the site's calendar."""
    source: Source
    """Where the images come from."""
    sampling: Sampling
    """How often and how large."""
    models: list[str]
    """Names in the model catalogue."""
    tags: list[str]
    """Rules select cameras by tag."""
    position: Position | None
    """Where the camera stands."""
    masks: list[Polygon]
    """Burned in before the frame leaves the sampler."""
    zones: list[Polygon]
    """For rules."""
    lines: list[Line]
    """For counts."""
    calibration: list[Calibration]
    """Four points or more, or none."""


RuleStatus = Literal["draft", "test", "stable"]
"""Only a stable rule alerts; test runs in shadow; draft does not run."""

Severity = Literal["info", "warning", "critical"]
"""For the operator."""


class Rule(TypedDict):
    """One rule as it is judged."""

    id: str
    """Unique in the bundle."""
    version: str
    """Digest of the semantics, not of the texts."""
    title: dict[str, str]
    """By language."""
    status: RuleStatus
    """Stage of life."""
    template: str
    """Name of the template."""
    camera_tags: list[str]
    """Cameras that carry all of these."""
    camera_ids: list[str]
    """Or these by name."""
    classes: list[str]
    """Of the taxonomy."""
    zones: list[str]
    """Zone names; empty: the whole image."""
    lines: list[str]
    """Line names."""
    numbers: dict[str, float]
    """The other parameters in base units; the unit ends the name (for_s, within_m, within_heights)."""
    when: str | None
    """CEL condition."""
    severity: Severity
    """For the operator."""
    category: str
    """What kind of event it is; authorisations name it."""
    explain: dict[str, str]
    """Templates of the explanation, by language."""
    cooldown_ms: int
    """So long after an episode has opened no other of the rule opens at that camera and place."""
    replaces: str | None
    """Of a rule in shadow: the live rule that it would replace and is compared with."""


AuthorisationMode = Literal["exercise", "live"]
"""Live, or an exercise that is marked as one."""


class Authorisation(TypedDict):
    """The recorded legal basis under which rules may alert."""

    id: str
    """Unique in the bundle."""
    categories: list[str]
    """Kinds of event."""
    camera_tags: list[str]
    """Cameras that carry all of these."""
    camera_ids: list[str]
    """Or these by name."""
    legal_basis: str
    """Law or decree."""
    reference: str
    """Order or decision."""
    mode: AuthorisationMode
    """Live or exercise."""
    valid_from: int
    """Event time."""
    valid_until: int
    """Event time; alerting stops by itself."""


CompoundPlace = Literal["unknown", "zone", "camera", "site"]
"""Where its members must be together."""


class Compound(TypedDict):
    """Several rules that come together within a time."""

    id: str
    """Stable, unique among the rules of the bundle."""
    version: str
    """Digest of what decides when it holds."""
    title: dict[str, str]
    """By language."""
    status: RuleStatus
    """Draft does not run, test runs in shadow, stable alerts."""
    rules: list[str]
    """Ids of the member rules."""
    camera_tags: list[str]
    """Cameras that carry all of these tags."""
    camera_ids: list[str]
    """And these."""
    same: CompoundPlace
    """Where its members must be together."""
    within_ms: int
    """How long after its end a member still counts."""
    min_rules: int
    """How many different rules must be there."""
    min_cameras: int
    """On how many different cameras."""
    cooldown_ms: int
    """So long after an alert of it has opened no other opens in that place."""
    severity: Severity
    """For the operator."""
    category: str
    """Kind of event; authorisations name it."""
    explain: dict[str, str]
    """What the operator reads, by language."""


class RuleBundle(TypedDict):
    """All rules and authorisations of a site, published as one."""

    site: str
    """Which site."""
    digest: str
    """Of the content, effective_at apart."""
    effective_at: int
    """Event time from which it judges."""
    author: str
    """Who published it."""
    withdrawn: bool
    """No rule runs from effective_at."""
    rules: list[Rule]
    """Sorted by id."""
    authorisations: list[Authorisation]
    """Sorted by id."""
    compounds: list[Compound]
    """Rules about several rules."""


class RuleError(TypedDict):
    """A rule that a camera cannot run, or a bundle that was refused."""

    rule: str
    """Rule id, empty for the whole bundle."""
    camera_id: str
    """Empty: every camera."""
    message: str
    """What is wrong and how to put it right."""


class RulesStatus(TypedDict):
    """Which engine runs which bundle."""

    engine: str
    """Instance id."""
    site: str
    """Which site."""
    digest: str
    """Of the bundle in force."""
    effective_at: int
    """Of that bundle."""
    errors: list[RuleError]
    """None: all rules run."""


Clock = Literal["unknown", "stream", "arrival", "recording"]
"""Where captured_at comes from: the stream's own clock, the arrival on the sampler, or the recording."""

FrameStatus = Literal["unknown", "ok", "shed", "failed", "offline", "frozen", "dark", "blurred", "moved", "ended"]
"""What became of the frame. ok was watched; moved too, though zones and lines no longer fit; every other status is blind time with a reason."""


class Frame(TypedDict):
    """One sampled frame, or word that there is none."""

    camera_id: str
    """Key of the topic."""
    session: str
    """UUIDv7 of one capture: sorts by its start."""
    seq: int
    """0, 1, 2 … within the session."""
    captured_at: int
    """Event time, rises strictly within a session."""
    clock: Clock
    """Where captured_at comes from."""
    clock_error_ms: int | None
    """By how much captured_at may be wrong, estimated; null: not known, or no image."""
    still: bool
    """Nothing moves: the scene is sampled at the camera's still_fps, every picture being looked at for motion."""
    watched_ms: int
    """Event time before captured_at in which the sampler saw that nothing moved, ms: it counts as watched; 0 without a motion gate."""
    status: FrameStatus
    """Ok, or why not."""
    reason: str | None
    """In words, when status is not ok."""
    camera_version: str
    """The camera version in force on the sampler."""
    models: list[str]
    """Which models are to look at it."""
    width: int
    """Pixels of the sampled frame, 0 when there is none."""
    height: int
    """Pixels."""
    source_width: int
    """Pixels of the source picture."""
    source_height: int
    """Pixels."""
    source_frame: int | None
    """Number of the picture in a recording, from 0."""
    jpeg: bytes | None
    """The masked image, when there is one."""


class FrameRef(TypedDict):
    """The claim check of the frame: where its image lies in vigie.frames."""

    partition: int
    """Partition of vigie.frames."""
    offset: int
    """Offset in that partition."""


class ModelRun(TypedDict):
    """One model that looked at the frame."""

    name: str
    """In the model catalogue."""
    version: str
    """Digest of the model and its decoding."""


ObjectClass = Literal[
    "unknown",
    "person",
    "bicycle",
    "motorcycle",
    "scooter",
    "car",
    "van",
    "bus",
    "truck",
    "tram",
    "animal",
    "bag",
    "fire",
    "smoke",
    "weapon",
]
"""The taxonomy of objects. Its ordinals are part of the contract (tracks.txt); new classes are added at the end."""


class Detections(TypedDict):
    """What the models saw in one frame; one record a frame. Columnar: entry i of every array is box i."""

    camera_id: str
    """Key of the topic."""
    session: str
    """UUIDv7 of one capture: sorts by its start."""
    seq: int
    """0, 1, 2 … within the session."""
    captured_at: int
    """Event time, rises strictly within a session."""
    clock: Clock
    """As the frame."""
    watched_ms: int
    """Event time before captured_at in which the sampler saw that nothing moved, ms: it counts as watched; 0 without a motion gate."""
    status: FrameStatus
    """Ok, or why not."""
    reason: str | None
    """In words, when status is not ok or a model is missing."""
    frame_ref: FrameRef
    """Where the image lies."""
    width: int
    """Pixels of the sampled frame, 0 when there is none."""
    height: int
    """Pixels."""
    source_width: int
    """Pixels of the source picture."""
    source_height: int
    """Pixels."""
    source_frame: int | None
    """Number of the picture in a recording, from 0."""
    models: list[ModelRun]
    """In the order that model_index counts."""
    models_missing: list[str]
    """Models of the frame that did not look at it while others did; the reason says why."""
    x1: list[float]
    """Pixels of the sampled frame."""
    y1: list[float]
    """Pixels of the sampled frame."""
    x2: list[float]
    """Pixels of the sampled frame."""
    y2: list[float]
    """Pixels of the sampled frame."""
    score: list[float]
    """0..1."""
    object_class: list[ObjectClass]
    """Taxonomy."""
    model_index: list[int]
    """Which entry of models found it."""


TrackEnd = Literal["unknown", "lost", "left", "session", "duplicate"]
"""Why a track ended."""


class Tracks(TypedDict):
    """The tracked objects of one frame. Columnar: entry i of every array is object i."""

    camera_id: str
    """Key of the topic."""
    session: str
    """UUIDv7 of one capture: sorts by its start."""
    seq: int
    """0, 1, 2 … within the session."""
    captured_at: int
    """Event time, rises strictly within a session."""
    clock: Clock
    """As the frame."""
    watched_ms: int
    """Event time before captured_at in which the sampler saw that nothing moved, ms: it counts as watched; 0 without a motion gate."""
    status: FrameStatus
    """Ok, or why not."""
    reason: str | None
    """In words, when status is not ok."""
    frame_ref: FrameRef
    """Where the image lies."""
    width: int
    """Pixels of the sampled frame, 0 when there is none."""
    height: int
    """Pixels."""
    source_width: int
    """Pixels of the source picture."""
    source_height: int
    """Pixels."""
    source_frame: int | None
    """Number of the picture in a recording, from 0."""
    models: list[ModelRun]
    """In the order that model_index counts."""
    models_missing: list[str]
    """Models of the frame that did not look at it while others did; the reason says why."""
    x1: list[float]
    """Pixels of the sampled frame."""
    y1: list[float]
    """Pixels of the sampled frame."""
    x2: list[float]
    """Pixels of the sampled frame."""
    y2: list[float]
    """Pixels of the sampled frame."""
    score: list[float]
    """0..1."""
    object_class: list[ObjectClass]
    """Taxonomy."""
    model_index: list[int]
    """Which entry of models found it."""
    track_id: list[int]
    """Unique in (camera, session): birth seq × 4096 + box index at birth."""
    vx: list[float]
    """Pixels a second."""
    vy: list[float]
    """Pixels a second."""
    ended_track_id: list[int]
    """Tracks that ended since the record before."""
    ended_at: list[int]
    """When each was last seen."""
    ended_reason: list[TrackEnd]
    """Why."""


HealthState = Literal["unknown", "online", "offline", "stalled", "frozen", "dark", "blurred", "moved"]
"""What is wrong, or online."""


class View(TypedDict):
    """What the camera is known to look at, for the next sampler to compare with. No image can be made from it."""

    signature: bytes
    """Main direction of lasting edges in each cell of a coarse grid, two bits a cell; empty: being learnt."""
    detail: float
    """Usual share of fine structure, against which blur is judged; 0: being learnt."""
    learnt_at: int
    """Event time of the signature."""
    moved_at: int | None
    """Event time since which the view is another one; none: the view is as learnt."""
    confirmed_at: int | None
    """The camera's view_confirmed_at that was last obeyed."""


class CameraHealth(TypedDict):
    """The state of a camera, for people; rules read the frames' status."""

    camera_id: str
    """Key of the topic."""
    session: str
    """Of the capture, empty before the first."""
    state: HealthState
    """What is wrong, or online."""
    reason: str | None
    """In words, without credentials."""
    since: int
    """Event time of the change."""
    updated_at: int
    """Event time of this record."""
    fps: float
    """Measured, frames a second."""
    sampler: str
    """Instance id of the sampler that owns the camera."""
    view: View | None
    """None: nothing is known yet."""


RuleEventKind = Literal["unknown", "OPEN", "UPDATE", "CLOSE", "COUNT", "AFFIRM"]
"""What happened. AFFIRM lists the open episodes of a camera once a minute."""

EndReason = Literal[
    "unknown", "over", "track_lost", "camera_offline", "rule_changed", "authorisation_ended", "condition_false"
]
"""Why an episode ended."""


class RuleStamp(TypedDict):
    """The rule that judged."""

    id: str
    """Rule id."""
    version: str
    """Digest of its semantics."""
    template: str
    """Its template."""
    bundle_digest: str
    """Of the bundle it came in."""
    status: RuleStatus
    """Stage of life."""
    severity: Severity
    """For the operator."""
    category: str
    """Kind of event."""
    classes: list[str]
    """The classes it is about, in the taxonomy's names."""


Mode = Literal["shadow", "exercise", "live", "test", "replay"]
"""Shadow is never shown as an alert."""


class AuthorisationStamp(TypedDict):
    """Under which legal basis."""

    id: str
    """Authorisation id."""
    legal_basis: str
    """Law or decree."""
    reference: str
    """Order or decision."""
    valid_until: int
    """Alerting stops then."""


ScopeKind = Literal["none", "track", "zone", "line"]
"""What the episode is about."""

Direction = Literal["none", "in", "out"]
"""Of a crossing."""


class EventObject(TypedDict):
    """An object of the episode in that frame."""

    track_id: int
    """Of the tracker."""
    object_class: ObjectClass
    """Taxonomy."""
    score: float
    """0..1."""
    x1: float
    """Pixels."""
    y1: float
    """Pixels."""
    x2: float
    """Pixels."""
    y2: float
    """Pixels."""


class EventModel(TypedDict):
    """The model that saw them."""

    name: str
    """In the catalogue."""
    version: str
    """Digest."""


class Location(TypedDict):
    """WGS 84."""

    lat: float
    """Degrees."""
    lon: float
    """Degrees."""
    accuracy_m: float | None
    """Metres."""
    method: str
    """Camera_position or ground_plane."""


class CompoundStamp(TypedDict):
    """A compound rule that this episode is a member of, with all that its correlation needs; of an AFFIRM, one of its open episodes' as it stands now."""

    id: str
    """Of the compound rule."""
    version: str
    """Digest of what decides when it holds."""
    same: CompoundPlace
    """Where its members must be together."""
    within_ms: int
    """How long after its end a member still counts."""
    min_rules: int
    """How many different rules must be there."""
    min_cameras: int
    """On how many different cameras."""
    cooldown_ms: int
    """So long after an alert of it has opened no other opens in that place."""
    severity: Severity
    """For the operator."""
    category: str
    """Kind of event; authorisations name it."""
    mode: Mode
    """Live and exercise need an authorisation."""
    authorisation: AuthorisationStamp | None
    """None in shadow."""
    title: dict[str, str]
    """By language."""
    explain: dict[str, str]
    """What the operator reads, by language; placeholders cameras, rules and count are filled in."""


class RuleEvent(TypedDict):
    """A step in the life of an episode, a count, or the affirmation of a camera-minute. Self-contained."""

    kind: RuleEventKind
    """What happened."""
    id: str
    """Of the event: episode id and ordinal."""
    episode_id: str
    """UUIDv5; the count's or the affirmation's own id for those kinds."""
    ordinal: int
    """0 for OPEN, rising within the episode."""
    site: str
    """Which site."""
    camera_id: str
    """Key of the topic."""
    camera_version: str
    """Version of the camera that judged."""
    time_zone: str
    """Of the site."""
    languages: list[str]
    """Of the site, the first is its own."""
    session: str
    """Of the frame that brought it."""
    seq: int
    """Of that frame."""
    at: int
    """Event time of that frame."""
    started_at: int
    """First instant the condition held."""
    ended_at: int | None
    """Last instant it held, for CLOSE."""
    ended_reason: EndReason | None
    """For CLOSE."""
    rule: RuleStamp
    """The rule that judged; empty strings for AFFIRM."""
    mode: Mode
    """Live and exercise need an authorisation."""
    authorisation: AuthorisationStamp | None
    """None in shadow."""
    scope_kind: ScopeKind
    """What the episode is about."""
    scope: str
    """Name of the zone or line, empty: the whole image."""
    subject: str
    """Id of the object as rules see it, empty for a zone."""
    direction: Direction | None
    """For COUNT."""
    direction_label: str | None
    """What the camera file calls it."""
    zone_x: list[float]
    """Polygon of the zone or the two points of the line, 0..1."""
    zone_y: list[float]
    """0..1."""
    width: int
    """Pixels of the sampled frame."""
    height: int
    """Pixels."""
    frame_ref: FrameRef
    """The frame that brought it."""
    source_frame: int | None
    """Number of the picture in a recording, from 0."""
    objects: list[EventObject]
    """Boxes in the sampled frame."""
    model: EventModel
    """Empty strings for AFFIRM."""
    location: Location | None
    """Where it is."""
    title: dict[str, str]
    """Of the rule, by language."""
    text: dict[str, str]
    """The explanation, by language."""
    facts: dict[str, float]
    """Measured values; the unit ends the name."""
    open_episodes: list[str]
    """For AFFIRM: every open episode of the camera."""
    minute: int | None
    """The minute that an AFFIRM affirms or a COUNT of a minute is about."""
    compounds: list[CompoundStamp]
    """Compound rules that this episode is a member of; the alert service correlates them."""


class Coverage(TypedDict):
    """What a camera-minute was worth: how long it was really watched."""

    camera_id: str
    """Key of the topic."""
    site: str
    """Which site."""
    minute: int
    """Start of the minute."""
    camera_version: str
    """Version of the camera that judged."""
    bundle_digest: str
    """Of the rules in force, empty: none."""
    frames: int
    """Frames that were judged."""
    watched_s: float
    """Seconds of the minute."""
    shed_s: float
    """Seconds of the minute."""
    failed_s: float
    """Seconds of the minute."""
    offline_s: float
    """Seconds of the minute."""
    frozen_s: float
    """Seconds of the minute."""
    dark_s: float
    """Seconds of the minute."""
    blurred_s: float
    """Seconds of the minute."""
    moved_s: float
    """Seconds of the minute."""
    rules: list[str]
    """Rules that could be judged in this minute."""
    models_missing: dict[str, float]
    """By model of the camera, seconds watched in which it did not look: of its classes nothing was seen."""


Measure = Literal[
    "unknown",
    "watched",
    "crossings",
    "occupancy_mean",
    "occupancy_max",
    "dwell",
    "unique",
    "congestion_minutes",
    "queue_length",
    "episodes",
]
"""What is measured; each is defined in docs/explanation/statistics.md."""

PlaceKind = Literal["none", "zone", "line"]
"""What kind of place it is measured at."""

CrossingDirection = Literal["none", "in", "out"]
"""Of crossings."""

Window = Literal["unknown", "m1", "m15", "h1", "d1"]
"""Length of the window: a minute, a quarter, an hour, a day of the site."""


class Statistic(TypedDict):
    """One figure of one series in one window of event time. A record with a higher revision replaces an earlier one."""

    series: str
    """Its name: site/camera/measure/place/class/direction/rule/window, percent-encoded parts; the record's key is this, @ and start."""
    site: str
    """Which site."""
    camera_id: str
    """Which camera."""
    measure: Measure
    """What is measured."""
    place_kind: PlaceKind
    """Kind of the place."""
    place: str
    """Name of the zone or line, empty: the whole image."""
    object_class: str
    """Class of the taxonomy; several are joined by +; empty: all."""
    direction: CrossingDirection
    """For crossings."""
    direction_label: str
    """What the camera file calls it, empty: nothing."""
    rule: str
    """Id of the rule, for episodes; else empty."""
    window: Window
    """Length of the window."""
    start: int
    """First instant of the window, event time."""
    end: int
    """First instant after it; a day of the site has 23, 24 or 25 hours."""
    local_date: str | None
    """For d1: the site's date, YYYY-MM-DD."""
    value: float
    """As measured, in `unit`; for dwell its median."""
    corrected: float | None
    """Value / coverage, where that makes sense and a quarter was watched; else null."""
    low: float | None
    """Lower end of the error band, null: not known."""
    high: float | None
    """Upper end of the error band, null: not known."""
    unit: str
    """Of the value: s, min, objects, crossings, vehicles or episodes."""
    coverage: float
    """0..1: share of the window that the camera was watched and the rule judged; of what has passed while not final."""
    rate_fps: float | None
    """Frames a second while it was watched, null: not known."""
    samples: int
    """Events behind the figure."""
    quantiles: dict[str, float]
    """For dwell: p50, p90, p95, seconds."""
    sketch: bytes | None
    """For dwell: the DDSketch (its own protobuf), to be merged with others."""
    final: bool
    """The camera's event time has passed the end by two minutes."""
    revision: int
    """Rises within a series and window; the highest is the truth."""
    late: int
    """Events that came after the window was final."""
    updated_at: int
    """Event time of the newest event behind it."""


NoticeKind = Literal["unknown", "unusual"]
"""What the notice is about."""

NoticeState = Literal["unknown", "raised", "withdrawn"]
"""A notice is withdrawn when a late correction of its figure makes it usual."""

NoticeSide = Literal["unknown", "above", "below"]
"""On which side of the band."""


class Notice(TypedDict):
    """An hour of a series was unusual for its hour of the week. About a place, never about a person."""

    id: str
    """UUIDv5 of the series and the window's start: a repetition has the same."""
    kind: NoticeKind
    """What it is about."""
    state: NoticeState
    """Whether it stands."""
    revision: int
    """Of the figure; a later notice of the same id replaces an earlier one."""
    at: int
    """Event time of the newest event behind the figure."""
    series: str
    """Of the statistics topic; the key of the record."""
    site: str
    """Which site."""
    camera_id: str
    """Which camera."""
    measure: str
    """What is measured, as in the statistics topic."""
    place_kind: str
    """None, zone or line."""
    place: str
    """Name of the zone or line, empty: the whole image."""
    object_class: str
    """Class of the taxonomy; empty: all."""
    direction: str
    """None, in or out."""
    rule: str
    """Id of the rule, for episodes; else empty."""
    window: str
    """Length of the window: h1."""
    start: int
    """First instant of the window."""
    end: int
    """First instant after it."""
    value: float
    """As measured."""
    corrected: float | None
    """For the time that was not watched, null: not known."""
    judged: float
    """The one of the two that was compared: corrected where it is known."""
    unit: str
    """Of value, corrected, judged and what was expected."""
    coverage: float
    """0..1: share of the window that was watched."""
    expected: float
    """Median of the same hour in earlier weeks."""
    expected_low: float
    """Lower end of the band of what is usual."""
    expected_high: float
    """Upper end of it."""
    spread: float
    """1.4826 times the median absolute deviation, or its floor."""
    weeks: int
    """How many earlier hours say so."""
    holiday: bool
    """Compared to earlier holidays of the site's calendar."""
    side: NoticeSide
    """On which side of the band."""
    score: float
    """Distance from the median in spreads."""
    text: dict[str, str]
    """One sentence by language."""


class StatisticRow(TypedDict):
    """What the statistics service keeps under one key: a window of a camera, the camera, or its partition."""

    epoch: int
    """Generation of the consumer group in which it was written; under one key the highest is the truth."""
    row: bytes
    """Opaque, of the service alone."""


AlertState = Literal["unknown", "OPEN", "UPDATED", "ENDED"]
"""Where the alert stands."""

AlertEnd = Literal[
    "unknown",
    "over",
    "track_lost",
    "camera_offline",
    "rule_changed",
    "authorisation_ended",
    "condition_false",
    "lost",
    "closed",
]
"""Why it ended. lost: the engine no longer affirms the episode, or a newer one took its place. closed: by an operator."""


class AlertRule(TypedDict):
    """What raised it."""

    id: str
    """Rule id."""
    version: str
    """Digest of its semantics."""
    template: str
    """Its template."""
    bundle_digest: str
    """Of the bundle it came in."""
    authorisation: str
    """Authorisation id."""
    legal_basis: str
    """Law or decree."""
    reference: str
    """Order or decision."""


class AlertModel(TypedDict):
    """The model that saw the objects."""

    name: str
    """In the catalogue."""
    version: str
    """Digest."""


class AlertCamera(TypedDict):
    """Which camera."""

    id: str
    """Camera id."""
    version: str
    """Version of the camera file."""


class AlertObject(TypedDict):
    """An object of the alert."""

    track_id: int
    """Means nothing outside one camera session."""
    object_class: ObjectClass
    """Taxonomy."""
    score: float
    """0..1."""
    x1: float
    """0..1 of the image."""
    y1: float
    """0..1."""
    x2: float
    """0..1."""
    y2: float
    """0..1."""


EvidenceKind = Literal["unknown", "image", "expired", "unreadable"]
"""Image: the frame with boxes and zone drawn. expired: the frame was gone. unreadable: its image is broken."""


class Evidence(TypedDict):
    """A recorded image."""

    kind: EvidenceKind
    """Image, or expired when the frame was gone."""
    uri: str
    """Where it lies, empty when expired."""
    sha256: str
    """Of the file."""
    captured_from: int
    """Event time."""
    captured_to: int
    """Event time."""
    expires_at: int
    """When it is deleted."""


class Explanation(TypedDict):
    """Why."""

    text: dict[str, str]
    """By language."""
    facts: dict[str, float]
    """Measured values; the unit ends the name."""


DecisionKind = Literal["unknown", "acknowledge", "confirm", "reject", "close"]
"""Confirm and reject say whether the alert was right."""


class AlertDecided(TypedDict):
    """What an operator decided last; every earlier one is in an earlier revision."""

    kind: DecisionKind
    """What was decided."""
    by: str
    """Who."""
    reason: str | None
    """Why, for reject."""
    decided_at: int
    """When, by the operator's clock."""


class Alert(TypedDict):
    """The public contract: an attention signal to a human, never a decision. (id, revision) makes delivery idempotent."""

    id: str
    """The episode's id."""
    revision: int
    """1, 2, 3 … within the alert."""
    state: AlertState
    """Where the alert stands."""
    ended_reason: AlertEnd | None
    """When ENDED."""
    mode: Mode
    """How real it is."""
    rule: AlertRule
    """What raised it."""
    model: AlertModel
    """The model."""
    site: str
    """Which site."""
    camera: AlertCamera
    """Which camera."""
    zone: str
    """Name of the zone or line, empty: the whole image."""
    subject: str
    """Id of the object as rules see it, empty for a zone; one open alert a mode, site, camera, rule, zone and subject."""
    location: Location | None
    """Where it is."""
    started_at: int
    """First instant the condition held."""
    detected_at: int
    """Event time at which it was mature."""
    updated_at: int
    """Event time of this revision."""
    ended_at: int | None
    """Last instant the condition held."""
    produced_at: int
    """Wall clock of the publication."""
    late_by_ms: int
    """Produced_at less updated_at."""
    category: str
    """Kind of event."""
    severity: Severity
    """For the operator."""
    objects: list[AlertObject]
    """Boxes, normalised."""
    evidence: list[Evidence]
    """One image of the opening."""
    confidence: float | None
    """0..1."""
    confidence_kind: str
    """What confidence means: model_score_mean."""
    title: dict[str, str]
    """By language."""
    explanation: Explanation
    """Why."""
    group_key: str | None
    """Alerts that belong together."""
    related_ids: list[str]
    """Other alerts."""
    decision: AlertDecided | None
    """None until an operator decided."""


class Decision(TypedDict):
    """What a human decided on an alert."""

    id: str
    """Unique: makes it idempotent."""
    alert_id: str
    """Key of the topic."""
    decision: DecisionKind
    """What was decided."""
    reason: str | None
    """Required for reject."""
    by: str
    """Who."""
    decided_at: int
    """When."""


class DeadLetter(TypedDict):
    """A record that could not be processed, with its origin. Never an image."""

    service: str
    """Which service gave up on it."""
    origin_topic: str
    """Topic."""
    origin_partition: int
    """Partition."""
    origin_offset: int
    """Offset."""
    key: bytes | None
    """Key as it came."""
    value: bytes | None
    """Value as it came; none when it may hold an image, or is larger than 64 KiB."""
    value_size: int
    """Bytes."""
    error: str
    """Name of the error."""
    message: str
    """What is wrong and how to put it right."""
    appended_at: int
    """Append time of the record."""


class Checkpoint(TypedDict):
    """The state of one input partition after every record below next_offset."""

    format: int
    """Layout of state; a reader refuses what it does not know."""
    service: str
    """Who wrote it."""
    next_offset: int
    """C: every output of every record below is acknowledged."""
    state: bytes
    """Compressed, opaque."""
