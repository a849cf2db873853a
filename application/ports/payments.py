"""The merchant's Stripe account, as far as a case needs it."""

from typing import Protocol

from msgspec import Struct

from application.errors import Unavailable
from domain.invoice import Card, FailedCharge, Invoice
from domain.policy import EndAction
from domain.recovery.events import EndResult
from domain.recovery.signals import Signal


class Paid(Struct, frozen=True, kw_only=True):
    """The invoice is paid by this very attempt."""

    amount_minor: int


class Declined(Struct, frozen=True, kw_only=True):
    """A charge was made and refused."""

    failure: FailedCharge


class ActionNeeded(Struct, frozen=True, kw_only=True):
    """The bank wants to see the customer."""

    failure: FailedCharge | None = None


class AlreadySettled(Struct, frozen=True, kw_only=True):
    """Nothing was charged: the invoice is not open any more. Read it to learn why."""


class Refused(Struct, frozen=True, kw_only=True):
    """Stripe would not try: a person must look. `reason` is Stripe's code."""

    reason: str


class Unknown(Struct, frozen=True, kw_only=True):
    """No answer that can be trusted (timeout, 5xx, 409, cut connection, rate limit)."""

    reason: str


Outcome = Paid | Declined | ActionNeeded | AlreadySettled | Refused | Unknown


class Ended(Struct, frozen=True, kw_only=True):
    """What became of an end action, or of taking it back: it is so now (by whomever), it cannot be
    (any more), or this connection may not do it. `reason` is Stripe's code, or a word of ours."""

    result: EndResult
    reason: str | None = None


class Ending(Struct, frozen=True, kw_only=True):
    """What is to happen in Stripe with a lost case's invoice or subscription."""

    action: EndAction
    invoice_id: str
    subscription_id: str | None = None


class StripeUnavailable(Unavailable):
    """Stripe could not be read just now; try again later. Never raised for a charge."""


class Payments(Protocol):
    """None of these raises for what a bank or Stripe may answer to a charge."""

    async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
        """The invoice as it is now, with its last refused charge and the card in the slot that
        the next charge would use; None if Stripe does not know it. Raises StripeUnavailable."""
        ...

    async def pay_invoice(
        self,
        account: str,
        invoice_id: str,
        *,
        idempotency_key: str,
        payment_method: str | None = None,
    ) -> Outcome:
        """Charge the open invoice by that payment method, else by the one in its slot.

        The same key never charges twice within 24 hours; it goes with the same payment method.
        """
        ...

    async def put_in_slot(self, account: str, invoice: Invoice, *, idempotency_key: str) -> bool:
        """Put the invoice's card where `belongs_in` says, so that the next renewal takes it too;
        False if Stripe will not have it. Raises StripeUnavailable."""
        ...

    async def stop_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        """Set auto_advance to false. Harmless if the invoice is settled. Raises
        StripeUnavailable."""
        ...

    async def invoice_of(self, account: str, payment_intent_id: str) -> str | None:
        """The invoice that a payment was for; None if for none. Raises StripeUnavailable."""
        ...

    async def cards_of(self, account: str, customer_id: str) -> tuple[Card, ...]:
        """The cards that a customer has on file, in no slot or in one; at most 100, the newest
        first. Raises StripeUnavailable."""
        ...

    async def read_object(self, account: str, kind: str, object_id: str) -> bytes | None:
        """A thing as Stripe shows it now, in JSON; `kind` is Stripe's word: charge, dispute, ...
        None if Stripe does not know it (any more). Raises StripeUnavailable."""
        ...

    async def resume_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        """Set auto_advance to true: Stripe goes on by its own settings. Harmless if the invoice is
        settled. Raises StripeUnavailable."""
        ...

    async def end(self, account: str, ending: Ending, *, idempotency_key: str) -> Ended:
        """Carry out the end action of a lost case. Raises StripeUnavailable."""
        ...

    async def undo_end(self, account: str, ending: Ending, *, idempotency_key: str) -> Ended:
        """Take back an end action that can be taken back. Raises StripeUnavailable."""
        ...


class MalformedEvent(Exception):
    """The body is not an event of Stripe's."""


class Untold(Struct, frozen=True, kw_only=True):
    """An event that names a thing and says too little of it: read it (`kind` is Stripe's word for
    it), and then ask again. `read_as` is the reader's own note."""

    kind: str
    object_id: str
    read_as: str


class Shown(Struct, frozen=True, kw_only=True):
    """The thing that an event did not tell of, as Stripe shows it now."""

    untold: Untold
    body: bytes


class StripeEvents(Protocol):
    """The anti-corruption layer for events, whichever API version shaped them."""

    def signal(self, raw: bytes, shown: Shown | None = None) -> Signal | Untold | None:
        """What the event means for us; None if nothing. Raises MalformedEvent."""
        ...
