"""WarnOfExpiry: one letter for a card that will have expired; the new card finds its place."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.email.render import JinjaLetters
from adapters.memory.chores import MemoryChoreQueue
from adapters.memory.mailer import MemoryMailer
from adapters.memory.registry import MemoryRegistry
from adapters.memory.renewals import MemoryRenewals
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from application.case_ids import case_id_for
from application.customer_links import CustomerLinks
from application.mail_gate import MailGate
from application.ports.chores import ChoreKind, ChoreRef
from application.ports.mail_limits import LastHour, MailLimits
from application.ports.notices import ExpiryNotice
from application.ports.payments import StripeUnavailable
from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink
from application.ports.suppressions import Suppression, hash_of
from application.use_cases.card_pages import LOOKED_AT_AFTER, CardPages
from application.use_cases.unsubscribe import Unsubscribe
from application.use_cases.warn_of_expiry import EVERY, SOONEST, WarnOfExpiry
from domain.expiry import Renewal
from domain.policy import Policy
from domain.recovery.case import replay
from tests.builders import (
    ACCOUNT,
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    OLD_VISA,
    a_customer,
    a_policy,
)
from tests.contract.worlds import Shop, opened

MERCHANT_ID = UUID(int=1)
REF = ChoreRef(MERCHANT_ID, ACCOUNT, ChoreKind.EXPIRY)
RENEWS_AT = MONDAY + 9 * DAY
OVER = replace(OLD_VISA, expires="2026-02")
GOOD = replace(NEW_VISA, expires="2029-01")
ADDRESS = "https://app.example.com/r/token-1"


class Bakery:
    """One account, its chore, and a Stripe whose subscriptions a test sets."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.now, self.tokens = MONDAY, 0
        self.world = MemoryWorld(wall=lambda: self.now)
        self.world.policies[MERCHANT_ID, 1] = policy or a_policy(expiry_notice=10 * DAY)
        self.world.merchants[MERCHANT_ID] = MerchantProfile(
            merchant_id=MERCHANT_ID, name="Bakery", timezone="Europe/Berlin", reply_to=None
        )
        self.open_uow, self.queue = units_of_work(self.world), MemoryChoreQueue(self.world)
        self.stripe, self.mail = MemoryRenewals(self.clock), MemoryMailer()
        self.registry = MemoryRegistry(self.world, self.clock)
        self.pages = CardPages(renewals=self.stripe, open_uow=self.open_uow, clock=self.clock)
        self.warn = WarnOfExpiry(
            renewals=self.stripe,
            open_uow=self.open_uow,
            registry=self.registry,
            mailer=self.mail,
            renderer=JinjaLetters(),
            new_token=self.new_token,
            clock=self.clock,
            links=CustomerLinks("https://app.example.com"),
            mail_domain="mail.example.com",
        )

    def clock(self) -> datetime:
        return self.now

    def new_token(self) -> str:
        self.tokens += 1
        return f"token-{self.tokens}"

    def bills(self, **changes: Any) -> Renewal:
        """A subscription whose card will have expired at its renewal."""
        given: dict[str, Any] = {
            "subscription_id": "sub_bread",
            "at": RENEWS_AT,
            "customer": a_customer(),
            "card": OVER,
        }
        renewal = Renewal(**{**given, **changes})
        self.stripe.put(ACCOUNT, renewal)
        return renewal

    async def run(self) -> None:
        """The chore's run that is due now, to its end."""
        async with self.open_uow(MERCHANT_ID) as uow:
            await uow.chores.put(ACCOUNT, ChoreKind.EXPIRY, self.now)
        while True:
            chore = await self.queue.read(REF)
            assert chore is not None
            if not (await self.warn(chore)).running:
                return

    async def next_at(self) -> timedelta:
        chore = await self.queue.read(REF)
        assert chore is not None
        return chore.due_at - self.now

    async def link(self) -> CardLink:
        found = await self.registry.link(sha256(b"token-1").digest())
        assert isinstance(found, CardLink)
        return found


async def told(bakery: Bakery) -> int:
    await bakery.run()
    return len(bakery.mail.letters)


async def test_who_will_be_charged_by_a_card_that_expires_is_told_once() -> None:
    bakery = Bakery()
    bakery.bills()
    assert await told(bakery) == 1
    letter = bakery.mail.letters[0]
    assert (letter.to, letter.sender_name) == ("anna@example.com", "Bakery")
    assert "Februar\N{NO-BREAK SPACE}2026" in letter.text
    assert "11.\N{NO-BREAK SPACE}März" in letter.text
    assert ADDRESS in letter.text
    bakery.now += DAY
    assert await told(bakery) == 1
    assert await bakery.next_at() == EVERY


async def test_a_notice_over_a_cap_waits_and_goes_when_there_is_room() -> None:
    bakery = Bakery()
    bakery.bills()
    object.__setattr__(bakery.warn, "gate", MailGate(limits=MailLimits(per_minute=1)))
    async with bakery.open_uow(MERCHANT_ID) as uow:
        await uow.notices.begin(another_notice(bakery.now))
    assert await told(bakery) == 0
    assert await bakery.next_at() < EVERY
    bakery.now += await bakery.next_at()
    assert await told(bakery) == 1


async def test_while_too_many_of_all_letters_come_back_no_notice_goes() -> None:
    async def everybody() -> LastHour:
        return LastHour(went=100, dead=50)

    bakery = Bakery()
    bakery.bills()
    object.__setattr__(bakery.warn, "gate", MailGate(everybody=everybody))
    assert await told(bakery) == 0
    assert await bakery.next_at() < EVERY


def another_notice(at: datetime) -> ExpiryNotice:
    """To somebody else, just now."""
    return ExpiryNotice(
        notice_id=uuid4(),
        account=ACCOUNT,
        customer_id="cus_bea",
        subscription_id="sub_bea",
        payment_method="pm_bea",
        expires="2026-02",
        renews_at=at + DAY,
        token_hash=uuid4().bytes,
        link_until=at + DAY,
        begun_at=at,
    )


async def test_of_two_subscriptions_on_one_card_one_letter_speaks() -> None:
    bakery = Bakery()
    bakery.bills()
    bakery.bills(subscription_id="sub_cake")
    assert await told(bakery) == 1


async def test_a_card_that_the_network_renewed_since_the_list_was_read_is_left_alone() -> None:
    bakery = Bakery()
    listed = bakery.bills()
    read = bakery.stripe.of_subscription

    async def renewed(account: str, subscription_id: str) -> Renewal | None:
        bakery.stripe.put(account, replace(listed, card=replace(OVER, expires="2029-02")))
        return await read(account, subscription_id)

    bakery.stripe.of_subscription = renewed  # type: ignore[method-assign]
    assert await told(bakery) == 0
    assert not bakery.world.notices


async def test_who_cancels_between_list_and_letter_is_left_alone() -> None:
    bakery = Bakery()
    bakery.bills()

    async def gone(account: str, subscription_id: str) -> Renewal | None:
        return None

    bakery.stripe.of_subscription = gone  # type: ignore[method-assign]
    assert await told(bakery) == 0


async def test_nobody_without_an_address_and_nobody_whom_the_policy_leaves_alone() -> None:
    bakery = Bakery()
    bakery.bills(customer=a_customer(email=None))
    assert await told(bakery) == 0
    silent = Bakery(a_policy(expiry_notice=timedelta()))
    silent.bills()
    assert await told(silent) == 0
    assert await silent.next_at() == EVERY


async def test_a_customer_with_an_open_case_hears_of_the_card_there() -> None:
    bakery = Bakery()
    bakery.bills()
    case = (opened(Shop(MERCHANT_ID, ACCOUNT)),)
    case_id = case_id_for(ACCOUNT, "in_1")
    async with bakery.open_uow(MERCHANT_ID) as uow:
        await uow.cases.append(case_id, 0, case, replay(case))
    assert await told(bakery) == 0


async def test_at_night_they_are_told_in_the_morning_and_the_list_is_read_again_for_them() -> None:
    bakery = Bakery()
    bakery.bills()
    bakery.now = MONDAY + 12 * HOUR  # eleven in the evening in Berlin
    assert await told(bakery) == 0
    wait = await bakery.next_at()
    assert bakery.now + wait == MONDAY + DAY - 2 * HOUR
    bakery.now += wait
    assert await told(bakery) == 1


async def test_a_letter_that_the_mail_server_put_off_is_tried_again_and_a_refused_one_is_not() -> (
    None
):
    bakery = Bakery()
    bakery.bills()
    bakery.mail.is_down = True
    assert await told(bakery) == 0
    assert await bakery.next_at() == SOONEST
    bakery.now += SOONEST
    bakery.mail.is_down = False
    bakery.mail.refuses.add("anna@example.com")
    assert await told(bakery) == 0
    bakery.mail.refuses.clear()
    bakery.now += DAY
    assert await told(bakery) == 0


async def test_what_was_read_of_a_long_list_is_not_read_again() -> None:
    """Page by page, and one who waits on the first page wakes the run after the last."""
    bakery = Bakery()
    bakery.now = MONDAY + 12 * HOUR
    for number in range(250):
        person = a_customer(customer_id=f"cus_{number:03}", email=f"{number}@example.com")
        card = replace(OVER, payment_method=f"pm_{number:03}")
        bakery.bills(subscription_id=f"sub_{number:03}", customer=person, card=card)
    assert await told(bakery) == 0
    chore = await bakery.queue.read(REF)
    assert chore is not None
    assert (chore.progress.done, chore.turn) == (250, 3)
    bakery.now += await bakery.next_at()
    assert await told(bakery) == 250


async def test_the_card_they_give_is_put_where_the_renewal_looks() -> None:
    bakery = Bakery()
    bakery.bills()
    await bakery.run()
    link = await bakery.link()
    assert await bakery.pages.open(link, ADDRESS) == "https://billing.stripe.com/p/session/1"
    assert await bakery.next_at() == LOOKED_AT_AFTER
    bakery.now += timedelta(minutes=2)
    bakery.stripe.gives(ACCOUNT, "sub_bread", GOOD)
    standing = await bakery.pages.standing(link)
    assert standing is not None
    assert (standing.card, standing.will_do) == (GOOD, True)
    bakery.now += LOOKED_AT_AFTER
    await bakery.run()
    renewal = await bakery.stripe.of_subscription(ACCOUNT, "sub_bread")
    assert renewal is not None
    assert renewal.card == GOOD
    assert len(bakery.mail.letters) == 1


async def test_a_card_that_lay_there_before_they_were_told_is_not_taken() -> None:
    """Nobody said that it may be charged for this."""
    bakery = Bakery()
    bakery.bills()
    bakery.now -= HOUR
    bakery.stripe.gives(ACCOUNT, "sub_bread", GOOD)
    bakery.now += HOUR
    await bakery.run()
    bakery.now += DAY
    await bakery.run()
    renewal = await bakery.stripe.of_subscription(ACCOUNT, "sub_bread")
    assert renewal is not None
    assert renewal.card == OVER


async def test_two_clicks_open_one_page_and_a_later_one_another() -> None:
    bakery = Bakery()
    bakery.bills()
    await bakery.run()
    link = await bakery.link()
    first = await bakery.pages.open(link, ADDRESS)
    bakery.now += timedelta(seconds=30)
    assert await bakery.pages.open(link, ADDRESS) == first
    bakery.now += timedelta(minutes=1)
    await bakery.pages.open(link, ADDRESS)
    assert len(bakery.stripe.opened) == 2


async def test_there_is_no_page_where_there_is_nothing_to_change() -> None:
    bakery = Bakery()
    bakery.bills()
    await bakery.run()
    link = await bakery.link()
    bakery.stripe.has_card_pages = False
    assert await bakery.pages.open(link, ADDRESS) is None
    bakery.stripe.has_card_pages = True
    bakery.bills(card=GOOD)
    assert await bakery.pages.open(link, ADDRESS) is None
    bakery.stripe.ends(ACCOUNT, "sub_bread")
    assert await bakery.pages.standing(link) is None
    assert await bakery.pages.open(link, ADDRESS) is None
    bakery.stripe.is_down = True
    with pytest.raises(StripeUnavailable):
        await bakery.pages.standing(link)


async def test_a_notice_counts_against_the_budget_of_cases_messages() -> None:
    bakery = Bakery()
    bakery.bills()
    await bakery.run()
    async with bakery.open_uow(MERCHANT_ID) as uow:
        said = await uow.cases.conversation(UUID(int=9), ACCOUNT, "cus_anna", bakery.now + HOUR)
    assert said.contacts == (MONDAY,)


hours = st.integers(1, 30)
happenings = st.sampled_from(
    ["nothing", "renewed", "expires again", "cancelled", "defers", "gives"]
)


@settings(max_examples=150, deadline=None)
@given(story=st.lists(st.tuples(hours, happenings), max_size=25))
def test_whatever_happens_each_expiry_is_told_at_most_once(
    story: Sequence[tuple[int, str]],
) -> None:
    """And never after the card was renewed or replaced, nor at night, nor too often."""
    asyncio.run(_lived(story))


async def _lived(story: Sequence[tuple[int, str]]) -> None:
    bakery = Bakery()
    renewal, expiries = bakery.bills(), {OVER.expires}
    for waited, what in story:
        bakery.mail.is_down = what == "defers"
        match what:
            case "renewed":
                renewal = bakery.bills(card=replace(renewal.card, expires="2031-01"))
            case "expires again":
                expires = f"2025-{len(expiries):02}"
                expiries.add(expires)
                renewal = bakery.bills(card=replace(OVER, expires=expires))
            case "cancelled":
                bakery.stripe.ends(ACCOUNT, "sub_bread")
            case "gives" if await bakery.stripe.of_subscription(ACCOUNT, "sub_bread"):
                bakery.stripe.gives(ACCOUNT, "sub_bread", GOOD)
        before = len(bakery.mail.letters)
        await bakery.run()
        held = await bakery.stripe.of_subscription(ACCOUNT, "sub_bread")
        if held is None or not held.runs_out:
            assert len(bakery.mail.letters) == before
        bakery.now += waited * HOUR
    assert len(bakery.mail.letters) <= len(expiries)
    notices = [held for held in bakery.world.notices.values() if held.state == "sent"]
    at = sorted(held.notice.begun_at for held in notices)
    assert len(at) == len(bakery.mail.letters)
    assert all(later - sooner >= 2 * DAY for sooner, later in pairwise(at))


async def test_who_does_not_want_letters_and_whose_address_is_dead_hear_nothing() -> None:
    bakery = Bakery()
    bakery.bills()
    desk = Unsubscribe(open_uow=bakery.open_uow, clock=bakery.clock)
    async with bakery.open_uow(MERCHANT_ID) as uow:
        await uow.suppressions.add(hash_of("Anna@example.com"), Suppression.BOUNCED, bakery.now)
    assert await told(bakery) == 0
    async with bakery.open_uow(MERCHANT_ID) as uow:
        await uow.suppressions.lift(hash_of("anna@example.com"), Suppression.BOUNCED, bakery.now)
    assert await told(bakery) == 1
    (letter,) = bakery.mail.letters
    assert letter.unsubscribe == "https://app.example.com/u/token-1"
    link = await bakery.link()
    assert await desk.is_silent(link) is False
    await desk.stop(link)
    assert await desk.is_silent(link) is True
    bakery.bills(card=replace(OVER, payment_method="pm_next"))
    assert await told(bakery) == 1


async def test_an_address_that_its_mail_server_does_not_know_is_remembered() -> None:
    bakery = Bakery()
    bakery.bills()
    bakery.mail.refuses.add("anna@example.com")
    assert await told(bakery) == 0
    async with bakery.open_uow(MERCHANT_ID) as uow:
        assert await uow.suppressions.reason(hash_of("anna@example.com")) is Suppression.BOUNCED
    told_of = [e for e in bakery.world.audit.values() if e.action == "suppress_address"]
    assert [entry.after for entry in told_of] == [{"reason": "bounced"}]
    assert "anna@example.com" not in str(told_of)
