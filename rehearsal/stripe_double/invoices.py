"""/v1/invoices: made, read, changed, collected, voided, written off."""

from typing import Any, Final

from rehearsal.stripe_double import forms, invoicing
from rehearsal.stripe_double.api import PAGING, Call, find, owner_of, page, route, span_filter
from rehearsal.stripe_double.billing import collect, pay_out_of_band
from rehearsal.stripe_double.errors import invalid, refused
from rehearsal.stripe_double.events import changed, emit
from rehearsal.stripe_double.invoice_objects import Billed
from rehearsal.stripe_double.payment_methods import attach_to, is_test_method, resolve
from rehearsal.stripe_double.retries import plan_first
from rehearsal.stripe_double.store import Document

_WRITES: Final = "auto_advance default_payment_method description footer metadata"


def create(call: Call) -> Document:
    """A one-off draft; `amount` (the double's own) or invoice items give it its line.

    Drafts made by the API do not advance by themselves unless told to.
    """
    buyer = find(call, "customer", forms.needed(call.params, "customer"), "customer")
    amount = forms.integer(call.params, "amount")
    pending = call.world.store.newest_first("invoiceitem", call.account)
    items = [item for item in pending if item["customer"] == buyer["id"] and not item["invoice"]]
    total = sum(item["amount"] for item in items) if amount is None else amount
    currency = items[0]["currency"] if items else call.merchant["default_currency"]
    now = call.world.now()
    billed_in = forms.text(call.params, "currency", currency) or "usd"
    line = Billed(total, billed_in, "Services", now, now)
    made = invoicing.draft(call.world, buyer, line if total else None, auto_advance=False)
    for item in items:
        item["invoice"] = made["id"]
        call.world.store.touch(item)
    _apply(call, made)
    _send_or_charge(call, made)
    emit(call.world, "invoice.created", made, call.cause)
    return made


def _send_or_charge(call: Call, made: Document) -> None:
    method = forms.text(call.params, "collection_method", "charge_automatically")
    if method not in {"charge_automatically", "send_invoice"}:
        raise invalid(f"Invalid collection_method: {method}", param="collection_method")
    made["collection_method"] = method
    if method == "send_invoice":
        days = forms.integer(call.params, "days_until_due", 30) or 0
        made["due_date"] = call.world.now() + days * 86_400


def create_item(call: Call) -> Document:
    """A pending item that the customer's next one-off invoice takes up."""
    buyer = find(call, "customer", forms.needed(call.params, "customer"), "customer")
    amount = forms.integer(call.params, "amount")
    if amount is None:
        raise invalid("Missing required param: amount.", "parameter_missing", "amount")
    now = call.world.now()
    return call.world.store.insert(
        {
            "id": call.world.new_id("ii_1"), "object": "invoiceitem", "_account": call.account,
            "amount": amount, "currency": forms.text(call.params, "currency", "usd"),
            "customer": buyer["id"], "customer_account": None, "date": now,
            "description": forms.text(call.params, "description"), "discountable": True,
            "discounts": [], "invoice": None, "livemode": False, "metadata": {}, "parent": None,
            "net_amount": amount, "period": {"end": now, "start": now}, "pricing": None,
            "proration": False, "proration_details": None, "quantity": 1,
            "quantity_decimal": "1", "tax_rates": [], "test_clock": None,
        }
    )  # fmt: skip


def retrieve(call: Call) -> Document:
    """One invoice; `payments` only when expanded."""
    return find(call, "invoice", call.at["id"])


def listed(call: Call) -> Document:
    """Invoices by customer or subscription, status, collection method, creation and due date."""
    by_subscription = forms.text(call.params, "subscription")
    wanted = {
        "status": forms.text(call.params, "status"),
        "collection_method": forms.text(call.params, "collection_method"),
        "customer": forms.text(call.params, "customer"),
    }
    owner = ("_subscription", by_subscription) if by_subscription else owner_of(call, "customer")
    due = span_filter(call.params, "due_date", lambda found: found["due_date"])
    dated = "due_date" in call.params

    def fits(found: Document) -> bool:
        return _has(found, wanted) and not (dated and found["due_date"] is None) and due(found)

    return page(call, "invoice", owner, fits)


def _has(found: Document, wanted: dict[str, Any]) -> bool:
    return all(value in {None, found[name]} for name, value in wanted.items())


def update(call: Call) -> Document:
    """Change metadata at any time, what steers collection only while draft or open."""
    found = find(call, "invoice", call.at["id"])
    steering = {"auto_advance", "default_payment_method"} & call.params.keys()
    if steering and found["status"] not in {"draft", "open"}:
        raise refused(
            f"Finalized invoices can't be updated in this way once they are {found['status']}.",
            code="invoice_not_editable",
        )
    names = (*_WRITES.split(), "next_payment_attempt")
    before = {name: found[name] for name in names}
    _apply(call, found)
    if was := changed(before, found):
        emit(call.world, "invoice.updated", found, call.cause, was)
    return found


def _apply(call: Call, found: Document) -> None:
    params = call.params
    if key := forms.text(params, "default_payment_method"):
        card = find(call, "payment_method", key, "default_payment_method")
        if card["customer"] != found["customer"]:
            raise invalid(
                f"The payment method {key} does not belong to the invoice's customer.",
                param="default_payment_method",
            )
    if "default_payment_method" in params:
        found["default_payment_method"] = key
    for name in ("description", "footer"):
        if name in params:
            found[name] = forms.text(params, name)
    wanted = forms.flag(params, "auto_advance")
    if wanted is not None and wanted != found["auto_advance"]:
        invoicing.set_auto_advance(call.world, found, wanted)
    found["metadata"] = forms.merge_metadata(found["metadata"], params)
    call.world.store.touch(found)


def pay(call: Call) -> Document:
    """Collect now: the invoice when paid, 402 on a decline, 400 when it cannot be paid."""
    found = find(call, "invoice", call.at["id"])
    if forms.flag(call.params, "paid_out_of_band"):
        pay_out_of_band(call.world, found, call.cause)
        return found
    card = _card_given(call, found)
    if found["status"] == "draft":
        invoicing.finalize(call.world, found, call.cause, call.renewals.base_url)
        if found["status"] == "paid":
            return found
    refusal = collect(call.world, found, call.cause, card)
    if refusal:
        raise refusal
    return found


def _card_given(call: Call, found: Document) -> Document | None:
    key = forms.text(call.params, "payment_method")
    if key is None:
        return None
    card = resolve(call, key)
    if card["customer"] is None and is_test_method(key):
        buyer = find(call, "customer", found["customer"], "customer")
        return attach_to(call, card, buyer)
    return card


def void(call: Call) -> Document:
    """Cancel the debt."""
    found = find(call, "invoice", call.at["id"])
    invoicing.void(call.world, found, call.cause)
    return found


def mark_uncollectible(call: Call) -> Document:
    """Write the debt off."""
    found = find(call, "invoice", call.at["id"])
    invoicing.mark_uncollectible(call.world, found, call.cause)
    return found


def finalize(call: Call) -> Document:
    """Open the draft."""
    found = find(call, "invoice", call.at["id"])
    wanted = forms.flag(call.params, "auto_advance")
    invoicing.finalize(call.world, found, call.cause, call.renewals.base_url)
    if wanted is not None:
        found["auto_advance"] = wanted
    plan_first(call.world, found)
    return found


def send(call: Call) -> Document:
    """Send it: no mail leaves in test mode, the event still comes."""
    found = find(call, "invoice", call.at["id"])
    if found["status"] == "draft":
        invoicing.finalize(call.world, found, call.cause, call.renewals.base_url)
    emit(call.world, "invoice.sent", found, call.cause)
    return found


ROUTES: Final = (
    route(
        "POST", "/v1/invoices", create,
        f"{_WRITES} customer currency collection_method days_until_due amount "
        "pending_invoice_items_behavior",
    ),
    route("POST", "/v1/invoiceitems", create_item, "customer amount currency description"),
    route(
        "GET", "/v1/invoices", listed,
        f"{PAGING} created customer subscription status collection_method due_date",
    ),
    route("GET", "/v1/invoices/{id}", retrieve),
    route("POST", "/v1/invoices/{id}", update, _WRITES),
    route(
        "POST", "/v1/invoices/{id}/pay", pay,
        "payment_method off_session paid_out_of_band forgive mandate source", collects=True,
    ),
    route("POST", "/v1/invoices/{id}/void", void),
    route("POST", "/v1/invoices/{id}/mark_uncollectible", mark_uncollectible),
    route("POST", "/v1/invoices/{id}/finalize", finalize, "auto_advance"),
    route("POST", "/v1/invoices/{id}/send", send),
)  # fmt: skip
