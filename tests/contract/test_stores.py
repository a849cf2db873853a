"""Customers, policies, links, messages and the audit log of one merchant."""

from uuid import uuid4

import pytest

from application.errors import NotFound
from application.ports.stores import AuditEntry, ConcurrentWrite, LinkTarget
from tests.builders import DAY, HOUR, MONDAY, a_customer, a_policy
from tests.contract.worlds import Shop, World, a_case

ENTRY = AuditEntry(
    at=MONDAY, actor="worker", action="case_opened", subject="case:1", before={}, after={"n": 1}
)


async def test_a_customer_is_kept_and_refreshed(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.customers.keep(shop.account, a_customer())
        await uow.customers.keep(shop.account, a_customer(email="new@example.com", locale=None))
    async with world.open_uow(shop.merchant_id) as uow:
        found = await uow.customers.find(shop.account, "cus_anna")
        assert found == a_customer(email="new@example.com", locale=None)
        assert await uow.customers.find(shop.account, "cus_bob") is None
        assert await uow.customers.find("acct_other", "cus_anna") is None


async def test_a_customer_is_nobody_elses(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.customers.keep(shop.account, a_customer())
    stranger = await world.shop()
    async with world.open_uow(stranger.merchant_id) as uow:
        assert await uow.customers.find(shop.account, "cus_anna") is None


async def test_a_policy_comes_back_as_it_was(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.policies.active() == a_policy()
        assert await uow.policies.version(1) == a_policy()
        with pytest.raises(NotFound):
            await uow.policies.version(2)


async def test_a_stranger_has_no_policy(world: World) -> None:
    async with world.open_uow(uuid4()) as uow:
        with pytest.raises(NotFound):
            await uow.policies.active()


async def test_a_link_leads_to_its_case_until_it_expires(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    token_hash = uuid4().bytes * 2
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.links.keep(token_hash, case_id, MONDAY + DAY)
    target = LinkTarget(merchant_id=shop.merchant_id, case_id=case_id)
    assert await world.registry.link(token_hash) == target
    assert await world.registry.link(bytes(32)) is None
    world.now = MONDAY + DAY
    assert await world.registry.link(token_hash) is None


async def test_a_message_that_was_not_sent_may_begin_again(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, 1, "one@mail", "Your payment")
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, 1, "one@mail", "Your payment")
        await uow.messages.begin(case_id, 2, "two@mail", "Your payment")
        await uow.messages.sent("one@mail", MONDAY + HOUR)


async def test_a_message_that_was_sent_is_not_begun_again(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, 1, "one@mail", "Your payment")
        await uow.messages.sent("one@mail", MONDAY)
    with pytest.raises(ConcurrentWrite):
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.messages.begin(case_id, 1, "one@mail", "Your payment")


async def test_the_audit_log_takes_any_number_of_entries(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.audit.add(ENTRY)
        await uow.audit.add(ENTRY)
