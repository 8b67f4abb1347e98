from vigie_common.identity import NAMESPACE, episode_id, event_id, session_id


def test_the_namespace_never_changes():
    assert str(NAMESPACE) == "9f0c1c1e-5b0a-5d5e-8a55-6f2b7f3a1d01"


def test_an_episode_has_the_same_id_whoever_computes_it():
    assert (
        episode_id("nimes", "cam-1", "parking", "ab12", "bay", "s/1", 1_700_000_000_000)
        == "8e130892-7706-54c5-9cf9-77875e48d050"
    )


def test_two_people_who_cross_at_once_are_two():
    assert episode_id("s", "c", "r", "v", "line", "1", 5) != episode_id("s", "c", "r", "v", "line", "2", 5)


def test_an_event_is_named_by_its_episode_and_ordinal():
    assert event_id("e", 3) == "e:3"


def test_sessions_sort_by_their_start():
    ids = [session_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
