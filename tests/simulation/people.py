"""Who lives in a world: merchants with their policies, customers with their cards and invoices, and
when each of them does what `acts` can be done.
"""

import random
from datetime import date
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.registration import MemoryRegistration
from application.ports.mailer import Letter
from application.ports.registration import NewMerchant
from application.ports.texting import Text
from domain.invoice import Card, Customer, Invoice, InvoiceStatus
from tests.simulation.acts import DAY_S, LATEST_REGRET, LONGEST_CHASE, Acts, Owed
from tests.simulation.chance import Chance
from tests.simulation.debts import AUTHENTICATION, Issuer
from tests.simulation.installation import Installation
from tests.simulation.judges.cases import CANARY_NUMBER
from tests.simulation.merchants import ZONES, Temper, a_policy, with_texts
from tests.simulation.schedule import finish

DAYS_OF_BILLING: Final = 75.0
DAYS_OF_ACTS: Final = 20.0  # after the first refusal
MOST_INVOICES: Final = 10
LEARNING_ROUNDS: Final = 18
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


class People:
    """Everybody of one seed. What they will do is drawn beforehand, from the workload alone."""

    def __init__(self, chance: Chance, home: Installation) -> None:
        self._draw, self._chance, self._home = chance.workload, chance, home
        self._schedule, self._stripe = home.schedule, home.stripe
        self._cards = 0
        self._owed: list[Owed] = []
        # One world in four: cards that never pay, one price, and a policy as hasty as allowed.
        self._stubborn = self._draw.random() < 0.25
        # One in six: nobody waits for us, so that Stripe's history is the same in any weather.
        self.hands_off = not self._stubborn and self._draw.random() < 1 / 6
        self._acts = Acts(home, lambda draw: self._issue(draw=draw))
        home.network.beside = self.meddle
        home.on_letter = self.reads

    def move_in(self) -> None:
        """Merchants register; their customers' invoices fail over the first days."""
        for number in range(self._draw.choice((1, 1, 2, 3))):
            self._merchant(number)
        for owed in self._owed:
            self._lives(owed)
        for number in range(1, LEARNING_ROUNDS):
            self._schedule.after(number * 6.2 * DAY_S, self._home.requests.learns)

    def reads(self, letter: Letter | Text) -> None:
        """A letter or a text arrives; its reader may do something about it."""
        target = self._home.reader_of(letter)
        draw = self._chance.of(f"letter {letter.message_id}")
        if isinstance(letter, Text):
            self._answers(letter)
        if target is None or draw.random() > 0.4:
            return
        owed = next(one for one in self._owed if one.invoice.invoice_id == target[1])
        act = draw.choice(self._acts.kind(owed, draw))
        self._schedule.after(draw.uniform(60, DAY_S), act)

    def _answers(self, text: Text) -> None:
        draw, number = self._chance.of(f"answer {text.message_id}"), text.to
        words = draw.choice(("STOP", "STOP", "HELP", "who is this?", ""))
        if words:
            heard = lambda: self._home.requests.hears(number, words)  # noqa: E731
            self._schedule.after(draw.uniform(1, DAY_S), heard)

    def meddle(self, account: str, invoice_id: str) -> None:
        """Somebody acts on an invoice at the very moment when it is charged."""
        draw = self._chance.of(f"beside {invoice_id} {self._schedule.steps}")
        owed = next(one for one in self._owed if one.invoice.invoice_id == invoice_id)
        act = draw.choice(self._acts.any(owed, draw))
        if draw.random() < 0.5:  # of all that can be done, paying hurts most
            page = f"page:{invoice_id}:{draw.getrandbits(32)}"
            act = lambda: self._stripe.pay_by_page(account, invoice_id, page)  # noqa: E731
        self._schedule.after(draw.uniform(0, 0.3), act)

    # Merchants.
    def _merchant(self, number: int) -> None:
        draw, account = self._draw, f"acct_{number}"
        merchant_id = UUID(int=draw.getrandbits(128))
        policy = a_policy(draw, self._temper(), draw.choice(ZONES), version=1)
        policy = with_texts(policy, self._chance.of(f"texts {number}"))
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
            shares_lessons=draw.random() < 0.5,
        )
        finish(MemoryRegistration(self._home.world, self._home.clock).register(new))
        if draw.random() < 0.5:
            for version in range(2, draw.randint(3, 5)):
                self._edits_policy(merchant_id, policy.timezone, version)
        if draw.random() < 0.1:
            leaves = draw.uniform(20, 85) * DAY_S
            self._schedule.after(leaves, lambda: self._acts.disconnects(account))
        for customer in range(draw.randint(1, 3)):
            self._customer(account, f"{number}_{customer}")

    def _edits_policy(self, merchant_id: UUID, zone: str, version: int) -> None:
        edited = a_policy(self._draw, self._temper(), zone, version)
        edited = with_texts(edited, self._chance.of(f"texts {merchant_id} {version}"))
        when = self._draw.uniform(0, DAYS_OF_BILLING * DAY_S)
        self._schedule.after(when, lambda: self._home.requests.activates(merchant_id, edited))

    def _temper(self) -> Temper:
        if self.hands_off:
            return Temper.HANDS_OFF
        return Temper.HASTY if self._stubborn else Temper.USUAL

    # Customers.
    def _customer(self, account: str, name: str) -> None:
        draw = self._draw
        address = f"canary.{name}@example.com" if draw.random() < 0.9 else None
        customer = Customer(
            customer_id=f"cus_{name}", email=address, name=f"Canary {name}", locale="de"
        )
        customer = self._with_a_phone(customer, name)
        card = self._issue(hopeless=self._stubborn)
        price = draw.randint(1, 90) * 100
        for number in range(4 if self._stubborn else draw.randint(1, 3)):
            if len(self._owed) < MOST_INVOICES:
                invoice = self._invoice(f"in_{name}_{number}", customer, card, price)
                self._owed.append(Owed(account, invoice, customer))

    def _with_a_phone(self, customer: Customer, name: str) -> Customer:
        """Some have told the merchant their number, and most of these that they may be texted."""
        draw = self._chance.of(f"phone of {name}")
        if draw.random() < 0.3:
            return customer
        agreed_on = date(2026, 1, 2) if draw.random() < 0.8 else None
        number = f"{CANARY_NUMBER}{draw.randrange(10_000):04d}"
        return replace(customer, phone=number, texts_agreed_on=agreed_on)

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
        if self._stubborn or draw.random() < 0.5:
            billed = min(billed, DAY_S * 3)  # one card, several invoices at once
        bill = lambda: self._stripe.bill(owed.account, owed.invoice, retries)  # noqa: E731
        self._schedule.after(billed, bill)
        if not self.hands_off:
            self._schedule.after(billed + LONGEST_CHASE * DAY_S, self._acts.confirms_the_end(owed))
        for _ in range(draw.choice((0, 0, 1, 2))):
            can = self._acts.without_us if self.hands_off else self._acts.any
            act = draw.choice(can(owed, draw))
            self._schedule.after(billed + draw.uniform(0, DAYS_OF_ACTS * DAY_S), act)
        if draw.random() < 0.5:
            regret = draw.choice(self._acts.late(owed, draw))
            self._schedule.after(billed + draw.uniform(10, LATEST_REGRET) * DAY_S, regret)
