"""Charging and reading through Stripe."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
import structlog

from adapters.stripe import documents as doc
from adapters.stripe.asking import NO_ANSWER, NO_PARAMS, Asker, Trouble
from adapters.stripe.client import StripeConnection
from adapters.stripe.declines import card_of, failed_charge, wants_authentication
from adapters.stripe.endings import (
    DONE,
    STATUS_AFTER,
    EndRequest,
    ending_request,
    undo_request,
)
from adapters.stripe.invoices import (
    EXPAND_INTENT,
    EXPAND_INVOICE,
    PAYABLE,
    default_intent,
    to_invoice,
)
from adapters.stripe.objects import path_of
from application.ports.payments import (
    ActionNeeded,
    AlreadySettled,
    Declined,
    Ended,
    Ending,
    Outcome,
    Paid,
    Refused,
    StripeUnavailable,
    Unknown,
)
from domain.invoice import Card, FailedCharge, Invoice, InvoiceStatus, Slot
from domain.policy import EndAction
from domain.policy.shapes import OF_SUBSCRIPTION
from domain.recovery.events import EndResult

# Why an invoice cannot be ended (any more): it stands like this.
STANDS: Final = {
    InvoiceStatus.PAID: "invoice_paid",
    InvoiceStatus.VOID: "invoice_void",
    InvoiceStatus.DRAFT: "invoice_draft",
}
_log = structlog.get_logger()


class StripePayments:
    """The Payments port over one StripeConnection."""

    def __init__(self, connection: StripeConnection) -> None:
        self._asker = Asker(connection)

    async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
        """Two requests for an invoice that can be charged, one for any other."""
        try:
            return await self._read_invoice(account, invoice_id)
        except Trouble as trouble:
            if trouble.status == 404:
                return None
            raise StripeUnavailable(trouble.reason) from trouble

    async def pay_invoice(
        self,
        account: str,
        invoice_id: str,
        *,
        idempotency_key: str,
        payment_method: str | None = None,
    ) -> Outcome:
        """`invoices.pay`, and nothing that it can answer is raised."""
        request, by = ("post", f"{_invoice_path(invoice_id)}/pay"), _paid_by(payment_method)
        try:
            invoice = await self._asker.ask(account, request, doc.Invoice, by, key=idempotency_key)
        except Trouble as trouble:
            return await self._outcome(account, invoice_id, trouble)
        if invoice.status == InvoiceStatus.PAID:
            return Paid(amount_minor=invoice.amount_paid)
        return Unknown(reason="processing")

    async def put_in_slot(self, account: str, invoice: Invoice, *, idempotency_key: str) -> bool:
        """A refusal (of a key without the permission, say) leaves the slot as it is."""
        request = _slot_request(invoice)
        if request is None or invoice.card is None:
            return False
        path, name = request
        params: Any = {"default_payment_method": invoice.card.payment_method}
        for level in name:
            params = {level: params}
        try:
            await self._asker.ask(account, ("post", path), doc.Ended, params, key=idempotency_key)
        except Trouble as trouble:
            if trouble.status in (400, 401, 403, 404):
                _log.warning(
                    "card_not_put_in_slot", invoice_id=invoice.invoice_id, reason=trouble.reason
                )
                return False
            raise StripeUnavailable(trouble.reason) from trouble
        return True

    async def stop_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        """`invoices.update(auto_advance=false)`; a settled invoice refuses it, which is fine."""
        request, off = ("post", _invoice_path(invoice_id)), {"auto_advance": False}
        try:
            await self._asker.ask(account, request, doc.Invoice, off, key=idempotency_key)
        except Trouble as trouble:
            if not await self._is_settled(account, invoice_id, trouble):
                raise StripeUnavailable(trouble.reason) from trouble

    async def invoice_of(self, account: str, payment_intent_id: str) -> str | None:
        """By the list of invoice payments: the way back since charges name no invoice.

        Source: docs.stripe.com/api/invoice-payment/list.
        """
        payment = {"type": "payment_intent", "payment_intent": payment_intent_id}
        request = ("get", "/v1/invoice_payments")
        try:
            found = await self._asker.ask(
                account, request, doc.PaymentsOfIntent, {"payment": payment, "limit": 1}
            )
        except Trouble as trouble:
            if trouble.status in (400, 404):
                return None
            raise StripeUnavailable(trouble.reason) from trouble
        return found.data[0].invoice if found.data else None

    async def cards_of(self, account: str, customer_id: str) -> tuple[Card, ...]:
        """Source: docs.stripe.com/api/payment_methods/customer_list."""
        path = f"/v1/customers/{quote(customer_id, safe='')}/payment_methods"
        asked = {"type": "card", "limit": 100}
        try:
            found = await self._asker.ask(account, ("get", path), doc.PaymentMethods, asked)
        except Trouble as trouble:
            if trouble.status == 404:
                return ()
            raise StripeUnavailable(trouble.reason) from trouble
        cards = (card_of(method) for method in found.data)
        return tuple(card for card in cards if card is not None)

    async def read_object(self, account: str, kind: str, object_id: str) -> bytes | None:
        """As it stands now, in the shape of the version that we ask for."""
        request = ("get", path_of(kind, object_id))
        try:
            return bytes(await self._asker.ask(account, request, msgspec.Raw))
        except Trouble as trouble:
            if trouble.status == 404:
                return None
            raise StripeUnavailable(trouble.reason) from trouble

    async def resume_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        """`invoices.update(auto_advance=true)`; a settled invoice refuses it, which is fine."""
        back = Ending(action=EndAction.HAND_BACK, invoice_id=invoice_id)
        try:
            await self._change(account, ending_request(back), idempotency_key)
        except Trouble as trouble:
            if not await self._is_settled(account, invoice_id, trouble):
                raise StripeUnavailable(trouble.reason) from trouble

    async def end(self, account: str, ending: Ending, *, idempotency_key: str) -> Ended:
        """A 400 or 404 says that there is nothing to end; perhaps it has ended already."""
        try:
            return await self._change(account, ending_request(ending), idempotency_key)
        except Trouble as trouble:
            if trouble.status in (400, 404):
                return await self._as_it_stands(account, ending, trouble)
            return _not_ended(trouble)

    async def undo_end(self, account: str, ending: Ending, *, idempotency_key: str) -> Ended:
        """What is gone meanwhile cannot be taken back."""
        try:
            return await self._change(account, undo_request(ending), idempotency_key)
        except Trouble as trouble:
            return _not_ended(trouble)

    async def _change(self, account: str, request: EndRequest | None, key: str) -> Ended:
        """Stripe keeps keys for POST alone; a subscription is cancelled once anyway.

        Raises Trouble.
        """
        if request is None:
            return Ended(result=EndResult.REFUSED, reason="nothing_to_end")
        method, path, params = request
        kept = key if method == "post" else None
        await self._asker.ask(account, (method, path), doc.Ended, params, key=kept)
        return DONE

    async def _as_it_stands(self, account: str, ending: Ending, trouble: Trouble) -> Ended:
        """A cancelled subscription is not found any more; an invoice says what has become of it.

        Source: docs.stripe.com/api/subscriptions/cancel.
        """
        if ending.action in OF_SUBSCRIPTION:
            cancelled = ending.action is EndAction.CANCEL_SUBSCRIPTION
            gone = cancelled and trouble.reason == "resource_missing"
            return DONE if gone else _not_ended(trouble)
        invoice = await self.read_invoice(account, ending.invoice_id)
        if invoice is not None and invoice.status is STATUS_AFTER.get(ending.action):
            return DONE
        reason = STANDS.get(invoice.status, trouble.reason) if invoice else "invoice_gone"
        return Ended(result=EndResult.REFUSED, reason=reason)

    async def _read_invoice(self, account: str, invoice_id: str) -> Invoice:
        request = ("get", _invoice_path(invoice_id))
        invoice = await self._asker.ask(account, request, doc.Invoice, {"expand": EXPAND_INVOICE})
        key = default_intent(invoice) if invoice.status in PAYABLE else None
        try:
            return to_invoice(invoice, await self._intent(account, key) if key else None)
        except ValueError as unheard_of:
            raise Trouble(NO_ANSWER, "unreadable") from unheard_of

    async def _intent(self, account: str, key: str) -> doc.PaymentIntent:
        """A missing intent is trouble of its own: the invoice is there."""
        request = ("get", f"/v1/payment_intents/{key}")
        try:
            return await self._asker.ask(
                account, request, doc.PaymentIntent, {"expand": EXPAND_INTENT}
            )
        except Trouble as trouble:
            raise Trouble(NO_ANSWER, trouble.reason) from trouble

    async def _outcome(self, account: str, invoice_id: str, trouble: Trouble) -> Outcome:
        """What a refused or unanswered charge means."""
        match trouble.status:
            case 402:
                return await self._declined(account, invoice_id, trouble.error)
            case 400 | 404:
                return await self._refused(account, invoice_id, trouble)
            case 401 | 403:
                return Refused(reason=trouble.reason)
            case _:
                return Unknown(reason=trouble.reason)

    async def _declined(self, account: str, invoice_id: str, error: doc.PaymentError) -> Outcome:
        """A decline with its durable record. One that cannot be read now is asked for later."""
        try:
            failure = await self._failure(account, invoice_id, error)
        except Trouble as trouble:
            _log.warning("stripe_decline_unread", invoice_id=invoice_id, reason=trouble.reason)
            return Unknown(reason="decline_unread")
        if wants_authentication(error):
            return ActionNeeded(failure=failure)
        if failure is None:
            return Refused(reason=error.code or "card_error")
        return Declined(failure=failure)

    async def _failure(
        self, account: str, invoice_id: str, error: doc.PaymentError
    ) -> FailedCharge | None:
        """The charge that a 402 is about; None if Stripe stopped before it made one."""
        charge = _charge_told(error)
        if charge is not None:
            request = ("get", f"/v1/charges/{charge}")
            return failed_charge(await self._asker.ask(account, request, doc.Charge), error)
        if error.payment_intent is not None or wants_authentication(error):
            return None
        return (await self._read_invoice(account, invoice_id)).last_failure

    async def _refused(self, account: str, invoice_id: str, trouble: Trouble) -> Outcome:
        """Stripe has no stable code for "not open any more": the invoice itself tells."""
        try:
            settled = await self._is_settled(account, invoice_id, trouble)
        except StripeUnavailable:
            return Unknown(reason=trouble.reason)
        return AlreadySettled() if settled else Refused(reason=trouble.reason)

    async def _is_settled(self, account: str, invoice_id: str, trouble: Trouble) -> bool:
        """Whether a 400 or 404 came because the invoice is paid, void or gone."""
        if trouble.status == 404:
            return True
        if trouble.status != 400:
            return False
        invoice = await self.read_invoice(account, invoice_id)
        return invoice is None or invoice.status not in PAYABLE


def _invoice_path(invoice_id: str) -> str:
    return f"/v1/invoices/{quote(invoice_id, safe='')}"


def _slot_request(invoice: Invoice) -> tuple[str, tuple[str, ...]] | None:
    """The holder of the slot, and under which names it keeps the method; None: no such holder."""
    match invoice.belongs_in:
        case Slot.INVOICE:
            return _invoice_path(invoice.invoice_id), ()
        case Slot.SUBSCRIPTION if invoice.subscription_id is not None:
            return f"/v1/subscriptions/{quote(invoice.subscription_id, safe='')}", ()
        case Slot.CUSTOMER if invoice.customer is not None:
            customer = quote(invoice.customer.customer_id, safe="")
            return f"/v1/customers/{customer}", ("invoice_settings",)
        case _:
            return None


def _paid_by(payment_method: str | None) -> Mapping[str, Any]:
    """The parameter that names what to charge; legacy cards and sources have one of their own.

    Source: docs.stripe.com/api/invoices/pay (payment_method, source).
    """
    if payment_method is None:
        return NO_PARAMS
    return {"payment_method" if payment_method.startswith("pm_") else "source": payment_method}


def _not_ended(trouble: Trouble) -> Ended:
    """Raises StripeUnavailable where another try may help."""
    if trouble.status in (401, 403):
        return Ended(result=EndResult.BY_HAND, reason=trouble.reason)
    if trouble.status in (400, 404):
        return Ended(result=EndResult.REFUSED, reason=trouble.reason)
    raise StripeUnavailable(trouble.reason) from trouble


def _charge_told(error: doc.PaymentError) -> str | None:
    """The charge that an error names. While the bank waits for the customer there is none yet, and
    the intent's latest charge is an older one."""
    intent = error.payment_intent
    if error.charge is not None or intent is None or wants_authentication(error):
        return error.charge
    latest = intent.latest_charge
    return latest.id if isinstance(latest, doc.Charge) else latest
