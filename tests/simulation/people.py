"""Who lives in a world: merchants with their policies, customers with their cards, and what both of
them do while we chase: pay on the page, change the card, void, write off, cancel, grant a credit.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from adapters.memory.registration import MemoryRegistration
from application.ports.mailer import Letter
from application.ports.registration import NewMerchant
from domain.decline import DeclineFamily
from domain.invoice import Card, Customer, Invoice, InvoiceStatus
from domain.policy import Plan, Policy, StripeRetries, balanced
from domain.recovery.signals import SubscriptionEnded
from tests.simulation.chance import Chance
from tests.simulation.installation import Installation
from tests.simulation.schedule import finish
from tests.simulation.stripe import AUTHENTICATION, Issuer

DAY_S: Final = 86_400.0
DAYS_OF_BILLING: Final = 3.0
DAYS_OF_EVENTS: Final = 10.0
MOST_INVOICES: Final = 8
ZONES: Final = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe")
BRANDS: Final = ("visa", "mastercard", "amex", None)
CURRENCIES: Final = ("eur", "usd", "jpy")
# What the bank says when it says no, how often it pays all the same, and how common that is.
TEMPERS: Final = (
    ("insufficient_funds", 0.3, 30),
    ("issuer_not_available", 0.5, 15),
    ("do_not_honor", 0.2, 12),
    ("insufficient_funds", 0.0, 12),
    ("lost_card", 0.0, 8),
    ("fraudulent", 0.0, 6),
    ("expired_card", 0.0, 7),
    (AUTHENTICATION, 0.1, 10),
)
Act = Callable[[], None]


class Owed(Struct, frozen=True):
    """One invoice and who owes it."""

    account: str
    invoice: Invoice
    customer: Customer


class People:
    """Everybody of one seed. What they will do is drawn beforehand, from the workload alone."""

    def __init__(self, chance: Chance, home: Installation) -> None:
        self._draw, self._chance, self._home = chance.workload, chance, home
        self._schedule, self._stripe = home.schedule, home.stripe
        self._cards = 0
        self._owed: list[Owed] = []
        # One world in four: cards that never pay, one price, and a policy as hasty as allowed.
        self._stubborn = self._draw.random() < 0.25
        home.network.beside = self.meddle
        home.on_letter = self.reads

    def move_in(self) -> None:
        """Merchants register; their customers' invoices fail over the first days."""
        for number in range(self._draw.choice((1, 1, 2, 3))):
            self._merchant(number)
        for owed in self._owed:
            self._lives(owed)

    def reads(self, letter: Letter) -> None:
        """A letter arrives; its reader may do something about it."""
        target = self._home.reader_of(letter)
        draw = self._chance.of(f"letter {letter.message_id}")
        if target is None or draw.random() > 0.4:
            return
        owed = next(one for one in self._owed if one.invoice.invoice_id == target[1])
        act = self._an_act(owed, draw, self._kind_acts)
        self._schedule.after(draw.uniform(60, DAY_S), act)

    def meddle(self, account: str, invoice_id: str) -> None:
        """Somebody acts on an invoice at the very moment when it is charged."""
        draw = self._chance.of(f"beside {invoice_id} {self._schedule.steps}")
        owed = next(one for one in self._owed if one.invoice.invoice_id == invoice_id)
        self._schedule.after(draw.uniform(0, 0.3), self._an_act(owed, draw, self._all_acts))

    # Merchants.
    def _merchant(self, number: int) -> None:
        draw, account = self._draw, f"acct_{number}"
        merchant_id = UUID(int=draw.getrandbits(128))
        policy = self._a_policy(draw.choice(ZONES), version=1)
        new = NewMerchant(
            merchant_id=merchant_id,
            name=f"Merchant {number}",
            timezone=policy.timezone,
            reply_to=None,
            user_id=UUID(int=draw.getrandbits(128)),
            email=f"owner{number}@example.com",
            password_hash="-",
            account=account,
            livemode=False,
            own=number == 0,
            policy=policy,
        )
        finish(MemoryRegistration(self._home.world, self._home.clock).register(new))
        if draw.random() < 0.5:
            self._edits_policy(merchant_id, policy.timezone)
        for customer in range(draw.randint(1, 3)):
            self._customer(account, f"{number}_{customer}")

    def _edits_policy(self, merchant_id: UUID, zone: str) -> None:
        edited = self._a_policy(zone, version=2)

        def edit() -> None:
            self._home.world.policies[merchant_id, 2] = edited

        self._schedule.after(self._draw.uniform(0, DAYS_OF_BILLING * DAY_S), edit)

    def _a_policy(self, zone: str, version: int) -> Policy:
        draw = self._draw
        days = draw.randint(5, 14)
        waits = tuple(timedelta(days=1) for _ in range(min(12, days - 1)))
        if not self._stubborn:
            waits = tuple(timedelta(hours=draw.randint(2, 40)) for _ in range(draw.randint(0, 3)))
        letters = (timedelta(hours=1), timedelta(days=2), timedelta(days=4))
        plan = Plan(retries=waits, reminders=letters[: draw.randint(0, 3)])
        first = draw.choice((0, 8, 9))
        return replace(
            balanced(zone, version),
            plans=dict.fromkeys(DeclineFamily, plan),
            window=timedelta(days=days if self._stubborn else max(days, 7)),
            charge_hour=draw.randint(0, 23),
            first_mail_hour=first,
            last_mail_hour=first + 10,
            reminder_gap=timedelta(hours=draw.choice((1, 24, 48))),
            card_month_limit=35 if self._stubborn else draw.choice((8, 20, 35)),
            card_day_limit=10 if self._stubborn else draw.choice((1, 3, 10)),
            stripe_retries=draw.choice(tuple(StripeRetries)),
        )

    # Customers.
    def _customer(self, account: str, name: str) -> None:
        draw = self._draw
        address = f"{name}@example.com" if draw.random() < 0.9 else None
        customer = Customer(customer_id=f"cus_{name}", email=address, name=name, locale="de")
        card = self._issue(hopeless=self._stubborn)
        price = draw.randint(1, 90) * 100
        for number in range(4 if self._stubborn else draw.randint(1, 3)):
            if len(self._owed) < MOST_INVOICES:
                invoice = self._invoice(f"in_{name}_{number}", customer, card, price)
                self._owed.append(Owed(account, invoice, customer))

    def _issue(self, *, hopeless: bool = False, draw: random.Random | None = None) -> Card:
        draw = draw or self._draw
        weights = [weight for *_, weight in TEMPERS]
        code, pays, _ = draw.choices(TEMPERS, weights)[0]
        if hopeless:
            code, pays = "insufficient_funds", 0.0
        self._cards += 1
        card = Card(
            payment_method=f"pm_{self._cards}",
            fingerprint=f"fp_{self._cards}",
            brand=draw.choice(BRANDS),
            last4="4242",
        )
        stream = self._chance.of(card.fingerprint)
        self._stripe.issuers[card.fingerprint] = Issuer(card, code, pays, stream)
        return card

    def _invoice(self, invoice_id: str, customer: Customer, card: Card, price: int) -> Invoice:
        draw = self._draw
        return Invoice(
            invoice_id=invoice_id,
            status=InvoiceStatus.OPEN,
            amount_remaining_minor=price,
            amount_paid_minor=0,
            currency=draw.choice(CURRENCIES),
            customer=customer,
            subscription_id=f"sub_{customer.customer_id}",
            collection="send_invoice" if draw.random() < 0.05 else "charge_automatically",
            billing_reason="subscription_create" if draw.random() < 0.05 else "subscription_cycle",
            card=card,
        )

    def _lives(self, owed: Owed) -> None:
        draw = self._draw
        retries = draw.choice((0, 0, 2, 4))
        billed = draw.uniform(0, DAYS_OF_BILLING * DAY_S)
        bill = lambda: self._stripe.bill(owed.account, owed.invoice, retries)  # noqa: E731
        self._schedule.after(billed, bill)
        for _ in range(draw.choice((0, 0, 1, 2))):
            act = self._an_act(owed, draw, self._all_acts)
            self._schedule.after(draw.uniform(billed, DAYS_OF_EVENTS * DAY_S), act)

    # What they do.
    def _an_act(
        self, owed: Owed, draw: random.Random, acts: Callable[[Owed, random.Random], list[Act]]
    ) -> Act:
        return draw.choice(acts(owed, draw))

    def _kind_acts(self, owed: Owed, draw: random.Random) -> list[Act]:
        stripe, account, invoice_id = self._stripe, owed.account, owed.invoice.invoice_id
        page = f"page:{invoice_id}:{draw.getrandbits(32)}"
        hours, card = draw.uniform(1, 30), self._issue(draw=draw)
        return [
            lambda: stripe.pay_by_page(account, invoice_id, page),
            lambda: stripe.begin_debit(account, invoice_id, page, hours),
            lambda: stripe.change_card(account, owed.customer.customer_id, card),
        ]

    def _all_acts(self, owed: Owed, draw: random.Random) -> list[Act]:
        stripe, account, invoice_id = self._stripe, owed.account, owed.invoice.invoice_id
        ended = SubscriptionEnded(subscription_id=owed.invoice.subscription_id or "")
        credit = draw.randint(1, 5) * 100
        return [
            *self._kind_acts(owed, draw),
            lambda: stripe.settle(account, invoice_id, InvoiceStatus.VOID),
            lambda: stripe.settle(account, invoice_id, InvoiceStatus.UNCOLLECTIBLE),
            lambda: stripe.credit(account, invoice_id, credit),
            lambda: stripe.tell(account, ended),
        ]
