"""Customers, policies, links, messages and the audit log of one merchant."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from application.errors import NotFound
from application.ports.stores import AuditEntry, ConcurrentWrite, Conversation, LinkTarget
from application.ports.suppressions import hash_of
from domain.network import CardUse
from domain.policy import Channel
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Circumstances
from domain.recovery.explain import Decision
from tests.builders import DAY, HOUR, MONDAY, a_customer, a_policy, to_open
from tests.contract.worlds import Shop, World, a_case, a_message, tell

ENTRY = AuditEntry(
    at=MONDAY, actor="worker", action="case_opened", subject="case:1", before={}, after={"n": 1}
)


async def test_a_customer_is_kept_and_refreshed(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.customers.keep(shop.account, a_customer()) is None
        assert await uow.customers.keep(shop.account, a_customer()) is None
        left = await uow.customers.keep(
            shop.account, a_customer(email="new@example.com", locale=None)
        )
        assert left == hash_of(a_customer().email or "")
    async with world.open_uow(shop.merchant_id) as uow:
        found = await uow.customers.find(shop.account, "cus_anna")
        assert found == a_customer(email="new@example.com", locale=None)
        assert await uow.customers.find(shop.account, "cus_bob") is None
        assert await uow.customers.find("acct_other", "cus_anna") is None


async def test_a_phone_number_is_not_kept_with_the_customer(world: World, shop: Shop) -> None:
    told = a_customer(phone="+491713920055", texts_agreed_on=MONDAY.date())
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.customers.keep(shop.account, told)
        assert await uow.customers.find(shop.account, "cus_anna") == a_customer()


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


async def test_a_policy_that_is_activated_is_the_next_version_for_new_cases(
    world: World, shop: Shop
) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        gentler = a_policy(name="gentler", version=7)
        assert await uow.policies.activate(gentler, "user:1", MONDAY) == 2
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.policies.active() == replace(gentler, version=2)
        assert await uow.policies.version(1) == a_policy()
        assert await uow.policies.activate(gentler, "user:1", MONDAY) == 3


async def test_a_stranger_has_no_policy(world: World) -> None:
    async with world.open_uow(uuid4()) as uow:
        with pytest.raises(NotFound):
            await uow.policies.active()


async def test_a_link_leads_to_its_case_until_it_expires(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    token_hash = uuid4().bytes * 2
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.links.keep(token_hash, case_id, MONDAY + DAY, bytes(32))
    target = LinkTarget(merchant_id=shop.merchant_id, case_id=case_id, address_hash=bytes(32))
    assert await world.registry.link(token_hash) == target
    assert await world.registry.link(bytes(32)) is None
    world.now = MONDAY + DAY
    assert await world.registry.link(token_hash) is None


async def test_a_message_that_was_not_sent_may_begin_again(world: World, shop: Shop) -> None:
    case_id = await a_case(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, a_message())
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, a_message())
        await uow.messages.begin(case_id, a_message(2, "two@mail"))
        await uow.messages.sent("one@mail", MONDAY + HOUR)


@pytest.mark.parametrize("answered", [True, False])
async def test_a_message_that_was_sent_or_may_have_been_is_not_begun_again(
    world: World, shop: Shop, answered: bool
) -> None:
    case_id = await a_case(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, a_message())
        await uow.messages.sent("one@mail", MONDAY, answered=answered)
    with pytest.raises(ConcurrentWrite):
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.messages.begin(case_id, a_message())


async def test_a_message_that_did_not_go_may_begin_again_and_counts_for_nothing(
    world: World, shop: Shop
) -> None:
    case_id = await a_case(world, shop)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, a_message())
        await uow.messages.failed("one@mail")
    assert (await said(world, shop, case_id)).contacts == ()
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, a_message(at=MONDAY + HOUR))
    assert (await said(world, shop, case_id)).contacts == (MONDAY + HOUR,)


async def test_a_text_that_did_not_arrive_counts_for_nothing_and_its_step_stays_used_up(
    world: World, shop: Shop
) -> None:
    case_id, other = await a_case(world, shop), await world.shop()
    text = replace(a_message(), channel=Channel.SMS)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(case_id, text)
        await uow.messages.sent("one@mail", MONDAY)
    async with world.open_uow(other.merchant_id) as uow:
        await uow.messages.undelivered(case_id, 1)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.undelivered(case_id, 2)
    assert (await said(world, shop, case_id)).contacts == (MONDAY,)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.undelivered(case_id, 1)
    assert (await said(world, shop, case_id)).contacts == ()


async def test_what_is_said_to_a_person_is_counted_over_all_their_cases_for_30_days(
    world: World, shop: Shop
) -> None:
    one = await a_case(world, shop, "in_1")
    other = await a_case(world, shop, "in_2")
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.messages.begin(other, a_message(2, "b@mail", MONDAY + DAY))
        await uow.messages.begin(one, a_message(1, "a@mail", MONDAY))
        await uow.messages.sent("a@mail", MONDAY)
    assert (await said(world, shop, one)).contacts == (MONDAY, MONDAY + DAY)
    later = await said(world, shop, one, now=MONDAY + 30 * DAY)
    assert later.contacts == (MONDAY + DAY,)
    assert (await said(world, shop, one, customer="cus_bob")).contacts == ()


async def test_the_oldest_case_with_a_message_planned_speaks_for_the_others(
    world: World, shop: Shop
) -> None:
    older = await a_case(world, shop, "in_1", MONDAY)
    younger = await a_case(world, shop, "in_2", MONDAY + HOUR)
    unopened = uuid4()
    assert not (await said(world, shop, younger)).spoken_for
    planned = e.ReminderPlanned(at=MONDAY, step=1, due_at=MONDAY + DAY)
    await tell(world, shop, younger, planned)
    assert not (await said(world, shop, older)).spoken_for
    assert not (await said(world, shop, younger)).spoken_for
    assert (await said(world, shop, unopened)).spoken_for
    await tell(world, shop, older, planned)
    assert (await said(world, shop, younger)).spoken_for
    assert not (await said(world, shop, older)).spoken_for
    await tell(world, shop, older, e.CaseStopped(at=MONDAY, reason=e.StopReason.VOIDED))
    assert not (await said(world, shop, younger)).spoken_for


async def said(
    world: World,
    shop: Shop,
    case_id: UUID,
    *,
    customer: str = "cus_anna",
    now: datetime = MONDAY + 2 * DAY,
) -> Conversation:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.cases.conversation(case_id, shop.account, customer, now)


async def test_a_decision_comes_back_as_it_was_and_to_its_merchant_only(
    world: World, shop: Shop
) -> None:
    case_id = await a_case(world, shop)
    around = Circumstances(
        use=CardUse(month=(MONDAY,), barred=True),
        contacts=(MONDAY, MONDAY + HOUR),
        spoken_for=True,
        holidays=(MONDAY.date(),),
        draw=2**32 - 1,
        merchant="own",
    )
    first = Decision(
        at=MONDAY, version=0, commands=(to_open(),), policy_version=1, circumstances=around
    )
    second = Decision(
        at=MONDAY + DAY, version=1, commands=(c.WriteOff(),), policy_version=1, knowledge_version=3
    )
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.decisions.add(case_id, first)
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.decisions.add(case_id, second)
    async with world.open_uow(shop.merchant_id) as uow:
        assert await uow.decisions.of_case(case_id) == (first, second)
        assert await uow.decisions.of_case(uuid4()) == ()
    stranger = await world.shop()
    async with world.open_uow(stranger.merchant_id) as uow:
        assert await uow.decisions.of_case(case_id) == ()


async def test_the_audit_log_takes_any_number_of_entries(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.audit.add(ENTRY)
        await uow.audit.add(ENTRY)
