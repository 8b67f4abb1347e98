"""One tracker of others over simulated detections, run by the Python of its own environment: `follow.py NAME in out`.

Reads what `bench_peers.py` writes: frames of boxes of several takes. Writes the identity that each box was given,
-1 for none, and prints the CPU seconds of the updates alone as JSON; making the tracker's own input objects is not
counted.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np

warnings.simplefilter("ignore")


def trackers_byte(fps, fitted):
    from trackers import ByteTrackTracker

    options = {"track_activation_threshold": 0.55, "high_conf_det_threshold": 0.4, "minimum_consecutive_frames": 1}
    tracker = ByteTrackTracker(frame_rate=fps, **({"lost_track_buffer": 90} | options if fitted else {}))
    return lambda detections, at: tracker.update(detections, timestamp=at)


def trackers_cbiou(fps, fitted):
    from trackers import CBIoUTracker

    options = {"track_activation_threshold": 0.55, "high_conf_det_threshold": 0.4, "minimum_consecutive_frames": 1}
    tracker = CBIoUTracker(frame_rate=fps, **({"lost_track_buffer": 90} | options if fitted else {}))
    return lambda detections, at: tracker.update(detections, timestamp=at)


def supervision_byte(fps, fitted):
    import supervision as sv

    options = {"track_activation_threshold": 0.55, "lost_track_buffer": 90, "minimum_matching_threshold": 0.9}
    tracker = sv.ByteTrack(frame_rate=fps, **(options if fitted else {}))
    return lambda detections, _at: tracker.update_with_detections(detections)


def norfair_iou(fps, fitted):
    from norfair import Tracker

    options = {"hit_counter_max": max(1, round(3 * fps)), "initialization_delay": 0, "detection_threshold": 0.4}
    tracker = Tracker("iou", distance_threshold=0.9 if fitted else 0.7, **(options if fitted else {}))
    return lambda detections, _at: tracker.update(detections)


FOLLOW = {
    "trackers-bytetrack": trackers_byte,
    "trackers-cbiou": trackers_cbiou,
    "supervision-bytetrack": supervision_byte,
    "norfair": norfair_iou,
}


def of_supervision(boxes, scores, kinds, first):
    import supervision as sv

    rows = np.arange(first, first + len(boxes))
    return sv.Detections(xyxy=boxes, confidence=scores, class_id=kinds, data={"row": rows})


def of_norfair(boxes, scores, kinds, first):
    from norfair import Detection

    return [
        Detection(points=box.reshape(2, 2), scores=np.array([score, score]), data=first + k)
        for k, (box, score) in enumerate(zip(boxes, scores, strict=True))
    ]


def given(name, tracked, span):
    """Rows of the frame's boxes and the identity of each."""
    if name != "norfair":
        return [
            (row, identity)
            for row, identity in zip(tracked.data.get("row", ()), tracked.tracker_id, strict=True)
            if identity >= 0
        ]
    return [
        (one.last_detection.data, one.id)
        for one in tracked
        if one.id is not None and one.last_detection.data is not None and span[0] <= one.last_detection.data < span[1]
    ]


def follow(name, take, fps, fitted):
    """Identity of each box, CPU seconds of the updates."""
    make = of_norfair if name == "norfair" else of_supervision
    update = FOLLOW[name](fps, fitted)
    spans = list(zip(take["starts"][:-1].tolist(), take["starts"][1:].tolist(), strict=True))
    frames = [make(take["box"][a:b], take["score"][a:b], take["kind"][a:b], a) for a, b in spans]
    identities = np.full(len(take["box"]), -1, dtype=np.int64)
    spent = 0.0
    for frame, at, span in zip(frames, take["times"].tolist(), spans, strict=True):
        begun = time.process_time()
        tracked = update(frame, at)
        spent += time.process_time() - begun
        for row, identity in given(name, tracked, span):
            identities[int(row)] = identity
    return identities, spent


def main():
    name, source, target = sys.argv[1:]
    archive = np.load(source)
    written, times = {}, {}
    for key in sorted({name.split("/")[0] for name in archive.files}):
        take = {part: archive[f"{key}/{part}"] for part in ("starts", "box", "score", "kind", "times", "fps")}
        for setup in ("released", "fitted"):
            ids, spent = follow(name, take, float(take["fps"]), setup == "fitted")
            written[f"{key}/{setup}"] = ids
            times[f"{key}/{setup}"] = spent
    np.savez(target, **written)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
