"""Addresses that letters do not go to: added once, taken back by whose word it was."""

from application.ports.suppressions import Suppression, hash_of
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World

ANNA = hash_of("Anna@Example.com ")
UNSUBSCRIBED, BOUNCED = Suppression.UNSUBSCRIBED, Suppression.BOUNCED


async def reason(world: World, shop: Shop, address_hash: bytes = ANNA) -> Suppression | None:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.suppressions.reason(address_hash)


async def test_an_address_is_added_once_and_the_first_reason_stays(
    world: World, shop: Shop
) -> None:
    assert await reason(world, shop) is None
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.suppressions.add(ANNA, UNSUBSCRIBED, MONDAY)
        assert not await uow.suppressions.add(ANNA, BOUNCED, MONDAY + HOUR)
    assert await reason(world, shop) is UNSUBSCRIBED
    assert await reason(world, shop, hash_of("anna@example.com")) is UNSUBSCRIBED
    assert await reason(world, shop, hash_of("bea@example.com")) is None


async def test_it_is_lifted_only_by_the_reason_for_which_it_stands(
    world: World, shop: Shop
) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.suppressions.add(ANNA, BOUNCED, MONDAY)
        assert not await uow.suppressions.lift(ANNA, UNSUBSCRIBED, MONDAY + HOUR)
    assert await reason(world, shop) is BOUNCED
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.suppressions.lift(ANNA, BOUNCED, MONDAY + HOUR)
        assert not await uow.suppressions.lift(ANNA, BOUNCED, MONDAY + HOUR)
    assert await reason(world, shop) is None


async def test_after_it_was_lifted_it_may_be_added_again(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.suppressions.add(ANNA, UNSUBSCRIBED, MONDAY)
        await uow.suppressions.lift(ANNA, UNSUBSCRIBED, MONDAY + HOUR)
        assert await uow.suppressions.add(ANNA, BOUNCED, MONDAY + DAY)
    assert await reason(world, shop) is BOUNCED


async def test_one_merchants_list_is_nobody_elses(world: World, shop: Shop) -> None:
    other = await world.shop()
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.suppressions.add(ANNA, UNSUBSCRIBED, MONDAY)
    assert await reason(world, other) is None
