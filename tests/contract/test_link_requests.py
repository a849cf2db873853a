"""Requests for a fresh link: one a day of a case, answered once, the oldest first."""

from uuid import UUID, uuid4

from application.ports.link_requests import OLDEST, LinkRequest, RequestState
from application.ports.stores import LinkTarget
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World, a_case


def a_request(shop: Shop, case_id: UUID, asked_at: object = MONDAY) -> LinkRequest:
    return LinkRequest(case_id=case_id, account=shop.account, asked_at=asked_at)  # type: ignore[arg-type]


async def test_a_case_has_one_request_a_day(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    days = [a_request(shop, case_id, MONDAY + after) for after in (0 * DAY, HOUR, DAY)]
    async with world.open_uow(shop.merchant_id) as uow:
        asked = [await uow.link_requests.ask(each) for each in days]
    assert asked == [True, False, True]


async def test_the_one_that_has_waited_longest_comes_first(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    first, second = a_request(shop, case_id), a_request(shop, case_id, MONDAY + DAY)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.link_requests.waiting(shop.account) is None
        for each in (second, first):
            await uow.link_requests.ask(each)
        assert await uow.link_requests.waiting(shop.account) == first
        assert await uow.link_requests.waiting("acct_other") is None
        assert await uow.link_requests.move(first, RequestState.BEGUN)
        assert not await uow.link_requests.move(first, RequestState.BEGUN)
        assert await uow.link_requests.waiting(shop.account) == second
        assert await uow.link_requests.move(first, RequestState.WAITING)
        assert await uow.link_requests.waiting(shop.account) == first


async def test_a_link_is_known_for_a_year_after_it_has_expired(world: World, shop: Shop) -> None:
    case_id, token_hash = await a_case(world, shop), uuid4().bytes * 2
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.links.keep(token_hash, case_id, MONDAY + DAY, bytes(32))
    target = LinkTarget(merchant_id=shop.merchant_id, case_id=case_id, address_hash=bytes(32))
    assert await world.registry.old_link(token_hash) == target
    assert await world.registry.old_link(bytes(32)) is None
    world.now = MONDAY + 2 * DAY
    assert await world.registry.link(token_hash) is None
    assert await world.registry.old_link(token_hash) == target
    world.now = MONDAY + DAY + OLDEST
    assert await world.registry.old_link(token_hash) is None


async def test_one_merchants_requests_are_nobody_elses(world: World, shop: Shop) -> None:
    request, other = a_request(shop, await a_case(world, shop)), await world.shop()
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.link_requests.ask(request)
    async with world.open_uow(other.merchant_id) as uow:
        assert await uow.link_requests.waiting(shop.account) is None
