"""What a mask covers is burned in before a frame leaves the sampler."""

import av
import numpy as np
import simplejpeg


async def test_what_a_mask_covers_never_reaches_kafka(deployment, start_service, camera_record, wait_until, tmp_path):
    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=5, width=64, height=64, pix_fmt="yuv420p")
        for _ in range(10):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 200, np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    source = {"kind": "file", "uri": str(clip), "credentials": None, "loop": False, "pace": "fast"}
    source |= {"start": 1_777_881_600_000}
    left = {"name": "window", "x": [0.0, 0.5, 0.5, 0.0], "y": [0.0, 0.0, 1.0, 1.0]}
    camera = camera_record(source=source, sampling={"fps": 5.0, "width": 64}, masks=[left])
    await deployment.produce("cameras", [("cam-1", camera)])
    start_service(deployment.settings, "vigie_frame_sampler")

    async def ended():
        frames = [value for _, value in await deployment.read("frames")]
        return frames if frames and frames[-1]["status"] == "ended" else None

    frames = await wait_until(ended, 60)
    images = [simplejpeg.decode_jpeg(f["jpeg"]).astype(int) for f in frames if f["jpeg"]]
    assert len(images) == 10
    assert max(int(image[:, :32].max()) for image in images) < 60
    assert min(int(image[:, 40:].min()) for image in images) > 180
