"""What we are asked to do with a case, or told about it. Imperative; a decision may answer no.

Each is tagged, so that a decision can be kept with its commands and made again.
"""

from datetime import datetime

from msgspec import Struct

from domain.invoice import Card, FailedCharge, Invoice
from domain.network import CardUse
from domain.recovery.events import (
    CardSource,
    DisputeState,
    EndResult,
    Pauser,
    Payer,
    Problem,
    StopReason,
)


class CaseCommand(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """What all commands share: their name travels with them."""


class OpenCase(CaseCommand, frozen=True, tag="open_case"):
    """Take up an invoice whose charge failed."""

    account: str
    invoice: Invoice


class RecordTakeOver(CaseCommand, frozen=True, tag="record_take_over"):
    """Stripe's own retries of this invoice are off now."""


class RecordCount(CaseCommand, frozen=True, tag="record_count"):
    """So many tries Stripe counts for this invoice, whether the bank heard of them or not."""

    attempt_count: int


class RecordDecline(CaseCommand, frozen=True, tag="record_decline"):
    """A charge was refused; ours if `attempt` names one."""

    failure: FailedCharge
    by: Payer
    attempt: int | None = None


class BeginAttempt(CaseCommand, frozen=True, tag="begin_attempt"):
    """Commit the intent to charge, on what Stripe said a moment ago; `use` is its card's."""

    number: int
    invoice: Invoice
    use: CardUse


class RecordUnclear(CaseCommand, frozen=True, tag="record_unclear"):
    """The call ended without an answer that can be trusted."""

    attempt: int


class AbandonAttempt(CaseCommand, frozen=True, tag="abandon_attempt"):
    """Stripe was asked and knows of no charge by this attempt."""

    attempt: int
    evidence: str


class RequestAuthentication(CaseCommand, frozen=True, tag="request_authentication"):
    """The bank wants to see the customer; `attempt` is ours if we caused the question."""

    attempt: int | None = None


class RecordPayment(CaseCommand, frozen=True, tag="record_payment"):
    """The invoice is paid."""

    amount_minor: int
    by: Payer
    attempt: int | None = None


class RecordPartialPayment(CaseCommand, frozen=True, tag="record_partial_payment"):
    """A part of the invoice is paid: so much in all so far, and so much is left."""

    amount_paid_minor: int
    amount_remaining_minor: int


class RecordRefund(CaseCommand, frozen=True, tag="record_refund"):
    """Money of a charge went back: `amount_minor` is all of it that was refunded so far, not this
    refund alone. Less than before: a refund failed."""

    amount_minor: int
    charge_id: str = ""


class RecordDispute(CaseCommand, frozen=True, tag="record_dispute"):
    """The customer disputes a payment of this invoice with the bank."""

    amount_minor: int
    state: DisputeState = DisputeState.OPEN


class RecordOverpayment(CaseCommand, frozen=True, tag="record_overpayment"):
    """More came than the invoice asked for: so much too much in all so far."""

    amount_minor: int


class RevokeMandate(CaseCommand, frozen=True, tag="revoke_mandate"):
    """This payment method may not be debited any more: its owner took the permission back."""

    payment_method: str


class ReplaceCard(CaseCommand, frozen=True, tag="replace_card"):
    """The next charge would use this card."""

    card: Card
    by: CardSource = CardSource.CUSTOMER


class PickDate(CaseCommand, frozen=True, tag="pick_date"):
    """The customer wants to be charged on the day of `at`, in the customer's zone."""

    at: datetime


class ChargeNow(CaseCommand, frozen=True, tag="charge_now"):
    """The customer wants to be charged at once, by the card on file."""


class PromisePayment(CaseCommand, frozen=True, tag="promise_payment"):
    """The customer will pay by `until`: leave them alone before."""

    until: datetime


class PauseCase(CaseCommand, frozen=True, tag="pause_case"):
    """No charge and no message before `until`, or (None) before the case is resumed; `about` where
    it is a customer who says that something is wrong."""

    by: Pauser
    until: datetime | None = None
    about: Problem | None = None


class ResumeCase(CaseCommand, frozen=True, tag="resume_case"):
    """Go on: because somebody says so, or (SCHEDULE) because the pause's time is over."""

    by: Pauser


class BeginReminder(CaseCommand, frozen=True, tag="begin_reminder"):
    """Commit that this message goes out now."""

    step: int
    message_id: str


class SkipReminder(CaseCommand, frozen=True, tag="skip_reminder"):
    """This message cannot go."""

    step: int
    reason: str


class DelayReminder(CaseCommand, frozen=True, tag="delay_reminder"):
    """This message waits: so many letters may go in a while, and no more. `rule` says which."""

    step: int
    until: datetime
    rule: str


class FailReminder(CaseCommand, frozen=True, tag="fail_reminder"):
    """The mail server did not take a message that we had begun to send."""

    step: int
    reason: str
    final: bool  # False: certainly not sent, and worth another try


class CloseCase(CaseCommand, frozen=True, tag="close_case"):
    """The window is over."""


class WriteOff(CaseCommand, frozen=True, tag="write_off"):
    """The merchant marked the invoice uncollectible."""


class StopCase(CaseCommand, frozen=True, tag="stop_case"):
    """There is nothing left to chase."""

    reason: StopReason


class RecordEndAction(CaseCommand, frozen=True, tag="record_end_action"):
    """The end action was carried out in Stripe (by whomever), or why it was not.

    `done` is what decisions of old said instead; they are made again like any other.
    """

    result: EndResult = EndResult.DONE
    reason: str | None = None
    done: bool | None = None

    @property
    def outcome(self) -> EndResult:
        """The result, however it was told."""
        return EndResult.REFUSED if self.done is False else self.result


class ConfirmEnd(CaseCommand, frozen=True, tag="confirm_end"):
    """The merchant says yes to an end that nothing brings back."""


class UndoEndAction(CaseCommand, frozen=True, tag="undo_end_action"):
    """The end action was taken back in Stripe; or the merchant does not want it (done) at all."""


Command = (
    OpenCase
    | RecordTakeOver
    | RecordCount
    | RecordDecline
    | BeginAttempt
    | RecordUnclear
    | AbandonAttempt
    | RequestAuthentication
    | RecordPayment
    | RecordPartialPayment
    | RecordRefund
    | RecordDispute
    | RecordOverpayment
    | RevokeMandate
    | ReplaceCard
    | PickDate
    | ChargeNow
    | PromisePayment
    | PauseCase
    | ResumeCase
    | BeginReminder
    | SkipReminder
    | DelayReminder
    | FailReminder
    | CloseCase
    | WriteOff
    | StopCase
    | RecordEndAction
    | ConfirmEnd
    | UndoEndAction
)
