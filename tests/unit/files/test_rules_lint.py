import dataclasses
import shutil

from vigie_rule_engine.bundle import read_rules
from vigie_rule_engine.lint import lint, read_cameras

MODELS = {"hog", "yolox-nano"}


def linted(site, rules=None):
    """What the lint says of a site, with file names from the site's folder."""
    found = lint(rules or read_rules(site / "rules"), read_cameras(site, MODELS))
    return [str(problem).replace(f"{site}/", "") for problem in found]


def test_the_example_site_is_right(site):
    assert linted(site) == []


def test_without_cameras_only_the_rules_themselves_are_checked(site, change):
    change(site / "rules/town/gate-count.yaml", "line: porte", "line: portal")
    assert lint(read_rules(site / "rules"), None) == []


def test_a_zone_that_a_selected_camera_lacks_is_named_with_the_nearest(site, change):
    change(site / "rules/town/delivery-parking.yaml", "zone: livraison", "zone: livraisons")
    assert linted(site) == [
        (
            'rules/town/delivery-parking.yaml:7:42: with.zone: "livraisons" is not in zones of camera feucheres-03 '
            "(cameras/feucheres-03.yaml), which the rule selects; it has livraison, voie; did you mean "
            '"livraison"?'
        ),
        (
            'rules/town/delivery-parking.yaml:7:42: with.zone: "livraisons" is not in zones of camera '
            "maison-carree-02 (cameras/maison-carree-02.yaml), which the rule selects; it has livraison, parvis; "
            'did you mean "livraison"?'
        ),
    ]


def test_a_line_that_a_selected_camera_lacks_is_named(site, change):
    change(site / "rules/town/gate-count.yaml", "tags: [centre, pedestrian]", "ids: [feucheres-03]")
    assert linted(site) == [
        (
            'rules/town/gate-count.yaml:7:33: with.line: "porte" is not in lines of camera feucheres-03 '
            "(cameras/feucheres-03.yaml), which the rule selects; it has sens"
        )
    ]


def test_more_frames_than_are_kept_are_told_with_how_long_that_is_for_the_camera(site, change):
    change(site / "rules/decree-2023-828/fire.yaml", "over: 2s", "over: 7s")
    assert linted(site) == [
        (
            "rules/decree-2023-828/fire.yaml:7:62: with.over: 7s, which is 35 frames of camera arenes-01, and 32 are "
            "kept: write 6.4s or less"
        )
    ]


def test_a_tag_and_a_camera_that_are_not_there_are_named(site, change):
    change(site / "rules/town/delivery-parking.yaml", "tags: [delivery]", "tags: [delivry]")
    change(site / "rules/town/forecourt-presence.yaml", "ids: [maison-carree-02]", "ids: [maison-carree-03]")
    change(site / "rules/town/gate-count.yaml", "tags: [centre, pedestrian]", "tags: [station, gate]")
    assert linted(site) == [
        (
            'rules/town/delivery-parking.yaml:6:18: cameras.tags[0]: no camera carries "delivry"; tags in use are '
            'centre, delivery, fire-model, gate, pedestrian, station, traffic, weapon-model; did you mean "delivery"?'
        ),
        (
            'rules/town/forecourt-presence.yaml:6:17: cameras.ids[0]: there is no camera "maison-carree-03"; '
            'cameras are arenes-01, feucheres-03, maison-carree-02; did you mean "maison-carree-02"?'
        ),
        "rules/town/gate-count.yaml:6:17: cameras: no camera carries all of station, gate together",
    ]


def test_an_authorisation_for_cameras_that_are_not_there_is_named(site, change):
    change(site / "rules/authorisations/exercise.yaml", "tags: [centre]", "tags: [center]")
    [message] = linted(site)
    assert message.startswith(
        'rules/authorisations/exercise.yaml:5:18: cameras.tags[0]: no camera carries "center"; tags in use are '
    )


def test_a_local_time_that_the_clocks_of_the_site_skip_or_show_twice_is_told_with_its_place(site, change):
    authorisation, rule = site / "rules/authorisations/exercise.yaml", site / "rules/town/delivery-parking.yaml"
    change(authorisation, "from: 2020-01-01", "from: 2026-03-29T02:30")
    change(authorisation, "until: 2035-12-31", "until: 2026-10-25 02:30:15")
    change(rule, "start: 2026-05-04T22:00", "start: 2026-10-25T02:00")
    live = "{rtsp: rtsp://camera-17.rtsp.example/stream2, credentials: env:CAMERA_CENTRE}"
    change(site / "cameras/arenes-01.yaml", live, "{file: film.avi, start: 2026-10-25T02:59}")
    twice, skipped = "Europe/Paris shows this time twice", "Europe/Paris does not show this time"
    assert linted(site) == [
        (
            f"cameras/arenes-01.yaml:4:33: source.start: 2026-10-25T02:59: {twice}, its clocks change then: write "
            "2026-10-25T02:59+02:00 or 2026-10-25T02:59+01:00"
        ),
        (
            f"rules/authorisations/exercise.yaml:9:7: from: 2026-03-29T02:30: {skipped}, its clocks change then: write "
            "2026-03-29T02:30+01:00 or 2026-03-29T02:30+02:00"
        ),
        (
            f"rules/authorisations/exercise.yaml:10:8: until: 2026-10-25 02:30:15: {twice}, its clocks change then: "
            "write 2026-10-25T02:30:15+02:00 or 2026-10-25T02:30:15+01:00"
        ),
        (
            f"rules/town/delivery-parking.yaml:21:12: tests[1].start: 2026-10-25T02:00: {twice}, its clocks change "
            "then: write 2026-10-25T02:00+02:00 or 2026-10-25T02:00+01:00"
        ),
    ]
    assert lint(read_rules(site / "rules"), None) == []


def test_a_time_with_its_offset_and_a_date_are_right_whatever_the_clocks_do(site, change):
    authorisation = site / "rules/authorisations/exercise.yaml"
    change(authorisation, "from: 2020-01-01", "from: 2026-03-29T02:30+01:00")
    change(authorisation, "until: 2035-12-31", "until: 2026-10-25")
    assert linted(site) == []


WHEN = "when: local.hour >= 7 && local.hour < 20"


def asked(site, change, when):
    """What the lint says of the parking rule with a condition, without file and column."""
    path = site / "rules/town/delivery-parking.yaml"
    change(path, WHEN, f"when: '{when}'")
    found = [line.removeprefix("rules/town/delivery-parking.yaml:8:") for line in linted(site)]
    change(path, f"when: '{when}'", WHEN)
    return found


def test_a_condition_on_a_camera_tag_or_site_that_the_rule_never_meets_is_named_with_the_nearest(site, change):
    assert asked(site, change, 'camera.id == "feuchere-03"') == [
        (
            '21: when: camera.id is never "feuchere-03": it is feucheres-03 or maison-carree-02 here; did you mean '
            '"feucheres-03"?'
        )
    ]
    assert asked(site, change, 'camera.site == "nimse"') == [
        '23: when: camera.site is never "nimse": it is nimes here; did you mean "nimes"?'
    ]
    assert asked(site, change, 'local.hour > 7 && "center" in camera.tags') == [
        (
            '26: when: "center" is never in camera.tags: no camera of the rule carries it; tags are centre, delivery, '
            'pedestrian, station, traffic; did you mean "centre"?'
        )
    ]
    assert asked(site, change, 'camera.id == "arenes-01"') == [
        '21: when: camera.id is never "arenes-01": it is feucheres-03 or maison-carree-02 here'
    ]


def test_a_condition_that_leaves_out_another_camera_of_the_site_is_right(site, change):
    assert asked(site, change, 'camera.id != "arenes-01" && !("gate" in camera.tags)') == []
    assert asked(site, change, '"centre" in camera.tags && camera.id in ["feucheres-03"]') == []


def test_a_condition_on_cameras_is_not_judged_while_a_camera_file_is_wrong(site, change):
    change(site / "cameras/arenes-01.yaml", "fps: 5", "fps: 500")
    [message] = asked(site, change, 'camera.id == "nowhere"')
    assert "sampling.fps" in message


def test_a_template_that_needs_a_homography_is_refused_on_a_camera_without_calibration(site):
    rules = read_rules(site / "rules")
    parking = next(rule for rule in rules.rules if rule.content.rule == "livraison-stationnement")
    needy = dataclasses.replace(
        parking, template=dataclasses.replace(parking.template, needs=frozenset({"homography"}))
    )
    assert linted(site, dataclasses.replace(rules, rules=(needy,), compounds=())) == [
        (
            "rules/town/delivery-parking.yaml:5:11: template: stopped needs a homography and camera feucheres-03 "
            "(cameras/feucheres-03.yaml) has no calibration: add four calibration points to it"
        )
    ]


def test_an_id_that_is_taken_is_named_with_its_holder(site):
    shutil.copy(site / "rules/town/gate-count.yaml", site / "rules/town/other.yaml")
    shutil.copy(site / "cameras/arenes-01.yaml", site / "cameras/arenes-02.yaml")
    shutil.copy(site / "rules/authorisations/exercise.yaml", site / "rules/authorisations/again.yaml")
    assert linted(site) == [
        'cameras/arenes-02.yaml:1:9: camera: the id "arenes-01" is taken by cameras/arenes-01.yaml: choose another',
        (
            'rules/authorisations/exercise.yaml:3:16: authorisation: the id "exercice" is taken by '
            "rules/authorisations/again.yaml:3:16: choose another"
        ),
        (
            'rules/town/other.yaml:2:7: rule: the id "porte-comptage" is taken by '
            "rules/town/gate-count.yaml:2:7: choose another"
        ),
    ]


def test_a_stable_rule_without_tests_is_refused(site, change):
    path = site / "rules/town/gate-count.yaml"
    path.write_text(path.read_text(encoding="utf-8").split("tests:")[0], encoding="utf-8")
    assert linted(site) == [
        (
            "rules/town/gate-count.yaml:4:9: status: a stable rule needs tests that pass: add tests, or write "
            "status: test"
        )
    ]
    change(path, "status: stable", "status: test")
    assert linted(site) == []


def test_tracks_that_are_not_beside_the_rule_are_named_with_the_nearest(site, change):
    change(site / "rules/town/gate-count.yaml", "turns-at-the-gate.csv", "turn-at-the-gate.csv")
    assert linted(site) == [
        (
            'rules/town/gate-count.yaml:19:13: tests[1].tracks: no file "tracks/turn-at-the-gate.csv" beside the '
            'rule; did you mean "tracks/turns-at-the-gate.csv"?'
        )
    ]


def test_a_file_that_is_neither_a_rule_nor_an_authorisation_says_so(site):
    (site / "rules/notes.yaml").write_text("note: buy milk\n")
    assert linted(site) == [
        (
            "rules/notes.yaml:1:1: neither a rule nor a compound nor an authorisation: begin it with `rule: id`, "
            "`compound: id` or `authorisation: id`"
        )
    ]


def test_a_camera_file_among_the_rules_is_told_as_that(site):
    shutil.copy(site / "cameras/arenes-01.yaml", site / "rules/arenes-01.yaml")
    shutil.copy(site / "cameras/site.yaml", site / "rules/site.yaml")
    other = "it belongs in cameras/, where `vigie cameras check` reads it"
    assert linted(site) == [
        f"rules/arenes-01.yaml:1:1: the file of a camera, and no rule: {other}",
        f"rules/site.yaml:1:1: the file of the site, and no rule: {other}",
    ]


def test_a_file_whose_kind_is_misspelt_is_shown_the_nearest(site):
    (site / "rules/order.yaml").write_text("# of the town\nauthorization: order\n")
    (site / "rules/two.yaml").write_text("compund: two\n")
    assert linted(site) == [
        (
            "rules/order.yaml:2:1: authorization: unknown key; a file begins with rule:, compound: or authorisation:; "
            'did you mean "authorisation"?'
        ),
        (
            "rules/two.yaml:1:1: compund: unknown key; a file begins with rule:, compound: or authorisation:; did you "
            'mean "compound"?'
        ),
    ]


def test_a_wrong_camera_leaves_the_others_and_hides_no_error_of_the_rules(site, change):
    change(site / "cameras/feucheres-03.yaml", "fps: 2", "fps: 200")
    change(site / "rules/town/gate-count.yaml", "line: porte", "line: port")
    found = linted(site)
    assert [line.split(": ")[0] for line in found] == [
        "cameras/feucheres-03.yaml:5:17",
        "rules/town/gate-count.yaml:7:33",
        "rules/town/gate-count.yaml:7:33",
    ]
    assert [c.content.camera for c in read_cameras(site, MODELS).cameras] == ["arenes-01", "maison-carree-02"]


def test_a_site_file_above_its_cameras_is_found_too(site):
    (site / "cameras/site.yaml").rename(site / "site.yaml")
    assert len(read_cameras(site, MODELS).cameras) == 3
    assert linted(site) == []


def test_a_wrong_severity_hides_neither_the_zone_nor_the_tracks(site, change):
    path = site / "rules/town/delivery-parking.yaml"
    change(path, "severity: warning", "severity: high")
    change(path, "zone: livraison", "zone: livraisons")
    change(path, "waits-at-the-bay.csv", "waits.csv")
    assert sorted({line.split(": ")[0] + " " + line.split(": ")[1] for line in linted(site)}) == [
        "rules/town/delivery-parking.yaml:23:13 tests[2].tracks",
        "rules/town/delivery-parking.yaml:7:42 with.zone",
        "rules/town/delivery-parking.yaml:9:11 severity",
    ]


def test_a_test_on_a_camera_that_is_not_there_is_named(site, change):
    change(site / "rules/town/gate-count.yaml", "camera: arenes-01\n    expect: []", "camera: arene-01\n    expect: []")
    assert linted(site) == [
        (
            'rules/town/gate-count.yaml:20:13: tests[1].camera: there is no camera "arene-01"; cameras are arenes-01, '
            'feucheres-03, maison-carree-02; did you mean "arenes-01"?'
        )
    ]


def test_a_rule_in_shadow_names_the_live_one_that_it_would_replace(site, change):
    path = site / "rules/town/shorter.yaml"
    text = (site / "rules/town/delivery-parking.yaml").read_text(encoding="utf-8")
    text = text.replace("rule: livraison-stationnement", "rule: livraison-court")
    path.write_text(text.replace("status: stable", "status: test\nreplaces: livraison-stationement"), encoding="utf-8")
    [message] = linted(site)
    assert message.startswith(
        'rules/town/shorter.yaml:5:11: replaces: there is no rule "livraison-stationement"; other rules are '
    )
    assert message.endswith('did you mean "livraison-stationnement"?')
    change(path, "livraison-stationement", "livraison-stationnement")
    assert linted(site) == []
    change(path, "status: test", "status: stable")
    [message] = linted(site)
    assert "replaces: a stable rule replaces nothing, both would alert" in message
    change(path, "status: stable\nreplaces: livraison-stationnement", "status: test\nreplaces: livraison-court")
    [message] = linted(site)
    assert "replaces: a rule cannot replace itself" in message


def test_a_rule_is_not_offered_itself_to_replace(site, change):
    change(
        site / "rules/town/delivery-parking.yaml", "status: stable", "status: test\nreplaces: livraison-stationement"
    )
    [message] = linted(site)
    assert 'replaces: there is no rule "livraison-stationement"; other rules are ' in message
    assert "livraison-stationnement" not in message


def test_a_link_that_leads_nowhere_is_named(site):
    (site / "rules/gone.yaml").symlink_to("nowhere.yaml")
    assert linted(site) == ["rules/gone.yaml:1:1: cannot be read: No such file or directory"]


def test_a_rule_and_a_camera_in_capitals_are_read_as_any_other(site, change):
    path = site / "rules/town/gate-count.yaml"
    path.rename(path.with_suffix(".YAML"))
    camera = site / "cameras/arenes-01.yaml"
    camera.rename(camera.with_suffix(".YML"))
    assert linted(site) == []
    change(path.with_suffix(".YAML"), "line: porte", "line: port")
    assert all(line.startswith("rules/town/gate-count.YAML:7:33: with.line") for line in linted(site))
