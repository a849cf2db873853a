"""From a failed charge to the domain's Decline: the only place that reads why Stripe says no."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from adapters.stripe.documents import (
    Charge,
    ChargeOutcome,
    MethodDetails,
    PaymentError,
    PaymentMethod,
)
from domain.decline import Decline
from domain.invoice import Card, FailedCharge

# Legacy Card sources spell their brand as people do. Source: docs.stripe.com/api/cards/object.
LEGACY_BRANDS: Final = {"american express": "amex", "diners club": "diners"}
AUTHENTICATION_CODES: Final = frozenset(
    {"authentication_required", "invoice_payment_intent_requires_action"}
)
CARD: Final = "card"
_SILENT: Final = ChargeOutcome()
_UNSAID: Final = PaymentError()


def failed_charge(charge: Charge, error: PaymentError | None = None) -> FailedCharge:
    """The durable record. What the charge leaves open is taken from `error` if that is about it."""
    said = error if error is not None and error.charge == charge.id else _UNSAID
    kind, details = _charged(charge.payment_method_details)
    return FailedCharge(
        charge_id=charge.id,
        at=instant(charge.created),
        amount_minor=charge.amount,
        decline=_decline(charge, said, details),
        card=_card(charge.payment_method, details, kind) or _method_of(said),
    )


def charged_card(charge: Charge) -> Card | None:
    """The card that a charge went to."""
    kind, details = _charged(charge.payment_method_details)
    return _card(charge.payment_method, details, kind)


def _decline(charge: Charge, said: PaymentError, details: MethodDetails) -> Decline:
    """A charge has its decline code in `outcome.reason`; an error has it under its own name."""
    told = charge.outcome or _SILENT
    return Decline(
        code=charge.failure_code or said.code,
        decline_code=said.decline_code or told.reason,
        advice_code=told.advice_code or said.advice_code,
        network_advice_code=told.network_advice_code or said.network_advice_code,
        network_decline_code=told.network_decline_code or said.network_decline_code,
        outcome_type=told.type,
        brand=_brand(details.network or details.brand),
    )


def wants_authentication(error: PaymentError | Decline) -> bool:
    """Whether the bank asks to see the customer."""
    return not AUTHENTICATION_CODES.isdisjoint({error.code or "", error.decline_code or ""})


def card_of(method: PaymentMethod | str | None) -> Card | None:
    """A payment method as we keep it; an id alone where Stripe did not expand it."""
    if method is None:
        return None
    if isinstance(method, str):
        return Card(payment_method=method, fingerprint=method)
    inner = getattr(method, method.type, None) if method.type else None
    details = inner if isinstance(inner, MethodDetails) else _top_level(method)
    return _card(method.id, details, method.type or CARD)


def instant(seconds: int) -> datetime:
    """Stripe's whole seconds as an instant."""
    return datetime.fromtimestamp(seconds, UTC)


def _charged(details: dict[str, Any] | None) -> tuple[str, MethodDetails]:
    """`payment_method_details` has its content under the name that its `type` gives."""
    kind = str((details or {}).get("type") or CARD)
    inner = (details or {}).get(kind)
    return kind, msgspec.convert(inner if isinstance(inner, dict) else {}, MethodDetails)


def _top_level(method: PaymentMethod) -> MethodDetails:
    return MethodDetails(
        brand=method.brand,
        last4=method.last4,
        funding=method.funding,
        country=method.country,
        fingerprint=method.fingerprint,
        exp_month=method.exp_month,
        exp_year=method.exp_year,
    )


def _card(method_id: str | None, details: MethodDetails, kind: str) -> Card | None:
    if method_id is None:
        return None
    return Card(
        payment_method=method_id,
        fingerprint=details.fingerprint or method_id,
        brand=_brand(details.brand) or details.bank_name,
        last4=details.last4,
        funding=details.funding,
        country=details.country,
        expires=_expiry(details),
        kind=kind,
    )


def _expiry(details: MethodDetails) -> str | None:
    if details.exp_year is None or details.exp_month is None:
        return None
    return f"{details.exp_year}-{details.exp_month:02}"


def _method_of(error: PaymentError) -> Card | None:
    return card_of(error.payment_method)


def _brand(name: str | None) -> str | None:
    return LEGACY_BRANDS.get(name.lower(), name.lower()) if name else None
