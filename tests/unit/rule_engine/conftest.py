"""A street in front of one camera: what stands and walks there, as the tracker would see it, and the real core."""

import math
import random
from dataclasses import dataclass, field

import pytest

from vigie_common.stream import ConfigVersion, FixedView, Message
from vigie_rule_engine.core import RuleCore

T0 = 1_777_881_600_000  # 2026-05-04T10:00:00 in Paris
SESSION = "019dd000-0000-7000-8000-000000000001"
WIDTH, HEIGHT = 960, 540
SQUARE = {"name": "place", "x": [0.3, 0.7, 0.7, 0.3], "y": [0.4, 0.4, 0.9, 0.9]}
CALIBRATION = [  # 24 m wide and 12 m deep, seen from the south
    {"x": 0.1, "y": 0.9, "lat": 43.83830, "lon": 4.35600},
    {"x": 0.9, "y": 0.9, "lat": 43.83830, "lon": 4.35612},
    {"x": 0.7, "y": 0.5, "lat": 43.83845, "lon": 4.35612},
    {"x": 0.3, "y": 0.5, "lat": 43.83845, "lon": 4.35600},
]
GATE = {"name": "porte", "x1": 0.5, "y1": 0.1, "x2": 0.5, "y2": 0.9, "in_label": "entrée", "out_label": "sortie"}


def camera_of(**fields):
    return {
        "camera_id": "cam-1",
        "site": "nimes",
        "version": "v1",
        "effective_at": 0,
        "removed": False,
        "title": {"fr": "Maison Carrée"},
        "time_zone": "Europe/Paris",
        "languages": ["fr", "en"],
        "holidays": ["2026-05-08"],
        "source": {"kind": "file", "uri": "a.mp4", "credentials": None, "loop": False, "pace": "real", "start": None},
        "sampling": {"fps": 5.0, "width": WIDTH},
        "models": ["yolox-nano"],
        "tags": ["centre"],
        "position": {"lat": 43.8383, "lon": 4.3561, "height_m": None, "heading_deg": None},
        "masks": [],
        "zones": [SQUARE],
        "lines": [GATE],
        "calibration": [],
    } | fields


def rule_of(template, **fields):
    """A rule record; boxes that stand still are people here, unless a test says otherwise."""
    crossing = template in {"count_line", "line_cross"}
    if template in {"presence", "dwell"}:
        fields["numbers"] = {"moved_heights": 0.0} | fields.get("numbers", {})
    scope = {"zones": [], "lines": ["porte"]} if crossing else {"zones": ["place"], "lines": []}
    return (
        {
            "id": template,
            "version": "1",
            "title": {"fr": template, "en": template},
            "status": "stable",
            "template": template,
            "camera_tags": ["centre"],
            "camera_ids": [],
            "classes": ["person"],
            "numbers": {},
            "when": None,
            "severity": "warning",
            "category": "security",
            "explain": {"fr": "{object.class} dans {zone.name}", "en": "{object.class} in {zone.name}"},
            "cooldown_ms": 0,
        }
        | scope
        | fields
    )


def authorisation_of(**fields):
    return {
        "id": "order-1",
        "categories": ["security"],
        "camera_tags": ["centre"],
        "camera_ids": [],
        "legal_basis": "decree 2023-828",
        "reference": "order 12",
        "mode": "live",
        "valid_from": 0,
        "valid_until": T0 + 86_400_000,
    } | fields


def bundle_of(rules, **fields):
    return {
        "site": "nimes",
        "digest": "d1",
        "effective_at": 0,
        "author": "test",
        "withdrawn": False,
        "rules": sorted(rules, key=lambda rule: rule["id"]),
        "authorisations": [],
        "compounds": [],
    } | fields


def box(track, x, y, h=0.2, cls="person", score=0.8):
    """A box by its foot point, normalised; h is its height as a share of the picture's."""
    return {"track": track, "x": x, "y": y, "h": h, "cls": cls, "score": score}


class Jitter:
    """The measured error of a foot point: 0.04 h, correlated over half a second; and bursts of misses."""

    def __init__(self, seed, fps=5.0, sigma=0.04, missed=0.09):
        self.random = random.Random(seed)
        self.keep = math.exp(-1.0 / fps / 0.5)
        self.sigma, self.missed, self.fps = sigma, missed, fps
        self.error = {}
        self.gone = {}

    def __call__(self, boxes):
        seen = []
        for b in boxes:
            ex, ey = self.error.get(b["track"], (0.0, 0.0))
            noise = self.sigma * math.sqrt(1 - self.keep**2)
            ex = self.keep * ex + self.random.gauss(0, noise)
            ey = self.keep * ey + self.random.gauss(0, noise)
            self.error[b["track"]] = ex, ey
            # two states: misses last 0.48 s in the mean, and make up `missed` of the time
            end = 1 / (0.48 * self.fps)
            begin = end * self.missed / (1 - self.missed)
            gone = self.gone.get(b["track"], False)
            self.gone[b["track"]] = gone = self.random.random() > end if gone else self.random.random() < begin
            if not gone:
                seen.append(b | {"x": b["x"] + ex * b["h"] * HEIGHT / WIDTH, "y": b["y"] + ey * b["h"]})
        return seen


@dataclass
class Street:
    """One camera before the real core; time moves by one frame with each `see`."""

    rules: list
    camera: dict = field(default_factory=camera_of)
    authorisations: list = field(default_factory=list)
    mode: str | None = None
    fps: float = 5.0
    t: float = 0.0
    seq: int = 0
    session: str = SESSION
    size: tuple = (WIDTH, HEIGHT)
    others: list = field(default_factory=list)
    """Ids of other cameras, of which only `hear` has records."""

    def __post_init__(self):
        self.core = RuleCore(0, mode=self.mode)
        self.outputs = []
        self.offset = 0
        self.camera = self.camera | {"sampling": {"fps": self.fps, "width": WIDTH}}
        self.versions = {"cameras": 0, "rules": 0}
        self.bundle = bundle_of(self.rules, authorisations=self.authorisations)

    def publish(self, rules=None, camera=None, **fields):
        """Another version of the rules or of the camera, in force for the next record."""
        if rules is not None or fields:
            self.versions["rules"] += 1
            rules = self.bundle["rules"] if rules is None else rules
            kept = {name: self.bundle[name] for name in ("authorisations", "compounds")} | {
                "digest": f"d{self.versions['rules'] + 1}"
            }
            self.bundle = bundle_of(rules, **kept | fields)
        if camera is not None:
            self.versions["cameras"] += 1
            self.camera = self.camera | camera

    def view(self):
        def version(key, topic, value):
            return {key: ConfigVersion(key, 0, self.versions[topic], 0, value)}

        return FixedView(
            {
                "cameras": version("cam-1", "cameras", self.camera)
                | {name: ConfigVersion(name, 0, 0, 0, camera_of(camera_id=name)) for name in self.others},
                "rules": version("nimes", "rules", self.bundle) if self.bundle else {},
            }
        )

    def record(self, boxes=(), status="ok", **fields):
        looked = status in {"ok", "turned"}
        width, height = self.size if looked else (0, 0)
        return {
            "camera_id": "cam-1",
            "session": self.session,
            "seq": self.seq,
            "captured_at": T0 + round(self.t * 1000),
            "clock": "stream",
            "status": "moved" if status == "turned" else status,  # turned: moved, and its image was looked at
            "reason": None,
            "frame_ref": {"partition": 0, "offset": self.offset},
            "width": width,
            "height": height,
            "source_width": 1920,
            "source_height": 1080,
            "source_frame": None,
            "models": [{"name": "yolox-nano", "version": "m1"}] if looked else [],
            "x1": [b["x"] * width - 0.2 * b["h"] * height for b in boxes],
            "y1": [(b["y"] - b["h"]) * height for b in boxes],
            "x2": [b["x"] * width + 0.2 * b["h"] * height for b in boxes],
            "y2": [b["y"] * height for b in boxes],
            "score": [b["score"] for b in boxes],
            "object_class": [b["cls"] for b in boxes],
            "model_index": [0 for _ in boxes],
            "track_id": [b["track"] for b in boxes],
            "vx": [0.0 for _ in boxes],
            "vy": [0.0 for _ in boxes],
            "ended_track_id": [],
            "ended_at": [],
            "ended_reason": [],
        } | fields

    def see(self, *boxes, status="ok", **fields):
        """One record with these boxes, then one frame later; what the core said of it."""
        said = self.take(self.record(boxes, status, **fields))
        self.t = round(self.t + 1.0 / self.fps, 6)
        return said

    def take(self, record, appended_at=None):
        at = record["captured_at"] if appended_at is None else appended_at
        message = Message("tracks", 0, self.offset, record["camera_id"], at, record)
        said = list(self.core.process(message, self.view()))
        self.seq += 1
        self.offset += 1
        self.outputs += said
        return said

    def hear(self, camera, seconds):
        """A record of another camera, so long after now by the broker's clock and its own."""
        at = T0 + round(1000 * (self.t + seconds))
        return self.take(self.record(camera_id=camera, captured_at=at), appended_at=at)

    def during(self, seconds, where, errors=None, status="ok"):
        """See `where(t)` (a list of boxes) for a while; `errors` are those of the detector."""
        for k in range(round(seconds * self.fps)):
            boxes = where(k / self.fps)
            self.see(*(boxes if errors is None else errors(boxes)), status=status)
        return self

    def empty(self, seconds, status="ok"):
        return self.during(seconds, lambda _: [], status=status)

    def restart(self):
        """Snapshot, and go on in a new core."""
        state = self.core.snapshot()
        self.core = RuleCore(0, mode=self.mode)
        self.core.restore(state)

    def events(self, *kinds):
        """The rule events so far, of these kinds."""
        kinds = kinds or ("OPEN", "CLOSE", "COUNT")
        return [o.value for o in self.outputs if o.topic == "rule-events" and o.value["kind"] in kinds]

    def story(self):
        """(kind, seconds, reason or direction) of each event: opens when told, closes and counts when they were."""
        told = []
        for e in self.events():
            at = {"OPEN": e["at"], "CLOSE": e["ended_at"], "COUNT": e["started_at"]}[e["kind"]]
            told.append((e["kind"], (at - T0) / 1000, e["ended_reason"] or e["direction"]))
        return told

    def kinds(self):
        return [kind for kind, _, _ in self.story()]


@pytest.fixture(scope="session")
def street():
    """Makes a street: `street([rule("presence")])`."""
    return Street


@pytest.fixture(scope="session")
def rule():
    return rule_of


@pytest.fixture(scope="session")
def camera():
    return camera_of


@pytest.fixture(scope="session")
def bundle():
    return bundle_of


@pytest.fixture(scope="session")
def authorisation():
    return authorisation_of


@pytest.fixture(scope="session")
def obj():
    return box


@pytest.fixture(scope="session")
def errors():
    """The measured errors of a detector."""
    return Jitter


@pytest.fixture(scope="session")
def t0():
    return T0


@pytest.fixture(scope="session")
def calibration():
    """Four points of the ground, about 10 m wide."""
    return CALIBRATION


@pytest.fixture(scope="session")
def condition_variables():
    """What conditions read of a frame with a stopped car, at noon of a Monday."""
    noon = {"local.hour": 12, "local.minute": 0, "local.weekday": 1, "local.date": "2026-05-04", "local.holiday": False}
    return noon | {
        "object.class": "car",
        "zone.name": "place",
        "line.name": "",
        "camera.id": "cam-1",
        "camera.site": "nimes",
        "camera.tags": ["centre"],
        "facts.stopped_for_s": 31.0,
        "facts.moved_heights": 2.0,
        "facts.score": 0.8,
        "facts.seen_for_s": 40.0,
        "facts.speed_heights_per_s": 0.0,
    }
