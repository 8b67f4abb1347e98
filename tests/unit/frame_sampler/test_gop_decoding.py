"""What is decoded: exactly the wanted pictures, from no more packets than they need."""

import av
import numpy as np
import pytest
from sampler_footage import number_in

from vigie_frame_sampler.decode import GopDecoder
from vigie_frame_sampler.sampling import EventGrid


class CountingContext:
    """A decoder that counts the packets it is fed and the pictures it gives."""

    def __init__(self, context):
        object.__setattr__(self, "_context", context)
        object.__setattr__(self, "fed", 0)
        object.__setattr__(self, "given", 0)

    def __getattr__(self, name):
        return getattr(self._context, name)

    def __setattr__(self, name, value):
        setattr(self._context, name, value)

    def decode(self, packet):
        object.__setattr__(self, "fed", self.fed + (packet is not None))
        frames = self._context.decode(packet)
        object.__setattr__(self, "given", self.given + len(frames))
        return frames


def read(path, fps, *, keys=False):
    """Numbers written in the wanted pictures, numbers the decoder gave them, and how many packets were fed."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = CountingContext(stream.codec_context)
        grid = EventGrid(fps, float(1 / stream.average_rate))
        decoder = GopDecoder(context, stream.time_base, grid, keys_may_suffice=keys)
        found = [d for p in container.demux(stream) if p.size for d in decoder.feed(p)]
        found += decoder.drain()
        written = [number_in(d.frame.to_ndarray(format="gray")) for d in found]
        return written, [d.number for d in found], context.fed


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0, 25.0])
def test_the_wanted_pictures_come_out_under_their_own_numbers(clip, codec, b_frames, fps):
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = clip("c.mp4", pictures=60, gop=20, codec=codec, b_frames=b_frames, options=options)
    written, numbers, _ = read(path, fps)
    grid = EventGrid(fps, 0.04)
    expected = [n for n in range(60) if grid.take(n / 25)]
    assert numbers == expected
    assert written == expected


def test_a_gop_is_fed_only_up_to_its_last_wanted_picture(clip):
    # pictures 0, 12, 25, 37, 50, … are wanted at 2 fps; of each GOP of 25 those behind its 13th are not needed
    _, numbers, fed = read(clip(pictures=100, gop=25), 2.0)
    assert numbers == [0, 12, 25, 37, 50, 62, 75, 87]
    assert fed == 4 * 13


def test_pictures_that_no_other_depends_on_are_not_decoded_unless_they_are_wanted(clip):
    options = {"x264-params": "keyint_min=1:b-adapt=0:b-pyramid=none"}
    with av.open(str(clip(pictures=100, gop=25, b_frames=2, options=options))) as container:
        stream = container.streams.video[0]
        context = CountingContext(stream.codec_context)
        decoder = GopDecoder(context, stream.time_base, EventGrid(2.0, 0.04))
        found = [d.number for p in container.demux(stream) if p.size for d in decoder.feed(p)]
    assert found == [0, 12, 25, 37, 50, 62, 75, 87]
    # of 13 packets fed a group: its key frame, four pictures that others depend on, and what is wanted
    assert context.given <= context.fed / 2


def luma_of_wanted(path, *, loop_filter):
    """(pictures, height, width): the wanted pictures at 2 fps."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoder = GopDecoder(stream.codec_context, stream.time_base, EventGrid(2.0, 0.04), loop_filter=loop_filter)
        found = [d for p in container.demux(stream) if p.size for d in decoder.feed(p)]
        return np.array([d.frame.to_ndarray(format="gray") for d in found], np.float64)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_without_the_loop_filter_pictures_are_others_by_little(clip, codec):
    options = {"libx264": {"x264-params": "keyint_min=1:deblock=0,0"}, "libx265": {"x265-params": "log-level=none"}}
    path = clip(pictures=50, gop=25, codec=codec, options=options[codec] | {"preset": "veryfast", "crf": "30"})
    true, cheap = (luma_of_wanted(path, loop_filter=on) for on in (True, False))
    assert len(true) == len(cheap) == 4
    error = ((true - cheap) ** 2).mean(axis=(1, 2))
    assert all(0.0 < e < 255**2 / 10**3.5 for e in error)  # 35 dB


def test_key_frames_suffice_where_they_come_as_often_as_samples_are_due(clip):
    written, _, fed = read(clip(pictures=200, gop=25), 1.0, keys=True)
    assert written == [0, 25, 50, 75, 100, 125, 150, 175]
    assert fed == 8


def test_pictures_go_on_when_key_frames_become_rare(clip, tmp_path):
    often = clip("often.mp4", pictures=125, gop=25)
    with av.open(str(often)) as a:
        stream = a.streams.video[0]
        grid = EventGrid(1.0, 0.04)
        decoder = GopDecoder(stream.codec_context, stream.time_base, grid, keys_may_suffice=True)
        packets = [p for p in a.demux(stream) if p.size]
        times = [d.media_s for p in packets[:110] for d in decoder.feed(p)]
        # the same stream goes on without a key frame
        for packet in packets[101:110]:
            packet.pts = packet.dts = packet.pts + (125 - 101) * packets[1].pts
            times += [d.media_s for d in decoder.feed(packet)]
    assert times[-1] > 4.9


def test_a_corrupt_packet_is_counted_and_the_rest_decoded(clip):
    path = clip("c.avi", pictures=50, gop=10, codec="mpeg4")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = np.random.default_rng(1).bytes(400)
    path.write_bytes(data)
    written, numbers, _ = read(path, 25.0)
    assert numbers[0] == 0
    assert numbers[-1] == 49
    assert len(written) >= 35
