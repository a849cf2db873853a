"""/v1/payment_methods: cards made from test cards, attached to customers and taken off again."""

from typing import Final

from rehearsal.stripe_double import forms
from rehearsal.stripe_double.api import Call, find, route
from rehearsal.stripe_double.cards import NUMBERS, TEST_CARDS
from rehearsal.stripe_double.errors import invalid, missing
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.objects import payment_method as build
from rehearsal.stripe_double.store import Document


def create(call: Call) -> Document:
    """A card from `card[token]` (tok_visa), `card[number]` of a test card, or `payment_method`."""
    if forms.text(call.params, "type") not in {"card", None}:
        raise invalid("Only cards can be rehearsed.", param="type")
    card = forms.mapping(call.params, "card")
    number = str(card.get("number", "")).replace(" ", "")
    token = str(card.get("token", "")).replace("tok_", "pm_card_", 1)
    name = token if token in TEST_CARDS else NUMBERS.get(number)
    if name is None:
        raise invalid(
            "Your card number is incorrect.", code="incorrect_number", param="card[number]"
        )
    made = call.world.store.insert(build(call.world, call.account, TEST_CARDS[name]))
    for part in ("exp_month", "exp_year"):
        made["card"][part] = forms.integer(card, part, made["card"][part])
    made["metadata"] = forms.merge_metadata({}, call.params)
    return made


def retrieve(call: Call) -> Document:
    """One payment method."""
    return resolve(call, call.at["id"], "id")


def update(call: Call) -> Document:
    """Change expiry, billing details or metadata."""
    found = find(call, "payment_method", call.at["id"])
    card = forms.mapping(call.params, "card")
    for part in ("exp_month", "exp_year"):
        found["card"][part] = forms.integer(card, part, found["card"][part])
    details = forms.mapping(call.params, "billing_details")
    for part in ("email", "name", "phone"):
        if part in details:
            found["billing_details"][part] = forms.text(details, part)
    found["metadata"] = forms.merge_metadata(found["metadata"], call.params)
    call.world.store.touch(found)
    emit(call.world, "payment_method.updated", found, call.cause, {})
    return found


def attach(call: Call) -> Document:
    """Give the card to a customer."""
    buyer = find(call, "customer", forms.needed(call.params, "customer"), "customer")
    return attach_to(call, resolve(call, call.at["id"], "id"), buyer)


def detach(call: Call) -> Document:
    """Take the card off its customer; it can never be attached again."""
    found = find(call, "payment_method", call.at["id"])
    owner = found["customer"]
    if owner is None:
        raise invalid("The payment method you provided is not attached to a customer.")
    found["customer"] = None
    found["_detached"] = True
    call.world.store.touch(found)
    _clear_slots(call, owner, found["id"])
    emit(call.world, "payment_method.detached", found, call.cause, {"customer": owner})
    return found


def _clear_slots(call: Call, owner: str, key: str) -> None:
    buyer = call.world.store.get("customer", owner)
    if buyer and buyer["invoice_settings"]["default_payment_method"] == key:
        buyer["invoice_settings"] = {**buyer["invoice_settings"], "default_payment_method": None}
        call.world.store.touch(buyer)
    for subscription in call.world.store.newest_first(
        "subscription", call.account, "customer", owner
    ):
        if subscription["default_payment_method"] == key:
            subscription["default_payment_method"] = None
            call.world.store.touch(subscription)


def resolve(call: Call, key: str, param: str = "payment_method") -> Document:
    """The card with that id; the name of a test card makes a new one."""
    if key in TEST_CARDS:
        return call.world.store.insert(build(call.world, call.account, TEST_CARDS[key]))
    return find(call, "payment_method", key, param)


def attach_to(call: Call, card: Document, buyer: Document) -> Document:
    """Attach and tell; attaching again to the same customer changes nothing."""
    if card["customer"] == buyer["id"]:
        return card
    if card["customer"] or card.get("_detached"):
        raise invalid(
            "The payment method you provided has already been attached to a customer."
            if card["customer"]
            else "This PaymentMethod was previously used without being attached to a Customer or "
            "was detached from a Customer, and may not be used again."
        )
    if buyer.get("deleted"):
        raise missing("customer", buyer["id"], "customer")
    card["customer"] = buyer["id"]
    call.world.store.touch(card)
    emit(call.world, "payment_method.attached", card, call.cause)
    return card


ROUTES: Final = (
    route("POST", "/v1/payment_methods", create, "type card billing_details metadata"),
    route("GET", "/v1/payment_methods/{id}", retrieve),
    route("POST", "/v1/payment_methods/{id}", update, "card billing_details metadata"),
    route("POST", "/v1/payment_methods/{id}/attach", attach, "customer"),
    route("POST", "/v1/payment_methods/{id}/detach", detach),
)
