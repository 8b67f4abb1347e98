import numpy as np
import pytest
import simplejpeg
from vigie_backend import image
from vigie_backend.image import UnreadableImageError, decode


@pytest.fixture
def jpeg(random):
    pixels = random.integers(0, 255, (64, 96, 3), dtype=np.uint8)
    return simplejpeg.encode_jpeg(pixels, quality=90)


def test_a_whole_image_is_decoded_to_its_pixels(jpeg):
    assert decode(jpeg).shape == (64, 96, 3)


def test_no_bytes_are_refused(jpeg):
    with pytest.raises(UnreadableImageError, match=r"empty \(0 bytes\): send the bytes of a whole JPEG"):
        decode(b"")


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"hello",
        lambda whole: whole[:1],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[: len(whole) // 2] + b"\xff\xd9",
        lambda whole: whole[:900] + b"\x13" * 400 + whole[1300:],
        lambda _: b"\xff\xd8\xff\xd9",
    ],
    ids=["text", "one byte", "cut short", "cut short and closed", "overwritten", "no content"],
)
def test_a_damaged_image_is_refused_instead_of_being_seen_as_grey(jpeg, damage):
    with pytest.raises(UnreadableImageError, match=r"no whole JPEG.*encode and send it again"):
        decode(damage(jpeg))


def test_an_image_beyond_the_limit_is_refused_before_it_is_decoded(jpeg, monkeypatch):
    monkeypatch.setattr(image, "MAX_PIXELS", 64 * 96 - 1)
    with pytest.raises(UnreadableImageError, match="96 by 64 pixels, at most 6143"):
        decode(jpeg)
