"""Chores of an account: asked for once, done a step at a time, never two of one account at once."""

import asyncio
from datetime import timedelta

import pytest

from application.ports.chores import PERIODIC, Chore, ChoreKind, ChoreRef, ChoreStep, Progress
from application.ports.stores import ConcurrentWrite
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import LEASE, SOON, Shop, World

A_MOMENT = 0.4
AT_ONCE = timedelta()


async def put(world: World, shop: Shop, kind: ChoreKind, hours: float = 0) -> ChoreRef:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.chores.put(shop.account, kind, MONDAY + hours * HOUR)
    return ChoreRef(shop.merchant_id, shop.account, kind)


async def read(world: World, ref: ChoreRef) -> Chore:
    found = await world.chores.read(ref)
    assert found is not None
    return found


async def save(world: World, chore: Chore, step: ChoreStep) -> Chore:
    async with world.open_uow(chore.ref.merchant_id) as uow:
        return await uow.chores.save(chore, step)


def a_step(
    hours: float = 0,
    done: int = 1,
    found: int = 0,
    *,
    next_in: float | None = None,
    over: bool = False,
) -> ChoreStep:
    at = MONDAY + hours * HOUR
    return ChoreStep(
        at=at,
        cursor=b'{"after":"in_1"}',
        progress=Progress(done=done, of_about=100, found=found),
        over=over,
        next_at=None if next_in is None else at + next_in * HOUR,
    )


async def claimed(world: World, limit: int = 10) -> tuple[ChoreRef, ...]:
    return await world.chores.claim(MONDAY + 6 * HOUR, limit, LEASE)


async def test_every_connected_account_is_given_its_periodic_chores_once(world: World) -> None:
    one, other = await world.shop(), await world.shop()
    assert await world.chores.provide(MONDAY) == 2 * len(PERIODIC)
    assert await world.chores.provide(MONDAY + DAY) == 0
    for shop in (one, other):
        async with world.open_uow(shop.merchant_id) as uow:
            kinds = [chore.ref.kind for chore in await uow.chores.of_account(shop.account)]
        assert kinds == sorted(PERIODIC)


async def test_a_chore_is_claimed_once_while_its_lease_lasts(world: World, shop: Shop) -> None:
    ref = await put(world, shop, ChoreKind.RECONCILE)
    assert await claimed(world) == (ref,)
    assert await claimed(world) == ()
    await world.chores.release(ref, AT_ONCE)
    assert await claimed(world) == (ref,)


async def test_one_that_rests_is_left_alone_for_a_while(world: World, shop: Shop) -> None:
    ref = await put(world, shop, ChoreKind.RECONCILE)
    await claimed(world)
    await world.chores.release(ref, SOON)
    assert await claimed(world) == ()
    await asyncio.sleep(A_MOMENT)
    assert await claimed(world) == (ref,)


async def test_what_a_dead_worker_held_comes_back(world: World, shop: Shop) -> None:
    ref = await put(world, shop, ChoreKind.RECONCILE)
    await claimed(world)
    await world.chores.renew((ref,), SOON)
    await asyncio.sleep(A_MOMENT)
    assert await claimed(world) == (ref,)


async def test_a_renewal_that_comes_late_does_not_take_a_free_chore(
    world: World, shop: Shop
) -> None:
    ref = await put(world, shop, ChoreKind.RECONCILE)
    await claimed(world)
    await world.chores.release(ref, AT_ONCE)
    await world.chores.renew((ref,), LEASE)
    assert await claimed(world) == (ref,)


async def test_an_account_has_one_chore_at_a_time_the_longest_due_first(
    world: World, shop: Shop
) -> None:
    sweep = await put(world, shop, ChoreKind.SWEEP, hours=2)
    reconcile = await put(world, shop, ChoreKind.RECONCILE, hours=1)
    stranger = await world.shop()
    theirs = await put(world, stranger, ChoreKind.IMPORT, hours=3)
    assert await claimed(world) == (reconcile, theirs)
    assert await claimed(world) == ()
    await world.chores.release(reconcile, AT_ONCE)
    chore = await read(world, reconcile)
    await save(world, chore, a_step(1, over=True, next_in=100))
    assert await claimed(world) == (sweep,)


async def test_what_is_not_due_is_not_claimed(world: World, shop: Shop) -> None:
    await put(world, shop, ChoreKind.RECONCILE, hours=7)
    assert await claimed(world) == ()


async def test_one_that_fails_comes_later_and_does_not_hold_the_others_up(
    world: World, shop: Shop
) -> None:
    failing = await put(world, shop, ChoreKind.IMPORT)
    sweep = await put(world, shop, ChoreKind.SWEEP, hours=1)
    assert await claimed(world) == (failing,)
    await world.chores.failed(failing, "StripeUnavailable: away")
    assert await claimed(world) == (sweep,)
    chore = await read(world, failing)
    assert (chore.tries, chore.error) == (1, "StripeUnavailable: away")
    await save(world, chore, a_step())
    chore = await read(world, failing)
    assert (chore.tries, chore.error) == (0, None)


async def test_a_step_is_kept_with_what_it_did(world: World, shop: Shop) -> None:
    ref = await put(world, shop, ChoreKind.IMPORT)
    first = await save(world, await read(world, ref), a_step(1, done=100, found=3))
    assert first == await read(world, ref)
    assert first.cursor is not None
    assert first.cursor.replace(b" ", b"") == b'{"after":"in_1"}'
    assert first.progress == Progress(done=100, of_about=100, found=3)
    assert (first.turn, first.began_at, first.last_ok_at) == (1, MONDAY + HOUR, None)
    assert first.running
    last = await save(world, first, a_step(2, done=150, found=5, over=True))
    assert (last.began_at, last.last_ok_at) == (MONDAY + HOUR, MONDAY + 2 * HOUR)
    assert last.finished_at == MONDAY + 2 * HOUR
    assert last.found_ever == 5
    assert not last.running
    assert await world.chores.read(ref) is None
    assert await claimed(world) == ()


async def test_finds_add_up_over_runs(world: World, shop: Shop) -> None:
    ref = await put(world, shop, ChoreKind.RECONCILE)
    chore = await read(world, ref)
    for hours, found, over in ((1, 2, False), (1, 3, True), (2, 4, False), (2, 4, True)):
        step = a_step(hours, found=found, over=over, next_in=1 if over else None)
        chore = await save(world, chore, step)
    assert (chore.found_ever, chore.progress.found) == (7, 4)
    assert chore.began_at == MONDAY + 2 * HOUR
    assert chore.due_at == MONDAY + 3 * HOUR
    assert chore.finished_at is None


async def test_of_two_who_make_the_same_step_one_learns_of_the_other(
    world: World, shop: Shop
) -> None:
    ref = await put(world, shop, ChoreKind.IMPORT)
    chore = await read(world, ref)
    await save(world, chore, a_step())
    with pytest.raises(ConcurrentWrite):
        await save(world, chore, a_step())


async def test_a_step_whose_effects_fail_is_not_kept(world: World, shop: Shop) -> None:
    ref = await put(world, shop, ChoreKind.IMPORT)
    chore = await read(world, ref)

    async def fails() -> None:
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.chores.save(chore, a_step())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert await read(world, ref) == chore


async def test_asking_again_hurries_a_chore_and_begins_a_finished_one_anew(
    world: World, shop: Shop
) -> None:
    ref = await put(world, shop, ChoreKind.IMPORT, hours=5)
    await put(world, shop, ChoreKind.IMPORT, hours=7)
    assert (await read(world, ref)).due_at == MONDAY + 5 * HOUR
    await put(world, shop, ChoreKind.IMPORT, hours=1)
    chore = await read(world, ref)
    assert (chore.due_at, chore.put_at) == (MONDAY + HOUR, MONDAY + 5 * HOUR)
    await save(world, chore, a_step(6, found=2, over=True))
    await put(world, shop, ChoreKind.IMPORT, hours=9)
    again = await read(world, ref)
    assert (again.due_at, again.put_at) == (MONDAY + 9 * HOUR, MONDAY + 9 * HOUR)
    assert (again.cursor, again.progress, again.found_ever) == (None, Progress(), 2)
    with pytest.raises(ConcurrentWrite):
        await save(world, chore, a_step(9))


async def test_an_account_that_is_left_has_no_chore_but_leaving(world: World, shop: Shop) -> None:
    await world.chores.provide(MONDAY)
    leave = await put(world, shop, ChoreKind.LEAVE)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.chores.stop(shop.account, MONDAY)
        await uow.chores.stop(shop.account, MONDAY + DAY)
    assert await world.chores.provide(MONDAY) == 0
    assert await claimed(world) == (leave,)
    async with world.open_uow(shop.merchant_id) as uow:
        ends = {one.ref.kind: one.finished_at for one in await uow.chores.of_account(shop.account)}
    assert ends == {
        ChoreKind.LEAVE: None,
        **dict.fromkeys(PERIODIC, MONDAY),
    }


async def test_a_chore_that_nobody_asked_for_is_not_there(world: World, shop: Shop) -> None:
    ref = ChoreRef(shop.merchant_id, shop.account, ChoreKind.SWEEP)
    assert await world.chores.read(ref) is None
    await world.chores.release(await put(world, shop, ChoreKind.IMPORT), AT_ONCE)
    with pytest.raises(ConcurrentWrite):
        await save(world, Chore(ref=ref, due_at=MONDAY, put_at=MONDAY), a_step())


async def test_a_strangers_chores_are_not_to_be_seen_or_moved(world: World, shop: Shop) -> None:
    ref = await put(world, shop, ChoreKind.IMPORT)
    unread = Chore(ref=ref, due_at=MONDAY, put_at=MONDAY)
    stranger = await world.shop()
    async with world.open_uow(stranger.merchant_id) as uow:
        assert await uow.chores.of_account(shop.account) == ()
        await uow.chores.stop(shop.account, MONDAY)
        with pytest.raises(ConcurrentWrite):
            await uow.chores.save(unread, a_step())
    assert (await read(world, ref)).turn == 0


async def test_status_tells_of_late_and_failing_chores(world: World, shop: Shop) -> None:
    ref = await put(world, shop, ChoreKind.RECONCILE)
    await put(world, shop, ChoreKind.SWEEP, hours=50)
    world.now = MONDAY + 3 * HOUR
    await world.chores.failed(ref, "away")
    standing = await world.registry.standing()
    assert (standing.chores_due, standing.chores_failing) == (1, 1)
    assert standing.reconciled_lag_s == timedelta(hours=3).total_seconds()
    chore = await save(world, await read(world, ref), a_step(2, over=True, next_in=1))
    assert chore.last_ok_at == MONDAY + 2 * HOUR
    standing = await world.registry.standing()
    assert (standing.chores_due, standing.chores_failing) == (1, 0)
    assert standing.reconciled_lag_s == timedelta(hours=1).total_seconds()
