"""Cases: appended under a version, seen by their merchant only, held to the networks' limits."""

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from application.errors import NetworkLimitReached
from application.ports.stores import ConcurrentWrite
from domain.network import CardUse
from domain.recovery import events as e
from domain.recovery.case import replay
from tests.builders import DAY, HOUR, MONDAY, NEW_VISA, OLD_VISA
from tests.contract.worlds import (
    Shop,
    World,
    a_case,
    opened,
    our_decline,
    refused,
    started,
    tell,
)

MASTERCARD = e.Card(payment_method="pm_mc", fingerprint="fp_mc", brand="mastercard")
DISCOVER = e.Card(payment_method="pm_dc", fingerprint="fp_dc", brand="discover")


async def test_events_come_back_in_the_order_they_were_appended(world: World, shop: Shop) -> None:
    case_id = uuid4()
    story = (opened(shop), refused("ch_1"), started(1, MONDAY + HOUR))
    await tell(world, shop, case_id, *story[:2])
    await tell(world, shop, case_id, story[2])
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.cases.load(case_id) == story
        assert await uow.cases.load(uuid4()) == ()


async def test_a_stale_version_is_refused(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    await tell(world, shop, case_id, refused("ch_1"))
    event = refused("ch_2")
    with pytest.raises(ConcurrentWrite):
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.cases.append(case_id, 1, (event,), replay((opened(shop), event)))


async def test_a_case_is_opened_once(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    with pytest.raises(ConcurrentWrite):
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.cases.append(case_id, 0, (opened(shop),), replay((opened(shop),)))


async def test_an_invoice_has_one_case(world: World, shop: Shop) -> None:
    await a_case(world, shop, "in_1")
    with pytest.raises(ConcurrentWrite):
        await a_case(world, shop, "in_1")


async def test_nothing_stays_of_a_unit_of_work_that_failed(world: World, shop: Shop) -> None:
    case_id = uuid4()

    async def fail_halfway() -> None:
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.cases.append(case_id, 0, (opened(shop),), replay((opened(shop),)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_halfway()
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.cases.load(case_id) == ()
    await tell(world, shop, case_id, opened(shop))


async def test_a_unit_of_work_inside_another_is_refused(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id):
        with pytest.raises(RuntimeError):
            async with world.open_uow(shop.merchant_id):
                pass
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.cases.load(uuid4()) == ()


async def test_another_merchants_case_is_not_there(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    await tell(world, shop, case_id, refused("ch_1"))
    stranger = await world.shop()
    async with world.open_uow(stranger.merchant_id) as uow:
        assert await uow.cases.load(case_id) == ()
        assert await uow.cases.of_customer(shop.account, "cus_anna") == ()
        assert await uow.cases.of_subscription(shop.account, "sub_bread") == ()
        use = await uow.cases.card_use(OLD_VISA.fingerprint, 29_00, MONDAY)
    assert use == CardUse()


async def test_the_open_cases_of_a_customer_or_subscription_come_oldest_first(
    world: World, shop: Shop
) -> None:
    second = await a_case(world, shop, "in_2", MONDAY + DAY)
    first = await a_case(world, shop, "in_1", MONDAY)
    closed = await a_case(world, shop, "in_0", MONDAY - DAY)
    await tell(world, shop, closed, e.CaseStopped(at=MONDAY, reason=e.StopReason.VOIDED))
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.cases.of_customer(shop.account, "cus_anna") == (first, second)
        assert await uow.cases.of_subscription(shop.account, "sub_bread") == (first, second)
        assert await uow.cases.of_customer("acct_other", "cus_anna") == ()
        assert await uow.cases.of_customer(shop.account, "cus_bob") == ()


async def test_card_use_counts_the_month_by_amount_and_the_day_by_all(
    world: World, shop: Shop
) -> None:
    now = MONDAY + 30 * DAY
    second = timedelta(seconds=1)
    case_id = await a_case(world, shop)
    await tell(
        world,
        shop,
        case_id,
        refused("ch_out", MONDAY),
        refused("ch_in", MONDAY + second),
        refused("ch_other_amount", now - HOUR, amount_minor=5_00),
        refused("ch_yesterday", now - DAY),
        refused("ch_today", now - DAY + second),
    )
    async with world.open_uow(shop.merchant_id) as uow:
        use = await uow.cases.card_use(OLD_VISA.fingerprint, 29_00, now)
    assert use.month == (MONDAY + second, now - DAY, now - DAY + second)
    assert use.day == (now - DAY + second, now - HOUR)
    assert not use.barred


@pytest.mark.parametrize("code", ["stolen_card", "expired_card"])
async def test_a_card_that_said_no_for_good_is_barred_for_every_amount(
    world: World, shop: Shop, code: str
) -> None:
    case_id = await a_case(world, shop)
    await tell(world, shop, case_id, refused("ch_1", MONDAY - 300 * DAY, code))
    async with world.open_uow(shop.merchant_id) as uow:
        assert (await uow.cases.card_use(OLD_VISA.fingerprint, 1, MONDAY)).barred
    with pytest.raises(NetworkLimitReached):
        await tell(world, shop, case_id, started())
    await tell(world, shop, case_id, started(card=NEW_VISA))


async def test_our_own_declines_count_even_where_stripe_names_no_card(
    world: World, shop: Shop
) -> None:
    case_id = await a_case(world, shop)
    await tell(world, shop, case_id, started())
    await tell(world, shop, case_id, our_decline(1, "ch_1", MONDAY + HOUR, card=None))
    async with world.open_uow(shop.merchant_id) as uow:
        use = await uow.cases.card_use(OLD_VISA.fingerprint, 29_00, MONDAY + HOUR)
    assert use.month == (MONDAY + HOUR,)


async def test_a_decline_that_turns_out_to_be_ours_counts_once(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    await tell(world, shop, case_id, started())
    await tell(world, shop, case_id, refused("ch_1", MONDAY + HOUR))
    await tell(world, shop, case_id, our_decline(1, "ch_1", MONDAY + HOUR))
    async with world.open_uow(shop.merchant_id) as uow:
        use = await uow.cases.card_use(OLD_VISA.fingerprint, 29_00, MONDAY + HOUR)
    assert use.month == (MONDAY + HOUR,)


@pytest.mark.parametrize(("card", "limit"), [(OLD_VISA, 20), (MASTERCARD, 35), (DISCOVER, 8)])
async def test_a_network_sets_how_often_a_card_may_decline_an_amount_in_a_month(
    world: World, shop: Shop, card: e.Card, limit: int
) -> None:
    now = MONDAY + 30 * DAY
    case_id = await a_case(world, shop)
    when = [MONDAY + timedelta(seconds=1)] + [MONDAY + 14 * HOUR * n for n in range(1, limit)]
    declines = [_of(card, refused(f"ch_{n}", at)) for n, at in enumerate(when)]
    await tell(world, shop, case_id, *declines)
    with pytest.raises(NetworkLimitReached):
        await tell(world, shop, case_id, started(1, now, card=card))
    await tell(world, shop, case_id, started(1, now + timedelta(seconds=1), card=card))


async def test_ten_declines_of_any_amount_in_a_day_are_the_most(world: World, shop: Shop) -> None:
    now = MONDAY + DAY
    case_id = await a_case(world, shop)
    declines = [refused(f"ch_{n}", MONDAY + HOUR * n, amount_minor=100 + n) for n in range(1, 11)]
    await tell(world, shop, case_id, *declines)
    with pytest.raises(NetworkLimitReached):
        await tell(world, shop, case_id, started(1, now + HOUR - timedelta(seconds=1)))
    await tell(world, shop, case_id, started(1, now + HOUR))


async def test_a_charge_on_its_way_counts_like_a_decline(world: World, shop: Shop) -> None:
    one, other = await a_case(world, shop, "in_1"), await a_case(world, shop, "in_2")
    declines = [_of(DISCOVER, refused(f"ch_{n}", MONDAY - n * DAY)) for n in range(1, 8)]
    await tell(world, shop, one, *declines)
    await tell(world, shop, one, started(card=DISCOVER))
    with pytest.raises(NetworkLimitReached):
        await tell(world, shop, other, started(card=DISCOVER))
    await tell(world, shop, one, e.AttemptAbandoned(at=MONDAY, number=1, evidence="none"))
    await tell(world, shop, other, started(card=DISCOVER))


@pytest.mark.parametrize("amount_minor", [0, -1])
async def test_nothing_is_never_charged(world: World, shop: Shop, amount_minor: int) -> None:
    case_id = await a_case(world, shop)
    with pytest.raises(NetworkLimitReached):
        await tell(world, shop, case_id, started(amount_minor=amount_minor))


async def test_a_charge_of_no_known_card_is_refused(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    with pytest.raises(NetworkLimitReached):
        await tell(world, shop, case_id, started(card=None))


def _of(card: e.Card, event: e.ChargeDeclined) -> e.ChargeDeclined:
    return replace(event, failure=replace(event.failure, card=card))
