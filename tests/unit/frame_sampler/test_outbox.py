"""The bounded way out of a capture process."""

import threading

from vigie_frame_sampler.outbox import MAX_RECORDS, Outbox


def image(seq):
    return {"frame": {"seq": seq, "status": "ok", "reason": None, "width": 4, "height": 2, "jpeg": b"x"}}


def drain(outbox):
    return list(iter(lambda: outbox.take(0), None))


def test_when_it_is_full_the_oldest_image_is_given_up_and_its_record_says_so():
    outbox = Outbox(images=2)
    for seq in range(4):
        outbox.put("a", image(seq))
    frames = [m["frame"] for m in drain(outbox)]
    assert [(f["seq"], f["status"], f["jpeg"]) for f in frames] == [
        (0, "shed", None),
        (1, "shed", None),
        (2, "ok", b"x"),
        (3, "ok", b"x"),
    ]
    assert frames[0]["reason"] == "more than 2 images wait for Kafka; the oldest was given up"
    assert outbox.shed_count == 2


def test_one_camera_never_costs_another_its_images():
    outbox = Outbox(images=2)
    outbox.put("quiet", image(0))
    for seq in range(10):
        outbox.put("busy", image(seq))
    assert outbox.take(0)["frame"] == image(0)["frame"]


def test_cameras_are_served_in_turn():
    outbox = Outbox(images=8)
    for seq in (0, 1):
        for camera in "ab":
            outbox.put(camera, {"camera": camera, "seq": seq})
    assert [(m["camera"], m["seq"]) for m in drain(outbox)] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]


def test_a_lossless_recording_waits_for_room(wait_until):
    outbox = Outbox(images=2)
    put = []

    def fill():
        for seq in range(5):
            outbox.put("a", image(seq), lossless=True)
            put.append(seq)

    thread = threading.Thread(target=fill)
    thread.start()
    wait_until(lambda: len(put) == 2)
    got = []
    while len(got) < 5:
        got.append(outbox.take(5)["frame"])
    thread.join(5)
    assert [(f["seq"], f["status"]) for f in got] == [(n, "ok") for n in range(5)]


def test_records_without_images_are_bounded_too():
    outbox = Outbox(images=2)
    for seq in range(MAX_RECORDS + 5):
        outbox.put("a", {"seq": seq})
    assert [m["seq"] for m in drain(outbox)] == list(range(5, MAX_RECORDS + 5))


def test_closing_lets_a_waiting_recording_go(wait_until):
    outbox = Outbox(images=1)
    outbox.put("a", image(0))
    thread = threading.Thread(target=outbox.put, args=("a", image(1)), kwargs={"lossless": True})
    thread.start()
    outbox.close()
    thread.join(5)
    assert not thread.is_alive()


def test_nothing_is_kept_of_cameras_of_which_nothing_waits():
    outbox = Outbox(images=2)
    for camera in ("taken", "forgotten"):
        outbox.put(camera, image(0))
    outbox.take(0)
    outbox.forget("forgotten")
    assert (drain(outbox), outbox._lanes) == ([], {})


def test_a_recording_that_waits_for_room_goes_on_when_its_camera_is_forgotten(wait_until):
    outbox = Outbox(images=1)
    outbox.put("a", image(0))
    thread = threading.Thread(target=outbox.put, args=("a", image(1)), kwargs={"lossless": True})
    thread.start()
    outbox.forget("a")
    thread.join(5)
    assert [m["frame"]["seq"] for m in drain(outbox)] == [1]
