"""What people do while we chase: at Stripe, and on our own pages."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.invoice import Card, Customer, Invoice, InvoiceStatus
from domain.recovery import commands as c
from domain.recovery.events import CardSource, DisputeState, Pauser
from domain.recovery.signals import (
    CustomerDeleted,
    Disconnected,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
)
from tests.simulation.installation import Installation

DAY_S: Final = 86_400.0
LATEST_REGRET: Final = 40.0  # days after an invoice was sent
LONGEST_CHASE: Final = 30  # days: most windows are over by then
WHOLE: Final = 100  # percent
Act = Callable[[], None]
Issue = Callable[[random.Random], Card]


class Owed(Struct, frozen=True):
    """One invoice and who owes it."""

    account: str
    invoice: Invoice
    customer: Customer


class Acts:
    """All that can be done about an invoice, by whom it concerns."""

    def __init__(self, home: Installation, issue: Issue) -> None:
        self._home, self._stripe, self._schedule = home, home.stripe, home.schedule
        self._issue = issue

    def kind(self, owed: Owed, draw: random.Random) -> list[Act]:
        """What a customer does who has read a letter."""
        stripe, account, invoice_id = self._stripe, owed.account, owed.invoice.invoice_id
        page = f"page:{invoice_id}:{draw.getrandbits(32)}"
        hours, card = draw.uniform(1, 30), self._issue(draw)
        part = draw.randint(1, 9) * 100
        return [
            lambda: stripe.pay_by_page(account, invoice_id, page),
            lambda: stripe.begin_debit(account, invoice_id, page, hours),
            lambda: stripe.change_card(account, owed.customer.customer_id, card),
            lambda: stripe.pay_part(account, invoice_id, part),
            self._picks_a_date(owed, draw),
            self._promises(owed, draw),
        ]

    def any(self, owed: Owed, draw: random.Random) -> list[Act]:
        """What anybody may do at any time."""
        return [
            *self.kind(owed, draw),
            *self._of_the_merchant(owed, draw),
            *self._of_the_subscription(owed, draw),
            self._network_renews(owed, draw),
        ]

    def without_us(self, owed: Owed, draw: random.Random) -> list[Act]:
        """What leads to no charge of ours, so that it comes out alike in any weather."""
        kind = self.kind(owed, draw)
        by_page, by_debit, _, in_part, *_ = kind
        of_the_merchant = self._of_the_merchant(owed, draw)
        return [
            by_page,
            by_debit,
            in_part,
            *of_the_merchant,
            *self._of_the_subscription(owed, draw),
        ]

    def late(self, owed: Owed, draw: random.Random) -> list[Act]:
        """What may come long after: the money at last, or money back."""
        stripe, account, invoice_id = self._stripe, owed.account, owed.invoice.invoice_id
        percent, days = draw.choice((30, 45, 100)), draw.uniform(2, 15)
        decided = draw.choice((DisputeState.WON, DisputeState.LOST))
        page = f"late:{invoice_id}:{draw.getrandbits(32)}"

        def pays() -> None:
            """Some regret it at once: the news of the refund may well overtake the payment's."""
            stripe.pay_by_page(account, invoice_id, page)
            if percent < WHOLE:
                self._schedule.after(days, lambda: stripe.refund(account, invoice_id, percent))

        def thinks_again() -> None:
            """The merchant says yes to what waits, and some hours later rather would not."""
            self.confirms_the_end(owed)()
            undo: Act = lambda: self._home.requests.asks(  # noqa: E731
                account, invoice_id, "user:1", c.UndoEndAction()
            )
            self._schedule.after(days * 3_600, undo)

        return [
            pays,
            thinks_again,
            lambda: stripe.overpay(account, invoice_id, percent),
            lambda: stripe.refund(account, invoice_id, percent),
            lambda: stripe.dispute(account, invoice_id, decided, days),
        ]

    def confirms_the_end(self, owed: Owed) -> Act:
        """The merchant says yes to what waits for it, if something does."""
        return lambda: self._home.requests.asks(
            owed.account, owed.invoice.invoice_id, "user:1", c.ConfirmEnd()
        )

    def disconnects(self, account: str) -> None:
        """The merchant takes our access away."""
        self._stripe.tell(account, Disconnected())

    # The customer, on our page.
    def _picks_a_date(self, owed: Owed, draw: random.Random) -> Act:
        days = draw.uniform(-3, 12)  # those who want it now do so whenever they like

        def wishes() -> None:
            day = c.PickDate(at=self._schedule.now + timedelta(days=days))
            wish = day if days > 0 else c.ChargeNow()
            self._home.requests.asks(owed.account, owed.invoice.invoice_id, "customer", wish)

        return wishes

    def _promises(self, owed: Owed, draw: random.Random) -> Act:
        days = draw.uniform(0.5, 8)
        return lambda: self._home.requests.asks(
            owed.account,
            owed.invoice.invoice_id,
            "customer",
            c.PromisePayment(until=self._schedule.now + timedelta(days=days)),
        )

    # The merchant.
    def _of_the_merchant(self, owed: Owed, draw: random.Random) -> list[Act]:
        stripe, account, invoice_id = self._stripe, owed.account, owed.invoice.invoice_id
        credit, days = draw.randint(1, 5) * 100, draw.uniform(1, 9)
        deleted = CustomerDeleted(customer_id=owed.customer.customer_id)

        def pauses() -> None:
            until = self._schedule.now + timedelta(days=days) if credit > 300 else None
            pause = c.PauseCase(by=Pauser.MERCHANT, until=until)
            self._home.requests.asks(account, invoice_id, "user:1", pause)
            resume = c.ResumeCase(by=Pauser.MERCHANT)
            again = lambda: self._home.requests.asks(account, invoice_id, "user:1", resume)  # noqa: E731
            self._schedule.after(days * DAY_S * 0.9, again)

        return [
            lambda: stripe.settle(account, invoice_id, InvoiceStatus.VOID),
            lambda: stripe.settle(account, invoice_id, InvoiceStatus.UNCOLLECTIBLE),
            lambda: stripe.credit(account, invoice_id, credit),
            lambda: stripe.tell(account, deleted),
            pauses,
        ]

    def _of_the_subscription(self, owed: Owed, draw: random.Random) -> list[Act]:
        stripe, account = self._stripe, owed.account
        name, days = owed.invoice.subscription_id or "", draw.uniform(1, 9)
        ended = SubscriptionEnded(subscription_id=name)

        def pauses() -> None:
            until = self._schedule.now + timedelta(days=days) if days > 5 else None
            stripe.tell(account, SubscriptionPaused(subscription_id=name, until=until))
            resumed = SubscriptionResumed(subscription_id=name)
            self._schedule.after(days * DAY_S * 1.2, lambda: stripe.tell(account, resumed))

        return [lambda: stripe.tell(account, ended), pauses]

    def _network_renews(self, owed: Owed, draw: random.Random) -> Act:
        """The networks' updater: the same number, another date."""
        month = f"2029-{draw.randint(1, 12):02}"

        def renew() -> None:
            invoice = self._stripe.open_invoice(owed.account, owed.invoice.invoice_id)
            if invoice is not None and invoice.card is not None:
                renewed = replace(invoice.card, expires=month)
                self._stripe.change_card(
                    owed.account, owed.customer.customer_id, renewed, CardSource.NETWORK
                )

        return renew
