"""A customer's word that they may be texted: one stands, what was taken back leaves no number."""

from datetime import datetime
from uuid import UUID, uuid4

from msgspec.structs import replace

from application.ports.suppressions import hash_of
from application.ports.text_consents import MOST, ConsentBy, TextConsent
from domain.recovery import events as e
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World, a_case, tell

NUMBER, OTHER = "+491713920055", "+12025550123"


def a_text_consent(number: str = NUMBER, at: datetime = MONDAY) -> TextConsent:
    return TextConsent(
        number=number,
        number_hash=hash_of(number),
        by=ConsentBy.CUSTOMER,
        wording="texts/1/en",
        given_at=at,
    )


async def give(world: World, shop: Shop, case_id: UUID, consent: TextConsent) -> bool:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.text_consents.give(case_id, consent)


async def withdraw(world: World, shop: Shop, case_id: UUID, at: datetime) -> bool:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.text_consents.withdraw(case_id, at)


async def latest(world: World, shop: Shop, case_id: UUID) -> TextConsent | None:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.text_consents.latest(case_id)


async def test_a_word_is_recorded_once_with_its_number_and_its_date(
    world: World, shop: Shop
) -> None:
    case_id = await a_case(world, shop)
    assert await latest(world, shop, case_id) is None
    assert await give(world, shop, case_id, a_text_consent())
    assert not await give(world, shop, case_id, a_text_consent(at=MONDAY + HOUR))
    assert await latest(world, shop, case_id) == a_text_consent()
    assert await latest(world, shop, uuid4()) is None


async def test_what_is_taken_back_leaves_its_date_and_no_number(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    await give(world, shop, case_id, a_text_consent())
    assert await withdraw(world, shop, case_id, MONDAY + HOUR)
    assert not await withdraw(world, shop, case_id, MONDAY + DAY)
    ended = replace(a_text_consent(), number=None, withdrawn_at=MONDAY + HOUR)
    assert await latest(world, shop, case_id) == ended
    again = a_text_consent(at=MONDAY + DAY)
    assert await give(world, shop, case_id, again)
    assert await latest(world, shop, case_id) == again


async def test_another_number_stands_for_the_one_before(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    await give(world, shop, case_id, a_text_consent())
    other = a_text_consent(OTHER, MONDAY + HOUR)
    assert await give(world, shop, case_id, other)
    assert await latest(world, shop, case_id) == other
    assert await withdraw(world, shop, case_id, MONDAY + DAY)
    assert not await withdraw(world, shop, case_id, MONDAY + DAY)


async def test_nobody_changes_it_without_end(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    numbers = [f"+4917139200{n:02}" for n in range(MOST + 1)]
    given = [await give(world, shop, case_id, a_text_consent(number)) for number in numbers]
    assert given == [True] * MOST + [False]
    held = await latest(world, shop, case_id)
    assert held is not None
    assert held.number == numbers[MOST - 1]


async def test_what_is_over_is_forgotten_but_for_its_hash(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    await give(world, shop, case_id, a_text_consent())
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.text_consents.forget(case_id)
        await uow.text_consents.forget(uuid4())
    assert await latest(world, shop, case_id) == replace(a_text_consent(), number=None)


async def test_nothing_is_recorded_for_a_case_that_is_closed(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    ended = e.CaseStopped(at=MONDAY, reason=e.StopReason.VOIDED)
    await tell(world, shop, case_id, ended)
    assert not await give(world, shop, case_id, a_text_consent())
    assert not await give(world, shop, uuid4(), a_text_consent())
    assert await latest(world, shop, case_id) is None


async def test_another_merchant_sees_none_and_ends_none(world: World, shop: Shop) -> None:
    case_id, other = await a_case(world, shop), await world.shop()
    await give(world, shop, case_id, a_text_consent())
    assert await latest(world, other, case_id) is None
    assert not await withdraw(world, other, case_id, MONDAY)
    async with world.open_uow(other.merchant_id) as uow:
        await uow.text_consents.forget(case_id)
    assert await latest(world, shop, case_id) == a_text_consent()


async def test_a_number_leads_to_the_cases_it_was_given_for_the_latest_first(
    world: World, shop: Shop
) -> None:
    number = f"+49171{uuid4().int % 10**7:07}"  # nobody else's in this world
    mine = await a_case(world, shop)
    other_shop = await world.shop()
    theirs = await a_case(world, other_shop)
    await give(world, shop, mine, a_text_consent(number))
    await give(world, other_shop, theirs, a_text_consent(number))
    await withdraw(world, shop, mine, MONDAY + HOUR)
    found = await world.registry.texted(hash_of(number))
    assert [(each.merchant_id, each.case_id) for each in found] == [
        (other_shop.merchant_id, theirs),
        (shop.merchant_id, mine),
    ]
    assert await world.registry.texted(hash_of("+4917100000")) == ()
