"""Names that must come out the same wherever and whenever they are made."""

from uuid import UUID, uuid5

from domain.recovery.events import Payer
from domain.recovery.signals import InvoiceSignal, Origin

_NAMESPACE = UUID("6f0f4c2e-3d43-5f0a-9d0b-6a1f0a3c9b57")


def case_id_for(account: str, invoice_id: str) -> UUID:
    """One case per invoice, whoever hears of it first and however often."""
    return uuid5(_NAMESPACE, f"{account}/{invoice_id}")


def attempt_key(case_id: UUID, number: int) -> str:
    """The idempotency key of one attempt: never shared, never used for another."""
    return f"cc:{case_id}:{number}"


def slot_key(case_id: UUID, payment_method: str) -> str:
    """The idempotency key for putting a new card where a refused one lay."""
    return f"cc:{case_id}:slot:{payment_method}"


def take_over_key(case_id: UUID) -> str:
    """The idempotency key for switching Stripe's own retries off."""
    return f"cc:{case_id}:take-over"


def end_key(case_id: UUID) -> str:
    """The idempotency key for the end action of a lost case."""
    return f"cc:{case_id}:end"


def origin_of(signal: InvoiceSignal, case_id: UUID) -> Origin:
    """Who caused an event, told by the key of the request that did.

    Ours carries our key; another request is somebody acting (a page, the dashboard); no request at
    all is Stripe's own schedule.
    """
    prefix = f"cc:{case_id}:"
    key = signal.idempotency_key or ""
    if key.startswith(prefix) and key[len(prefix) :].isdigit():
        return Origin(by=Payer.CHARGECHASE, attempt=int(key[len(prefix) :]))
    return Origin(by=Payer.CUSTOMER if signal.requested else Payer.STRIPE)
