"""Which cameras are captured, in which version, through assignments and rebalances."""

import pytest

from vigie_frame_sampler.ownership import Change, Ownership, Version


@pytest.fixture
def version(plan):
    """Makes a version of a camera; no plan for a removal."""

    def make(camera_id, effective_at, offset, *, removed=False, **fields):
        return Version(
            effective_at, offset, None if removed else plan(camera_id=camera_id, version=f"v{offset}", **fields)
        )

    return make


def apply(running, change):
    kept = {camera_id: p for camera_id, p in running.items() if camera_id not in change.release}
    return kept | {p.camera_id: p for p in change.capture}


def test_nothing_is_captured_before_the_partition_has_been_read(version):
    owned = Ownership()
    owned.assign({0: 2})
    owned.add(0, "a", version("a", 0, 0))
    assert owned.changes({}, 100) == Change((), ())
    owned.add(0, "a", version("a", 0, 1))
    assert [p.version for p in owned.changes({}, 100).capture] == ["v1"]


def test_a_version_takes_effect_at_its_time(version):
    owned = Ownership()
    owned.assign({0: 2})
    owned.add(0, "a", version("a", 0, 0))
    owned.add(0, "a", version("a", 500, 1))
    running = apply({}, owned.changes({}, 100))
    assert running["a"].version == "v0"
    assert owned.next_change(100) == 500
    assert owned.changes(running, 499) == Change((), ())
    assert [p.version for p in owned.changes(running, 500).capture] == ["v1"]
    assert owned.next_change(500) is None


def test_a_late_publication_for_an_earlier_time_does_not_undo_a_later_one(version):
    owned = Ownership()
    owned.assign({0: 2})
    owned.add(0, "a", version("a", 300, 0))
    owned.add(0, "a", version("a", 200, 1))
    assert [p.version for p in owned.changes({}, 400).capture] == ["v0"]


def test_a_removal_releases_the_camera_at_its_time(version):
    owned = Ownership()
    owned.assign({0: 2})
    owned.add(0, "a", version("a", 0, 0))
    owned.add(0, "a", version("a", 500, 1, removed=True))
    running = apply({}, owned.changes({}, 100))
    assert owned.changes(running, 499).release == ()
    assert owned.changes(running, 500).release == ("a",)


def test_a_partition_that_comes_back_keeps_its_captures_while_it_is_read_again(version):
    owned = Ownership()
    owned.assign({0: 1, 1: 1})
    owned.add(0, "a", version("a", 0, 0))
    owned.add(1, "b", version("b", 0, 0))
    running = apply({}, owned.changes({}, 100))
    owned.assign({0: 1})
    assert owned.changes(running, 100) == Change((), ("b",))
    running = apply(running, owned.changes(running, 100))
    owned.add(0, "a", version("a", 0, 0))
    assert owned.changes(running, 100) == Change((), ())


def test_a_camera_that_compaction_took_in_the_meantime_is_released(version):
    owned = Ownership()
    owned.assign({0: 1})
    owned.add(0, "a", version("a", 0, 0))
    running = apply({}, owned.changes({}, 100))
    owned.assign({0: 3})
    owned.add(0, "other", version("other", 0, 2))
    assert owned.changes(running, 100).release == ("a",)


def test_records_of_another_assignment_are_not_taken(version):
    owned = Ownership()
    owned.assign({0: 5})
    owned.add(0, "a", version("a", 0, 3))
    assert [owned.wants(0, 3), owned.wants(0, 4), owned.wants(1, 0)] == [False, True, False]


def test_a_record_that_is_skipped_counts_as_read():
    owned = Ownership()
    owned.assign({0: 1})
    owned.skip(0, 1)
    assert owned.logs[0].complete
