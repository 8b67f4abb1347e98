"""However often and in whatever batches the log is delivered, the alerts are the same."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigie_alert.book import AlertBook

START = 1_800_000_000_000
CAMERAS = ("cam-1", "cam-2")


@st.composite
def camera_logs(draw, make_event, make_affirmation, camera):
    """What an engine may write for a camera: episodes of two subjects one after another, and affirmations.

    A new session may set the camera's clock back.
    """
    log, running, starts, minute, session = [], {}, {"a": 0, "b": 0}, 0, 0
    for _ in range(draw(st.integers(0, 14))):
        step = draw(st.sampled_from(["a", "b", "affirm", "lose", "session"]))
        if step == "affirm" or (step == "lose" and not running):
            listed = [log_id for _, log_id, _ in running.values() if draw(st.booleans())]
            log.append(make_affirmation(minute, listed, camera_id=camera, session=f"s-{session:02}"))
            minute += 1
        elif step == "session":
            session, minute = session + 1, draw(st.integers(0, minute))
        elif step == "lose":
            running.pop(draw(st.sampled_from(sorted(running))))
        elif step not in running:
            starts[step] += 1
            event = make_event(camera_id=camera, subject=step, started_at=START + 1000 * starts[step])
            running[step] = (event["started_at"], event["episode_id"], 0)
            log.append(event)
        else:
            start, episode, ordinal = running[step]
            kind = draw(st.sampled_from(["UPDATE", "CLOSE"]))
            log.append(make_event(kind, ordinal + 1, camera_id=camera, subject=step, started_at=start))
            if kind == "CLOSE":
                running.pop(step)
            else:
                running[step] = (start, episode, ordinal + 1)
    return log


@st.composite
def rewound(draw, log):
    """The log as a consumer may get it: now and then it begins again some records earlier."""
    delivered, position = [], 0
    rewinds = draw(st.integers(0, 4))
    while position < len(log):
        delivered.append(log[position])
        position += 1
        if rewinds and draw(st.booleans()):
            rewinds -= 1
            position -= draw(st.integers(0, position))
    return delivered


@st.composite
def interleaved(draw, logs):
    """Several partitions side by side, each in order."""
    queues = [list(log) for log in logs]
    merged = []
    while any(queues):
        merged.append(draw(st.sampled_from([q for q in queues if q])).pop(0))
    return merged


def played(log):
    book, revisions = AlertBook(), {}
    for event in log:
        for revision in book.apply_event(event):
            identity = (revision["id"], revision["revision"])
            assert identity not in revisions, f"{identity} came twice"
            revisions[identity] = revision
    keys = [s.key for s in book.standings.by_id.values() if s.is_open]
    assert len(keys) == len(set(keys)), "two alerts are open for one key"
    return revisions


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
@given(data=st.data())
def test_repeated_and_interleaved_delivery_gives_the_same_revisions(data, rule_event, affirmation):
    logs = [data.draw(camera_logs(rule_event, affirmation, camera)) for camera in CAMERAS]
    straight = played([event for log in logs for event in log])
    delivered = data.draw(interleaved([data.draw(rewound(log)) for log in logs]))
    assert played(delivered) == straight
