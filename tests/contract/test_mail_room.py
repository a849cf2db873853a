"""How many letters may go: counted over all workers, and nobody takes the last place twice."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from application.ports.mail_limits import Held, LastHour, MailLimits, Wait
from application.ports.stores import NewMessage
from application.ports.suppressions import Suppression, hash_of
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.test_notices import a_notice
from tests.contract.worlds import Shop, World, a_case, a_message

ANNA, BEA = hash_of("anna@example.com"), hash_of("bea@example.com")
MINUTE = timedelta(minutes=1)
FEW = MailLimits(per_minute=2, per_day=3, per_recipient=2)
ROOMY = MailLimits()


async def wrote(world: World, shop: Shop, *at: datetime, to: bytes = BEA) -> UUID:
    """A letter of a case at each of these instants."""
    case_id = await a_case(world, shop, f"in_{uuid4().hex}")
    async with world.open_uow(shop.merchant_id) as uow:
        for step, begun_at in enumerate(at, 1):
            message = NewMessage(
                step=step,
                message_id=f"{case_id}.{step}@mail",
                subject="Your payment",
                at=begun_at,
                address_hash=to,
            )
            await uow.messages.begin(case_id, message)
    return case_id


async def wait(
    world: World, shop: Shop, limits: MailLimits, now: datetime, to: bytes = ANNA
) -> Wait | None:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.mail.wait(to, limits, now)


async def test_a_minute_holds_so_many_and_then_there_is_room_again(
    world: World, shop: Shop
) -> None:
    await wrote(world, shop, MONDAY, MONDAY + MINUTE / 2)
    now = MONDAY + MINUTE * 3 / 4
    assert await wait(world, shop, FEW, now) == Wait(why=Held.MINUTE, until=MONDAY + MINUTE)
    assert await wait(world, shop, ROOMY, now) is None
    assert await wait(world, shop, FEW, MONDAY + MINUTE) is None


async def test_a_day_holds_so_many(world: World, shop: Shop) -> None:
    await wrote(world, shop, MONDAY, MONDAY + HOUR, MONDAY + 2 * HOUR)
    found = await wait(world, shop, FEW, MONDAY + 3 * HOUR)
    assert found == Wait(why=Held.DAY, until=MONDAY + DAY)
    assert await wait(world, shop, FEW, MONDAY + DAY) is None


async def test_an_address_hears_so_often_over_all_cases_and_notices(
    world: World, shop: Shop
) -> None:
    await wrote(world, shop, MONDAY, to=ANNA)
    async with world.open_uow(shop.merchant_id) as uow:
        notice = a_notice(shop, begun_at=MONDAY + HOUR, address_hash=ANNA)
        await uow.notices.begin(notice)
    now = MONDAY + 2 * HOUR
    found = await wait(world, shop, FEW, now)
    assert found == Wait(why=Held.RECIPIENT, until=MONDAY + DAY)
    assert await wait(world, shop, FEW, now, to=BEA) is None


async def test_a_letter_that_did_not_go_takes_no_place(world: World, shop: Shop) -> None:
    case_id = await wrote(world, shop, MONDAY, MONDAY)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.failed(f"{case_id}.1@mail")
    assert await wait(world, shop, FEW, MONDAY) is None


async def test_another_merchants_letters_take_no_place(world: World, shop: Shop) -> None:
    await wrote(world, await world.shop(), MONDAY, MONDAY, MONDAY, to=ANNA)
    assert await wait(world, shop, FEW, MONDAY) is None


async def test_what_waits_together_comes_back_apart(world: World, shop: Shop) -> None:
    full = Wait(why=Held.MINUTE, until=MONDAY)
    turns = []
    for _ in range(3):
        async with world.open_uow(shop.merchant_id) as uow:
            turns.append(await uow.mail.turn(full, FEW))
    assert turns == [MONDAY, MONDAY + MINUTE / 2, MONDAY + MINUTE]
    async with world.open_uow(shop.merchant_id) as uow:
        later = Wait(why=Held.DAY, until=MONDAY + DAY)
        assert await uow.mail.turn(later, FEW) == MONDAY + DAY
        assert await uow.mail.turn(later, FEW) == MONDAY + DAY + DAY / 3


async def bounced(world: World, shop: Shop, count: int, why: Suppression, at: datetime) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        for _ in range(count):
            await uow.suppressions.add(hash_of(f"{uuid4()}@example.com"), why, at)


async def test_a_merchant_whose_letters_come_back_rests_until_that_is_an_hour_ago(
    world: World, shop: Shop
) -> None:
    await wrote(world, shop, *[MONDAY] * 50)
    await bounced(world, shop, 9, Suppression.BOUNCED, MONDAY)
    await bounced(world, shop, 50, Suppression.UNSUBSCRIBED, MONDAY)
    now = MONDAY + MINUTE
    assert await wait(world, shop, ROOMY, now) is None, "nine are few"
    await bounced(world, shop, 1, Suppression.BOUNCED, now)
    found = await wait(world, shop, ROOMY, now)
    assert found == Wait(why=Held.MERCHANT, until=MONDAY + HOUR)
    assert await wait(world, await world.shop(), ROOMY, now) is None
    assert await wait(world, shop, ROOMY, MONDAY + HOUR) is None


async def test_three_who_call_it_spam_are_enough(world: World, shop: Shop) -> None:
    await wrote(world, shop, *[MONDAY] * 50)
    await bounced(world, shop, 2, Suppression.COMPLAINED, MONDAY)
    assert await wait(world, shop, ROOMY, MONDAY + MINUTE) is None
    await bounced(world, shop, 1, Suppression.COMPLAINED, MONDAY)
    found = await wait(world, shop, ROOMY, MONDAY + MINUTE)
    assert found is not None
    assert found.why is Held.MERCHANT


async def test_the_operator_reads_what_became_of_all_letters(world: World, shop: Shop) -> None:
    before = (await world.registry.mail()).all
    await wrote(world, shop, MONDAY - HOUR, MONDAY - MINUTE, MONDAY - MINUTE)
    await bounced(world, shop, 2, Suppression.BOUNCED, MONDAY - MINUTE)
    await bounced(world, shop, 1, Suppression.COMPLAINED, MONDAY - 2 * HOUR)
    found = await world.registry.mail()
    assert (found.all.went - before.went, found.all.dead - before.dead) == (2, 2)
    assert found.all.complained == before.complained
    assert LastHour(went=2, dead=2) in found.merchants


async def test_of_many_workers_at_once_no_more_pass_than_there_is_room(
    world: World, shop: Shop
) -> None:
    limits = MailLimits(per_minute=5)
    cases = [await a_case(world, shop, f"in_{number}") for number in range(12)]

    async def one(case_id: UUID) -> bool:
        async with world.open_uow(shop.merchant_id) as uow:
            if await uow.mail.wait(hash_of(str(case_id)), limits, MONDAY) is not None:
                return False
            await uow.messages.begin(case_id, a_message(message_id=f"{case_id}@mail"))
            return True

    passed = await asyncio.gather(*(one(case_id) for case_id in cases))
    assert sum(passed) == 5
