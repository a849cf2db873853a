"""Cases as stories: what the domain's own rules make of a charge that failed and what came then."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from domain.decline import Decline
from domain.invoice import Card, Customer, FailedCharge, Invoice, InvoiceStatus
from domain.network import CardUse
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind, next_action
from domain.recovery.basis import Basis
from domain.recovery.case import RecoveryCase, evolve, replay
from domain.recovery.decide import decide
from domain.timing.knowledge import Knowledge
from tests.builders import a_policy

ACCOUNT = "acct_books"
POLICY = a_policy()
BASIS = Basis(policy=POLICY, knowledge=Knowledge())
VISA = Card(payment_method="pm_1", fingerprint="fp_1", brand="visa", last4="4242")
MASTERCARD = Card(payment_method="pm_2", fingerprint="fp_2", brand="mastercard", last4="4444")


class Story(Struct, kw_only=True):
    """One case. `answers` are what the bank says to our attempts, one each; after the last of them
    it keeps saying it. `pays_at` is when the customer pays by themselves."""

    invoice_id: str
    opened_at: datetime
    name: str | None = "Ines Blume"
    email: str | None = "ines@example.com"
    amount_minor: int = 29_00
    currency: str = "eur"
    decline_code: str = "insufficient_funds"
    card: Card = VISA
    answers: Sequence[str] = ("insufficient_funds",)
    new_card_at: datetime | None = None
    pays_at: datetime | None = None
    stops_at: datetime | None = None
    pauses_at: datetime | None = None
    person: str | None = None  # whose several invoices are; else each is somebody's own

    def own_card(self) -> Card:
        """The card, as nobody else's."""
        return replace(self.card, fingerprint=f"fp_{self.person or self.invoice_id}")

    def other_card(self) -> Card:
        """The card they put in later."""
        return Card(
            payment_method="pm_9", fingerprint=f"fp_{self.invoice_id}_9", brand="visa", last4="1881"
        )

    def customer(self) -> Customer:
        """Whom it is about."""
        return Customer(
            customer_id=f"cus_{self.person or self.invoice_id}",
            name=self.name,
            email=self.email,
            locale="en",
        )

    def invoice(self) -> Invoice:
        """The invoice as Stripe shows it at the start."""
        return Invoice(
            invoice_id=self.invoice_id,
            status=InvoiceStatus.OPEN,
            amount_remaining_minor=self.amount_minor,
            amount_paid_minor=0,
            currency=self.currency,
            number=f"BOOKS-{self.invoice_id[-4:]}",
            customer=self.customer(),
            subscription_id="sub_1",
            card=self.own_card(),
            last_failure=self.failure(self.decline_code, self.opened_at, 0),
        )

    def failure(self, code: str, at: datetime, number: int) -> FailedCharge:
        """A refused charge."""
        return FailedCharge(
            charge_id=f"ch_{self.invoice_id}_{number}",
            at=at,
            amount_minor=self.amount_minor,
            decline=Decline(code="card_declined", decline_code=code, brand=self.card.brand),
            card=self.own_card(),
        )

    def until(self, now: datetime) -> tuple[e.Event, ...]:
        """What has happened by `now`."""
        opening = c.OpenCase(account=ACCOUNT, invoice=self.invoice())
        history = decide(RecoveryCase(), opening, BASIS, self.opened_at + timedelta(seconds=40))
        while True:
            case = replay(history)
            at, events = self._following(case)
            if at is None or at > now or not events:
                return history
            history += events

    def _following(self, case: RecoveryCase) -> tuple[datetime | None, tuple[e.Event, ...]]:
        action = next_action(case)
        if action is None:
            return None, ()
        by_hand = self._by_hand(case)
        if by_hand and by_hand[0] <= action.due_at:
            at, command = by_hand
            return at, decide(case, command, BASIS, at)
        return action.due_at, self._act(case, action)

    def _by_hand(self, case: RecoveryCase) -> tuple[datetime, c.Command] | None:
        last = max(case.marks, key=lambda mark: mark.at).at
        if self.new_card_at and case.card == self.own_card() and self.new_card_at > last:
            return self.new_card_at, c.ReplaceCard(card=self.other_card())
        if self.pays_at and self.pays_at > last:
            paid = c.RecordPayment(amount_minor=case.amount_minor, by=e.Payer.CUSTOMER)
            return self.pays_at, paid
        if self.pauses_at and case.pause is None and self.pauses_at > last:
            return self.pauses_at, c.PauseCase(by=e.Pauser.MERCHANT)
        if self.stops_at and self.stops_at > last:
            return self.stops_at, c.StopCase(reason=e.StopReason.CANCELLED)
        return None

    def _act(self, case: RecoveryCase, action: Action) -> tuple[e.Event, ...]:
        at = action.due_at
        match action.kind:
            case ActionKind.ATTEMPT:
                return self._attempt(case, action.number, at)
            case ActionKind.REMINDER:
                letter = c.BeginReminder(step=action.number, message_id=f"m{action.number}")
                return decide(case, letter, BASIS, at)
            case ActionKind.CLOSE:
                return decide(case, c.CloseCase(), BASIS, at)
            case _:
                return ()

    def _attempt(self, case: RecoveryCase, number: int, at: datetime) -> tuple[e.Event, ...]:
        invoice = replace(self.invoice(), card=case.card)
        begin = c.BeginAttempt(number=number, invoice=invoice, use=CardUse())
        begun = decide(case, begin, BASIS, at)
        answer = self.answers[min(number, len(self.answers)) - 1]
        if not isinstance(begun[-1], e.AttemptStarted) or answer == "silence":
            return begun
        for event in begun:
            case = evolve(case, event)
        then = at + timedelta(seconds=4)
        if answer == "paid":
            paid = c.RecordPayment(
                amount_minor=case.amount_minor, by=e.Payer.CHARGECHASE, attempt=number
            )
            return begun + decide(case, paid, BASIS, then)
        failure = replace(self.failure(answer, then, number), card=case.card)
        told = c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=number)
        return begun + decide(case, told, BASIS, then)
