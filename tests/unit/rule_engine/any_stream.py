"""Random streams of random cameras under rules of every template, made of a seed alone."""

import random
from dataclasses import dataclass, field
from math import hypot, nan

from vigie_common.stream import ConfigVersion, FixedView, Message
from vigie_rule_engine.catalogue import TEMPLATES, facts_of_template
from vigie_rule_engine.quantities import allowed

RECORDS = 700
VEHICLES, OTHERS = ("car", "truck", "van"), ("bag", "fire", "bicycle")
VALUES = {
    "duration": (0.0, 0.4, 1.0, 2.0, 5.0, 11.0, 13.0),
    "distance": (0.0, 0.1, 0.3),
    "number": (0.01, 0.5, 1.0, 2.0),
    "fraction": (0.05, 0.3, 0.7),
    "choice": (0.0, 1.0, -1.0),
}
UNITS = {"duration": "_s", "distance": "_heights", "number": "", "fraction": "_fraction", "choice": ""}


@dataclass
class Thing:
    """What stands or moves before a camera, seen as one track or as two."""

    x: float
    y: float
    h: float
    tracks: list  # (id, class, how far its box is beside)
    vx: float = 0.0
    vy: float = 0.0
    hidden_until: float = 0.0
    flat_until: float = 0.0
    busy_until: float = 0.0
    target: "Thing | None" = None

    def move(self, dt):
        if self.target is not None:
            away = hypot(self.target.x - self.x, self.target.y - self.y)
            share = min(1.0, 0.1 * dt / away) if away > 0.0 else 1.0
            self.vx, self.vy = (self.target.x - self.x) * share / dt, (self.target.y - self.y) * share / dt
        self.x, self.y = self.x + self.vx * dt, self.y + self.vy * dt
        self.vx *= -1.0 if not 0.05 < self.x < 0.95 else 1.0
        self.vy *= -1.0 if not 0.3 < self.y < 0.95 else 1.0
        self.x, self.y = min(max(self.x, 0.04), 0.96), min(max(self.y, 0.29), 0.96)


class Scene:
    """What one camera sees, and its records."""

    def __init__(self, chance, street, camera):
        self.chance, self.camera = chance, camera
        self.street = street([], camera=camera)  # for its records
        self.made, self.session, self.t = 0, 1, chance.uniform(0.0, 60.0)
        self.status, self.status_until, self.empty_until = "ok", 0.0, 0.0
        self.ended = []
        self.post = self.person(0.5, 0.7)
        self.things = [self.post, *(self.thing() for _ in range(chance.randint(3, 9)))]

    def id(self):
        self.made += 1
        return self.made

    def person(self, x, y):
        return Thing(x, y, 0.2, [(self.id(), "person", 0.0)])

    def thing(self):
        c = self.chance
        x, y = c.uniform(0.1, 0.9), c.uniform(0.35, 0.92)
        if c.random() < 0.5:
            return self.person(x, y)
        cls = c.choice(VEHICLES if c.random() < 0.7 else OTHERS)
        return Thing(x, y, c.choice([0.1, 0.25, 0.3]), [(self.id(), cls, 0.0)])

    def happens(self, a):
        """One of the things that happen to tracks, to this thing."""
        c, b = self.chance, self.chance.choice(self.things)
        deed = c.choice(["walk", "walk", "stand", "id", "swap", "leap", "flat", "double", "double", "single", "hide"])
        if c.random() < 0.15:
            deed = c.choice(["leave", "relieve"])
        if deed == "walk":
            a.vx, a.vy = c.gauss(0.0, 0.06), c.gauss(0.0, 0.02)
        elif deed == "stand":
            a.vx = a.vy = 0.0
        elif deed == "id":
            self.ended += [a.tracks[0][0]] if c.random() < 0.5 else []
            a.tracks[0] = (self.id(), *a.tracks[0][1:])
        elif deed == "swap":
            a.tracks, b.tracks = b.tracks, a.tracks
        elif deed == "leap":
            a.x, a.y = c.uniform(0.1, 0.9), c.uniform(0.35, 0.92)
        elif deed == "flat":
            a.flat_until = self.t + c.uniform(0.5, 8.0)
        elif deed == "double" and len(a.tracks) == 1:
            cls = a.tracks[0][1]
            a.tracks.append((self.id(), c.choice(VEHICLES) if cls in VEHICLES else cls, c.uniform(-0.15, 0.15)))
        elif deed == "single":
            del a.tracks[c.randrange(len(a.tracks))]
            a.tracks = a.tracks or [(self.id(), "person", 0.0)]
        elif deed == "hide":
            a.hidden_until = self.t + c.uniform(1.0, 12.0)
        elif deed == "leave":
            self.things[self.things.index(a)] = self.thing()
        elif deed == "relieve" and a.tracks[0][1] == "person":
            a.target, a.h = self.post, self.post.h

    def step(self, dt):
        c = self.chance
        self.t += dt
        for a in list(self.things):
            a.move(dt)
            if a.target is not None and hypot(a.x - a.target.x, a.y - a.target.y) < 0.02:
                if a.target in self.things:  # the tracker goes on with one of the two
                    self.things.remove(a.target)
                    self.post = self.person(c.uniform(0.35, 0.65), c.uniform(0.5, 0.85))
                    self.things.append(self.post)
                a.target, a.vx, a.vy, a.busy_until = None, 0.0, 0.0, self.t + c.uniform(5.0, 20.0)
            elif a is not self.post and self.t > a.busy_until and a.target is None and c.random() < 0.015:
                self.happens(a)
        if c.random() < 0.01:
            self.empty_until = self.t + c.choice([0.5, 6.0, 25.0])
        if self.t > self.status_until:
            self.status = "ok"
            if c.random() < 0.01:
                self.status = c.choice(["turned", "turned", "offline", "dark", "shed", "frozen"])
                self.status_until = self.t + c.choice([0.4, 5.0, 30.0])
        if c.random() < 0.003:
            self.street.size = c.choice([(960, 540), (640, 360), (960, 720)])

    def record(self, back=0.0, *, old_session=False):
        """The record of this instant."""
        c, s = self.chance, self.street
        width, height = s.size
        boxes = []
        for a in self.things if self.t > self.empty_until and self.status in {"ok", "turned"} else ():
            for track, cls, beside in a.tracks:
                if self.t < a.hidden_until or c.random() < 0.08:
                    continue
                x, y = a.x + c.gauss(0, 0.02) * a.h, a.y + (beside + c.gauss(0, 0.03)) * a.h
                flat = self.t < a.flat_until
                high, half = (0.35 * a.h, 0.45 * a.h) if flat else (a.h, (0.5 if cls in VEHICLES else 0.2) * a.h)
                x = nan if c.random() < 0.001 else x
                x1, x2 = x * width - half * height, x * width + half * height
                score = c.choice([0.3, 0.8, 0.8, 0.8])
                boxes.append((x1, (y - high) * height, x2, y * height, score, cls, c.randrange(2), track))
        columns = [list(column) for column in zip(*boxes, strict=True)] or [[] for _ in range(8)]
        names = ("x1", "y1", "x2", "y2", "score", "object_class", "model_index", "track_id")
        s.t, s.session = self.t - back, f"019dd000-0000-7000-8000-{self.session - old_session:012x}"
        fields = {"camera_id": self.camera["camera_id"], "ended_track_id": self.ended}
        if self.status in {"ok", "turned"}:
            fields["models"] = [{"name": "a", "version": "1"}, {"name": "b", "version": "1"}]
            fields["models_missing"] = ["b"] if c.random() < 0.1 else []
        if c.random() < 0.02:
            fields["watched_ms"] = 5000
        self.ended = []
        record = s.record((), self.status, **dict(zip(names, columns, strict=True)), **fields)
        s.seq += 1
        return record


@dataclass
class Stream:
    """Records of a partition, each with the configuration that it meets; made of a seed alone."""

    seed: int
    street: type
    make: dict  # the makers of records: rule, camera, bundle, authorisation
    t0: int
    records: list = field(default_factory=list)

    def __post_init__(self):
        c = self.chance = random.Random(self.seed)
        self.version, self.removed = 0, set()
        self.cameras = {
            f"cam-{i}": self.make["camera"](camera_id=f"cam-{i}", calibration=self.make["calibration"])
            for i in range(1, c.randint(2, 4))
        }
        self.zones = {
            "place": ([0.3, 0.7, 0.7, 0.3], [0.4, 0.4, 0.9, 0.9]),
            "rue": ([0.05, 0.95, 0.8, 0.2], [0.5, 0.45, 0.85, 0.8]),
        }
        for camera in self.cameras:
            self.redraw(camera, keep=True)
        self.rules = [self.rule(name, f"{i}-{name}") for i, name in enumerate([*TEMPLATES, *("presence", "dwell") * 4])]
        self.authorisations = []
        self.compound = {
            "id": "together", "version": "1", "title": {}, "status": "stable", "rules": [r["id"] for r in self.rules],
            "camera_tags": ["centre"], "camera_ids": [], "same": "camera", "within_ms": 30_000, "min_rules": 2,
            "min_cameras": 1, "cooldown_ms": 0, "severity": "critical", "category": "security", "explain": {},
        }  # fmt: skip
        self.publish("cameras", "rules")
        scenes = [Scene(c, self.street, camera) for camera in self.cameras.values()]
        broker = self.t0
        for offset in range(RECORDS):
            scene = c.choice(scenes)
            dt = c.choices([0.2, 0.4, 1.0, 9.0, 65.0, 700.0], [80, 8, 10, 1, 0.3, 0.1])[0] + c.uniform(0.0, 0.01)
            scene.step(dt)
            broker += round(1000 * dt) + (c.choice([700_000, 90_000_000]) if c.random() < 0.001 else 0)
            self.change()
            if c.random() < 0.004:  # a new session: as it goes on, a little or far back
                scene.session += 1
                scene.t = max(scene.t - c.choice([0.0, 0.0, 20.0, 200.0]), 1.0)
                for a in scene.things:
                    a.hidden_until = a.flat_until = a.busy_until = 0.0
                scene.status_until = scene.empty_until = 0.0
            record = scene.record(c.choice([0.1, 5.0]) if c.random() < 0.01 else 0.0, old_session=c.random() < 0.005)
            record["frame_ref"] = {"partition": 0, "offset": offset}
            self.records.append((Message("tracks", 0, offset, record["camera_id"], broker, record), self.view))

    def rule(self, name, key):
        """A rule of this template, of random meaning."""
        c, template, numbers = self.chance, TEMPLATES[name], {}
        for p in template.parameters:
            if p.kind in UNITS and p.kind in VALUES and (p.default is None or c.random() < 0.8):
                value = c.choice(VALUES[p.kind])
                within = allowed(p).get(UNITS[p.kind].removeprefix("_"))
                value = value if within is None else min(max(value, within.least), within.most)
                numbers[p.name + UNITS[p.kind]] = value
        for pair in template.ascending:
            low, high = (name + UNITS[template.parameter(name).kind] for name in pair)
            numbers[low] = min(numbers.get(low, 0.05), numbers.setdefault(high, 0.5))
        if name == "speed":
            numbers["limit_mps"] = 0.5
        classes = [*VEHICLES] if name in {"congestion", "stopped"} or c.random() < 0.3 else ["person"]
        if name == "abandoned_object":
            classes, numbers = ["bag", *VEHICLES], {"for_s": 1.0, "alone_s": 1.0}
        elif name == "object_class":
            classes = c.choice([["fire"], ["person"]])
        facts = facts_of_template(name)
        when = [f"local.minute % 2 == {c.randrange(2)}", f"facts.{c.choice(facts)} < 2.0" if facts else "true"]
        zones = c.sample([*self.zones], c.randint(0, 2)) or (["place"] if "zone" in template.needs else [])
        line = any(p.kind == "line" for p in template.parameters)
        self.version += 1
        return self.make["rule"](
            name,
            id=key,
            version=f"{self.version}",
            classes=classes,
            zones=[] if name in {"count_line", "line_cross"} else zones,
            lines=["porte"] if line else [],
            when=c.choice([None, None, *when]),
            status=c.choice(["stable", "stable", "test"]),
            cooldown_ms=c.choice([0, 0, 0, 20_000]),
        ) | {"numbers": numbers}

    def redraw(self, camera, *, keep=False):
        c = self.chance
        by = 0.0 if keep else c.choice([0.0, 0.03])
        zones = [{"name": name, "x": [v + by for v in x], "y": y} for name, (x, y) in self.zones.items()]
        self.cameras[camera] = self.cameras[camera] | {"zones": zones, "version": f"v{self.version}"}

    def change(self):
        """Now and then a change of the configuration."""
        c = self.chance
        if c.random() > 0.02:
            return
        self.version += 1
        what = c.choice(["rule", "rules", "draft", "zone", "remove", "return", "return", "authority"])
        camera, place = c.choice([*self.cameras]), c.randrange(len(self.rules))
        if what == "rule":
            self.rules[place] = self.rule(self.rules[place]["template"], self.rules[place]["id"])
        elif what == "rules":
            self.rules = [self.rule(rule["template"], rule["id"]) for rule in self.rules]
        elif what == "draft":
            status = {"draft": "stable", "test": "draft", "stable": "test"}[self.rules[place]["status"]]
            self.rules[place] = self.rules[place] | {"status": status}
        elif what == "zone":
            self.redraw(camera)
        elif what == "remove":
            self.removed.add(camera)
        elif what == "return":
            self.removed.clear()
        else:
            until = self.t0 + round(1000 * c.uniform(0.0, 300.0))
            live = self.make["authorisation"](valid_until=until, mode=c.choice(["live", "exercise"]))
            self.authorisations = [live] if c.random() < 0.7 else []
        self.publish("cameras" if what in {"zone", "remove", "return"} else "rules")

    def publish(self, *topics):
        """Put the configuration as it is now in force for the next record."""
        if "cameras" in topics:
            self.seen_cameras = {
                name: ConfigVersion(name, 0, self.version, 0, camera | {"removed": name in self.removed})
                for name, camera in self.cameras.items()
            }
        if "rules" in topics:
            fields = {"authorisations": self.authorisations, "compounds": [self.compound], "digest": f"d{self.version}"}
            bundle = self.make["bundle"](self.rules, **fields)
            self.seen_rules = {"nimes": ConfigVersion("nimes", 0, self.version, 0, bundle)}
        self.view = FixedView({"cameras": self.seen_cameras, "rules": self.seen_rules})
