"""/v1/subscriptions, and products and prices as far as subscriptions need them."""

from copy import deepcopy
from functools import partial
from typing import Any, Final

from rehearsal.stripe_double import forms
from rehearsal.stripe_double.api import PAGING, Call, find, owner_of, page, route, span_filter
from rehearsal.stripe_double.bills import BY_HAND
from rehearsal.stripe_double.errors import invalid
from rehearsal.stripe_double.events import changed, emit
from rehearsal.stripe_double.objects import price as build_price
from rehearsal.stripe_double.objects import product as build_product
from rehearsal.stripe_double.objects import subscription as build
from rehearsal.stripe_double.renewals import period_end
from rehearsal.stripe_double.standing import ENDED, end
from rehearsal.stripe_double.store import Document

_WRITES: Final = """cancel_at_period_end default_payment_method description metadata
    pause_collection"""
_LEAVING: Final = ("cancel_at", "canceled_at", "cancellation_details")
_BEHAVIORS: Final = {"keep_as_draft", "mark_uncollectible", "void"}
_INTERVALS: Final = {"day", "week", "month", "year"}


def create(call: Call) -> Document:
    """Subscribe a customer to one price and charge the first period.

    A declined first payment leaves it `incomplete`; with payment_behavior=error_if_incomplete the
    decline is the answer instead.
    """
    buyer = find(call, "customer", forms.needed(call.params, "customer"), "customer")
    items = forms.many(call.params, "items")
    if len(items) != 1:
        raise invalid("A rehearsed subscription has exactly one item.", param="items")
    priced, quantity = _bought(call, items[0])
    now = call.world.now()
    made = build(call.world, buyer, priced, quantity, period_end(now, priced["recurring"], now))
    made.update(_collected(call))
    made["billing_mode"] = _mode(call)
    call.world.store.insert(made)
    _apply(call, made)
    emit(call.world, "customer.subscription.created", made, call.cause)
    refusal = call.renewals.start(made, call.cause)
    if refusal and forms.text(call.params, "payment_behavior") == "error_if_incomplete":
        raise refusal
    return made


def _collected(call: Call) -> Document:
    """Charged by itself, or sent as a bill to be paid within some days."""
    method = forms.text(call.params, "collection_method", "charge_automatically")
    days = forms.integer(call.params, "days_until_due")
    if method not in {"charge_automatically", BY_HAND}:
        raise invalid(f"Invalid collection_method: {method}", param="collection_method")
    if method == BY_HAND and days is None:
        raise invalid("Missing required param: days_until_due.", "parameter_missing",
                      "days_until_due")  # fmt: skip
    return {"collection_method": method, "days_until_due": days if method == BY_HAND else None}


def _mode(call: Call) -> Document:
    """Flexible billing is what a subscription needs in order to be paused."""
    mode = forms.text(forms.mapping(call.params, "billing_mode"), "type", "classic")
    if mode not in {"classic", "flexible"}:
        raise invalid(f"Invalid billing_mode: {mode}", param="billing_mode[type]")
    return {"flexible": None, "type": mode}


def _bought(call: Call, item: Any) -> tuple[Document, int]:
    if not isinstance(item, dict):
        raise invalid("Invalid object", param="items[0]")
    quantity = forms.integer(item, "quantity", 1) or 1
    if "price_data" in item:
        data = forms.mapping(item, "price_data")
        return _new_price(call, {**data, "product": forms.needed(data, "product")}), quantity
    priced = find(call, "price", forms.needed(item, "price"), "items[0][price]")
    if priced["recurring"] is None:
        raise invalid("The price specified is not a recurring one.", param="items[0][price]")
    return priced, quantity


def period_of(found: Document) -> Document:
    """The one item, with the price and the period that runs."""
    item: Document = found["items"]["data"][0]
    return item


def _instant(edge: str, found: Document) -> int:
    return int(period_of(found)[f"current_period_{edge}"])


def retrieve(call: Call) -> Document:
    """One subscription."""
    return find(call, "subscription", call.at["id"])


def listed(call: Call) -> Document:
    """Subscriptions; without a status all that have not ended, `all` and `ended` as Stripe has."""
    status, collection = (forms.text(call.params, name) for name in ("status", "collection_method"))
    begins = span_filter(call.params, "current_period_start", partial(_instant, "start"))
    renews = span_filter(call.params, "current_period_end", partial(_instant, "end"))
    sold = forms.text(call.params, "price")

    def wanted(found: Document) -> bool:
        by_hand = collection is not None and found["collection_method"] != collection
        other = sold is not None and period_of(found)["price"]["id"] != sold
        if by_hand or other or not (begins(found) and renews(found)):
            return False
        match status:
            case None:
                return found["status"] not in ENDED
            case "all":
                return True
            case "ended":
                return found["status"] in ENDED
            case _:
                return bool(found["status"] == status)

    return page(call, "subscription", owner_of(call, "customer"), wanted)


def update(call: Call) -> Document:
    """Change the card, the end, the pause of collection, metadata."""
    found = find(call, "subscription", call.at["id"])
    if found["status"] in ENDED and call.params.keys() - {"metadata", "expand"}:
        raise invalid(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    before = {name: deepcopy(found[name]) for name in (*_WRITES.split(), *_LEAVING)}
    _apply(call, found)
    if was := changed(before, found):
        emit(call.world, "customer.subscription.updated", found, call.cause, was)
    return found


def cancel(call: Call) -> Document:
    """End it now."""
    found = find(call, "subscription", call.at["id"])
    if found["status"] in ENDED:
        raise invalid(f"No such subscription: '{found['id']}'", "resource_missing", "id")
    end(call.world, found, "cancellation_requested", call.cause)
    return found


def _apply(call: Call, found: Document) -> None:
    params = call.params
    if "default_payment_method" in params:
        key = forms.text(params, "default_payment_method")
        if key:
            card = find(call, "payment_method", key, "default_payment_method")
            if card["customer"] != found["customer"]:
                raise invalid("The payment method does not belong to the subscription's customer.",
                              param="default_payment_method")  # fmt: skip
        found["default_payment_method"] = key
    leaving = forms.flag(params, "cancel_at_period_end")
    if leaving is not None:
        _leave(call, found, leaving)
    if "pause_collection" in params:
        _pause(call, found)
    if "description" in params:
        found["description"] = forms.text(params, "description")
    found["metadata"] = forms.merge_metadata(found["metadata"], params)
    call.world.store.touch(found)


def _leave(call: Call, found: Document, leaving: bool) -> None:
    """End it with its period, or not after all."""
    ends, asked = period_of(found)["current_period_end"], "cancellation_requested"
    found.update(
        cancel_at_period_end=leaving,
        cancel_at=ends if leaving else None,
        canceled_at=call.world.now() if leaving else None,
    )
    found["cancellation_details"]["reason"] = asked if leaving else None


def _pause(call: Call, found: Document) -> None:
    given = forms.mapping(call.params, "pause_collection")
    if not given:
        found["pause_collection"] = None
        return
    behavior = forms.needed(given, "behavior")
    if behavior not in _BEHAVIORS:
        raise invalid(f"Invalid behavior: {behavior}", param="pause_collection[behavior]")
    resumes = forms.integer(given, "resumes_at")
    found["pause_collection"] = {"behavior": behavior, "resumes_at": resumes}
    if resumes:
        call.world.at(resumes, "resume", found["id"])


def create_product(call: Call) -> Document:
    """A product."""
    name = forms.needed(call.params, "name")
    made = build_product(call.world, call.account, name)
    made["description"] = forms.text(call.params, "description")
    made["metadata"] = forms.merge_metadata({}, call.params)
    return call.world.store.insert(made)


def create_price(call: Call) -> Document:
    """A price of a product; `recurring[interval]` makes it fit for subscriptions."""
    return _new_price(call, call.params)


def _new_price(call: Call, params: dict[str, Any]) -> Document:
    sold = _product_id(call, params)
    amount = forms.integer(params, "unit_amount")
    if amount is None or amount < 0:
        raise invalid("Missing required param: unit_amount.", "parameter_missing", "unit_amount")
    currency = forms.needed(params, "currency").lower()
    made = build_price(call.world, call.account, sold, amount, currency)
    recurring = forms.mapping(params, "recurring")
    if recurring:
        interval = forms.needed(recurring, "interval")
        if interval not in _INTERVALS:
            raise invalid(f"Invalid interval: {interval}", param="recurring[interval]")
        count = forms.integer(recurring, "interval_count", 1)
        made["recurring"] = {**made["recurring"], "interval": interval, "interval_count": count}
    else:
        made.update(recurring=None, type="one_time")
    made["nickname"] = forms.text(params, "nickname")
    made["metadata"] = forms.merge_metadata({}, params)
    return call.world.store.insert(made)


def _product_id(call: Call, params: dict[str, Any]) -> str:
    data = forms.mapping(params, "product_data")
    if data:
        made = build_product(call.world, call.account, forms.needed(data, "name"))
        return str(call.world.store.insert(made)["id"])
    return str(find(call, "product", forms.needed(params, "product"), "product")["id"])


def product(call: Call) -> Document:
    """One product."""
    return find(call, "product", call.at["id"])


def price(call: Call) -> Document:
    """One price."""
    return find(call, "price", call.at["id"])


_PRICED: Final = "unit_amount currency recurring nickname metadata product product_data"
ROUTES: Final = (
    route("POST", "/v1/products", create_product, "name description metadata"),
    route("GET", "/v1/products", lambda call: page(call, "product"), f"{PAGING} created"),
    route("GET", "/v1/products/{id}", product),
    route("POST", "/v1/prices", create_price, _PRICED),
    route("GET", "/v1/prices", lambda call: page(call, "price"), f"{PAGING} created"),
    route("GET", "/v1/prices/{id}", price),
    route(
        "POST", "/v1/subscriptions", create,
        f"{_WRITES} customer items payment_behavior off_session collection_method "
        "days_until_due billing_mode",
    ),
    route("GET", "/v1/subscriptions", listed,
          f"{PAGING} created customer status collection_method current_period_end "
          "current_period_start price"),
    route("GET", "/v1/subscriptions/{id}", retrieve),
    route("POST", "/v1/subscriptions/{id}", update, _WRITES),
    route(
        "DELETE", "/v1/subscriptions/{id}", cancel, "cancellation_details invoice_now prorate",
    ),
)  # fmt: skip
