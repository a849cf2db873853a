"""Charging and reading through Stripe. The only file that sees stripe's exceptions."""

from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import structlog

from adapters.stripe import documents as doc
from adapters.stripe.client import Send, StripeConnection
from adapters.stripe.declines import failed_charge, wants_authentication
from adapters.stripe.invoices import (
    EXPAND_INTENT,
    EXPAND_INVOICE,
    PAYABLE,
    default_intent,
    to_invoice,
)
from application.ports.payments import (
    ActionNeeded,
    AlreadySettled,
    Declined,
    Outcome,
    Paid,
    Refused,
    StripeUnavailable,
    Unknown,
)
from domain.invoice import FailedCharge, Invoice, InvoiceStatus

if TYPE_CHECKING:
    from stripe import StripeError

Shape = TypeVar("Shape")

NO_ANSWER: Final = 0
RATE_LIMITED: Final = 429
_log = structlog.get_logger()


class _Trouble(Exception):
    """Anything but a readable 2xx: HTTP status (NO_ANSWER without one), reason, error body."""

    def __init__(self, status: int, reason: str, error: doc.PaymentError | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.error = error or doc.PaymentError()


class StripePayments:
    """The Payments port over one StripeConnection."""

    def __init__(self, connection: StripeConnection) -> None:
        self._connection = connection

    async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
        """Two requests for an invoice that can be charged, one for any other."""
        try:
            return await self._read_invoice(account, invoice_id)
        except _Trouble as trouble:
            if trouble.status == 404:
                return None
            raise StripeUnavailable(trouble.reason) from trouble

    async def pay_invoice(self, account: str, invoice_id: str, *, idempotency_key: str) -> Outcome:
        """`invoices.pay`, and nothing that it can answer is raised."""
        try:
            answer = await self._ask(
                account,
                lambda stripe, options: stripe.v1.invoices.pay_async(invoice_id, {}, options),
                idempotency_key=idempotency_key,
            )
            invoice = _read(answer, doc.Invoice)
        except _Trouble as trouble:
            return await self._outcome(account, invoice_id, trouble)
        if invoice.status == InvoiceStatus.PAID:
            return Paid(amount_minor=invoice.amount_paid)
        return Unknown(reason="processing")

    async def stop_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        """`invoices.update(auto_advance=false)`; a settled invoice refuses it, which is fine."""
        try:
            await self._ask(
                account,
                lambda stripe, options: stripe.v1.invoices.update_async(
                    invoice_id, {"auto_advance": False}, options
                ),
                idempotency_key=idempotency_key,
            )
        except _Trouble as trouble:
            if not await self._is_settled(account, invoice_id, trouble):
                raise StripeUnavailable(trouble.reason) from trouble

    async def _read_invoice(self, account: str, invoice_id: str) -> Invoice:
        answer = await self._ask(
            account,
            lambda stripe, options: stripe.v1.invoices.retrieve_async(
                invoice_id, {"expand": EXPAND_INVOICE}, options
            ),
        )
        invoice = _read(answer, doc.Invoice)
        key = default_intent(invoice)
        payable = key is not None and invoice.status in PAYABLE
        try:
            return to_invoice(invoice, await self._intent(account, str(key)) if payable else None)
        except ValueError as unheard_of:
            raise _Trouble(NO_ANSWER, "unreadable") from unheard_of

    async def _intent(self, account: str, key: str) -> doc.PaymentIntent:
        answer = await self._ask(
            account,
            lambda stripe, options: stripe.v1.payment_intents.retrieve_async(
                key, {"expand": EXPAND_INTENT}, options
            ),
        )
        return _read(answer, doc.PaymentIntent)

    async def _outcome(self, account: str, invoice_id: str, trouble: _Trouble) -> Outcome:
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
        except _Trouble as trouble:
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
            answer = await self._ask(
                account,
                lambda stripe, options: stripe.v1.charges.retrieve_async(charge, {}, options),
            )
            return failed_charge(_read(answer, doc.Charge), error)
        if error.payment_intent is not None or wants_authentication(error):
            return None
        return (await self._read_invoice(account, invoice_id)).last_failure

    async def _refused(self, account: str, invoice_id: str, trouble: _Trouble) -> Outcome:
        """Stripe has no stable code for "not open any more": the invoice itself tells."""
        if trouble.error.type == "idempotency_error":
            return Refused(reason="idempotency_error")
        try:
            settled = await self._is_settled(account, invoice_id, trouble)
        except StripeUnavailable:
            return Unknown(reason=trouble.reason)
        return AlreadySettled() if settled else Refused(reason=trouble.reason)

    async def _is_settled(self, account: str, invoice_id: str, trouble: _Trouble) -> bool:
        """Whether a 400 or 404 came because the invoice is paid, void or gone."""
        if trouble.status == 404:
            return True
        if trouble.status != 400:
            return False
        invoice = await self.read_invoice(account, invoice_id)
        return invoice is None or invoice.status not in PAYABLE

    async def _ask(
        self, account: str, send: Send, *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        await self._connection.open()
        import stripe  # noqa: PLC0415 (not before a call is made: it takes half a second)

        try:
            return await self._connection.call(account, send, idempotency_key=idempotency_key)
        except TimeoutError as silence:
            raise _Trouble(NO_ANSWER, "timeout") from silence
        except stripe.StripeError as refusal:
            raise _told(refusal) from refusal
        except Exception as oddity:
            # the library stumbles over answers like `null`: whatever was done, we cannot know it
            _log.exception("stripe_unreadable")
            raise _Trouble(NO_ANSWER, "unreadable") from oddity


def _charge_told(error: doc.PaymentError) -> str | None:
    """The charge that an error names. While the bank waits for the customer there is none yet, and
    the intent's latest charge is an older one."""
    intent = error.payment_intent
    if error.charge is not None or intent is None or wants_authentication(error):
        return error.charge
    latest = intent.latest_charge
    return latest.id if isinstance(latest, doc.Charge) else latest


def _told(refusal: "StripeError") -> _Trouble:
    """A stripe exception as status, reason and body.

    A status counts only with Stripe's own words below it: a 404 of some proxy on the way would
    otherwise look like an invoice that is gone.
    """
    body = refusal.json_body if isinstance(refusal.json_body, dict) else {}
    try:
        error = msgspec.convert(body.get("error"), doc.PaymentError)
    except msgspec.ValidationError:
        error = doc.PaymentError()
    status = refusal.http_status or NO_ANSWER
    if error.code in ("rate_limit", "lock_timeout"):
        return _Trouble(RATE_LIMITED, error.code, error)
    if error.type is None or (status == 404 and error.code != "resource_missing"):
        return _Trouble(NO_ANSWER, _silence(status))
    return _Trouble(status, error.code or error.type, error)


def _silence(status: int) -> str:
    if status == NO_ANSWER:
        return "no_answer"
    return f"http_{status}" if status >= 500 else "unreadable"


def _read(answer: dict[str, Any], shape: type[Shape]) -> Shape:
    try:
        return msgspec.convert(answer, shape)
    except msgspec.ValidationError as misshapen:
        raise _Trouble(NO_ANSWER, "unreadable") from misshapen
