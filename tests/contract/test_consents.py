"""A customer's word that another card may be charged: given once, taken back, never forgotten."""

from datetime import datetime
from uuid import UUID, uuid4

from application.ports.consents import Consent
from domain.invoice import Card
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World, a_case

BACKUP = Card(
    payment_method="pm_backup",
    fingerprint="fp_backup",
    last4="1881",
    expires="2029-01",
)
OTHER = Card(payment_method="pm_other", fingerprint="fp_other")


def a_consent(card: Card = BACKUP, at: datetime = MONDAY) -> Consent:
    return Consent(card=card, given_at=at, wording="backup/1/en")


async def give(world: World, shop: Shop, case_id: UUID, consent: Consent) -> bool:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.consents.give(case_id, consent)


async def standing(world: World, shop: Shop, case_id: UUID) -> tuple[Consent, ...]:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.consents.standing(case_id)


async def test_a_word_is_recorded_once_with_the_card_and_the_words(
    world: World, shop: Shop
) -> None:
    case_id = await a_case(world, shop)
    assert await give(world, shop, case_id, a_consent())
    assert not await give(world, shop, case_id, a_consent(at=MONDAY + HOUR))
    assert await standing(world, shop, case_id) == (a_consent(),)
    assert await standing(world, shop, uuid4()) == ()


async def test_what_was_taken_back_does_not_stand_and_may_be_given_again(
    world: World, shop: Shop
) -> None:
    case_id = await a_case(world, shop)
    await give(world, shop, case_id, a_consent())
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.consents.withdraw(case_id, "pm_backup", MONDAY + HOUR)
        assert not await uow.consents.withdraw(case_id, "pm_backup", MONDAY + HOUR)
    assert await standing(world, shop, case_id) == ()
    again = a_consent(at=MONDAY + DAY)
    assert await give(world, shop, case_id, again)
    assert await standing(world, shop, case_id) == (again,)


async def test_the_latest_word_comes_first(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    older, newer = a_consent(OTHER), a_consent(at=MONDAY + HOUR)
    for consent in (older, newer):
        await give(world, shop, case_id, consent)
    assert await standing(world, shop, case_id) == (newer, older)


async def test_another_merchant_sees_none(world: World, shop: Shop) -> None:
    case_id, other = await a_case(world, shop), await world.shop()
    await give(world, shop, case_id, a_consent())
    assert await standing(world, other, case_id) == ()
