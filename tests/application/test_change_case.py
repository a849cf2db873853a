"""change_case: one transaction a step; a lost race is decided again, a few times at most."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from application.change_case import ROUNDS, Cases
from application.ports.stores import ConcurrentWrite
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from domain.recovery import commands as c
from domain.recovery import events as e
from tests.application.bakery import Bakery


def losing(open_uow: OpenUnitOfWork, races: int) -> tuple[OpenUnitOfWork, list[int]]:
    """Units of work of which the first so many lose their race at the commit."""
    tries: list[int] = []

    @asynccontextmanager
    async def opened(merchant_id: UUID) -> AsyncIterator[UnitOfWork]:
        async with open_uow(merchant_id) as uow:
            yield uow
            tries.append(len(tries))
            if len(tries) <= races:
                raise ConcurrentWrite

    return opened, tries


@pytest.mark.parametrize("races", [0, 1, ROUNDS - 1])
async def test_a_lost_race_is_run_again_on_what_the_winner_wrote(races: int) -> None:
    bakery = await Bakery().opens()
    open_uow, tries = losing(bakery.cases.open_uow, races)
    cases = Cases(open_uow=open_uow, clock=bakery.cases.clock)
    events = await cases.change(bakery.ref, c.WriteOff())
    assert [type(event) for event in events] == [e.CaseLost]
    assert len(tries) == races + 1
    assert bakery.kinds().count(e.CaseLost) == 1


async def test_a_race_that_is_always_lost_is_a_bug_that_is_seen() -> None:
    bakery = await Bakery().opens()
    open_uow, tries = losing(bakery.cases.open_uow, ROUNDS)
    before = bakery.history()
    with pytest.raises(ConcurrentWrite):
        await Cases(open_uow=open_uow, clock=bakery.cases.clock).change(bakery.ref, c.WriteOff())
    assert len(tries) == ROUNDS
    assert bakery.history() == before


async def test_a_wish_that_is_already_true_writes_nothing_at_all() -> None:
    bakery = await Bakery().opens()
    due, audit = await bakery.due(), dict(bakery.world.audit)
    assert await bakery.cases.change(bakery.ref, c.RecordUnclear(attempt=1)) == ()
    assert await bakery.due() == due
    assert bakery.world.audit == audit


async def test_a_case_keeps_the_policy_it_was_opened_with() -> None:
    bakery = await Bakery().opens()
    assert bakery.case().policy_version == bakery.policy.version
