"""The inbox: what Stripe sent is kept once, waits, is handled once, and a poisoned one dies."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from application.ports.conveyor import IncomingEvent
from application.ports.stores import EventRef
from tests.contract.worlds import LEASE, SOON, Shop, World

RAW = b'{"id":"evt_1",\n "object":"event", "caf\xc3\xa9":"\\u00e9"}'


def incoming(
    shop: Shop, event_id: str = "evt_1", raw: bytes = RAW, *, livemode: bool = False
) -> IncomingEvent:
    return IncomingEvent(
        event_id=event_id, account=shop.account, livemode=livemode, type="invoice.paid", raw=raw
    )


async def kept(world: World, shop: Shop, *event_ids: str) -> tuple[EventRef, ...]:
    """Events that wait, in their order."""
    for event_id in event_ids:
        await world.intake.keep(incoming(shop, event_id))
    return tuple(EventRef(shop.merchant_id, shop.account, event_id) for event_id in event_ids)


@pytest.mark.parametrize("raw", [RAW, b"", b"\x00\xff", b"{}" * 100_000])
async def test_a_body_comes_back_byte_for_byte(world: World, shop: Shop, raw: bytes) -> None:
    await world.intake.keep(incoming(shop, raw=raw))
    waiting = await world.inbox.read(EventRef(shop.merchant_id, shop.account, "evt_1"))
    assert waiting is not None
    assert (waiting.raw, waiting.livemode) == (raw, False)


async def test_fifty_deliveries_at_once_are_one_event(world: World, shop: Shop) -> None:
    await asyncio.gather(*(world.intake.keep(incoming(shop)) for _ in range(50)))
    assert len(await world.inbox.claim(100, LEASE)) == 1


async def test_the_first_body_of_an_id_stays(world: World, shop: Shop) -> None:
    await world.intake.keep(incoming(shop, raw=b"first"))
    await world.intake.keep(incoming(shop, raw=b"second"))
    waiting = await world.inbox.read(EventRef(shop.merchant_id, shop.account, "evt_1"))
    assert waiting is not None
    assert waiting.raw == b"first"


async def test_one_id_may_come_from_two_accounts(world: World, shop: Shop) -> None:
    other = await world.shop()
    await kept(world, shop, "evt_1")
    await kept(world, other, "evt_1")
    assert len(await world.inbox.claim(100, LEASE)) == 2


async def test_an_event_of_an_unknown_account_waits_for_nobody(world: World) -> None:
    stranger = Shop(uuid4(), "acct_unknown")
    await world.intake.keep(incoming(stranger))
    await world.intake.keep(incoming(stranger))
    assert await world.inbox.claim(100, LEASE) == ()


async def test_an_event_of_the_other_mode_is_not_the_merchants(world: World, shop: Shop) -> None:
    await world.intake.keep(incoming(shop, livemode=True))
    assert await world.inbox.claim(100, LEASE) == ()


async def test_an_account_is_known_from_the_moment_it_is_connected(world: World) -> None:
    await kept(world, await world.shop(), "evt_0")
    late = await world.shop()
    await kept(world, late, "evt_1")
    assert EventRef(late.merchant_id, late.account, "evt_1") in await world.inbox.claim(9, LEASE)


async def test_an_event_without_an_account_is_the_installations_own(world: World) -> None:
    shop = await world.shop(own=True)
    event = IncomingEvent(
        event_id="evt_own", account=None, livemode=False, type="invoice.paid", raw=RAW
    )
    await world.intake.keep(event)
    assert await world.inbox.claim(9, LEASE) == (
        EventRef(shop.merchant_id, shop.account, "evt_own"),
    )


async def test_the_oldest_are_claimed_first_and_by_one(world: World, shop: Shop) -> None:
    first, second, third = await kept(world, shop, "evt_b", "evt_a", "evt_c")
    assert await world.inbox.claim(2, LEASE) == (first, second)
    assert await world.inbox.claim(2, LEASE) == (third,)
    assert await world.inbox.claim(2, LEASE) == ()


async def test_a_lease_ends_unless_it_is_renewed(world: World, shop: Shop) -> None:
    one, other = await kept(world, shop, "evt_1", "evt_2")
    assert len(await world.inbox.claim(2, SOON)) == 2
    await world.inbox.renew((other,), LEASE)
    await asyncio.sleep(SOON.total_seconds() * 1.5)
    assert await world.inbox.claim(2, LEASE) == (one,)


async def test_an_event_is_handled_once(world: World, shop: Shop) -> None:
    (ref,) = await kept(world, shop, "evt_1")
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.inbox.handled(ref)
    async with world.open_uow(shop.merchant_id) as uow:
        assert not await uow.inbox.handled(ref)
    assert await world.inbox.read(ref) is None
    assert await world.inbox.claim(9, LEASE) == ()
    await world.intake.keep(incoming(shop))
    assert await world.inbox.claim(9, LEASE) == ()


async def test_a_mark_whose_transaction_failed_is_no_mark(world: World, shop: Shop) -> None:
    (ref,) = await kept(world, shop, "evt_1")

    async def fail_halfway() -> None:
        async with world.open_uow(shop.merchant_id) as uow:
            assert await uow.inbox.handled(ref)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_halfway()
    assert await world.inbox.read(ref) is not None


async def test_another_merchants_event_cannot_be_marked(world: World, shop: Shop) -> None:
    (ref,) = await kept(world, shop, "evt_1")
    stranger = await world.shop()
    async with world.open_uow(stranger.merchant_id) as uow:
        assert not await uow.inbox.handled(ref)
    assert await world.inbox.read(ref) is not None


async def test_a_failed_event_comes_again_after_a_second(world: World, shop: Shop) -> None:
    (ref,) = await kept(world, shop, "evt_1")
    assert await world.inbox.claim(9, LEASE) == (ref,)
    assert not await world.inbox.failed(ref, "bad luck", most_tries=5)
    assert await world.inbox.claim(9, LEASE) == ()
    await asyncio.sleep(1.05)
    assert await world.inbox.claim(9, LEASE) == (ref,)


async def test_a_poisoned_event_dies_and_the_others_go_on(world: World, shop: Shop) -> None:
    poisoned, good = await kept(world, shop, "evt_1", "evt_2")
    assert await world.inbox.failed(poisoned, "bad luck", most_tries=1)
    assert await world.inbox.read(poisoned) is None
    assert await world.inbox.claim(9, LEASE) == (good,)
    assert (await world.registry.standing()).dead == 1
    assert await world.replay_dead("event", None) == 1
    assert await world.inbox.claim(9, LEASE) == (poisoned,)


async def test_lag_is_the_age_of_the_oldest_that_waits(world: World, shop: Shop) -> None:
    await kept(world, shop, "evt_1")
    await asyncio.sleep(0.02)
    standing = await world.registry.standing()
    assert standing.events_waiting == 1
    assert timedelta(milliseconds=15) < timedelta(seconds=standing.events_lag_s) < LEASE
