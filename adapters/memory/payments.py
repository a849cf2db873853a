"""A bank in memory that can be told to decline, to pay, to ask for the customer or to vanish."""

from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from application.ports.payments import (
    ActionNeeded,
    AlreadySettled,
    Declined,
    Ended,
    Ending,
    Outcome,
    Paid,
    StripeUnavailable,
    Unknown,
)
from domain.decline import Decline
from domain.invoice import Card, FailedCharge, Invoice, InvoiceStatus
from domain.policy.shapes import OF_SUBSCRIPTION, UNDOABLE, EndAction
from domain.recovery.events import EndResult

PAYABLE = frozenset({InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE})
DONE = Ended(result=EndResult.DONE)
NOTHING = Ended(result=EndResult.REFUSED, reason="nothing_to_end")
STATUS_AFTER = {
    EndAction.MARK_UNCOLLECTIBLE: InvoiceStatus.UNCOLLECTIBLE,
    EndAction.VOID_INVOICE: InvoiceStatus.VOID,
}


class Charge(Struct, frozen=True):
    """One line of the bank's own book: what really happened, whatever was answered."""

    account: str
    invoice_id: str
    idempotency_key: str
    amount_minor: int
    paid: bool


class _Answer(Struct, frozen=True):
    decline_code: str | None = None
    wants_customer: bool = False
    acts: bool = True
    answers: bool = True


class MemoryPayments:
    """The Payments port. Each charge takes the invoice's next answer; without one it is paid.

    `charges` is the truth to count in tests; `clock` dates what happens.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.charges: list[Charge] = []
        self.is_down = False
        self.cancelled: set[tuple[str, str]] = set()  # subscriptions that we ended
        self.handed_back: set[tuple[str, str]] = set()  # invoices that Stripe retries again
        self.undone: list[Ending] = []
        self.forbids: str | None = None  # why this connection may end nothing
        self.cards: dict[str, Card] = {}  # by payment method
        self.wallets: dict[str, tuple[Card, ...]] = {}  # by customer
        self._intents: dict[tuple[str, str], str] = {}
        self._objects: dict[tuple[str, str, str], bytes] = {}
        self._clock = clock
        self._invoices: dict[tuple[str, str], Invoice] = {}
        self._answers: defaultdict[str, deque[_Answer]] = defaultdict(deque)
        self._told: dict[tuple[str, str], Outcome] = {}

    # What a test or a rehearsal says.
    def put(self, account: str, invoice: Invoice) -> None:
        """Keep or replace an invoice as Stripe would show it; its card can be charged from now."""
        if invoice.card is not None:
            self.cards[invoice.card.payment_method] = invoice.card
        self._invoices[account, invoice.invoice_id] = invoice

    def will_pay(self, invoice_id: str) -> None:
        """The next charge succeeds."""
        self._answers[invoice_id].append(_Answer())

    def will_decline(self, invoice_id: str, decline_code: str = "insufficient_funds") -> None:
        """The next charge is refused by the bank."""
        self._answers[invoice_id].append(_Answer(decline_code=decline_code))

    def will_ask_for_customer(self, invoice_id: str) -> None:
        """The next charge waits for an authentication."""
        self._answers[invoice_id].append(_Answer(wants_customer=True))

    def will_vanish(self, invoice_id: str, *, after_effect: bool) -> None:
        """The next charge gets no answer, though with `after_effect` it succeeds; sent again with
        its key it is answered."""
        self._answers[invoice_id].append(_Answer(acts=after_effect, answers=False))

    def knows_payment(self, account: str, payment_intent_id: str, invoice_id: str) -> None:
        """This payment was for that invoice."""
        self._intents[account, payment_intent_id] = invoice_id

    def shows(self, account: str, kind: str, body: dict[str, Any]) -> None:
        """Keep or replace a thing that events only name, as Stripe would show it."""
        self._objects[account, kind, body["id"]] = msgspec.json.encode(body)

    # The port.
    async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
        self._refuse_if_down()
        return self._invoices.get((account, invoice_id))

    async def pay_invoice(
        self,
        account: str,
        invoice_id: str,
        *,
        idempotency_key: str,
        payment_method: str | None = None,
    ) -> Outcome:
        if self.is_down:
            return Unknown(reason="no_answer")
        told = self._told.get((account, idempotency_key))
        if told is not None:
            return told
        invoice = self._invoices.get((account, invoice_id))
        if invoice is None or invoice.status not in PAYABLE:
            return AlreadySettled()
        if invoice.processing:
            return Unknown(reason="processing")
        card = self.cards.get(payment_method or "", invoice.card)
        return self._charge(account, invoice, card, idempotency_key)

    async def put_in_slot(
        self,
        account: str,
        invoice: Invoice,
        *,
        idempotency_key: str,  # noqa: ARG002 (doing it twice is the same)
    ) -> bool:
        self._refuse_if_down()
        shown = self._invoices.get((account, invoice.invoice_id))
        if shown is None or shown.belongs_in is None:
            return False
        self.put(account, replace(shown, belongs_in=None))
        return True

    async def stop_stripe_retries(
        self,
        account: str,
        invoice_id: str,
        *,
        idempotency_key: str,  # noqa: ARG002 (doing it twice is the same)
    ) -> None:
        self._refuse_if_down()
        invoice = self._invoices.get((account, invoice_id))
        if invoice is not None:
            self.put(account, replace(invoice, stripe_retry_at=None))

    async def invoice_of(self, account: str, payment_intent_id: str) -> str | None:
        self._refuse_if_down()
        return self._intents.get((account, payment_intent_id))

    async def cards_of(self, account: str, customer_id: str) -> tuple[Card, ...]:  # noqa: ARG002
        self._refuse_if_down()
        return self.wallets.get(customer_id, ())

    async def read_object(self, account: str, kind: str, object_id: str) -> bytes | None:
        self._refuse_if_down()
        return self._objects.get((account, kind, object_id))

    async def resume_stripe_retries(
        self,
        account: str,
        invoice_id: str,
        *,
        idempotency_key: str,  # noqa: ARG002 (doing it twice is the same)
    ) -> None:
        self._refuse_if_down()
        self.handed_back.add((account, invoice_id))

    async def end(
        self,
        account: str,
        ending: Ending,
        *,
        idempotency_key: str,  # noqa: ARG002 (doing it twice is the same)
    ) -> Ended:
        self._refuse_if_down()
        if self.forbids is not None:
            return Ended(result=EndResult.BY_HAND, reason=self.forbids)
        if ending.action in OF_SUBSCRIPTION:
            return self._end_subscription(account, ending)
        return self._end_invoice(account, ending)

    async def undo_end(
        self,
        account: str,
        ending: Ending,
        *,
        idempotency_key: str,  # noqa: ARG002 (doing it twice is the same)
    ) -> Ended:
        self._refuse_if_down()
        if self.forbids is not None:
            return Ended(result=EndResult.BY_HAND, reason=self.forbids)
        invoice_gone = (account, ending.invoice_id) not in self._invoices
        if ending.action not in UNDOABLE or _names_nothing(ending) or invoice_gone:
            return NOTHING
        self.undone.append(ending)
        return DONE

    def _end_subscription(self, account: str, ending: Ending) -> Ended:
        if ending.subscription_id is None:
            return NOTHING
        if ending.action is EndAction.CANCEL_SUBSCRIPTION:
            self.cancelled.add((account, ending.subscription_id))
        return DONE

    def _end_invoice(self, account: str, ending: Ending) -> Ended:
        invoice = self._invoices.get((account, ending.invoice_id))
        status = STATUS_AFTER.get(ending.action)
        if ending.action is EndAction.KEEP or invoice is None:
            return NOTHING
        if status is None:
            self.handed_back.add((account, ending.invoice_id))
            return DONE
        if invoice.status not in PAYABLE and invoice.status is not status:
            return NOTHING
        self.put(account, replace(invoice, status=status))
        return DONE

    def _charge(self, account: str, invoice: Invoice, card: Card | None, key: str) -> Outcome:
        answers = self._answers[invoice.invoice_id]
        answer = answers.popleft() if answers else _Answer()
        if not answer.acts:
            return Unknown(reason="timeout")
        outcome = self._act(account, invoice, card, key, answer)
        self._told[account, key] = outcome
        return outcome if answer.answers else Unknown(reason="timeout")

    def _act(
        self, account: str, invoice: Invoice, card: Card | None, key: str, answer: _Answer
    ) -> Outcome:
        if answer.wants_customer:
            self.put(account, replace(invoice, needs_authentication=True))
            return ActionNeeded()
        due, paid = invoice.amount_remaining_minor, answer.decline_code is None
        self.charges.append(Charge(account, invoice.invoice_id, key, due, paid))
        if answer.decline_code is None:
            settled = invoice.amount_paid_minor + due
            self.put(account, _paid(invoice, settled, self._clock()))
            return Paid(amount_minor=settled)
        failure = self._failure(invoice, card, answer.decline_code)
        self.put(account, replace(invoice, last_failure=failure))
        return Declined(failure=failure)

    def _failure(self, invoice: Invoice, charged: Card | None, decline_code: str) -> FailedCharge:
        card = charged or Card(payment_method="pm_memory", fingerprint="pm_memory")
        return FailedCharge(
            charge_id=f"ch_{len(self.charges)}",
            at=self._clock(),
            amount_minor=invoice.amount_remaining_minor,
            decline=Decline(code="card_declined", decline_code=decline_code, brand=card.brand),
            card=card,
        )

    def _refuse_if_down(self) -> None:
        if self.is_down:
            raise StripeUnavailable("no_answer")


def _names_nothing(ending: Ending) -> bool:
    return ending.action in OF_SUBSCRIPTION and ending.subscription_id is None


def _paid(invoice: Invoice, settled_minor: int, now: datetime) -> Invoice:
    return replace(
        invoice,
        status=InvoiceStatus.PAID,
        amount_remaining_minor=0,
        amount_paid_minor=settled_minor,
        stripe_retry_at=None,
        paid_at=now,
        last_failure=None,
        needs_authentication=False,
    )
