"""A short course of chaos, and the mutation that is hardest to hit: see chaos.py for all of it."""

import pytest
from disturbances import MUTATIONS, WHATEVER_HAPPENS

SECONDS = 10
MUTATION_SECONDS = 22


async def test_outputs_equal_an_undisturbed_pass_after_a_short_course(disturbed_run):
    assert await disturbed_run(SECONDS, 5, WHATEVER_HAPPENS, 2) == ([], [])


@pytest.mark.parametrize("mutation", ["checkpoint_unacknowledged"])
async def test_a_checkpoint_before_its_acknowledgements_is_found_out(disturbed_run, mutation):
    ways, longest = MUTATIONS[mutation]
    assert await disturbed_run(MUTATION_SECONDS, 2, ways, longest, mutation) != ([], [])
