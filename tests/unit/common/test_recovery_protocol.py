"""The recovery protocol against a simulated log: crashes, zombies, late acknowledgements, stale batches, configuration.

Truth is one undisturbed pass. A run is right when every input has exactly one distinct output, equal to truth
(repeats with equal content are allowed: consumers drop them), and none is missing. Each mutation breaks one rule of
the protocol and must be found out.
"""

import hashlib
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_common.stream.configuration import KNOWN_AFTER_MS, Timeline
from vigie_common.stream.progress import Progress, Verdict
from vigie_common.stream.records import ConfigVersion

RECORDS = 160
STEP_MS = 500


def at(offset):
    return 1_000_000 + offset * STEP_MS


@dataclass
class Record:
    offset: int
    captured_at: int
    appended_at: int


@dataclass
class Log:
    """What Kafka keeps: inputs, configuration, outputs, the last checkpoint, the committed offset."""

    inputs: list
    configs: list
    outputs: list = field(default_factory=list)
    checkpoint: tuple = (0, b"start")
    committed: int | None = None


def make_log(g):
    skew = g.choice([0, 0, -3000, 2500])  # a camera whose clock is wrong
    inputs = [Record(i, at(i) + skew + g.randrange(200), at(i)) for i in range(RECORDS)]
    configs = []
    for offset in range(5):
        appended = at(0) + g.randrange(RECORDS * STEP_MS)
        effective = appended + g.choice([10_000, 6_000, 0, -20_000])  # the usual lead, none, and late publications
        configs.append(ConfigVersion("camera", effective, offset, appended, {}))
    return Log(inputs, sorted(configs, key=lambda c: c.appended_at))


def step(state, record, config):
    """Depends on order and configuration: any loss, double or reorder changes all that follows."""
    version = -1 if config is None else config.offset
    state = hashlib.blake2b(state + b"%d/%d" % (record.offset, version), digest_size=8).digest()
    return state, (record.offset, state)


class Worker:
    progress_class = Progress

    def __init__(self, log, g, now):
        self.log, self.g = log, g
        offset, self.state = log.checkpoint
        self.progress = self.progress_class.resume(offset, log.committed)
        self.timeline, self.read_until = Timeline(), 0
        self.flight, self.snapshot = [], None
        self.read_configuration(now)

    def read_configuration(self, now):
        self.read_until = now
        for config in self.log.configs:
            if config.appended_at <= now:
                self.timeline.add("cameras", config)

    def config(self, record):
        return self.timeline.at("cameras", "camera", record.captured_at, record.appended_at)

    def process(self, now):
        """A batch, mostly from the position, sometimes one that was fetched under another."""
        start = self.progress.next + (self.g.choice([-3, -1, 2, 5]) if self.g.random() < 0.1 else 0)
        for record in self.log.inputs[max(0, start) : start + self.g.randrange(1, 6)]:
            if record.appended_at > now:
                return
            if record.appended_at - KNOWN_AFTER_MS > self.read_until:
                return  # waits until the configuration has been read that far
            verdict = self.verdict(record.offset)
            if verdict is Verdict.REWIND:
                return
            if verdict is Verdict.SKIP:
                continue
            self.state, output = step(self.state, record, self.config(record))
            pending = self.progress.advance(1)
            if pending is not None:
                self.flight.append((output, pending))

    def verdict(self, offset):
        return self.progress.verdict(offset)

    def acknowledge(self, count):
        for output, pending in self.flight[:count]:
            self.log.outputs.append(output)
            pending.acknowledge()
        del self.flight[:count]

    def commit(self):
        k = self.progress.committable
        if k is not None:
            self.log.committed = k

    def write_checkpoint(self):
        if self.snapshot is None:
            if not self.progress.silent:
                self.snapshot = (self.progress.next, self.state)
        elif self.progress.may_checkpoint(self.snapshot[0]):
            self.log.checkpoint, self.snapshot = self.snapshot, None


def truth(log):
    timeline = Timeline()
    for config in log.configs:
        timeline.add("cameras", config)
    state, outputs = b"start", {}
    for record in log.inputs:
        config = timeline.at("cameras", "camera", record.captured_at, record.appended_at)
        state, (offset, value) = step(state, record, config)
        outputs[offset] = value
    return outputs


def disturbed_run(seed, worker_class=Worker):
    """Lost and conflicting outputs of a run with everything that can go wrong."""
    g = random.Random(seed)
    log = make_log(g)
    expected = truth(log)
    now, end = at(0), at(RECORDS)
    owner, zombies = worker_class(log, g, now), []
    for _ in range(40 * RECORDS):
        if now >= end and owner.progress.next >= RECORDS and not owner.flight and not zombies:
            break
        if g.random() < 0.4:
            now = min(end, now + g.randrange(2 * STEP_MS))
        for worker in [owner, *zombies]:
            action = g.random()
            if action < 0.5:
                worker.process(now)
            elif action < 0.7:
                worker.acknowledge(g.randrange(1, 5))
            elif action < 0.8:
                if worker is owner or g.random() < 0.3:  # the broker may accept a stale commit
                    worker.commit()
            elif action < 0.9:
                worker.write_checkpoint()  # and a stale checkpoint
            else:
                worker.read_configuration(now)
        disturbance = g.random() if now < end else 1.0
        if disturbance < 0.03:  # crash: some of what was in flight still arrives
            owner.acknowledge(g.randrange(len(owner.flight) + 1))
            owner = worker_class(log, g, now)
        elif disturbance < 0.06:  # believed dead, goes on for a while
            zombies.append(owner)
            owner = worker_class(log, g, now)
        if zombies and g.random() < (0.05 if now < end else 0.5):
            zombie = zombies.pop(g.randrange(len(zombies)))
            zombie.acknowledge(g.randrange(len(zombie.flight) + 1))
    found = {}
    for offset, value in log.outputs:
        found.setdefault(offset, set()).add(value)
    lost = [offset for offset in expected if offset not in found]
    conflicting = [offset for offset, values in found.items() if values != {expected[offset]}]
    return lost, conflicting


@settings(max_examples=600, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_output_is_lost_or_conflicting_whatever_happens(seed):
    assert disturbed_run(seed) == ([], [])


class EarlyCheckpoint(Progress):
    def may_checkpoint(self, _snapshot_at):
        return True


class CommitUnacknowledged(Progress):
    @property
    def committable(self):
        return self.next


class SkipReplay(Progress):
    @classmethod
    def resume(cls, checkpoint, committed):
        progress = super().resume(checkpoint, committed)
        progress.next = progress.emit_from
        return progress


class EmitOnlyFromCommitted(Progress):
    """Drops one output too many: what the next record emits is taken for known."""

    @classmethod
    def resume(cls, checkpoint, committed):
        progress = super().resume(checkpoint, committed)
        progress.emit_from += 1
        return progress


class SkipOnGap(Worker):
    def verdict(self, offset):
        verdict = super().verdict(offset)
        if verdict is Verdict.REWIND:
            self.progress.next = offset
            return Verdict.TAKE
        return verdict


class ConfigurationOnArrival(Worker):
    def config(self, _record):
        known = [c for c in self.log.configs if c.appended_at <= self.read_until]
        return max(known, key=lambda c: c.offset, default=None)


class ConfigurationWithoutMargin(Worker):
    """By event time alone: a late publication is known to one run and not to another."""

    def config(self, record):
        return self.timeline.at("cameras", "camera", record.captured_at, record.appended_at + 10**9)


def with_progress(broken):
    return type(broken.__name__, (Worker,), {"progress_class": broken})


@pytest.mark.parametrize(
    "mutation",
    [
        with_progress(EarlyCheckpoint),
        with_progress(CommitUnacknowledged),
        with_progress(SkipReplay),
        with_progress(EmitOnlyFromCommitted),
        SkipOnGap,
        ConfigurationOnArrival,
        ConfigurationWithoutMargin,
    ],
    ids=lambda mutation: mutation.__name__,
)
def test_breaking_one_rule_of_the_protocol_is_found_out(mutation):
    wrong = [seed for seed in range(60) if disturbed_run(seed, mutation) != ([], [])]
    assert wrong, f"{mutation.__name__} went unnoticed in 60 runs"
