"""A service with the smallest core that shows every fault: a rolling hash of all it has seen, by camera.

Run as a process by the tests of the stateful loop. Any loss, double, reorder or shifted configuration changes every
output that follows.
"""

import hashlib
import json

from vigie_common.process import run
from vigie_common.settings import Settings
from vigie_common.stream import Output, run_stateful


class Rolling:
    def __init__(self):
        self.states = {}

    def process(self, message, config):
        camera = message.key
        version = config.value("cameras", camera)
        state = roll(self.states.get(camera, "start"), message.offset, -1 if version is None else version.offset)
        self.states[camera] = state
        return [Output("tracks", camera, tracks_from(message.value, state))]

    def snapshot(self):
        return json.dumps(self.states, sort_keys=True).encode()

    def restore(self, state):
        self.states = json.loads(state)

    def gap(self, first, last):
        self.states = {camera: roll(state, first, last) for camera, state in self.states.items()}


def roll(state, offset, version):
    return hashlib.blake2b(f"{state}/{offset}/{version}".encode(), digest_size=8).hexdigest()


def tracks_from(detections, reason):
    columns = ("x1", "y1", "x2", "y2", "score", "object_class", "model_index")
    kept = {key: value for key, value in detections.items() if key not in columns}
    empty = ("track_id", "vx", "vy", "ended_track_id", "ended_at", "ended_reason")
    return kept | {name: [] for name in (*columns, *empty)} | {"reason": reason}


async def serve(settings, service):
    await run_stateful(
        settings,
        service,
        topic="detections",
        state_topic="tracking-state",
        core=lambda _: Rolling(),
        outputs=["tracks", "dead-letters"],
        config_topics=["cameras"],
    )


if __name__ == "__main__":
    run("rolling", Settings, serve)
