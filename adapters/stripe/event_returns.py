"""What events about money that goes back mean, and about the account itself."""

from typing import Final

from adapters.stripe import event_shapes as shape
from adapters.stripe.event_shapes import Heard
from application.ports.payments import Untold
from domain.recovery.events import DisputeState
from domain.recovery.signals import (
    AccountChanged,
    Disconnected,
    DisputeSignal,
    FraudWarning,
    RefundSignal,
)

# How a dispute that is closed ended. Source: docs.stripe.com/api/disputes/object (status).
CLOSED: Final = {
    "won": DisputeState.WON,
    "warning_closed": DisputeState.WON,
    "lost": DisputeState.LOST,
}
# A dispute that Stripe fended off before it was one: nothing was taken. Source: as above.
NO_DISPUTE: Final = frozenset({"prevented"})
CHARGE_NOW: Final = "charge.now"  # read as this, once it has been read


def charge_refunded(event: shape.Event) -> Heard:
    """How much went back the charge says now: a refund can fail later, and news be late."""
    charge = shape.read_named(event.data.object).id
    return Untold(kind="charge", object_id=charge, read_as=CHARGE_NOW)


def refund_changed(event: shape.Event) -> Heard:
    """A refund of no charge paid no invoice back."""
    charge = shape.id_of(shape.read_of_charge(event.data.object).charge)
    if charge is None:
        return None
    return Untold(kind="charge", object_id=charge, read_as=CHARGE_NOW)


def charge_now(event: shape.Event) -> Heard:
    """All that went back of a charge so far."""
    charge = shape.read_charge(event.data.object)
    return RefundSignal(
        charge_id=charge.id,
        invoice_id=shape.id_of(charge.invoice),
        payment_intent_id=shape.id_of(charge.payment_intent),
        refunded_minor=charge.amount_refunded,
    )


def disputed(event: shape.Event) -> Heard:
    """A dispute that opened, changed, or ended: its status says which."""
    return _dispute(event, DisputeState.OPEN)


def dispute_closed(event: shape.Event) -> Heard:
    """A dispute that ended, in a way that we know."""
    return _dispute(event, None)


def reinstated(event: shape.Event) -> Heard:
    """The money that a dispute took is back: the merchant won, or is about to be told so."""
    return _dispute(event, DisputeState.WON)


def _dispute(event: shape.Event, otherwise: DisputeState | None) -> Heard:
    dispute = shape.read_dispute(event.data.object)
    state = CLOSED.get(dispute.status, otherwise)
    if state is None or dispute.status in NO_DISPUTE:
        return None
    charge = shape.id_of(dispute.charge)
    assert charge is not None
    return DisputeSignal(
        charge_id=charge,
        payment_intent_id=shape.id_of(dispute.payment_intent),
        amount_minor=dispute.amount,
        state=state,
    )


def fraud_warning(event: shape.Event) -> Heard:
    """The card's issuer believes that a payment was fraud."""
    warning = shape.read_warning(event.data.object)
    charge = shape.id_of(warning.charge)
    assert charge is not None
    intent = shape.id_of(warning.payment_intent)
    return FraudWarning(charge_id=charge, payment_intent_id=intent)


def account_changed(_: shape.Event) -> Heard:
    """What the account may do, or we may there."""
    return AccountChanged()


def disconnected(event: shape.Event) -> Heard:
    """Our access was taken away."""
    return Disconnected(at=event.happened_at)
