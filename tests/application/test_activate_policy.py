"""ActivatePolicy: a new version for new cases, told in the audit log; nothing for nothing new."""

from uuid import uuid4

import pytest
from msgspec.structs import replace

from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from application.errors import NotFound
from application.use_cases.activate_policy import ActivatePolicy
from tests.builders import DAY, MONDAY, a_policy

BAKERY = uuid4()


def a_world() -> tuple[MemoryWorld, ActivatePolicy]:
    world = MemoryWorld()
    world.policies[BAKERY, 1] = a_policy()
    return world, ActivatePolicy(open_uow=units_of_work(world), clock=lambda: MONDAY)


async def test_a_policy_comes_into_force_as_the_next_version_whatever_version_it_names() -> None:
    world, activate = a_world()
    wider = a_policy(window=20 * DAY, version=40)
    assert await activate(BAKERY, wider, "operator") == 2
    assert world.policies[BAKERY, 2] == replace(wider, version=2)
    assert world.policies[BAKERY, 1] == a_policy()
    (entry,) = world.audit.values()
    assert (entry.actor, entry.at) == ("operator", MONDAY)
    assert (entry.before["version"], entry.after["version"]) == (1, 2)


async def test_a_policy_that_says_what_is_in_force_changes_nothing() -> None:
    world, activate = a_world()
    assert await activate(BAKERY, a_policy(version=7), "operator") == 1
    assert list(world.policies) == [(BAKERY, 1)]
    assert not world.audit


async def test_a_policy_that_was_in_force_before_becomes_a_version_of_its_own_again() -> None:
    world, activate = a_world()
    await activate(BAKERY, a_policy(window=20 * DAY), "operator")
    assert await activate(BAKERY, a_policy(), "operator") == 3
    assert world.policies[BAKERY, 3] == a_policy(version=3)


async def test_a_stranger_has_no_policy_to_replace() -> None:
    _, activate = a_world()
    with pytest.raises(NotFound):
        await activate(uuid4(), a_policy(), "operator")
