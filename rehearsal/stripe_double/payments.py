"""/v1/payment_intents, /v1/charges, /v1/refunds and /v1/invoice_payments: where the money went."""

from typing import Any, Final

from rehearsal.stripe_double import forms
from rehearsal.stripe_double.api import PAGING, Call, find, owner_of, page, route
from rehearsal.stripe_double.errors import invalid, refused
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.invoice_objects import refund as build_refund
from rehearsal.stripe_double.store import Document

_REASONS: Final = {None, "duplicate", "fraudulent", "requested_by_customer"}


def intent(call: Call) -> Document:
    """One payment intent."""
    return find(call, "payment_intent", call.at["id"])


def intents(call: Call) -> Document:
    """Payment intents, of one customer or all."""
    return page(call, "payment_intent", owner_of(call, "customer"))


def charge(call: Call) -> Document:
    """One charge."""
    return find(call, "charge", call.at["id"])


def charges(call: Call) -> Document:
    """Charges by payment intent, customer and transfer group."""
    names = ("payment_intent", "customer", "transfer_group")
    wanted = {name: given for name in names if (given := forms.text(call.params, name))}
    indexed = ((name, wanted[name]) for name in names[:2] if name in wanted)

    def fits(found: Document) -> bool:
        return all(found[name] == value for name, value in wanted.items())

    return page(call, "charge", next(indexed, ("", None)), fits)


def invoice_payment(call: Call) -> Document:
    """One link between an invoice and what pays it."""
    return find(call, "invoice_payment", call.at["id"])


def invoice_payments(call: Call) -> Document:
    """Links of an invoice, or of a payment intent (the way back from it), by status."""
    status = forms.text(call.params, "status")
    payment = forms.mapping(call.params, "payment")
    owner: tuple[str, Any] = owner_of(call, "invoice")
    if key := forms.text(payment, "payment_intent"):
        owner = ("_payment_intent", key)
    return page(call, "invoice_payment", owner, lambda found: status in {None, found["status"]})


def refund(call: Call) -> Document:
    """Give money of a charge back, all that is left unless an amount is given."""
    charged = _charge_to_refund(call)
    left = charged["amount_captured"] - charged["amount_refunded"]
    amount = forms.integer(call.params, "amount", left) or 0
    reason = forms.text(call.params, "reason")
    if reason not in _REASONS:
        raise invalid(f"Invalid reason: {reason}", param="reason")
    if left == 0:
        said = f"Charge {charged['id']} has already been refunded."
        raise refused(said, "charge_already_refunded")
    if not 0 < amount <= left:
        raise refused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    before = {"amount_refunded": charged["amount_refunded"], "refunded": charged["refunded"]}
    made = call.world.store.insert(build_refund(call.world, charged, amount, reason))
    made["metadata"] = forms.merge_metadata({}, call.params)
    charged["amount_refunded"] += amount
    charged["refunded"] = charged["amount_refunded"] == charged["amount"]
    call.world.store.touch(charged)
    emit(call.world, "charge.refunded", charged, call.cause, before)
    emit(call.world, "refund.created", made, call.cause)
    return made


def _charge_to_refund(call: Call) -> Document:
    if key := forms.text(call.params, "payment_intent"):
        paid = find(call, "payment_intent", key, "payment_intent")
        return find(call, "charge", paid["latest_charge"], "charge")
    return find(call, "charge", forms.needed(call.params, "charge"), "charge")


def one_refund(call: Call) -> Document:
    """One refund."""
    return find(call, "refund", call.at["id"])


def refunds(call: Call) -> Document:
    """Refunds of a charge, or all."""
    return page(call, "refund", owner_of(call, "charge"))


def mandate(call: Call) -> Document:
    """One mandate of a bank account."""
    return find(call, "mandate", call.at["id"])


ROUTES: Final = (
    route("GET", "/v1/mandates/{id}", mandate),
    route("GET", "/v1/payment_intents", intents, f"{PAGING} created customer"),
    route("GET", "/v1/payment_intents/{id}", intent, "client_secret"),
    route(
        "GET", "/v1/charges", charges, f"{PAGING} created customer payment_intent transfer_group"
    ),
    route("GET", "/v1/charges/{id}", charge),
    route("GET", "/v1/invoice_payments", invoice_payments, f"{PAGING} invoice payment status"),
    route("GET", "/v1/invoice_payments/{id}", invoice_payment),
    route("POST", "/v1/refunds", refund, "charge payment_intent amount reason metadata"),
    route("GET", "/v1/refunds", refunds, f"{PAGING} created charge"),
    route("GET", "/v1/refunds/{id}", one_refund),
)
