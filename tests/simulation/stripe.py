"""A Stripe with a will of its own, around the bank in memory: it forgets keys after a day, retries
by its own schedule, lets customers pay on its page, and tells of everything by events.

`book` is the truth that invariants are counted on.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from adapters.memory.payments import PAYABLE, MemoryPayments
from application.ports.payments import ActionNeeded, Declined, Outcome, Paid, Unknown
from domain.invoice import Card, Invoice, InvoiceStatus
from domain.recovery.signals import CustomerSignal, InvoiceNews, InvoiceSignal, Signal
from tests.simulation.schedule import Schedule, finish

KEY_LIFE: Final = timedelta(hours=24)
AUTHENTICATION: Final = "authentication_required"


@dataclass(slots=True)
class Issuer:
    """The bank behind one card: what it says when it says no, and how often it says yes."""

    card: Card
    code: str
    pays: float
    draw: random.Random

    def verdict(self) -> str | None:
        """A decline code; None for money."""
        return None if self.draw.random() < self.pays else self.code


class Booked(Struct, frozen=True, kw_only=True):
    """One charge that reached the bank."""

    at: datetime
    account: str
    invoice_id: str
    key: str
    card: Card
    amount_minor: int
    decline_code: str | None
    charge_id: str | None  # of a refused charge

    @property
    def paid(self) -> bool:
        return self.charge_id is None and self.decline_code is None


@dataclass(slots=True)
class Debt:
    """What is owed, and what Stripe itself means to do about it."""

    account: str
    invoice_id: str
    due_minor: int
    retries_left: int = 0
    captured: list[Booked] = field(default_factory=list)


Tell = Callable[[str, Signal], None]


class Stripe:
    """All accounts. Everything here happens at one instant; the network is elsewhere."""

    def __init__(self, schedule: Schedule, tell: Tell, draw: random.Random) -> None:
        self.debts: dict[tuple[str, str], Debt] = {}
        self.issuers: dict[str, Issuer] = {}
        self.book: list[Booked] = []
        self.forgets_keys = False  # a planted bug: charges anew whatever the key
        self.on_charge: Callable[[Booked, Debt], None] = lambda booked, debt: None
        self._schedule, self._tell, self._draw = schedule, tell, draw
        self._bank = MemoryPayments(lambda: schedule.now.replace(microsecond=0))
        self._keys: dict[tuple[str, str], tuple[datetime, Outcome]] = {}

    # What stands there.
    def show(self, account: str, invoice_id: str) -> Invoice | None:
        """The invoice as it is now."""
        shown: Invoice | None = finish(self._bank.read_invoice(account, invoice_id))
        return shown

    def open_invoice(self, account: str, invoice_id: str) -> Invoice | None:
        """The invoice if it can be acted on."""
        invoice = self.show(account, invoice_id)
        return invoice if invoice is not None and invoice.status is InvoiceStatus.OPEN else None

    def charges_by(self, account: str, key: str) -> list[Booked]:
        """What one key has done."""
        return [one for one in self.book if (one.account, one.key) == (account, key)]

    # What merchants and their subscriptions do.
    def bill(self, account: str, invoice: Invoice, retries: int) -> None:
        """An invoice whose first charge is made now, and fails."""
        debt = Debt(account, invoice.invoice_id, invoice.amount_remaining_minor, retries)
        self.debts[account, invoice.invoice_id] = debt
        assert invoice.card is not None
        issuer = self.issuers[invoice.card.fingerprint]
        self._bank.put(account, invoice)
        first = self._refuse(debt, invoice, issuer.code, key=f"first:{invoice.invoice_id}")
        self._plan_retry(debt)
        self._news(account, invoice.invoice_id, _news_of(first), key=None)

    def settle(self, account: str, invoice_id: str, status: InvoiceStatus) -> None:
        """Voided or written off by the merchant, if it is open."""
        invoice = self.open_invoice(account, invoice_id)
        if invoice is None or invoice.processing:
            return
        self._bank.put(account, replace(invoice, status=status, stripe_retry_at=None))
        voided = status is InvoiceStatus.VOID
        news = InvoiceNews.VOIDED if voided else InvoiceNews.WRITTEN_OFF
        self._news(account, invoice_id, news, key=None, requested=True)

    def credit(self, account: str, invoice_id: str, amount_minor: int) -> None:
        """A credit note: less is owed, and no event that we listen to says so."""
        invoice = self.open_invoice(account, invoice_id)
        if invoice is None or invoice.amount_remaining_minor <= amount_minor:
            return
        owed = invoice.amount_remaining_minor - amount_minor
        self._bank.put(account, replace(invoice, amount_remaining_minor=owed))
        self.debts[account, invoice_id].due_minor = owed

    def tell(self, account: str, signal: Signal) -> None:
        """An event about something else than an invoice."""
        self._tell(account, signal)

    # What customers do.
    def change_card(self, account: str, customer_id: str, card: Card) -> None:
        """Another card for all that a customer owes."""
        for account_of, invoice_id in list(self.debts):
            invoice = self.open_invoice(account_of, invoice_id)
            if invoice is None or account_of != account or invoice.customer is None:
                continue
            if invoice.customer.customer_id == customer_id:
                changed = replace(invoice, card=card, needs_authentication=False)
                self._bank.put(account, changed)
        self._tell(account, CustomerSignal(customer_id=customer_id))

    def pay_by_page(self, account: str, invoice_id: str, key: str) -> None:
        """The hosted page: the customer is there, so the bank has nothing to ask."""
        invoice = self.show(account, invoice_id)
        if invoice is None or invoice.status not in PAYABLE or invoice.processing:
            return
        self.charge(account, invoice_id, key, requested=True)

    def begin_debit(self, account: str, invoice_id: str, key: str, hours: float) -> None:
        """A bank debit: on its way for hours, then it pays or bounces."""
        invoice = self.open_invoice(account, invoice_id)
        if invoice is None or invoice.processing:
            return
        self._bank.put(account, replace(invoice, processing=True))

        def arrive() -> None:
            shown = self.show(account, invoice_id)
            assert shown is not None
            self._bank.put(account, replace(shown, processing=False))
            self.pay_by_page(account, invoice_id, key)

        self._schedule.after(hours * 3600, arrive)

    # What is asked over the API.
    def stop_retries(self, account: str, invoice_id: str) -> None:
        """auto_advance off."""
        finish(self._bank.stop_stripe_retries(account, invoice_id, idempotency_key="-"))

    def stumble(self, account: str, key: str) -> None:
        """An inner error under this key: Stripe repeats that answer as long as it knows the key."""
        self._keys.setdefault((account, key), (self._schedule.now, Unknown(reason="http_500")))

    def charge(self, account: str, invoice_id: str, key: str, *, requested: bool) -> Outcome:
        """`invoices.pay`, with the idempotency that Stripe promises and no more."""
        known = self._keys.get((account, key))
        fresh = known is None or self._schedule.now - known[0] >= KEY_LIFE or self.forgets_keys
        if known is not None and not fresh:
            return known[1]
        invoice = self.show(account, invoice_id)
        can = invoice is not None and invoice.status in PAYABLE and not invoice.processing
        outcome = (
            self._made(self.debts[account, invoice_id], invoice, key)
            if can and invoice is not None
            else finish(self._bank.pay_invoice(account, invoice_id, idempotency_key="-"))
        )
        if can:
            self._keys[account, key] = (self._schedule.now, outcome)
            news = _news_of(outcome)
            self._news(account, invoice_id, news, key=key, requested=requested)
        assert isinstance(outcome, Outcome)
        return outcome

    def _made(self, debt: Debt, invoice: Invoice, key: str) -> Outcome:
        assert invoice.card is not None
        code = self.issuers[invoice.card.fingerprint].verdict()
        if code == AUTHENTICATION and key.startswith("page"):
            code = None
        return self._refuse(debt, invoice, code, key) if code else self._pay(debt, invoice, key)

    def _pay(self, debt: Debt, invoice: Invoice, key: str) -> Outcome:
        self._bank.will_pay(invoice.invoice_id)
        return self._book(debt, invoice, key, None)

    def _refuse(self, debt: Debt, invoice: Invoice, code: str, key: str) -> Outcome:
        if code == AUTHENTICATION:
            self._bank.will_ask_for_customer(invoice.invoice_id)
        else:
            self._bank.will_decline(invoice.invoice_id, code)
        return self._book(debt, invoice, key, code)

    def _book(self, debt: Debt, invoice: Invoice, key: str, code: str | None) -> Outcome:
        call = f"{key}/{len(self.book)}"  # ours to keep keys: the bank within never repeats itself
        outcome: Outcome = finish(
            self._bank.pay_invoice(debt.account, debt.invoice_id, idempotency_key=call)
        )
        assert invoice.card is not None
        booked = Booked(
            at=self._schedule.now,
            account=debt.account,
            invoice_id=debt.invoice_id,
            key=key,
            card=invoice.card,
            amount_minor=invoice.amount_remaining_minor,
            decline_code=code,
            charge_id=outcome.failure.charge_id if isinstance(outcome, Declined) else None,
        )
        self.book.append(booked)
        if booked.paid:
            debt.captured.append(booked)
        self._schedule.note(f"bank {debt.invoice_id} {key} {code or 'paid'}")
        self.on_charge(booked, debt)
        return outcome

    def _plan_retry(self, debt: Debt) -> None:
        invoice = self.open_invoice(debt.account, debt.invoice_id)
        if invoice is None or debt.retries_left == 0:
            return
        debt.retries_left -= 1
        when = self._schedule.now + timedelta(hours=self._draw.uniform(6, 72))
        retry_at = when.replace(microsecond=0)
        self._bank.put(debt.account, replace(invoice, stripe_retry_at=retry_at))
        self._schedule.at(when, lambda: self._retry(debt))

    def _retry(self, debt: Debt) -> None:
        invoice = self.open_invoice(debt.account, debt.invoice_id)
        if invoice is None or invoice.stripe_retry_at is None:
            return
        self._bank.put(debt.account, replace(invoice, stripe_retry_at=None))
        key = f"retrier:{debt.invoice_id}:{debt.retries_left}"
        self.charge(debt.account, debt.invoice_id, key, requested=False)
        self._plan_retry(debt)

    def _news(
        self,
        account: str,
        invoice_id: str,
        news: InvoiceNews,
        *,
        key: str | None,
        requested: bool = False,
    ) -> None:
        invoice = self.show(account, invoice_id)
        assert invoice is not None
        signal = InvoiceSignal(
            invoice_id=invoice_id,
            news=news,
            idempotency_key=key if requested else None,
            requested=requested,
            paid_minor=invoice.amount_paid_minor if news is InvoiceNews.PAID else 0,
        )
        self._tell(account, signal)


def _news_of(outcome: Outcome) -> InvoiceNews:
    match outcome:
        case Paid():
            return InvoiceNews.PAID
        case ActionNeeded():
            return InvoiceNews.NEEDS_AUTHENTICATION
        case _:
            return InvoiceNews.FAILED
