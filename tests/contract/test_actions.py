"""Scheduled actions: one per case, claimed by one, given back, tried again, dead at last."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from application.ports.conveyor import DueAction
from application.ports.stores import ActionRef
from domain.recovery.actions import Action, ActionKind
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import LEASE, SOON, Shop, World, a_case

REMIND = Action(kind=ActionKind.REMINDER, due_at=MONDAY, number=2)


async def put(world: World, shop: Shop, action: Action | None, invoice_id: str = "in_1") -> None:
    """Make `action` the next of a new case."""
    case_id = await a_case(world, shop, invoice_id)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.actions.put(case_id, action)


async def claim(
    world: World, limit: int = 100, now: datetime = MONDAY, lease: timedelta = LEASE
) -> tuple[DueAction, ...]:
    return await world.actions.claim(now, limit, lease)


async def test_what_is_due_is_claimed_with_its_kind_and_account(world: World, shop: Shop) -> None:
    await put(world, shop, REMIND)
    (due,) = await claim(world)
    assert (due.kind, due.account) == (ActionKind.REMINDER, shop.account)
    action = await world.actions.read(due.ref)
    assert action is not None
    assert (action.kind, action.number, action.due_at, action.tries) == (*_told(REMIND), 0)


def _told(action: Action) -> tuple[object, ...]:
    return action.kind, action.number, action.due_at


async def test_what_is_not_due_is_left(world: World, shop: Shop) -> None:
    await put(world, shop, REMIND)
    assert await claim(world, now=MONDAY - timedelta(microseconds=1)) == ()


async def test_the_earliest_come_first_up_to_the_limit(world: World, shop: Shop) -> None:
    for hours in (3, 1, 2):
        due_at = MONDAY - hours * HOUR
        await put(world, shop, Action(kind=ActionKind.CLOSE, due_at=due_at), f"in_{hours}")
    claimed = await claim(world, 2)
    read = [await world.actions.read(due.ref) for due in claimed]
    assert [action.due_at for action in read if action] == [MONDAY - 3 * HOUR, MONDAY - 2 * HOUR]


async def test_a_claimed_action_is_nobody_elses_until_its_lease_ends(
    world: World, shop: Shop
) -> None:
    await put(world, shop, REMIND)
    first = await claim(world, lease=SOON)
    assert await claim(world) == ()
    await asyncio.sleep(SOON.total_seconds() * 1.5)
    assert await claim(world) == first


async def test_a_renewed_lease_lasts(world: World, shop: Shop) -> None:
    await put(world, shop, REMIND)
    (due,) = await claim(world, lease=SOON)
    await world.actions.renew((due.ref,), LEASE)
    await asyncio.sleep(SOON.total_seconds() * 1.5)
    assert await claim(world) == ()


async def test_a_postponed_action_comes_back_after_its_wait(world: World, shop: Shop) -> None:
    await put(world, shop, REMIND)
    (due,) = await claim(world)
    await world.actions.postpone(((due.ref, SOON),))
    assert await claim(world) == ()
    await asyncio.sleep(SOON.total_seconds() * 1.5)
    assert await claim(world) == (due,)


async def test_one_that_became_due_earlier_than_the_last_claimed_is_not_forgotten(
    world: World, shop: Shop
) -> None:
    await put(world, shop, REMIND, "in_1")
    assert len(await claim(world, 1)) == 1
    await put(world, shop, Action(kind=ActionKind.CLOSE, due_at=MONDAY - DAY), "in_2")
    (due,) = await claim(world, 1)
    assert due.kind is ActionKind.CLOSE


async def test_a_new_action_replaces_the_old_under_a_new_id_and_is_free(
    world: World, shop: Shop
) -> None:
    case_id = await a_case(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.actions.put(case_id, REMIND)
    (old,) = await claim(world)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.actions.put(case_id, REMIND)
    assert await world.actions.read(old.ref) is None
    (new,) = await claim(world)
    assert new.ref != old.ref


async def test_no_action_removes_it(world: World, shop: Shop) -> None:
    await put(world, shop, None)
    assert await claim(world, now=MONDAY + 100 * DAY) == ()


async def test_an_action_needs_a_case_of_the_merchant(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    stranger = await world.shop()
    with pytest.raises(LookupError):
        async with world.open_uow(stranger.merchant_id) as uow:
            await uow.actions.put(case_id, REMIND)


async def test_a_failure_is_counted_and_tried_again_after_a_second(
    world: World, shop: Shop
) -> None:
    await put(world, shop, REMIND)
    (due,) = await claim(world)
    assert not await world.actions.failed(due.ref, "bad luck", most_tries=5)
    assert await claim(world) == ()
    action = await world.actions.read(due.ref)
    assert action is not None
    assert action.tries == 1
    await asyncio.sleep(1.05)
    assert await claim(world) == (due,)


async def test_after_the_last_try_it_is_dead_until_it_is_played_again(
    world: World, shop: Shop
) -> None:
    await put(world, shop, REMIND)
    (due,) = await claim(world)
    assert not await world.actions.failed(due.ref, "bad luck", most_tries=2)
    assert await world.actions.failed(due.ref, "bad luck", most_tries=2)
    assert await world.actions.read(due.ref) is None
    assert not await world.actions.failed(due.ref, "once more", most_tries=2)
    assert (await world.registry.standing()).dead == 1
    assert await world.replay_dead("action", str(uuid4())) == 0
    assert await world.replay_dead("action", str(due.ref.action_id)) == 1
    assert await claim(world) == (due,)


async def test_an_unknown_action_is_neither_read_nor_failed(world: World, shop: Shop) -> None:
    ref = ActionRef(shop.merchant_id, uuid4())
    assert await world.actions.read(ref) is None
    assert not await world.actions.failed(ref, "bad luck", most_tries=1)
