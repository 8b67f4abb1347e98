"""The tally of a demo on a real broker."""

import asyncio

from vigie_dev.tally import Tally, follow


async def test_what_is_on_the_topics_when_it_is_told_to_stop_is_counted(deployment, detections_record):
    cameras = [f"cam-{n}" for n in range(20)]
    await deployment.produce("detections", [(camera, detections_record(camera, 1)) for camera in cameras])
    await deployment.produce("detections", [("cam-0", b"no record")], raw=True)
    stopping, tally = asyncio.Event(), Tally()
    stopping.set()
    await follow(deployment.settings, tally, lambda _: None, stopping)
    assert (tally.judged, len(tally.unreadable)) == (20, 1)
