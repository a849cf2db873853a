"""The shapes of a policy: every number and choice that decides about a case.

A policy is one immutable, versioned value. Durations are durations, shares are percent, money that
is only weighed (never moved) is in US cents.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.decline import DeclineFamily


class StripeRetries(StrEnum):
    """What becomes of Stripe's own retries of an invoice that we chase."""

    TAKE_OVER = "take_over"  # switched off for this invoice: every charge is ours
    FOLLOW = "follow"  # left on: both count against the card's budget
    HOLD_OUT = "hold_out"  # left on, and every case is only watched: no charge, no message


class EndAction(StrEnum):
    """What happens in Stripe when a case is lost."""

    KEEP = "keep"  # the invoice stays open, the subscription as it is
    HAND_BACK = "hand_back"  # Stripe goes on by its own settings, if we had taken over from it
    MARK_UNCOLLECTIBLE = "mark_uncollectible"  # written off; a payment still settles it
    VOID_INVOICE = "void_invoice"  # the invoice is as if it had never been
    CANCEL_SUBSCRIPTION = "cancel_subscription"  # the subscription ends, the invoice stays open
    CANCEL_AT_PERIOD_END = "cancel_at_period_end"  # it ends when what was paid for is over
    PAUSE_COLLECTION = "pause_collection"  # it goes on, and its next invoices stay drafts


# Nothing brings these back: they wait for the merchant's word unless the policy says otherwise.
IRREVERSIBLE: Final = frozenset({EndAction.VOID_INVOICE, EndAction.CANCEL_SUBSCRIPTION})
# These can be taken back as if they had not been.
UNDOABLE: Final = frozenset(
    {EndAction.HAND_BACK, EndAction.CANCEL_AT_PERIOD_END, EndAction.PAUSE_COLLECTION}
)
OF_SUBSCRIPTION: Final = frozenset(
    {
        EndAction.CANCEL_SUBSCRIPTION,
        EndAction.CANCEL_AT_PERIOD_END,
        EndAction.PAUSE_COLLECTION,
    }
)


class Channel(StrEnum):
    """How a message reaches the customer."""

    EMAIL = "email"
    SMS = "sms"


class Template(StrEnum):
    """What a message says; `reference/policy-protocol.md` uses the same names."""

    PAYMENT_FAILED = "payment_failed"
    UPDATE_CARD = "update_card"
    AUTHENTICATE = "authenticate"
    FINAL_NOTICE = "final_notice"
    INVOICE_DUE = "invoice_due"  # a bill that was sent, before its due date
    INVOICE_OVERDUE = "invoice_overdue"  # the same, after it
    RECOVERED = "recovered"  # it is paid: thanks, and no step of a campaign


class Since(StrEnum):
    """What a campaign step counts from."""

    OPENED = "opened"  # the case opened
    DUE = "due"  # the due date of a bill that was sent
    ASKED = "asked"  # from here only the customer can help (a new card, an authentication, paying)
    END = "end"  # counted back from the end of the case


class FixedWaits(Struct, frozen=True, kw_only=True, tag="fixed", tag_field="timing"):
    """A charge after each of these waits, each counted from the decline before, at the policy's
    hour for charges."""

    waits: tuple[timedelta, ...]


class PayDays(Struct, frozen=True, kw_only=True, tag="pay_days", tag_field="timing"):
    """A charge on the next likely pay days of the customer's country, at the policy's hour."""

    tries: int
    gap: timedelta  # the shortest time between two charges


class Learned(Struct, frozen=True, kw_only=True, tag="learned", tag_field="timing"):
    """A charge when it is likeliest to succeed, by what has worked before; hours included."""

    tries: int
    gap: timedelta  # the shortest time between two charges


Retries = FixedWaits | PayDays | Learned


class Step(Struct, frozen=True, kw_only=True):
    """One message of a campaign. Steps go in their order, each at most once."""

    template: Template
    after: timedelta = timedelta()
    since: Since = Since.OPENED
    channel: Channel = Channel.EMAIL
    at_least_cents: int = 0  # only if this much is owed, roughly in US cents
    if_worthwhile: bool = False  # only if by experience it brings more than it costs


class Plan(Struct, frozen=True, kw_only=True):
    """What to do about one decline family: charges (None: none), and messages."""

    retries: Retries | None = None
    campaign: tuple[Step, ...] = ()


Plans = Mapping[DeclineFamily, Plan]


class Match(Struct, frozen=True, kw_only=True):
    """Which cases belong to a segment; all that is given must hold, an empty tuple is not asked."""

    currencies: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    intervals: tuple[str, ...] = ()  # week, month, year
    prices: tuple[str, ...] = ()  # Stripe price ids ("plan" in Stripe's older word)
    collections: tuple[str, ...] = ()  # charge_automatically, send_invoice
    at_least_minor: int | None = None  # of the case's own currency: name `currencies` with it
    below_minor: int | None = None
    tenure_at_least: timedelta | None = None  # since the subscription began
    tenure_below: timedelta | None = None


class Segment(Struct, frozen=True, kw_only=True):
    """Cases that are treated otherwise; the first segment that matches counts. Families that
    `plans` does not name keep the policy's own plan."""

    name: str
    when: Match
    plans: Plans = {}
    window: timedelta | None = None


class Arm(Struct, frozen=True, kw_only=True):
    """One arm of an experiment: customers are drawn into it by weight, and stay in it. Arms win
    over segments; an arm without plans is the control."""

    name: str
    weight: int
    plans: Plans = {}
    window: timedelta | None = None


class ContactBudget(Struct, frozen=True, kw_only=True):
    """How often one person may hear from us, over all of their invoices together."""

    gap: timedelta  # the shortest time between two messages
    per_day: int
    per_week: int
    per_month: int


class Economics(Struct, frozen=True, kw_only=True):
    """What learned plans and worthwhile steps weigh."""

    attempt_cents: int  # what a refused charge costs: fees, and the harm to later approvals
    message_cents: int
    cancelled_months: int  # what a customer driven away by a message costs, in monthly amounts
    exploration_percent: int  # how far less certain instants are given a chance, 0 to 100


class Rules(Struct, frozen=True, kw_only=True):
    """What holds for one case, after its segment and its arm."""

    plans: Plans
    window: timedelta

    @property
    def has_texts(self) -> bool:
        """Whether any campaign has a text message."""
        steps = (step for plan in self.plans.values() for step in plan.campaign)
        return any(step.channel is Channel.SMS for step in steps)

    def plan_for(self, family: DeclineFamily) -> Plan:
        """The plan of a family; a family without one is neither charged nor written to."""
        return self.plans.get(family, Plan())
