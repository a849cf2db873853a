"""A case as its events add up to it: shapes only. How they add up is in `case`."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.decline import Decline, DeclineFamily
from domain.invoice import Card, FailedCharge, Profile
from domain.money import Money
from domain.network import BARRING, DEBIT_SCHEMES
from domain.policy import Policy, Rules
from domain.policy.shapes import Channel, EndAction, StripeRetries, Template
from domain.recovery import events as e
from domain.recovery.transitions import CLOSED, Phase
from domain.timing.situation import Situation

# An attempt without an outcome by then is looked into: longer than any call to Stripe lasts.
CHECK_AFTER: Final = timedelta(minutes=10)
# What a decline asks of the customer; a plan may charge beside the question, but never these cards.
ASKS: Final = {
    **dict.fromkeys(sorted(BARRING), e.Ask.CARD),
    DeclineFamily.NEEDS_NEW_DETAILS: e.Ask.CARD,
    DeclineFamily.NEEDS_AUTHENTICATION: e.Ask.AUTHENTICATION,
    DeclineFamily.CHECK: e.Ask.PAYMENT,
}


class MarkKind(StrEnum):
    """The shapes on the chase line."""

    FAILED = "failed"
    TRIED = "tried"
    WROTE = "wrote"
    CUSTOMER = "customer"
    PAID = "paid"
    ENDED = "ended"


class Mark(Struct, frozen=True, array_like=True):
    """One point on the chase line."""

    at: datetime
    kind: MarkKind


class InFlight(Struct, frozen=True, kw_only=True):
    """Our attempt whose outcome is not known yet, and the situation in which it began."""

    number: int
    started_at: datetime
    check_at: datetime
    amount_minor: int
    card: Card | None = None
    checks: int = 0
    unclear_at: tuple[datetime, ...] = ()  # when it was sent or looked for again, in vain
    # Declines heard of meanwhile without a word on whose they are: one may be this attempt's own.
    heard: frozenset[str] = frozenset()
    situation: Situation | None = None

    @property
    def is_debit(self) -> bool:
        """True for a bank debit: the bank answers days after the call, with no word on whose."""
        return self.card is not None and self.card.kind in DEBIT_SCHEMES

    def made(self, failure: FailedCharge) -> bool:
        """Whether the refusal is that of the debit which this attempt made: of its account, and
        begun when it was sent, for the first time or again. A charge bears the second at which it
        was made, by Stripe's clock, not that of the bank's answer; and while a debit is on its
        way nobody makes another."""
        if self.card is None or failure.card is None or not self.is_debit:
            return False
        begun = any(
            abs(failure.at - at) < CHECK_AFTER for at in (self.started_at, *self.unclear_at)
        )
        return begun and failure.card.payment_method == self.card.payment_method


class Reminder(Struct, frozen=True, kw_only=True):
    """The next message that is due, or (in `wrote`) the one that went last."""

    step: int
    due_at: datetime
    template: Template = Template.PAYMENT_FAILED
    channel: Channel = Channel.EMAIL


class Pause(Struct, frozen=True, kw_only=True):
    """Who wants quiet, and how long; None: until somebody resumes the case."""

    by: e.Pauser
    until: datetime | None = None
    about: e.Problem | None = None


class Attention(Struct, frozen=True, kw_only=True):
    """A stretch of time of which we shall learn something: after a message, or without one."""

    since: datetime
    situation: Situation
    message: Reminder | None = None


class RecoveryCase(Struct, frozen=True, kw_only=True):
    """The state of one case. Never stored as truth: the events are."""

    phase: Phase = Phase.NEW
    version: int = 0
    account: str = ""
    invoice_id: str = ""
    number: str | None = None
    customer_id: str | None = None
    subscription_id: str | None = None
    amount_minor: int = 0
    currency: str = ""
    policy_version: int = 0
    profile: Profile | None = None
    timezone: str = ""  # the customer's if known, else the policy's; "" in cases of old
    segment: str | None = None
    arm: str | None = None
    held_out: bool = False  # watched, never charged nor written to
    stripe_retries: StripeRetries | None = None  # None in cases of old
    outstanding: bool = False  # a bill that the customer pays by hand: never charged
    due_at: datetime | None = None  # of such a bill
    stripe_tries: int = 0  # as Stripe counts them: not a count of charges
    stripe_charges: tuple[tuple[datetime, str], ...] = ()  # of its own that were refused, in order
    opened_at: datetime | None = None
    closes_at: datetime | None = None
    stripe_retry_at: datetime | None = None  # only until Stripe's retries are taken over
    family: DeclineFamily | None = None
    decline: Decline = Decline()
    failed_at: datetime | None = None  # the first refused charge of the invoice
    refused_at: datetime | None = None  # the latest, of whatever card
    card_news_at: datetime | None = None  # when the present card was refused last, or given
    card: Card | None = None
    new_card: bool = False  # given by the customer and not tried yet
    beside: Card | None = None  # what lies in the slot while the backup stands for it
    backup_used: bool = False  # once a case
    old_cards: frozenset[str] = frozenset()  # payment methods that a newer one has replaced
    refusals: tuple[datetime, ...] = ()  # of the card's number, by this invoice, oldest first
    barred: bool = False  # one of these said never, or not this card
    seen_charges: frozenset[str] = frozenset()
    attempts: int = 0  # ours, started
    retries_on_card: int = 0  # ours, since the card changed
    tried_at: datetime | None = None  # when our latest attempt began
    next_attempt_at: datetime | None = None
    later_percent: int = 0  # the chance that the planned charge and those after it succeed
    in_flight: InFlight | None = None
    ask: e.Ask | None = None
    asked_at: datetime | None = None
    asked_after: int | None = None  # steps before the first question that has a campaign of its own
    reminder: Reminder | None = None
    reminders: int = 0  # steps begun or skipped
    sent: Reminder | None = None  # the last one begun, unless the mail server did not take it
    wrote_at: datetime | None = None
    letters: tuple[datetime, ...] = ()  # when messages went that were not refused
    texts: int = 0  # those of them that were text messages
    quiet_until: datetime | None = None  # a promise or a picked day: no charge and no message
    picked_at: datetime | None = None  # the customer's day, until a charge has been made on it
    pause: Pause | None = None
    attention: Attention | None = None
    paid_minor: int = 0  # parts of the invoice, so far
    recovered_minor: int = 0
    refunded_minor: int = 0
    refunds: dict[str, int] = {}  # what went back of each charge; an invoice may have several
    disputed_minor: int = 0
    dispute_won: bool = False
    overpaid_minor: int = 0
    taken_over: bool = False  # Stripe's own retries of the invoice were switched off by us
    then: EndAction = EndAction.KEEP  # still to do in Stripe, once the case is lost
    end_waits: bool = False  # `then` waits for the merchant's word
    by_hand: EndAction = EndAction.KEEP  # the merchant's to do: this connection may not
    ended_by: EndAction = EndAction.KEEP  # what we did in Stripe at the end
    closed_at: datetime | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def is_open(self) -> bool:
        """True while there is something to chase."""
        return self.phase is not Phase.NEW and self.phase not in CLOSED

    @property
    def end_needs_merchant(self) -> bool:
        """True while the end waits for the merchant: for a word, or to be done by hand."""
        return self.end_waits or self.by_hand is not EndAction.KEEP

    @property
    def is_questioned(self) -> bool:
        """True while the case rests because its customer says that something is wrong."""
        return self.is_open and self.pause is not None and self.pause.by is e.Pauser.CUSTOMER

    @property
    def needs_merchant(self) -> bool:
        """True while a person of the merchant's team has something to say or to do."""
        return self.end_needs_merchant or self.is_questioned

    @property
    def is_paid(self) -> bool:
        """True once we know that the invoice is paid, in time or late."""
        return self.phase is Phase.RECOVERED or self.recovered_minor > 0

    @property
    def stripe_charged_at(self) -> datetime | None:
        """When Stripe charged last by its own schedule and was refused, as far as we heard."""
        return self.stripe_charges[-1][0] if self.stripe_charges else None

    @property
    def owed(self) -> Money:
        """What the invoice still asks for."""
        return Money(self.amount_minor, self.currency)

    def rules(self, policy: Policy) -> Rules:
        """What the policy says for this case's segment and arm."""
        return policy.rules(self.segment, self.arm)

    def zone(self, policy: Policy) -> str:
        """Whose hours count: IANA name."""
        return self.timezone or policy.timezone
