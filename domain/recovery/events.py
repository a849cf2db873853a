"""What happened to a case. The tags are stored for ever: add, never rename or reuse one."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain.decline import DeclineFamily
from domain.invoice import Card, FailedCharge


class Payer(StrEnum):
    """Who moved the money, or tried to."""

    CHARGECHASE = "chargechase"
    STRIPE = "stripe"  # Stripe's own retry
    CUSTOMER = "customer"  # on a page, by their own hand


class Ask(StrEnum):
    """What only the customer can do."""

    CARD = "card"
    AUTHENTICATION = "authentication"
    PAYMENT = "payment"  # our tries are spent; any way of paying will do


class StopReason(StrEnum):
    """Why there is nothing left to chase."""

    VOIDED = "voided"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"
    GONE = "gone"  # Stripe does not know the invoice any more


class LossReason(StrEnum):
    """Why the money did not come back."""

    WINDOW_OVER = "window_over"
    WRITTEN_OFF = "written_off"  # marked uncollectible in Stripe


class CaseEvent(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """Every event knows when; nothing in the domain reads a clock."""

    at: datetime


class CaseOpened(CaseEvent, frozen=True, tag="case_opened"):
    """An invoice's charge failed and we took it up."""

    account: str
    invoice_id: str
    customer_id: str | None
    subscription_id: str | None
    amount_minor: int
    currency: str
    policy_version: int
    closes_at: datetime
    stripe_retry_at: datetime | None = None
    number: str | None = None


class RetriesTakenOver(CaseEvent, frozen=True, tag="retries_taken_over"):
    """Stripe's own retries of this invoice are off (or there were none)."""


class ChargeDeclined(CaseEvent, frozen=True, tag="charge_declined"):
    """A charge was refused that is not our attempt on its way: Stripe's, or the customer's own."""

    failure: FailedCharge
    family: DeclineFamily
    by: Payer


class AttemptDeclined(CaseEvent, frozen=True, tag="attempt_declined"):
    """Our attempt was refused."""

    number: int
    failure: FailedCharge
    family: DeclineFamily


class AmountChanged(CaseEvent, frozen=True, tag="amount_changed"):
    """The invoice now asks for another amount (a credit note, a part payment)."""

    amount_minor: int


class AttemptPlanned(CaseEvent, frozen=True, tag="attempt_planned"):
    """We will charge again. `rule` says why then: see `web` for the sentence."""

    number: int
    due_at: datetime
    rule: str


class AttemptStarted(CaseEvent, frozen=True, tag="attempt_started"):
    """The intent to charge, committed before Stripe is called."""

    number: int
    amount_minor: int
    card: Card | None


class AttemptUnclear(CaseEvent, frozen=True, tag="attempt_unclear"):
    """Stripe gave no answer that can be trusted: it may or may not have charged."""

    number: int
    check_at: datetime


class AttemptAbandoned(CaseEvent, frozen=True, tag="attempt_abandoned"):
    """Stripe was asked and knows of no charge by this attempt."""

    number: int
    evidence: str


class CustomerAsked(CaseEvent, frozen=True, tag="customer_asked"):
    """From here only the customer can move the case; `rule` says why."""

    ask: Ask
    rule: str


class ReminderPlanned(CaseEvent, frozen=True, tag="reminder_planned"):
    """A message to the customer is due; `step` counts from 1."""

    step: int
    due_at: datetime


class ReminderStarted(CaseEvent, frozen=True, tag="reminder_started"):
    """The message is on its way: committed before the hand-off, so that it goes at most once."""

    step: int
    message_id: str


class ReminderSkipped(CaseEvent, frozen=True, tag="reminder_skipped"):
    """A message that could not even be tried: no address."""

    step: int
    reason: str


class ReminderFailed(CaseEvent, frozen=True, tag="reminder_failed"):
    """The mail server did not take the message; if it is worth another try, one is planned."""

    step: int
    reason: str


class CardReplaced(CaseEvent, frozen=True, tag="card_replaced"):
    """The next charge would use another card than the one that failed."""

    card: Card


class CaseRecovered(CaseEvent, frozen=True, tag="case_recovered"):
    """The invoice is paid."""

    amount_minor: int
    by: Payer
    attempt: int | None = None


class CaseLost(CaseEvent, frozen=True, tag="case_lost"):
    """The chase is over and the money has not come."""

    reason: LossReason


class CaseStopped(CaseEvent, frozen=True, tag="case_stopped"):
    """There is nothing left to chase."""

    reason: StopReason


class MoneyCameLate(CaseEvent, frozen=True, tag="money_came_late"):
    """The invoice was paid after the case had ended."""

    amount_minor: int
    by: Payer


Event = (
    CaseOpened
    | RetriesTakenOver
    | ChargeDeclined
    | AttemptDeclined
    | AmountChanged
    | AttemptPlanned
    | AttemptStarted
    | AttemptUnclear
    | AttemptAbandoned
    | CustomerAsked
    | ReminderPlanned
    | ReminderStarted
    | ReminderSkipped
    | ReminderFailed
    | CardReplaced
    | CaseRecovered
    | CaseLost
    | CaseStopped
    | MoneyCameLate
)
