"""An opening names the compounds that it is a member of, with the authority of each."""

import pytest


def compound(**fields):
    return {
        "id": "distress", "version": "v9", "title": {"en": "Distress"}, "status": "stable", "rules": ["presence-1"],
        "camera_tags": ["centre"], "camera_ids": [], "same": "camera", "within_ms": 30_000, "min_rules": 2,
        "min_cameras": 1, "cooldown_ms": 60_000, "severity": "critical", "category": "distress",
        "explain": {"en": "{rules}"},
    } | fields  # fmt: skip


@pytest.fixture
def opened(street, rule, obj, authorisation):
    """The compounds of the opening of rule `presence-1`, which runs in shadow, under these compounds of the bundle."""

    def see(*compounds, mode=None):
        scene = street(
            [rule("presence", id="presence-1", status="test", numbers={"for_s": 1.0})],
            authorisations=[authorisation(categories=["distress"])],
            mode=mode,
        )
        scene.publish(compounds=list(compounds))
        scene.during(3, lambda _: [obj(1, 0.5, 0.5)])
        (event,) = scene.events("OPEN")
        return event["compounds"]

    return see


def test_an_opening_says_all_that_the_correlation_needs(opened):
    (stamp,) = opened(compound())
    told = ("id", "version", "same", "within_ms", "min_rules", "min_cameras", "cooldown_ms")
    assert {key: stamp[key] for key in told} == {
        "id": "distress", "version": "v9", "same": "camera", "within_ms": 30_000, "min_rules": 2, "min_cameras": 1,
        "cooldown_ms": 60_000,
    }  # fmt: skip
    assert (stamp["mode"], stamp["authorisation"]["id"]) == ("live", "order-1")


@pytest.mark.parametrize(
    "other",
    [{"rules": ["another"]}, {"camera_tags": ["station"]}, {"status": "draft"}],
    ids=["of another rule", "of other cameras", "a draft"],
)
def test_a_compound_that_is_not_about_it_is_not_named(opened, other):
    assert opened(compound(**other)) == []


@pytest.mark.parametrize("other", [{"status": "test"}, {"category": "parking"}], ids=["in test", "not authorised"])
def test_a_compound_without_authority_stays_in_shadow(opened, other):
    assert [(s["mode"], s["authorisation"]) for s in opened(compound(**other))] == [("shadow", None)]


@pytest.fixture
def affirmed(street, rule, obj, authorisation):
    """The compounds that the affirmation names after a bundle with these fields, the episode having gone on."""

    def see(**fields):
        scene = street(
            [rule("presence", id="presence-1", status="test", numbers={"for_s": 1.0})],
            authorisations=[authorisation(categories=["distress"])],
        )
        scene.publish(compounds=[compound()])
        scene.during(3, lambda _: [obj(1, 0.5, 0.5)])
        scene.publish(**fields)
        scene.during(180, lambda _: [obj(1, 0.5, 0.5)])
        (event,) = scene.events("OPEN")
        assert scene.events("CLOSE") == []
        newest = scene.events("AFFIRM")[-1]
        assert newest["open_episodes"] == [event["episode_id"]]
        return [(s["id"], s["version"], s["mode"]) for s in newest["compounds"]]

    return see


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, [("distress", "v9", "live")]),
        ({"compounds": [compound(title={"en": "Another"})]}, [("distress", "v9", "live")]),
        ({"compounds": []}, []),
        ({"compounds": [compound(status="test")]}, []),
        ({"compounds": [compound(camera_tags=["station"])]}, []),
        ({"compounds": [compound(version="v10")]}, [("distress", "v10", "live")]),
        ({"authorisations": []}, [("distress", "v9", "shadow")]),
    ],
    ids=["as it was", "another title", "gone", "in test", "of other cameras", "other parameters", "not authorised"],
)
def test_an_affirmation_names_the_compounds_as_they_stand_then(affirmed, fields, named):
    assert affirmed(**fields) == named


def test_in_a_replay_every_compound_is_one_of_the_replay(opened):
    assert [s["mode"] for s in opened(compound(), mode="replay")] == ["replay"]


def test_the_first_minute_after_a_restart_affirms_the_compounds_too(street, rule, obj, authorisation):
    told = []
    for restarted in (False, True):
        s = street([rule("presence", id="presence-1")], authorisations=[authorisation()])
        s.publish(compounds=[compound(category="security")])
        s.during(60, lambda _: [obj(1, 0.5, 0.7)])
        if restarted:
            s.restart()
        s.during(1, lambda _: [obj(1, 0.5, 0.7)])
        (affirmed,) = s.events("AFFIRM")
        told.append([stamp["id"] for stamp in affirmed["compounds"]])
    assert told == [["distress"], ["distress"]]
