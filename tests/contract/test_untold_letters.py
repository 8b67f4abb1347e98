"""Which dead letters are new, on a real broker."""

from vigie_common.dead_letters import dead_letter
from vigie_common.errors import PoisonRecordError
from vigie_common.stream import untold_letters
from vigie_common.stream.untold_letters import untold


def letter(offset, service="rule_engine", topic="cameras", partition=3):
    return dead_letter(service, topic, partition, offset, b"cam-1", b"broken", 0, PoisonRecordError("wrong"))


async def write(deployment, *letters):
    await deployment.produce("dead-letters", [(one.key, one.value) for one in letters])


async def test_a_letter_of_another_service_or_of_another_record_is_no_repetition(deployment):
    new = [letter(7), letter(8)]
    assert await untold(deployment.settings, deployment.codec, new) == new
    await write(deployment, letter(7, service="statistics"), letter(7, partition=2), letter(7, topic="rules"))
    await deployment.produce("dead-letters", [(letter(7).key, b"no letter")], raw=True)
    assert await untold(deployment.settings, deployment.codec, new) == new
    await write(deployment, letter(8))
    assert await untold(deployment.settings, deployment.codec, new) == [letter(7)]


async def test_what_lies_far_back_among_the_letters_is_told_again(deployment, monkeypatch):
    await write(deployment, letter(7), *[letter(7, service="statistics")] * 4)
    assert await untold(deployment.settings, deployment.codec, [letter(7)]) == []
    monkeypatch.setattr(untold_letters, "LOOKED_BACK", 4)
    assert await untold(deployment.settings, deployment.codec, [letter(7)]) == [letter(7)]
