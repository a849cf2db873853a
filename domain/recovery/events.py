"""What happened to a case. The tags are stored for ever: add, never rename or reuse one."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain.decline import DeclineFamily
from domain.invoice import Card, FailedCharge, Profile
from domain.policy.shapes import Channel, EndAction, StripeRetries, Template
from domain.recovery.why import Why


class Payer(StrEnum):
    """Who moved the money, or tried to."""

    CHARGECHASE = "chargechase"
    STRIPE = "stripe"  # Stripe's own retry
    CUSTOMER = "customer"  # on a page, by their own hand
    MERCHANT = "merchant"  # by hand in the dashboard, by a program of theirs, or outside Stripe


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
    DISCONNECTED = "disconnected"  # the merchant took our access to the Stripe account away
    CUSTOMER_DELETED = "customer_deleted"
    FRAUD_WARNING = "fraud_warning"  # the card's issuer takes a payment of theirs for fraud
    ELSEWHERE = "elsewhere"  # the invoice is to be paid outside Stripe
    MERCHANT = "merchant"  # a person of the merchant's team said so


class LossReason(StrEnum):
    """Why the money did not come back."""

    WINDOW_OVER = "window_over"
    WRITTEN_OFF = "written_off"  # marked uncollectible in Stripe


class CardSource(StrEnum):
    """Who changed the card that the next charge would use."""

    CUSTOMER = "customer"
    NETWORK = "network"  # the card networks' updater
    BACKUP = "backup"  # nobody: another one of theirs that they agreed to


class Pauser(StrEnum):
    """Who paused a case, or let it go on."""

    MERCHANT = "merchant"
    STRIPE = "stripe"  # the subscription was paused there
    CUSTOMER = "customer"  # they say that something is wrong
    SCHEDULE = "schedule"  # the time that the pause was given is over; only resumes


class Problem(StrEnum):
    """What a customer says is wrong with what is asked of them."""

    CANCELLED = "cancelled"  # they had cancelled
    UNKNOWN = "unknown"  # they do not know what it is for
    AMOUNT = "amount"  # it is too much, or was paid before
    OTHER = "other"
    ANSWERED = "answered"  # they wrote back: what they say is for a person to read


class DisputeState(StrEnum):
    """How a dispute stands."""

    OPEN = "open"  # the bank has taken the money back for now
    WON = "won"  # by the merchant: the money is back again
    LOST = "lost"


class Return(StrEnum):
    """Why recovered money went back."""

    REFUND = "refund"
    DISPUTE = "dispute"


class EndResult(StrEnum):
    """What became of the end action."""

    DONE = "done"
    REFUSED = "refused"  # Stripe says that it cannot be done (any more)
    BY_HAND = "by_hand"  # this connection may not do it: a task for the merchant


class CaseEvent(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """Every event knows when; nothing in the domain reads a clock."""

    at: datetime


class CaseOpened(CaseEvent, frozen=True, tag="case_opened"):
    """An invoice's charge failed and we took it up; or, `held_out`, only watch it.

    `timezone` is whose hours count: the customer's if known, else the policy's.
    """

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
    profile: Profile | None = None
    timezone: str | None = None
    segment: str | None = None
    arm: str | None = None
    held_out: bool = False
    # What becomes of Stripe's own retries of this invoice; None in cases of old.
    stripe_retries: StripeRetries | None = None
    # A bill that the customer pays by hand: it is written about and never charged.
    outstanding: bool = False
    due_at: datetime | None = None
    attempt_count: int = 0  # what Stripe had counted by then


class RetriesTakenOver(CaseEvent, frozen=True, tag="retries_taken_over"):
    """Stripe's own retries of this invoice are off (or there were none)."""


class StripeCounted(CaseEvent, frozen=True, tag="stripe_counted"):
    """Stripe's count of tries rose. It counts those too that never became a charge.

    Source: docs.stripe.com/billing/revenue-recovery/smart-retries (hard declines).
    """

    attempt_count: int


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
    """The invoice now asks for another amount (a credit note, a part payment).

    `paid_minor` is what has been paid of it so far, all parts together.
    """

    amount_minor: int
    paid_minor: int = 0


class AttemptPlanned(CaseEvent, frozen=True, tag="attempt_planned"):
    """We will charge again. `rule` says why then: see `web` for the sentence.

    `later_percent` is the chance that this charge and those after it bring the money, where the
    plan has one.
    """

    number: int
    due_at: datetime
    rule: str
    later_percent: int = 0
    why: Why | None = None


class AttemptStarted(CaseEvent, frozen=True, tag="attempt_started"):
    """The intent to charge, committed before Stripe is called."""

    number: int
    amount_minor: int
    card: Card | None
    month_tries: int = 0  # refusals of this card in 30 days, all invoices, as we knew then


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
    why: Why | None = None


class ReminderPlanned(CaseEvent, frozen=True, tag="reminder_planned"):
    """A message to the customer is due; `step` counts from 1."""

    step: int
    due_at: datetime
    template: Template = Template.PAYMENT_FAILED
    channel: Channel = Channel.EMAIL
    why: Why | None = None


class ReminderStarted(CaseEvent, frozen=True, tag="reminder_started"):
    """The message is on its way: committed before the hand-off, so that it goes at most once."""

    step: int
    message_id: str
    template: Template | None = None  # None in events of old
    channel: Channel = Channel.EMAIL


class ReminderSkipped(CaseEvent, frozen=True, tag="reminder_skipped"):
    """A message that did not go: no address, not worth its risk, somebody else writes already."""

    step: int
    reason: str
    why: Why | None = None


class ReminderFailed(CaseEvent, frozen=True, tag="reminder_failed"):
    """The message was not taken, or not delivered; if it is worth another try, one is planned."""

    step: int
    reason: str


class CardReplaced(CaseEvent, frozen=True, tag="card_replaced"):
    """The next charge would use another card, or renewed details of the one that failed."""

    card: Card
    by: CardSource = CardSource.CUSTOMER


class DatePicked(CaseEvent, frozen=True, tag="date_picked"):
    """The customer chose the day of the next charge; until then nobody charges or writes."""

    charge_at: datetime


class PaymentPromised(CaseEvent, frozen=True, tag="payment_promised"):
    """The customer will pay by then; until then nobody charges or writes."""

    until: datetime


class CasePaused(CaseEvent, frozen=True, tag="case_paused"):
    """Nobody charges or writes before `until` (None: before somebody resumes the case). `about` is
    what a customer says is wrong; their own words are not kept here."""

    by: Pauser
    until: datetime | None = None
    about: Problem | None = None


class CaseResumed(CaseEvent, frozen=True, tag="case_resumed"):
    """The chase goes on."""

    by: Pauser


class CaseRecovered(CaseEvent, frozen=True, tag="case_recovered"):
    """The invoice is paid."""

    amount_minor: int
    by: Payer
    attempt: int | None = None


class CaseLost(CaseEvent, frozen=True, tag="case_lost"):
    """The chase is over and the money has not come; `then` is what is still to do in Stripe."""

    reason: LossReason
    then: EndAction = EndAction.KEEP
    confirm: bool = False  # `then` waits for the merchant's word


class CaseStopped(CaseEvent, frozen=True, tag="case_stopped"):
    """There is nothing left to chase."""

    reason: StopReason


class MoneyCameLate(CaseEvent, frozen=True, tag="money_came_late"):
    """The invoice was paid after the case had ended."""

    amount_minor: int
    by: Payer


class EndActionDone(CaseEvent, frozen=True, tag="end_action_done"):
    """What the policy wants at the end of a lost case was done in Stripe, or cannot be."""

    result: EndResult
    reason: str | None = None  # why not: Stripe's code, or a word of ours


class EndConfirmed(CaseEvent, frozen=True, tag="end_confirmed"):
    """The merchant said yes to an end that nothing brings back."""


class EndActionUndone(CaseEvent, frozen=True, tag="end_action_undone"):
    """The merchant took the end action back: in Stripe, or before it was done there."""

    in_stripe: bool = True


class MoneyReturned(CaseEvent, frozen=True, tag="money_returned"):
    """Recovered money went back to the customer; `charge_id` names the charge of a refund."""

    amount_minor: int
    reason: Return
    charge_id: str = ""


class MoneyReinstated(CaseEvent, frozen=True, tag="money_reinstated"):
    """Money that had gone back is here again: a dispute was won, or a refund failed."""

    amount_minor: int
    reason: Return = Return.DISPUTE
    charge_id: str = ""


class MoneyOverpaid(CaseEvent, frozen=True, tag="money_overpaid"):
    """More came than the invoice asked for: `amount_minor` is all that came too much so far."""

    amount_minor: int


Event = (
    CaseOpened
    | RetriesTakenOver
    | StripeCounted
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
    | DatePicked
    | PaymentPromised
    | CasePaused
    | CaseResumed
    | CaseRecovered
    | CaseLost
    | CaseStopped
    | MoneyCameLate
    | EndActionDone
    | EndConfirmed
    | EndActionUndone
    | MoneyReturned
    | MoneyReinstated
    | MoneyOverpaid
)
