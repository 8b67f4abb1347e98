"""The lint's warnings: what is right and rarely meant."""

import shutil

from vigie_common.catalogue import load_catalogue
from vigie_rule_engine.bundle import read_rules
from vigie_rule_engine.lint import lint, read_cameras
from vigie_rule_engine.lint_warnings import lint_warnings

CATALOGUE = load_catalogue().models
MODELS = {"hog", "yolox-nano"}
NOW = 1_790_000_000_000  # in 2026
NO_SUCH_MODEL = ("arenes-01 finds fire or smoke (yolox-nano: ", "arenes-01 finds weapon (yolox-nano: ")
"""What the example site lacks: no model that comes with Vigie knows these."""


def warned(site, now=NOW):
    """The warnings about a site, with file names from the site's folder; without what the example lacks anyway."""
    return [line for line in all_warned(site, now) if not any(lacks in line for lacks in NO_SUCH_MODEL)]


def all_warned(site, now=NOW):
    found = lint_warnings(read_rules(site / "rules"), read_cameras(site, MODELS), CATALOGUE, now)
    return [str(problem).replace(f"{site}/", "") for problem in found]


def test_the_example_site_is_as_it_is_meant(site):
    assert warned(site) == []
    fire, weapon = all_warned(site)
    assert (NO_SUCH_MODEL[0] in fire, NO_SUCH_MODEL[1] in weapon) == (True, True)


def test_what_looks_like_a_rule_and_is_not_read_is_named(site):
    text = (site / "rules/town/gate-count.yaml").read_text(encoding="utf-8")
    (site / "rules/second.txt").write_text(text, encoding="utf-8")
    (site / "rules/notes.txt").write_text("The rule: two at most.\n")
    (site / "rules/tracks").mkdir()
    (site / "rules/tracks/third.txt").write_text(text, encoding="utf-8")
    (site / "rules/dir.yaml").mkdir()
    assert lint(read_rules(site / "rules"), read_cameras(site, MODELS)) == []
    assert warned(site) == [
        ("rules/dir.yaml:1:1: a folder, which is no rule: call it otherwise; what is in it is read all the same"),
        (
            "rules/second.txt:1:1: not read, since it does not end in .yaml: call it second.yaml, "
            "or move it out of the rules"
        ),
    ]


def test_a_category_that_no_rule_has_and_the_rule_that_it_was_for_are_named(site, change):
    change(site / "rules/authorisations/exercise.yaml", "[presence,", "[presense,")
    assert warned(site) == [
        (
            'rules/authorisations/exercise.yaml:4:14: categories[0]: no rule has the category "presense"; categories '
            "are abandoned-object, counting, crowd-movement, density, distress, fire, forbidden-zone, gathering, "
            'parking, presence, queue, traffic, weapon, wrong-way; did you mean "presence"?'
        ),
        (
            'rules/town/forecourt-presence.yaml:10:11: category: no authorisation covers "presence" on its cameras, '
            "so it runs in shadow: add it to one, or write status: test"
        ),
    ]


def test_an_authorisation_that_has_ended_is_named_and_covers_nothing(site, change):
    path = site / "rules/authorisations/exercise.yaml"
    change(path, "until: 2035-12-31", "until: 2026-03-01")
    ended, *rules = warned(site)
    assert ended == (
        "rules/authorisations/exercise.yaml:10:8: until: 2026-03-01 is over: what it covered runs in shadow; renew "
        "or remove it"
    )
    assert len(rules) > 5
    assert all("no authorisation covers" in line for line in rules)
    assert warned(site, NOW - 365 * 86_400_000) == []


def test_a_rule_on_cameras_that_its_authorisation_does_not_mean_is_named(site, change):
    change(site / "rules/authorisations/exercise.yaml", "{tags: [centre], ids: [feucheres-03]}", "{ids: [arenes-01]}")
    assert "rules/town/delivery-parking.yaml:10:11" in [line.split(": ")[0] for line in warned(site)]


def test_a_site_without_authorisations_is_one_for_statistics(site):
    shutil.rmtree(site / "rules/authorisations")
    assert warned(site) == []


def test_classes_that_cannot_be_what_the_template_is_about_are_named(site, change):
    change(site / "rules/town/gathering.yaml", "classes: [person]", "classes: [car, bus]")
    [message] = warned(site)
    assert message == (
        "rules/town/gathering.yaml:7:17: with.classes: gathering is about person: none of these is given"
    )


def test_classes_that_no_model_of_a_camera_finds_are_named_once_for_cameras_of_the_same_models(site, change):
    for camera in ("feucheres-03", "maison-carree-02"):
        change(site / f"cameras/{camera}.yaml", "models: [yolox-nano]", "models: [hog]")
    told = [line for line in warned(site) if "delivery-parking" in line]
    assert told == [
        (
            "rules/town/delivery-parking.yaml:7:17: with.classes: no model of feucheres-03, maison-carree-02 finds car "
            "or van or truck (hog: person): give the camera one that does"
        )
    ]
    change(site / "rules/town/delivery-parking.yaml", "classes: [car, van, truck]", "classes: [person, van]")
    change(site / "cameras/feucheres-03.yaml", "models: [hog]", "models: [hog, yolox-nano]")
    told = [line.split("with.classes: ")[1] for line in warned(site) if "delivery-parking" in line]
    assert [line.split(" (")[0] for line in told] == [
        "no model of feucheres-03 finds van",
        "no model of maison-carree-02 finds van",
    ]


def test_a_stable_rule_without_a_title_in_a_language_of_the_site_is_named(site, change):
    path = site / "rules/town/delivery-parking.yaml"
    change(path, ", en: Parking in a delivery bay", "")
    [message] = warned(site)
    assert message == "rules/town/delivery-parking.yaml:3:8: title: has none in en, a language of the site: add it"
    change(path, "status: stable", "status: test")
    assert warned(site) == []
