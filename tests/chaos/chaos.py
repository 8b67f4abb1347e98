"""Workers of the stateful loop on a real broker, killed, stopped, frozen and woken at random, and the broker too.

`make chaos SECONDS=300`; a short course is part of `make test` (test_chaos_in_short.py). In the end all
outputs must equal an undisturbed pass over the logs, and each mutation of the protocol must be found out.
"""

import os

import pytest
from disturbances import MUTATION_SECONDS, MUTATIONS, WHATEVER_HAPPENS


async def test_outputs_equal_an_undisturbed_pass_whatever_happens(disturbed_run, seconds):
    seed = int(os.environ.get("SEED", "1"))
    assert await disturbed_run(seconds, seed, WHATEVER_HAPPENS, 3) == ([], [])


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_broken_rule_of_the_protocol_is_found_out(disturbed_run, seconds, mutation):
    ways, longest = MUTATIONS[mutation]
    assert await disturbed_run(min(seconds, MUTATION_SECONDS), 2, ways, longest, mutation) != ([], [])
