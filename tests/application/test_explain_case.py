"""ExplainCase: every decision is made again from what was kept; the first that differs is named."""

from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from application.change_case import CaseRef
from application.use_cases.explain_case import ExplainCase, Explanation
from domain.recovery import commands as c
from domain.recovery import events as e
from tests.application.bakery import Bakery
from tests.builders import DAY, MONDAY, a_policy


async def explained(bakery: Bakery) -> Explanation:
    found = await ExplainCase(open_uow=bakery.cases.open_uow)(bakery.ref)
    assert found is not None
    return found


async def a_whole_case(**policy: Any) -> Bakery:
    bakery = await Bakery(a_policy(**policy)).opens()
    bakery.payments.will_decline("in_1")
    bakery.payments.will_ask_for_customer("in_1")
    await bakery.runs_until(MONDAY + 20 * DAY)
    assert bakery.case().closed_at is not None
    return bakery


def tamper(bakery: Bakery, place: int, **changes: Any) -> None:
    key = (bakery.merchant_id, bakery.case_id)
    held = bakery.world.cases[key]
    events = list(held.events)
    events[place] = replace(events[place], **changes)
    bakery.world.cases[key] = replace(held, events=tuple(events))


async def test_a_case_is_reproduced_and_every_event_has_its_decision() -> None:
    bakery = await a_whole_case()
    found = await explained(bakery)
    assert found.is_reproduced
    assert len(found.steps) > 5
    told = [event for step in found.steps for event in step.events]
    assert tuple(told) == bakery.history()
    assert all(step.events for step in found.steps)
    assert (found.currency, found.timezone) == ("eur", "Europe/Berlin")


async def test_a_later_policy_changes_nothing_of_what_was_decided() -> None:
    bakery = await a_whole_case()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.policies.activate(a_policy(charge_hour=3, window=30 * DAY), "user:1", bakery.now)
    assert (await explained(bakery)).is_reproduced


async def test_the_first_decision_that_comes_out_otherwise_is_named_and_is_the_last_told() -> None:
    bakery = await a_whole_case()
    place = next(
        n for n, event in enumerate(bakery.history()) if isinstance(event, e.AttemptPlanned)
    )
    tamper(bakery, place, due_at=MONDAY + 3 * DAY)
    found = await explained(bakery)
    assert not found.is_reproduced
    fault = found.steps[-1].fault
    assert fault is not None
    assert f"event {place + 1} is written as" in fault
    assert '"attempt_planned"' in fault
    assert [step.fault for step in found.steps[:-1]] == [None] * (len(found.steps) - 1)


async def test_an_event_too_many_differs() -> None:
    bakery = await a_whole_case()
    key = (bakery.merchant_id, bakery.case_id)
    held = bakery.world.cases[key]
    late = e.MoneyCameLate(at=MONDAY + 30 * DAY, amount_minor=1, by=e.Payer.CUSTOMER)
    bakery.world.cases[key] = replace(held, events=(*held.events, late))
    fault = (await explained(bakery)).steps[-1].fault
    assert fault is not None
    assert fault.endswith("comes out as nothing")


async def test_a_history_that_cannot_have_been_is_named_too() -> None:
    bakery = await a_whole_case()
    key = (bakery.merchant_id, bakery.case_id)
    held = bakery.world.cases[key]
    first, _, *rest = held.events
    impossible = e.AttemptUnclear(at=MONDAY, number=1, check_at=MONDAY)
    bakery.world.cases[key] = replace(held, events=(first, impossible, *rest))
    found = await explained(bakery)
    assert not found.is_reproduced


async def test_a_case_whose_first_decision_is_missing_cannot_be_explained() -> None:
    bakery = await a_whole_case()
    key = (bakery.merchant_id, bakery.case_id)
    bakery.world.decisions[key] = bakery.world.decisions[key][1:]
    found = await explained(bakery)
    assert found.fault is not None
    assert not found.is_reproduced
    bakery.world.decisions[key] = ()
    assert (await explained(bakery)).fault is not None


async def test_a_case_that_is_not_there_is_none() -> None:
    bakery = await Bakery().opens()
    explain = ExplainCase(open_uow=bakery.cases.open_uow)
    assert await explain(CaseRef(bakery.merchant_id, uuid4())) is None
    assert await explain(CaseRef(uuid4(), bakery.case_id)) is None


async def test_nothing_of_a_person_is_kept_with_a_decision() -> None:
    bakery = await a_whole_case()
    kept = repr(bakery.world.decisions)
    assert "cus_anna" in kept
    for personal in ("anna@example.com", "Anna'"):
        assert personal not in kept


@pytest.mark.parametrize("times", [1, 2])
async def test_a_wish_that_changes_nothing_leaves_no_decision(times: int) -> None:
    bakery = await Bakery().opens()
    before = dict(bakery.world.decisions)
    for _ in range(times):
        await bakery.cases.change(bakery.ref, c.RecordUnclear(attempt=1))
    assert bakery.world.decisions == before
