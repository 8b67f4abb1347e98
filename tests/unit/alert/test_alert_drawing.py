"""The evidence image."""

import cv2
import numpy as np
import pytest

from vigie_alert import drawing
from vigie_alert.drawing import COLOURS, draw_evidence
from vigie_alert.lettering import fitting, put_text, text_width


def jpeg(width=640, height=360):
    return cv2.imencode(".jpg", np.full((height, width, 3), 90, np.uint8))[1].tobytes()


def drawn(event, **frame):
    return cv2.imdecode(np.frombuffer(draw_evidence(jpeg(**frame), event), np.uint8), cv2.IMREAD_COLOR)


def near(pixel, colour, tolerance=40):
    return np.abs(pixel.astype(int) - np.array(colour)).max() <= tolerance


@pytest.mark.parametrize("severity", ["info", "warning", "critical"])
def test_boxes_have_the_severitys_colour(rule_event, severity):
    image = drawn(rule_event(rule={"severity": severity}))
    assert near(image[150, 64], COLOURS[severity])


def test_boxes_follow_a_frame_of_another_size_than_the_event_says(rule_event):
    image = drawn(rule_event(), width=1280, height=720)
    assert near(image[300, 128], COLOURS["warning"])


def test_the_zone_is_outlined_and_lighter_inside(rule_event):
    image = drawn(rule_event(objects=[]))
    assert near(image[288, 320], (255, 255, 255), 60)
    assert image[200, 320].mean() > image[340, 320].mean() + 10


def test_a_caption_stands_below_the_frame_which_stays_whole(rule_event):
    image = drawn(rule_event())
    assert image.shape[1] == 640
    assert 360 + 30 < image.shape[0] < 360 + 120
    assert (image[360:] > 200).any()


@pytest.mark.parametrize("broken", [b"", b"\xff\xd8\xff torn", b"no image"])
def test_an_unreadable_frame_gives_no_image(rule_event, broken):
    assert draw_evidence(broken, rule_event()) is None


def test_the_same_event_gives_the_same_bytes(rule_event):
    assert draw_evidence(jpeg(), rule_event()) == draw_evidence(jpeg(), rule_event())


@pytest.fixture
def written(monkeypatch):
    """What is written on the image of an event: `written(event)`."""

    def write(event):
        found = []
        monkeypatch.setattr(drawing, "put_text", lambda *arguments: found.append(arguments[1]))
        assert draw_evidence(jpeg(), event) is not None
        return found

    return write


@pytest.mark.parametrize(
    ("languages", "texts"),
    [
        (["fr", "en"], ["personne 50 %", "EXERCICE", "Présence", "cam-1  -  15/01/2027 17:00:01 JST"]),
        (["en", "fr"], ["person 50 %", "EXERCISE", "Presence", "cam-1  -  2027-01-15 17:00:01 JST"]),
        (["de"], ["person 50 %", "EXERCISE", "Presence", "cam-1  -  2027-01-15 17:00:01 JST"]),
    ],
)
def test_the_caption_is_in_the_first_language_and_the_time_of_the_site(rule_event, written, languages, texts):
    told = written(rule_event(time_zone="Asia/Tokyo", languages=languages))
    assert told[1:] == texts


def test_odd_geometry_and_texts_are_drawn_without_failing(rule_event):
    event = rule_event(
        zone_x=[0.1], zone_y=[0.1], title={}, camera_id="x" * 200, scope="域" * 90, mode="live",
        objects=[{"track_id": 1, "object_class": "van", "score": 1.0, "x1": -50.0, "y1": -9.0, "x2": 9e4, "y2": 9e4}],
    )  # fmt: skip
    assert draw_evidence(jpeg(64, 48), event) is not None


def ink(text):
    image = np.zeros((80, 200, 3), np.uint8)
    put_text(image, text, (10, 60), 1.5, (255, 255, 255), 1)
    return image


@pytest.mark.parametrize(("accented", "plain"), [("é", "e"), ("à", "a"), ("ç", "c"), ("Ê", "E"), ("ï", "i")])
def test_accents_are_drawn_on_their_letter(accented, plain):
    added = (ink(accented) > 0).sum() - (ink(plain) > 0).sum()
    assert added > 5
    assert text_width(accented, 1.5, 1) == text_width(plain, 1.5, 1)


def test_a_text_that_is_too_wide_is_cut():
    cut = fitting("Stationnement gênant", 1.0, 1, 150)
    assert cut.endswith("...")
    assert text_width(cut, 1.0, 1) <= 150
    assert fitting("court", 1.0, 1, 500) == "court"
