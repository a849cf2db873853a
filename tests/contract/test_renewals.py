"""What every reader of renewals promises: the one in memory, and Stripe's rehearsal over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from msgspec.structs import replace

from adapters.memory.renewals import MemoryRenewals
from adapters.stripe.renewals import StripeRenewals
from application.ports.payments import StripeUnavailable
from application.ports.renewals import Renewals
from domain.expiry import Renewal
from tests.builders import NEW_VISA, OLD_VISA, a_customer
from tests.stripe_shop import ACCOUNT, PAYS, Shop, a_shop

BACK = "https://app.example.com/r/abc"
MONTH = timedelta(days=31)


class Book(Protocol):
    """Subscriptions under test, and how to set their scene."""

    @property
    def renewals(self) -> Renewals: ...
    def now(self) -> datetime: ...
    async def subscription(self) -> str:
        """Renews within a month, by a card of the customer's own default."""
        ...

    async def one_by_a_card_that_is_over(self) -> str:
        """Its own card has expired."""
        ...

    async def gives(self, subscription: str) -> str:
        """The customer gives a card on Stripe's page; its id."""
        ...

    async def cancels(self, subscription: str) -> None: ...
    async def go_down(self) -> None: ...


class MemoryBook:
    """The shipped fake, told what to do."""

    def __init__(self) -> None:
        self.renewals = MemoryRenewals(self.now)
        self._count = 0

    def now(self) -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC)

    def _put(self, **changes: Any) -> str:
        self._count += 1
        renewal = Renewal(
            subscription_id=f"sub_{self._count}",
            at=self.now() + timedelta(days=20),
            customer=a_customer(),
            card=replace(OLD_VISA, expires="2029-12"),
        )
        self.renewals.put(ACCOUNT, replace(renewal, **changes))
        return renewal.subscription_id

    async def subscription(self) -> str:
        return self._put()

    async def one_by_a_card_that_is_over(self) -> str:
        return self._put(card=replace(OLD_VISA, expires="2026-01"))

    async def gives(self, subscription: str) -> str:
        self.renewals.gives(ACCOUNT, subscription, NEW_VISA)
        return NEW_VISA.payment_method

    async def cancels(self, subscription: str) -> None:
        self.renewals.ends(ACCOUNT, subscription)

    async def go_down(self) -> None:
        self.renewals.is_down = True


class RehearsalBook:
    """The real client against the rehearsal's Stripe."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.renewals = StripeRenewals(shop.connection, 100_000)

    def now(self) -> datetime:
        return self._shop.double.world.moment()

    async def subscription(self) -> str:
        return (await self._made())[0]

    async def one_by_a_card_that_is_over(self) -> str:
        subscription, buyer = await self._made()
        stripe = (await self._shop.connection.open()).v1
        card = await self._shop.new_card(buyer, PAYS)
        past: Any = {"card": {"exp_month": 12, "exp_year": self.now().year - 1}}
        await stripe.payment_methods.update_async(card, past)
        await stripe.subscriptions.update_async(subscription, {"default_payment_method": card})
        return subscription

    async def gives(self, subscription: str) -> str:
        return await self._shop.new_card(await self._buyer(subscription), "pm_card_mastercard")

    async def cancels(self, subscription: str) -> None:
        stripe = (await self._shop.connection.open()).v1
        await stripe.subscriptions.update_async(subscription, {"cancel_at_period_end": True})

    async def go_down(self) -> None:
        await self._shop.double.stop()

    async def _made(self) -> tuple[str, str]:
        return await self._shop.subscription()

    async def _buyer(self, subscription: str) -> str:
        stripe = (await self._shop.connection.open()).v1
        return str((await stripe.subscriptions.retrieve_async(subscription)).customer)


@pytest.fixture(params=["memory", "rehearsal"])
async def book(request: pytest.FixtureRequest) -> AsyncIterator[Book]:
    if request.param == "memory":
        yield MemoryBook()
        return
    async with a_shop() as shop:
        yield RehearsalBook(shop)


async def month(book: Book) -> list[str]:
    page = await book.renewals.soon(ACCOUNT, (book.now(), book.now() + MONTH), None)
    return [renewal.subscription_id for renewal in page.renewals]


async def shown(book: Book, subscription: str) -> Renewal:
    renewal = await book.renewals.of_subscription(ACCOUNT, subscription)
    assert renewal is not None
    return renewal


async def test_what_renews_soon_is_listed_with_its_card_and_its_customer(book: Book) -> None:
    name = await book.subscription()
    page = await book.renewals.soon(ACCOUNT, (book.now(), book.now() + MONTH), None)
    (renewal,) = page.renewals
    assert (renewal.subscription_id, page.looked_at, page.last) == (name, 1, None)
    assert (renewal.customer.email, renewal.card.last4) == ("anna@example.com", "4242")
    assert book.now() < renewal.at < book.now() + MONTH
    assert not renewal.runs_out
    assert renewal == await shown(book, name)
    soon = await book.renewals.soon(ACCOUNT, (book.now(), book.now() + timedelta(days=5)), None)
    assert soon.renewals == ()


async def test_a_card_that_will_have_expired_is_seen(book: Book) -> None:
    assert (await shown(book, await book.one_by_a_card_that_is_over())).runs_out


async def test_what_the_customer_gives_lies_beneath_until_it_is_put_in_the_slot(
    book: Book,
) -> None:
    name = await book.one_by_a_card_that_is_over()
    given = await book.gives(name)
    before = await shown(book, name)
    assert before.runs_out
    card = before.given_instead(book.now() - timedelta(minutes=1))
    assert card is not None
    assert card.payment_method == given
    for _ in range(2):
        await book.renewals.put_in_slot(ACCOUNT, name, given, idempotency_key="cc:x:slot:y")
    assert (await shown(book, name)).card.payment_method == given


async def test_a_method_that_is_nobodys_is_not_put_anywhere(book: Book) -> None:
    name = await book.subscription()
    put = book.renewals.put_in_slot(ACCOUNT, name, "pm_nobodys", idempotency_key="cc:x:slot:z")
    assert not await put


async def test_a_subscription_that_ends_charges_nothing_more(book: Book) -> None:
    name = await book.subscription()
    await book.cancels(name)
    assert await book.renewals.of_subscription(ACCOUNT, name) is None
    assert await month(book) == []
    assert await book.renewals.of_subscription(ACCOUNT, "sub_unknown") is None


async def test_a_long_list_comes_in_pages(book: Book) -> None:
    names = {await book.subscription() for _ in range(101)}
    first = await book.renewals.soon(ACCOUNT, (book.now(), book.now() + MONTH), None)
    assert (len(first.renewals), first.last) == (100, first.renewals[-1].subscription_id)
    rest = await book.renewals.soon(ACCOUNT, (book.now(), book.now() + MONTH), first.last)
    assert rest.last is None
    assert {each.subscription_id for each in (*first.renewals, *rest.renewals)} == names


async def test_a_page_for_another_card_is_one_for_a_key(book: Book) -> None:
    customer = (await shown(book, await book.subscription())).customer.customer_id

    async def opened(key: str) -> str | None:
        return await book.renewals.card_page(ACCOUNT, customer, BACK, idempotency_key=key)

    first = await opened("cc:card-page:1")
    assert first is not None
    assert first.startswith("http")
    assert await opened("cc:card-page:1") == first
    assert await opened("cc:card-page:2") != first


async def test_silence_is_told_as_such(book: Book) -> None:
    name = await book.subscription()
    await book.go_down()
    with pytest.raises(StripeUnavailable):
        await month(book)
    with pytest.raises(StripeUnavailable):
        await book.renewals.of_subscription(ACCOUNT, name)
    with pytest.raises(StripeUnavailable):
        await book.renewals.card_page(ACCOUNT, "cus_1", BACK, idempotency_key="cc:card-page:3")
    with pytest.raises(StripeUnavailable):
        await book.renewals.put_in_slot(ACCOUNT, name, "pm_1", idempotency_key="cc:x:slot:q")
