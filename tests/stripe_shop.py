"""A shop on the rehearsal Stripe: real HTTP, real stripe-python, invoices as a test needs them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapters.stripe.client import StripeAccess, StripeConnection
from adapters.stripe.pace import RateLimits
from adapters.stripe.payments import StripePayments
from rehearsal.stripe_double import DoubleOptions, StripeDouble

ACCOUNT = "acct_rehearsal"
LACKS_FUNDS = "pm_card_visa_chargeDeclinedInsufficientFunds"
LOST = "pm_card_visa_chargeDeclinedLostCard"
WANTS_CUSTOMER = "pm_card_authenticationRequired"
PAYS = "pm_card_visa"
UNLIMITED = RateLimits(account_per_s=100_000, endpoint_per_s=100_000)


def access_to(base: str, **changes: Any) -> StripeAccess:
    """The rehearsal's key at `base`, without limits of ours."""
    given = {"api_key": "sk_test_rehearsal", "own_account": ACCOUNT, "base": base}
    return StripeAccess(**{**given, "limits": UNLIMITED, **changes})


class Shop:
    """One merchant's Stripe; `seen` is what the metrics hook was told."""

    def __init__(self, double: StripeDouble, access: StripeAccess) -> None:
        self.double, self.base = double, access.base or ""
        self.seen: list[tuple[str, str]] = []
        self.connection = StripeConnection(access, self._observe)
        self.payments = StripePayments(self.connection)

    def _observe(self, endpoint: str, outcome: str, seconds: float) -> None:
        self.seen.append((endpoint, outcome))

    async def invoice(self, card: str | None = PAYS, amount: int = 29_00) -> str:
        """An open invoice of a new customer, not charged yet, with `card` in the slot."""
        stripe = (await self.connection.open()).v1
        buyer = await stripe.customers.create_async(
            {"email": "anna@example.com", "name": "Anna", "preferred_locales": ["de"]}
        )
        if card is not None:
            await self.new_card(buyer.id, card)
        await stripe.invoice_items.create_async(
            {"customer": buyer.id, "amount": amount, "currency": "eur"}
        )
        draft = await stripe.invoices.create_async({"customer": buyer.id})
        return (await stripe.invoices.finalize_invoice_async(draft.id)).id

    async def subscription(self, card: str = PAYS) -> tuple[str, str]:
        """A monthly subscription of a new customer, and the customer."""
        stripe = (await self.connection.open()).v1
        anna: Any = {"email": "anna@example.com", "name": "Anna", "address": {"country": "DE"}}
        buyer = await stripe.customers.create_async(anna)
        await self.new_card(buyer.id, card)
        return (await self._subscribed(buyer.id)).id, buyer.id

    async def past_due_subscription(self) -> tuple[str, str]:
        """A subscription whose renewal is open, and that invoice: a first one, left unpaid."""
        stripe = (await self.connection.open()).v1
        buyer = await stripe.customers.create_async({"address": {"country": "DE"}})
        await self.new_card(buyer.id, LACKS_FUNDS)
        made = await self._subscribed(buyer.id)
        return made.id, str(made.latest_invoice)

    async def _subscribed(self, buyer: str) -> Any:
        stripe = (await self.connection.open()).v1
        product = await stripe.products.create_async({"name": "Bread"})
        data = {"currency": "eur", "product": product.id, "unit_amount": 29_00}
        item: Any = {"price_data": {**data, "recurring": {"interval": "month"}}}
        return await stripe.subscriptions.create_async({"customer": buyer, "items": [item]})

    async def past_due_with_a_new_card_below(self) -> tuple[str, str]:
        """The refused card lies in the subscription's slot, the customer's new one below it: the
        invoice, and the new card."""
        stripe = (await self.connection.open()).v1
        subscription, invoice = await self.past_due_subscription()
        held = await stripe.subscriptions.retrieve_async(subscription)
        buyer = await stripe.customers.retrieve_async(str(held.customer))
        assert buyer.invoice_settings is not None
        refused = str(buyer.invoice_settings.default_payment_method)
        await stripe.subscriptions.update_async(subscription, {"default_payment_method": refused})
        return invoice, await self.new_card(buyer.id, PAYS)

    async def customer_of(self, invoice_id: str) -> str:
        """Whose invoice it is."""
        shown = await (await self.connection.open()).v1.invoices.retrieve_async(invoice_id)
        return str(shown.customer)

    async def intent_of(self, invoice_id: str) -> str:
        """The payment intent that an invoice is paid by."""
        stripe = (await self.connection.open()).v1
        links = await stripe.invoice_payments.list_async({"invoice": invoice_id})
        return str(links.data[0].payment.payment_intent)

    async def new_card(self, customer_id: str, card: str) -> str:
        """Make `card` the customer's default; its payment method's id."""
        stripe = (await self.connection.open()).v1
        method = await stripe.payment_methods.attach_async(card, {"customer": customer_id})
        await stripe.customers.update_async(
            customer_id, {"invoice_settings": {"default_payment_method": method.id}}
        )
        return method.id

    async def void(self, invoice_id: str) -> None:
        """The merchant gives up."""
        await (await self.connection.open()).v1.invoices.void_invoice_async(invoice_id)

    def fault(self, do: str, path: str = "/v1/invoices/*/pay", **more: Any) -> None:
        """Plant one fault for the calls to `path`."""
        match = {"path": path, **more.pop("match", {})}
        self.double.faults.replace([{"do": do, "match": match, **more}])

    def captures(self, invoice_id: str) -> int:
        """How often money moved for an invoice, by the double's own ledger."""
        rows = [row for row in self.double.ledger() if row["invoice"] == invoice_id]
        return sum(bool(row["money_moved"]) for row in rows)

    async def hang_up(self) -> None:
        """Leave the double to others."""
        await self.connection.close()

    async def close(self) -> None:
        """Hang up and stop the double."""
        await self.hang_up()
        await self.double.stop()


@asynccontextmanager
async def a_shop(**access: Any) -> AsyncIterator[Shop]:
    """Open for the length of a block."""
    double = StripeDouble(DoubleOptions(scene="empty", seed=7))
    shop = Shop(double, access_to(await double.start(), **access))
    try:
        yield shop
    finally:
        await shop.close()
