"""What we are asked to do with a case, or told about it. Imperative; a decision may answer no."""

from msgspec import Struct

from domain.invoice import Card, FailedCharge, Invoice
from domain.network import CardUse
from domain.recovery.events import Payer, StopReason


class OpenCase(Struct, frozen=True, kw_only=True):
    """Take up an invoice whose charge failed."""

    account: str
    invoice: Invoice


class RecordTakeOver(Struct, frozen=True, kw_only=True):
    """Stripe's own retries of this invoice are off now."""


class RecordDecline(Struct, frozen=True, kw_only=True):
    """A charge was refused; ours if `attempt` names one."""

    failure: FailedCharge
    by: Payer
    attempt: int | None = None


class BeginAttempt(Struct, frozen=True, kw_only=True):
    """Commit the intent to charge, on what Stripe said a moment ago."""

    number: int
    invoice: Invoice
    use: CardUse


class RecordUnclear(Struct, frozen=True, kw_only=True):
    """The call ended without an answer that can be trusted."""

    attempt: int


class AbandonAttempt(Struct, frozen=True, kw_only=True):
    """Stripe was asked and knows of no charge by this attempt."""

    attempt: int
    evidence: str


class RequestAuthentication(Struct, frozen=True, kw_only=True):
    """The bank wants to see the customer; `attempt` is ours if we caused the question."""

    attempt: int | None = None


class RecordPayment(Struct, frozen=True, kw_only=True):
    """The invoice is paid."""

    amount_minor: int
    by: Payer
    attempt: int | None = None


class ReplaceCard(Struct, frozen=True, kw_only=True):
    """The next charge would use this card."""

    card: Card


class BeginReminder(Struct, frozen=True, kw_only=True):
    """Commit that this message goes out now."""

    step: int
    message_id: str


class SkipReminder(Struct, frozen=True, kw_only=True):
    """This message cannot go."""

    step: int
    reason: str


class FailReminder(Struct, frozen=True, kw_only=True):
    """The mail server did not take a message that we had begun to send."""

    step: int
    reason: str
    final: bool  # False: certainly not sent, and worth another try


class CloseCase(Struct, frozen=True, kw_only=True):
    """The window is over."""


class WriteOff(Struct, frozen=True, kw_only=True):
    """The merchant marked the invoice uncollectible."""


class StopCase(Struct, frozen=True, kw_only=True):
    """There is nothing left to chase."""

    reason: StopReason


Command = (
    OpenCase
    | RecordTakeOver
    | RecordDecline
    | BeginAttempt
    | RecordUnclear
    | AbandonAttempt
    | RequestAuthentication
    | RecordPayment
    | ReplaceCard
    | BeginReminder
    | SkipReminder
    | FailReminder
    | CloseCase
    | WriteOff
    | StopCase
)
