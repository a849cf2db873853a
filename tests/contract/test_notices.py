"""A notice of a card that will expire goes once, counts as a message, and its link opens a page."""

from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace

from application.ports.notices import ExpiryNotice
from application.ports.stores import CardLink
from tests.builders import DAY, HOUR, MONDAY
from tests.contract.worlds import Shop, World, a_case, a_message


def a_notice(shop: Shop, **changes: Any) -> ExpiryNotice:
    """To Anna, about a card that is good to the end of the month."""
    notice = ExpiryNotice(
        notice_id=uuid4(),
        account=shop.account,
        customer_id="cus_anna",
        subscription_id="sub_bread",
        payment_method="pm_old",
        expires="2026-03",
        renews_at=MONDAY + 9 * DAY,
        token_hash=uuid4().bytes,
        link_until=MONDAY + 60 * DAY,
        begun_at=MONDAY,
    )
    return replace(notice, **changes)


async def begin(world: World, shop: Shop, notice: ExpiryNotice) -> bool:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.notices.begin(notice)


async def fail(world: World, shop: Shop, notice_id: UUID, *, final: bool) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.notices.failed(notice_id, final=final)


async def test_a_notice_begins_once(world: World, shop: Shop) -> None:
    notice = a_notice(shop)
    assert await begin(world, shop, notice)
    assert not await begin(world, shop, replace(notice, token_hash=b"another"))
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.notices.begun((notice.notice_id, uuid4())) == {notice.notice_id: MONDAY}
        await uow.notices.sent(notice.notice_id, MONDAY + HOUR)
    assert not await begin(world, shop, notice)


async def test_one_that_was_put_off_begins_again_and_a_refused_one_never(
    world: World, shop: Shop
) -> None:
    notice = a_notice(shop)
    await begin(world, shop, notice)
    await fail(world, shop, notice.notice_id, final=False)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.notices.begun((notice.notice_id,)) == {}
    again = replace(notice, begun_at=MONDAY + DAY, token_hash=uuid4().bytes)
    assert await begin(world, shop, again)
    assert await world.registry.link(notice.token_hash) is None
    assert await world.registry.link(again.token_hash) is not None
    await fail(world, shop, notice.notice_id, final=True)
    assert not await begin(world, shop, notice)


async def test_it_counts_as_a_message_unless_it_did_not_go(world: World, shop: Shop) -> None:
    went, failed, refused = (
        a_notice(shop, begun_at=MONDAY + hours * HOUR, payment_method=f"pm_{hours}")
        for hours in (1, 2, 3)
    )
    case_id = await a_case(world, shop)
    for notice in (went, failed, refused, a_notice(shop, customer_id="cus_ben")):
        await begin(world, shop, notice)
    await fail(world, shop, failed.notice_id, final=False)
    await fail(world, shop, refused.notice_id, final=True)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, a_message())
        said = await uow.cases.conversation(uuid4(), shop.account, "cus_anna", MONDAY + DAY)
        later = await uow.cases.conversation(uuid4(), shop.account, "cus_anna", MONDAY + 40 * DAY)
    assert said.contacts == (MONDAY, MONDAY + HOUR)
    assert later.contacts == ()


async def test_one_that_may_have_gone_is_not_begun_again_and_counts(
    world: World, shop: Shop
) -> None:
    notice = a_notice(shop)
    await begin(world, shop, notice)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.notices.sent(notice.notice_id, MONDAY, answered=False)
    assert not await begin(world, shop, notice)
    async with world.open_uow(shop.merchant_id) as uow:
        said = await uow.cases.conversation(uuid4(), shop.account, "cus_anna", MONDAY + DAY)
    assert said.contacts == (MONDAY,)


async def test_its_link_opens_until_it_expires(world: World, shop: Shop) -> None:
    notice = a_notice(shop)
    await begin(world, shop, notice)
    assert await world.registry.link(notice.token_hash) == CardLink(
        merchant_id=shop.merchant_id,
        account=shop.account,
        customer_id="cus_anna",
        subscription_id="sub_bread",
        begun_at=MONDAY,
    )
    world.now = notice.link_until
    assert await world.registry.link(notice.token_hash) is None


async def test_another_merchant_does_not_see_it(world: World, shop: Shop) -> None:
    notice, other = a_notice(shop), await world.shop()
    await begin(world, shop, notice)
    async with world.open_uow(other.merchant_id) as uow:
        assert await uow.notices.begun((notice.notice_id,)) == {}
