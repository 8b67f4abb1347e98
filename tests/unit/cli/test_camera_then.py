"""The camera that `vigie rules explain` judges by: as it was then, and what is said where that is gone."""

from vigie_cli.camera_then import camera_then
from vigie_common.stream import ConfigVersion

MINUTE = 60_000
GONE = (
    "how cam-1 was before 1970-01-01 00:30:00.0 is not known: in the long run the topic cameras keeps the newest "
    "version alone; tracks from before are judged by the version that holds from then"
)


def camera(version, minute, offset=0, *, removed=False, appended_min=None):
    value = {"camera_id": "cam-1", "version": version, "time_zone": "UTC", "removed": removed}
    appended = minute if appended_min is None else appended_min
    return ConfigVersion("cam-1", minute * MINUTE, offset, appended * MINUTE, value)


def tracks(*minutes):
    return [({"captured_at": minute * MINUTE}, minute * MINUTE + 500) for minute in minutes]


def test_each_record_has_the_version_of_its_time_and_the_answer_that_of_the_moment():
    first, second = camera("a", 0), camera("b", 30, 1)
    then = camera_then((first, second), tracks(10, 20, 31, 40), 20 * MINUTE)
    assert (then.camera["version"], then.each, then.notes) == ("a", (first, first, second, second), ())
    assert camera_then((first, second), tracks(10, 20, 31, 40), 35 * MINUTE).camera["version"] == "b"


def test_a_version_that_was_published_late_has_not_judged_what_came_before():
    first, late = camera("a", 0), camera("b", 10, 1, appended_min=30)
    then = camera_then((first, late), tracks(20, 31), 20 * MINUTE)
    assert (then.camera["version"], then.each) == ("a", (first, late))


def test_where_the_version_of_that_time_is_gone_it_is_said():
    only = camera("b", 30, 7)
    then = camera_then((only,), tracks(10, 20, 40), 20 * MINUTE)
    assert (then.camera["version"], then.each, then.notes) == ("b", (only, only, only), (GONE,))
    assert camera_then((only,), tracks(40, 41), 41 * MINUTE).notes == ()


def test_an_episode_names_the_version_that_it_opened_under():
    first, second = camera("a", 0), camera("b", 30, 1)
    assert camera_then((first, second), tracks(10, 20), 20 * MINUTE, "a").notes == ()
    then = camera_then((second,), tracks(31, 40), 40 * MINUTE, "a")
    gone = "version a of cam-1, under which it opened, is no longer in the topic cameras"
    assert then.notes == (f"{gone}: judged is by version b, from 1970-01-01 00:30:00.0",)


def test_a_camera_that_was_out_of_service_then_is_said_so():
    then = camera_then((camera("a", 0), camera("a", 30, 1, removed=True)), tracks(10, 31), 31 * MINUTE)
    assert then.notes == ("cam-1 was out of service then",)
