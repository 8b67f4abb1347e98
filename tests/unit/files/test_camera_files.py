import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_common.camera_file import CameraFile, camera_problems, read_camera
from vigie_common.camera_source import SOURCE_KINDS
from vigie_common.errors import BadInputError
from vigie_common.site_file import find_site, read_site
from vigie_common.yaml_model import Located, validated
from vigie_common.yaml_source import parse_document
from vigie_frame_sampler.plan import KINDS

REPOSITORY = Path(__file__).parents[3]
CAMERA = "cameras/maison-carree-02.yaml"
SITE = "cameras/site.yaml"
LIVRAISON = "livraison: [[0.40, 0.55], [0.62, 0.54], [0.66, 0.80], [0.38, 0.82]]"
SOURCE = "{rtsp: rtsp://camera-02.rtsp.example/stream2, credentials: env:CAMERA_CENTRE}"
PORTE = "porte: {from: [0.10, 0.60], to: [0.90, 0.62], in: entrée, out: sortie}"


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        (
            "[0.66, 0.80]",
            "[1.66, 0.80]",
            [
                (
                    "F:12:44: zones.livraison[2][0]: 1.66: outside 0..1: divide pixels by the image's width (x) "
                    "or height (y)"
                )
            ],
        ),
        (
            LIVRAISON,
            "livraison: [0.40, 0.55, 0.62, 0.54, 0.7, 0.8, 0.1, 0.2]",
            [
                (
                    "F:12:14: zones.livraison: numbers in a row: write each corner as [x, y]: [[0.4, 0.55], "
                    "[0.62, 0.54], [0.7, 0.8], …]"
                )
            ],
        ),
        (
            LIVRAISON,
            "livraison: [[0.40, 0.55], [0.62, 0.54]]",
            ["F:12:14: zones.livraison: a polygon needs 3 corners or more, 2 given"],
        ),
        (
            LIVRAISON,
            "livraison: [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]",
            [
                (
                    "F:12:14: zones.livraison: the polygon crosses or touches itself: the edge after corner 1 meets "
                    "the edge after corner 3; list the corners in order round the area"
                )
            ],
        ),
        (
            "[0.66, 0.80]",
            "[0.66]",
            ["F:12:43: zones.livraison[2]: 1 given: at least 2 needed"],
        ),
        (
            "parvis:",
            "livraison:",
            ['F:13:3: duplicate key "livraison": it stands at 12:3 already'],
        ),
        (
            "  windows:",
            "  parvis:",
            [
                (
                    'F:13:3: zones.parvis: the name "parvis" is taken in masks: rename one, so that a message can '
                    "name it alone"
                )
            ],
        ),
        (
            PORTE,
            "porte: {from: [0.10, 0.60], to: [0.10, 0.60]}",
            ["F:15:10: lines.porte: the line has no length: from and to are the same point; move one of them"],
        ),
        (
            "  - {image: [0.30, 0.43], lat: 43.83846, lon: 4.35629}\n",
            "",
            ["F:17:3: calibration: four points or more are needed, or none: 3 given"],
        ),
        ("fps: 2", "fps: 60", ["F:5:17: sampling.fps: 60 is out of range: at most 30"]),
        ("fps: 2", "fps: 0.01", ["F:5:17: sampling.fps: 0.01 is out of range: at least 0.1"]),
        (
            "fps: 2",
            "fps: 2, still_fps: 5",
            [
                (
                    "F:5:11: sampling: still_fps 5 is above fps 2: it is the rate of a still scene; "
                    "give a lower one, or leave it out"
                )
            ],
        ),
        ("fps: 2", 'fps: "2"', ['F:5:17: sampling.fps: "2" where a number is expected: write 2']),
        ("fps: 2", "fps: 2/s", ['F:5:17: sampling.fps: "2/s" where a number is expected: write 2']),
        ("fps: 2", "fps: '2,5 fps'", ['F:5:17: sampling.fps: "2,5 fps" where a number is expected: write 2.5']),
        ("fps: 2", "fps: many", ['F:5:17: sampling.fps: "many" where a number is expected']),
        (
            "[0.40, 0.55]",
            "[40%, 0.55]",
            ['F:12:16: zones.livraison[0][0]: "40%" where a number is expected: write 0.4'],
        ),
        (
            "[0.40, 0.55]",
            "[0,40, 0,55]",
            ["F:12:15: zones.livraison[0]: 4 given: at most 2 needed: decimals have a point, as in 0.5"],
        ),
        (
            SOURCE,
            "{file: a.mp4, loop: yes}",
            ['F:4:29: source.loop: "yes" where true or false is expected: write true'],
        ),
        (
            SOURCE,
            "{file: a.mp4, loop: non}",
            ['F:4:29: source.loop: "non" where true or false is expected: write false'],
        ),
        ("fps: 2", "fps: .inf", ["F:5:17: sampling.fps: inf where a finite number is expected"]),
        (
            "zones:",
            "zone:",
            [
                (
                    "F:11:1: zone: unknown key; allowed: camera, title, site, source, sampling, models, tags, "
                    'position, masks, zones, lines, calibration; did you mean "zones"?'
                )
            ],
        ),
        (
            "width: 960",
            "widht: 960",
            ['F:5:20: sampling.widht: unknown key; allowed: fps, still_fps, width; did you mean "width"?'],
        ),
        (
            "models: [yolox-nano]\n",
            "",
            [
                (
                    'F:1:1: models: is missing: add "models: …"; keys are camera, title, site, source, sampling, '
                    "models, tags, position, masks, zones, lines, calibration"
                )
            ],
        ),
        (
            "env:CAMERA_CENTRE",
            "operator:hunter2",
            [
                (
                    "F:4:68: source.credentials: not a reference (the value is not shown, it may be a secret): write "
                    "env:NAME or file:/path"
                )
            ],
        ),
        (
            "rtsp://camera-02.rtsp.example/stream2",
            "rtsp://operator:hunter2@camera-02.rtsp.example/stream2",
            [
                (
                    "F:4:16: source.rtsp: the address carries credentials (not shown): take them out of it and add "
                    "`credentials: env:NAME` beside it, where the variable NAME holds user:password; "
                    "a camera that wants them in the address has {user} and {password} in their place"
                )
            ],
        ),
        (
            SOURCE,
            "rtsp://operator:hunter2@camera-02.rtsp.example/stream2",
            [
                (
                    'F:4:9: source: "rtsp://…camera-02.rtsp.example/stream2" where a mapping is expected: '
                    "write {rtsp: rtsp://…} or {file: …}"
                )
            ],
        ),
        (
            SOURCE,
            "{mjpeg: http://camera.example/video?pwd=hunter2}",
            [
                (
                    "F:4:17: source.mjpeg: the address carries credentials (not shown): take them out of it and add "
                    "`credentials: env:NAME` beside it, where the variable NAME holds user:password; "
                    "a camera that wants them in the address has {user} and {password} in their place"
                )
            ],
        ),
        (
            SOURCE,
            '{snapshot: "http://camera.example/image?user={user}&pwd={password}"}',
            ["F:4:9: source: {user} and {password} stand for the credentials: add `credentials: env:NAME`"],
        ),
        (
            SOURCE,
            "{rtsp: rtsp://a.example/1, file: film.avi}",
            ["F:4:9: source: exactly one of rtsp, file, folder, mjpeg, snapshot is needed, rtsp and file given"],
        ),
        (
            SOURCE,
            "{rtsp: http://a.example/1}",
            ['F:4:9: source: rtsp cannot read "http://": use rtsp://, rtsps://'],
        ),
        (
            SOURCE,
            "{rtsp: rtsp://a.example/1, loop: true}",
            ["F:4:9: source: loop, pace and start are for file and folder only, not for rtsp"],
        ),
        (
            SOURCE,
            '{file: film.avi, start: "1960-07-01T14:00"}',
            ['F:4:33: source.start: "1960-07-01T14:00": write a time of the years 1970 to 2999'],
        ),
        (
            SOURCE,
            "{file: film.avi, pace: quick}",
            ['F:4:32: source.pace: "quick" is not allowed: use real or fast'],
        ),
        ("height: 6 m", "height: 6", ["F:8:47: position.height: 6: a distance needs its unit: write 6 m or 6 heights"]),
        ("height: 6 m", "height: 6 heights", ['F:8:47: position.height: "6 heights": must be in metres: write 6 m']),
        ("{lat: 43.8383,", "{lat: 143,", ["F:8:17: position.lat: 143 is out of range: at most 90"]),
        (
            "camera: maison-carree-02",
            "camera: Maison Carrée",
            [
                (
                    'F:1:9: camera: "Maison Carrée": an id has 1 to 64 of a-z, 0-9, - and _, and begins with a letter '
                    "or digit: write maison-carree"
                )
            ],
        ),
        ("tags: [centre,", "tags: [delivery,", ['F:7:30: tags[2]: "delivery" is listed twice: remove one']),
    ],
)
def test_a_wrong_camera_file_is_refused_with_the_place_and_the_fix(refusal, old, new, messages):
    assert refusal(read_camera, CAMERA, old, new) == messages


def test_everything_wrong_in_a_camera_file_is_told_at_once(refusal):
    found = refusal(read_camera, CAMERA, "sampling: {fps: 2, width: 960}", "sampling: {fps: 99, width: x, size: 1}")
    assert found == [
        "F:5:17: sampling.fps: 99 is out of range: at most 30",
        'F:5:28: sampling.width: "x" where a whole number is expected',
        "F:5:31: sampling.size: unknown key; allowed: fps, still_fps, width",
    ]


def test_a_secret_is_in_no_message(refusal):
    for old, new in [
        ("env:CAMERA_CENTRE", "hunter2"),
        (SOURCE, "rtsp://u:hunter2@h/1"),
        ("rtsp://camera-02.rtsp.example/stream2", "rtsp://u:hunter2@h/1"),
        ("credentials: env:CAMERA_CENTRE", "password: hunter2"),
        ("credentials: env:CAMERA_CENTRE", "credentials: {user: a, password: hunter2}"),
        (SOURCE, "[hunter2]"),
    ]:
        assert "hunter2" not in "\n".join(refusal(read_camera, CAMERA, old, new))


def test_a_model_and_a_site_that_nobody_knows_are_named():
    site = read_site(REPOSITORY / SITE).content
    text = (REPOSITORY / CAMERA).read_text(encoding="utf-8")
    text = text.replace("yolox-nano", "yolox-nana").replace("site: nimes", "site: nime")
    document = parse_document(text, "F")
    located = Located(document, validated(document, CameraFile))
    assert [str(p) for p in camera_problems(located, site, {"hog", "yolox-nano"})] == [
        'F:3:7: site: "nime" is not the site of site.yaml: write nimes',
        (
            'F:6:10: models[0]: "yolox-nana" is not in the model catalogue; known: hog, yolox-nano; '
            'did you mean "yolox-nano"?'
        ),
    ]


def test_a_wrong_site_file_is_refused_with_the_place_and_the_fix(refusal):
    assert refusal(read_site, SITE, "Europe/Paris", "Europe/Pari") == [
        'F:3:12: time_zone: "Europe/Pari": not an IANA time zone, such as Europe/Paris; did you mean "Europe/Paris"?'
    ]
    assert refusal(read_site, SITE, "Europe/Paris", "paris") == [
        'F:3:12: time_zone: "paris": not an IANA time zone, such as Europe/Paris; did you mean "Europe/Paris"?'
    ]
    assert refusal(read_site, SITE, "Europe/Paris", "New York") == [
        'F:3:12: time_zone: "New York": not an IANA time zone, such as Europe/Paris; did you mean "America/New_York"?'
    ]
    assert refusal(read_site, SITE, "2026-07-14", "14/07/2026") == [
        'F:5:24: holidays[1]: "14/07/2026": not a day: write year-month-day, such as 2026-07-14'
    ]


def test_a_folder_without_a_site_says_what_to_write(tmp_path):
    with pytest.raises(BadInputError) as refused:
        find_site(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}: no site.yaml in it, in cameras/ below it nor in the folder above: "
        "write one with site, title, time_zone and languages"
    )
    for name in ("rules", "cameras"):
        (tmp_path / name).mkdir()
    (tmp_path / "cameras/site.yaml").touch()
    with pytest.raises(BadInputError) as refused:
        find_site(tmp_path / "rules")
    assert str(refused.value) == (
        f"{tmp_path}/rules: no site.yaml in it, in cameras/ below it nor in the folder above: "
        f"give {tmp_path}, which has one in cameras/"
    )


leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("3m"))
tree = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["rtsp", "from", "to", "fps", "a"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(list(CameraFile.model_fields)), tree))
def test_any_content_is_a_camera_or_a_clear_error(told, content):
    # JSON is YAML, and says every value exactly
    document = parse_document(json.dumps(content), "F")
    assert all(line.startswith("F:1:") for line in told(lambda: validated(document, CameraFile)))


def test_a_line_written_as_a_polygon_is_refused_with_an_example(refusal):
    [message] = refusal(read_camera, CAMERA, PORTE, "porte: [[0.08, 0.62], [0.46, 0.60]]")
    assert message.endswith(
        "lines.porte: a list where a mapping is expected: write {from: [0.10, 0.60], to: [0.90, 0.60]}"
    )


def test_the_sampler_reads_every_kind_of_source_that_a_camera_file_may_name():
    assert sorted(SOURCE_KINDS) == sorted(KINDS)
