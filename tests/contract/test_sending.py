"""A merchant's sending domain: one, with its keys; the installation's sender reads what stands."""

from functools import cache
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from adapters.secrets.dkim_keys import new_dkim_key
from application.ports.sending import NewKey
from domain.records import State
from domain.sending import DkimKey, SendingDomain
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World

CHOSEN = SendingDomain(domain="bakery.example", local_part="billing")


@cache
def a_key(selector: str = "cc1", day: int = 0) -> NewKey:
    return new_dkim_key(selector, MONDAY + day * DAY)


async def choose(world: World, shop: Shop, it: SendingDomain = CHOSEN) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.sending.choose(it, a_key(), MONDAY)


async def read(world: World, shop: Shop) -> SendingDomain:
    async with world.open_uow(shop.merchant_id) as uow:
        found = await uow.sending.read()
    assert found is not None
    return found


async def look(world: World, shop: Shop, **found: Any) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        it = await uow.sending.read()
        assert it is not None
        await uow.sending.looked(replace(it, **found))


async def stands(world: World, shop: Shop) -> None:
    await choose(world, shop)
    keys = (replace(a_key().public, found=True),)
    right: dict[str, Any] = {"dkim": State.RIGHT, "dmarc": State.RIGHT, "keys": keys}
    await look(world, shop, **right, verified_at=MONDAY, tried_at=MONDAY, checked_at=MONDAY)


async def test_what_was_chosen_is_read_back_with_the_public_half_of_its_key(
    world: World, shop: Shop
) -> None:
    await choose(world, shop)
    assert await read(world, shop) == replace(CHOSEN, keys=(a_key().public,))
    async with world.open_uow((await world.shop()).merchant_id) as uow:
        assert await uow.sending.read() is None


async def test_nobody_sends_from_a_domain_before_it_stands(world: World, shop: Shop) -> None:
    assert await world.identities.of(shop.merchant_id) is None
    await choose(world, shop)
    assert await world.identities.of(shop.merchant_id) is None
    await stands(world, shop)
    found = await world.identities.of(shop.merchant_id)
    assert found is not None
    assert (found.address, found.selector) == ("billing@bakery.example", "cc1")
    assert found.private_pem == a_key().private_pem
    assert found.private_pem not in repr(found)
    await look(world, shop, lost_at=MONDAY + DAY)
    assert await world.identities.of(shop.merchant_id) is None


async def test_another_address_of_the_domain_keeps_its_standing_and_another_domain_does_not(
    world: World, shop: Shop
) -> None:
    await stands(world, shop)
    await choose(world, shop, replace(CHOSEN, local_part="hello"))
    found = await read(world, shop)
    assert (found.address, found.stands) == ("hello@bakery.example", True)
    await choose(world, shop, replace(CHOSEN, domain="bread.example"))
    found = await read(world, shop)
    assert (found.domain, found.stands, found.dkim) == ("bread.example", False, State.UNSEEN)


async def test_the_older_key_signs_until_the_record_of_the_newer_is_there(
    world: World, shop: Shop
) -> None:
    await stands(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.sending.add_key(a_key("cc2", 1))
    keys = (await read(world, shop)).keys
    assert [(key.selector, key.found) for key in keys] == [("cc1", True), ("cc2", False)]
    found = await world.identities.of(shop.merchant_id)
    assert found is not None
    assert found.selector == "cc1"
    await look(world, shop, keys=tuple(replace(key, found=True) for key in keys))
    found = await world.identities.of(shop.merchant_id)
    assert found is not None
    assert found.private_pem == a_key("cc2", 1).private_pem


async def test_a_new_key_takes_the_place_of_one_with_its_name(world: World, shop: Shop) -> None:
    await stands(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.sending.add_key(a_key("cc2", 1))
        await uow.sending.add_key(a_key("cc1", 2))
    found: tuple[DkimKey, ...] = (await read(world, shop)).keys
    assert found == (a_key("cc2", 1).public, a_key("cc1", 2).public)


async def test_nothing_stays_of_what_was_removed(world: World, shop: Shop) -> None:
    await stands(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.sending.remove()
        assert await uow.sending.read() is None
    assert await world.identities.of(shop.merchant_id) is None
    assert await world.identities.of(uuid4()) is None


async def test_what_stands_is_looked_at_daily_and_the_rest_every_hour(
    world: World, shop: Shop
) -> None:
    other = await world.shop()
    await choose(world, other)
    await stands(world, shop)
    asked = {shop.merchant_id, other.merchant_id}
    assert asked & set(await world.sending_checks.due(MONDAY, 1_000)) == {other.merchant_id}
    await look(world, other, tried_at=MONDAY)
    soon = set(await world.sending_checks.due(MONDAY + HOUR, 1_000))
    assert asked & soon == {other.merchant_id}
    assert asked <= set(await world.sending_checks.due(MONDAY + DAY, 1_000))
    assert len(await world.sending_checks.due(MONDAY + DAY, 1)) == 1
