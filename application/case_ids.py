"""Names that must come out the same wherever and whenever they are made."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

from domain.invoice import Card
from domain.recovery.events import Payer
from domain.recovery.signals import InvoiceSignal, Origin

_NAMESPACE = UUID("6f0f4c2e-3d43-5f0a-9d0b-6a1f0a3c9b57")
OURS = "cc:"  # begins every idempotency key of ours


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


def undo_key(case_id: UUID) -> str:
    """The idempotency key for taking the end action back."""
    return f"cc:{case_id}:end:undo"


def expiry_id(account: str, card: Card) -> UUID:
    """One notice for a card's expiry, whatever happens and however often it is looked at."""
    return uuid5(_NAMESPACE, f"{account}/{card.payment_method}/{card.expires}")


def task_id(kind: str, subject: str, at: datetime) -> UUID:
    """Of one kind and subject one task is open at a time, so the instant tells them apart."""
    return uuid5(_NAMESPACE, f"task/{kind}/{subject}/{at.isoformat()}")


def notice_id(occasion: str, about: str, channel: str, user: UUID | None) -> UUID:
    """One notice for whoever is to hear of a thing by one way, however often it is put."""
    return uuid5(_NAMESPACE, f"notice/{occasion}/{about}/{channel}/{user}")


def renewal_slot_key(subscription_id: str, payment_method: str) -> str:
    """The idempotency key for the card that a subscription is to charge from now on."""
    return f"{OURS}{subscription_id}:slot:{payment_method}"


def card_page_key(address: str, now: datetime) -> str:
    """The idempotency key of a page for another card: such pages are short-lived, so one lasts for
    the clicks of a minute. The customer's secret is in the address, so it is hashed."""
    return f"{OURS}card-page:{sha256(f'{address} {now:%Y-%m-%d %H:%M}'.encode()).hexdigest()}"


def origin_of(signal: InvoiceSignal, case_id: UUID) -> Origin:
    """Who caused an event, told by the request that did.

    Our charge carries our key. A foreign key is the dashboard's or a program's of the merchant, and
    so is money that was noted as paid outside Stripe. A request without a key is a page on which
    the customer acts. No request at all is Stripe's own schedule, and so is what another call of
    ours brought about: that one moves no money.
    """
    by, attempt = Payer.STRIPE, None
    key = signal.idempotency_key or ""
    prefix = f"cc:{case_id}:"
    if key.startswith(prefix) and key[len(prefix) :].isdigit():
        by, attempt = Payer.CHARGECHASE, int(key[len(prefix) :])
    elif signal.outside_stripe or (key and not key.startswith(OURS)):
        by = Payer.MERCHANT
    elif signal.requested and not key:
        by = Payer.CUSTOMER
    return Origin(by=by, attempt=attempt, at=signal.occurred_at)
