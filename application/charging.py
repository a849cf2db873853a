"""Sending an attempt to Stripe and writing down what became of it; the only caller of pay."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from application.case_ids import attempt_key
from application.change_case import CaseRef, Cases
from application.ports.payments import (
    ActionNeeded,
    AlreadySettled,
    Declined,
    Outcome,
    Paid,
    Payments,
    Refused,
    Unknown,
)
from domain.recovery import commands as c
from domain.recovery.events import Payer, StopReason
from domain.recovery.signals import Origin, after_settlement
from domain.recovery.state import InFlight, RecoveryCase

# Stripe forgets an idempotency key after 24 hours; then the same key would charge anew.
# Source: docs.stripe.com/api/idempotent_requests. An hour is kept as a margin: at this age an
# attempt without an answer is given up.
KEY_LIFE = timedelta(hours=23)
# A call that leaves just in time may move money some time later. Nobody may have given its attempt
# up by then, so sending ends earlier: by a margin that covers the longest call that can be set
# (`STRIPE_TIMEOUT_S`, two minutes), a process that stands still in it, and clocks a second apart.
SENT_FOR = KEY_LIFE - timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """Shared by the first call of an attempt and by its later examination."""

    cases: Cases
    payments: Payments
    count: Callable[[str], None]  # attempts by outcome, for the metrics

    def may_send(self, flight: InFlight) -> bool:
        """Whether this attempt's key may still leave: Stripe answers it as it did before."""
        return self._age(flight) < SENT_FOR

    async def send(self, ref: CaseRef) -> None:
        """Charge under the attempt's own key, no transaction open, then record the outcome.

        Nothing is sent if the case has closed or the attempt has been resolved since it began, or
        if its key is too old: then the attempt is unclear until it is old enough to be given up.
        """
        case = await self.cases.read(ref)
        flight = case.in_flight
        if flight is None:
            return
        if not self.may_send(flight):
            await self.cases.change(ref, self._too_old(flight))
            return
        key = attempt_key(ref.case_id, flight.number)
        # The card that was weighed and committed to, whatever lies in the slot by now.
        outcome = await self.payments.pay_invoice(
            case.account,
            case.invoice_id,
            idempotency_key=key,
            payment_method=flight.card.payment_method if flight.card else None,
        )
        self.count(type(outcome).__name__.lower())
        await self.cases.change(ref, *await self._commands(case, outcome, flight.number))

    def _age(self, flight: InFlight) -> timedelta:
        return self.cases.clock() - flight.started_at

    def _too_old(self, flight: InFlight) -> c.Command:
        if self._age(flight) < KEY_LIFE:
            return c.RecordUnclear(attempt=flight.number)
        return c.AbandonAttempt(attempt=flight.number, evidence="key_expired")

    async def _commands(
        self, case: RecoveryCase, outcome: Outcome, number: int
    ) -> tuple[c.Command, ...]:
        match outcome:
            case Paid():
                return (_paid(outcome.amount_minor, number),)
            case Declined() | ActionNeeded():
                return (_refusal(outcome, number),)
            case Refused():
                return (c.AbandonAttempt(attempt=number, evidence=outcome.reason),)
            case AlreadySettled():
                return await self._settled(case, number)
            case Unknown():
                return (c.RecordUnclear(attempt=number),)

    async def _settled(self, case: RecoveryCase, number: int) -> tuple[c.Command, ...]:
        """Nothing was charged by this attempt; whoever settled the invoice, it was not we."""
        abandoned = c.AbandonAttempt(attempt=number, evidence="already_settled")
        invoice = await self.payments.read_invoice(case.account, case.invoice_id)
        if invoice is None:
            return (abandoned, c.StopCase(reason=StopReason.GONE))
        return (abandoned, *after_settlement(invoice, Origin(by=Payer.STRIPE)))


def _paid(amount_minor: int, number: int) -> c.RecordPayment:
    return c.RecordPayment(amount_minor=amount_minor, by=Payer.CHARGECHASE, attempt=number)


def _refusal(outcome: Declined | ActionNeeded, number: int) -> c.Command:
    if outcome.failure is None:
        return c.RequestAuthentication(attempt=number)
    return c.RecordDecline(failure=outcome.failure, by=Payer.CHARGECHASE, attempt=number)
