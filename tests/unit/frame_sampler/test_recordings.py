"""Recordings: files and folders, whole, cut off, empty, or no video at all."""

import av
import pytest
import simplejpeg
from sampler_footage import number_in, picture

from vigie_common.codec import Codec
from vigie_common.errors import BadInputError
from vigie_frame_sampler.plan import Mask
from vigie_frame_sampler.recording import read_recording
from vigie_frame_sampler.sources import open_source

NOON = 1_760_000_000_000


def written(frames):
    return [number_in(simplejpeg.decode_jpeg(f["jpeg"])) for f in frames if f["jpeg"]]


def test_a_recording_gives_frames_in_its_own_time_and_ends(clip):
    frames = list(read_recording(clip(pictures=50), 5.0, 320, start_ms=NOON))
    assert [f["captured_at"] - NOON for f in frames] == [0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 1801]
    assert [f["source_frame"] for f in frames] == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, None]
    assert written(frames) == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]
    assert [f["status"] for f in frames] == ["ok"] * 10 + ["ended"]
    assert [f["seq"] for f in frames] == list(range(11))
    assert {(f["clock"], f["width"], f["height"]) for f in frames[:-1]} == {("recording", 320, 192)}


def test_every_record_fits_the_schema(clip):
    codec = Codec.pinned()
    for frame in read_recording(clip(pictures=20), 25.0, 160, start_ms=NOON):
        assert codec.decode_as("frame", codec.encode("frame", frame)) == frame


def test_reading_twice_gives_the_same_bytes(clip):
    path = clip(pictures=30, b_frames=2)
    assert list(read_recording(path, 10.0, 160)) == list(read_recording(path, 10.0, 160))


def test_masks_are_burned_in(clip):
    mask = Mask("window", ((0.0, 0.0), (1.0, 0.0), (1.0, 0.3), (0.0, 0.3)))
    frames = list(read_recording(clip(pictures=10), 25.0, 320, [mask]))
    assert written(frames) == [0] * 10


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(BadInputError) as refused:
        list(read_recording(tmp_path / "empty.mp4", 2.0, 320, camera_id="gate"))
    assert str(refused.value) == f"camera gate: {tmp_path}/empty.mp4 is empty (0 bytes); copy it again"


def test_a_text_file_is_no_video(tmp_path):
    (tmp_path / "notes.mp4").write_text("not a video\n" * 100)
    with pytest.raises(BadInputError, match=r"notes\.mp4 is no video that can be read .*give a complete file"):
        list(read_recording(tmp_path / "notes.mp4", 2.0, 320))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(
        BadInputError, match=r"gone\.mp4 cannot be opened \(No such file or directory\); check the path"
    ):
        list(read_recording(tmp_path / "gone.mp4", 2.0, 320))


def test_a_folder_in_place_of_a_file_is_named(tmp_path, plan):
    source = open_source(plan(uri=str(tmp_path)))
    with pytest.raises(BadInputError, match=str(tmp_path)):
        list(source.pictures(lambda: False))


def test_a_file_without_its_index_is_refused(clip):
    path = clip("cut.mp4", pictures=100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])  # MP4 has its index at the end
    with pytest.raises(BadInputError, match=r"cut\.mp4 is no video that can be read"):
        list(read_recording(path, 2.0, 320))


@pytest.mark.parametrize(("name", "codec"), [("cut.avi", "mpeg4"), ("cut.mkv", "libx264")])
def test_a_truncated_recording_gives_what_it_has_and_says_so(clip, name, codec):
    path = clip(name, pictures=100, codec=codec)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    frames = list(read_recording(path, 5.0, 320))
    assert 5 <= len(frames) < 16
    assert written(frames) == [f["source_frame"] for f in frames[:-1]]
    assert frames[-1]["status"] == "ended"
    assert "truncated at" in frames[-1]["reason"]
    assert "of 4.0 s; copy it again" in frames[-1]["reason"]


def test_a_file_with_sound_only_is_refused(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate = 8000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(BadInputError, match="has no video stream"):
        list(read_recording(path, 2.0, 320))


def test_a_folder_is_read_in_the_order_of_names_on_one_timeline(tmp_path, clip):
    folder = tmp_path / "folder"
    folder.mkdir()
    clip("folder/b.mp4", pictures=25)
    clip("folder/a.mp4", pictures=25)
    for number in (7, 9):
        image = av.VideoFrame.from_ndarray(picture(number), format="rgb24").to_ndarray(format="rgb24")
        (folder / f"c{number}.jpg").write_bytes(simplejpeg.encode_jpeg(image, 90))
    (folder / "notes.txt").write_text("left out")
    frames = list(read_recording(folder, 5.0, 320))
    assert written(frames) == [0, 5, 10, 15, 20, 0, 5, 10, 15, 20, 7, 9]
    assert [f["source_frame"] for f in frames[:-1]] == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 51]
    assert [f["captured_at"] for f in frames[:-1]] == [200 * n for n in range(12)]


def test_a_broken_file_of_a_folder_is_left_out_and_said(tmp_path):
    for number, content in enumerate([None, b"", None, b"\xff\xd8\xff no picture", None]):
        image = simplejpeg.encode_jpeg(picture(number), 90) if content is None else content
        (tmp_path / f"{number}.jpg").write_bytes(image)
    frames = list(read_recording(tmp_path, 5.0, 320, camera_id="gate"))
    assert written(frames) == [0, 2, 4]
    assert frames[-1]["status"] == "ended"
    assert f"camera gate: {tmp_path}/3.jpg" in frames[-1]["reason"]


def test_a_folder_of_broken_files_is_refused(tmp_path):
    for number in range(2):
        (tmp_path / f"{number}.jpg").write_bytes(b"")
    with pytest.raises(BadInputError, match=r"1\.jpg is empty \(0 bytes\); copy it again"):
        list(read_recording(tmp_path, 5.0, 320))


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="holds no video or image"):
        list(read_recording(tmp_path, 2.0, 320))


def test_a_looped_file_goes_on_in_event_time_while_its_numbers_begin_again(clip, plan):
    source = open_source(plan(uri=str(clip(pictures=25)), loop=True))
    pictures = source.pictures(lambda: False)
    got = [next(pictures) for _ in range(12)]
    assert [round(p.media_s, 6) for p in got] == [round(0.2 * n, 6) for n in range(12)]
    assert [p.number for p in got] == [0, 5, 10, 15, 20, 0, 5, 10, 15, 20, 0, 5]
