"""Hosts for customers' links: one of each merchant, one merchant of each that stands."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from application.ports.link_hosts import HostTaken
from domain.link_host import LinkHost
from domain.records import State
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World


def a_host() -> LinkHost:
    return LinkHost(host=f"pay.{uuid4().hex}.example", proof=uuid4().hex)


async def choose(world: World, shop: Shop, it: LinkHost) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.link_host.choose(it, MONDAY)


async def read(world: World, merchant_id: UUID) -> LinkHost | None:
    async with world.open_uow(merchant_id) as uow:
        return await uow.link_host.read()


async def look(world: World, shop: Shop, **found: Any) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        it = await uow.link_host.read()
        assert it is not None
        await uow.link_host.looked(replace(it, **found))


async def stands(world: World, shop: Shop, it: LinkHost) -> None:
    await choose(world, shop, it)
    await look(
        world,
        shop,
        record=State.RIGHT,
        page=State.RIGHT,
        tried_at=MONDAY,
        checked_at=MONDAY,
        verified_at=MONDAY,
    )


async def test_what_was_chosen_is_read_back_by_its_merchant_alone(world: World, shop: Shop) -> None:
    it = a_host()
    await choose(world, shop, it)
    assert await read(world, shop.merchant_id) == it
    assert await read(world, (await world.shop()).merchant_id) is None


async def test_links_lead_to_a_host_only_while_it_stands(world: World, shop: Shop) -> None:
    it = a_host()
    assert await world.link_hosts.of(shop.merchant_id) is None
    await choose(world, shop, it)
    assert await world.link_hosts.of(shop.merchant_id) is None
    assert await world.link_hosts.owner(it.host) is None
    await stands(world, shop, it)
    assert await world.link_hosts.of(shop.merchant_id) == it.host
    assert await world.link_hosts.owner(it.host) == shop.merchant_id
    await look(world, shop, lost_at=MONDAY + DAY)
    assert await world.link_hosts.of(shop.merchant_id) is None


async def test_links_that_were_sent_stay_their_merchants(world: World, shop: Shop) -> None:
    it, heir = a_host(), await world.shop()
    await stands(world, shop, it)
    await look(world, shop, lost_at=MONDAY + DAY)
    assert await world.link_hosts.owner(it.host) == shop.merchant_id
    await stands(world, heir, replace(it, proof=uuid4().hex))
    assert await world.link_hosts.owner(it.host) == heir.merchant_id


async def test_a_host_stands_for_one_merchant_at_a_time(world: World, shop: Shop) -> None:
    it, other = a_host(), await world.shop()
    await stands(world, shop, it)
    await choose(world, other, replace(it, proof=uuid4().hex))
    async with world.open_uow(other.merchant_id) as uow:
        mine = await uow.link_host.read()
        assert mine is not None
        with pytest.raises(HostTaken):
            await uow.link_host.looked(replace(mine, verified_at=MONDAY, checked_at=MONDAY))
        await uow.link_host.looked(replace(mine, taken=True))  # the work goes on
    assert await read(world, other.merchant_id) == replace(mine, taken=True)
    assert await world.link_hosts.owner(it.host) == shop.merchant_id


async def test_a_certificate_may_be_had_once_the_record_stands(world: World, shop: Shop) -> None:
    it = a_host()
    await choose(world, shop, it)
    assert not await world.link_hosts.is_proven(it.host)
    await look(world, shop, record=State.RIGHT)
    assert await world.link_hosts.is_proven(it.host)
    assert not await world.link_hosts.is_proven("")


async def test_another_host_begins_anew_and_nothing_stays_of_one_that_was_given_up(
    world: World, shop: Shop
) -> None:
    await stands(world, shop, a_host())
    other = a_host()
    await choose(world, shop, other)
    assert await read(world, shop.merchant_id) == other
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.link_host.remove()
    assert await read(world, shop.merchant_id) is None


async def test_what_stands_is_looked_at_daily_and_the_rest_every_hour(
    world: World, shop: Shop
) -> None:
    other = await world.shop()
    await choose(world, other, a_host())
    await stands(world, shop, a_host())
    asked = {shop.merchant_id, other.merchant_id}
    assert asked & set(await world.link_host_checks.due(MONDAY, 1_000)) == {other.merchant_id}
    await look(world, other, tried_at=MONDAY)
    soon = set(await world.link_host_checks.due(MONDAY + HOUR, 1_000))
    assert asked & soon == {other.merchant_id}
    assert asked <= set(await world.link_host_checks.due(MONDAY + DAY, 1_000))
