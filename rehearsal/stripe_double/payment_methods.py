"""/v1/payment_methods: test cards and bank accounts, attached to customers and taken off."""

from typing import Final

from rehearsal.stripe_double import forms
from rehearsal.stripe_double.api import Call, find, route
from rehearsal.stripe_double.banks import BANK_TYPES, TEST_BANKS, TestBank, number_of
from rehearsal.stripe_double.cards import NUMBERS, TEST_CARDS
from rehearsal.stripe_double.debits import consent
from rehearsal.stripe_double.errors import invalid, missing
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.objects import bank_method as build_bank
from rehearsal.stripe_double.objects import payment_method as build
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import World


def create(call: Call) -> Document:
    """A card from `card[token]` (tok_visa) or `card[number]` of a test card, or a bank account.

    A bank account is made from `sepa_debit[iban]` or `us_bank_account[account_number]` and so on.
    """
    kind = forms.text(call.params, "type") or "card"
    if kind in BANK_TYPES:
        return _bank(call, kind)
    if kind != "card":
        raise invalid("Only cards and bank debits can be rehearsed.", param="type")
    card = forms.mapping(call.params, "card")
    number = str(card.get("number", "")).replace(" ", "")
    token = str(card.get("token", "")).replace("tok_", "pm_card_", 1)
    name = token if token in TEST_CARDS else NUMBERS.get(number)
    if name is None:
        raise invalid(
            "Your card number is incorrect.", code="incorrect_number", param="card[number]"
        )
    made = new_method(call.world, call.account, name)
    for part in ("exp_month", "exp_year"):
        made["card"][part] = forms.integer(card, part, made["card"][part])
    made["metadata"] = forms.merge_metadata({}, call.params)
    return made


def _bank(call: Call, kind: str) -> Document:
    number = number_of(kind, forms.mapping(call.params, kind))
    if not number:
        raise invalid(f"Missing required param: {kind}.", "parameter_missing", kind)
    details = forms.mapping(call.params, "billing_details")
    made = call.world.store.insert(build_bank(call.world, call.account, TestBank(kind, number)))
    made["billing_details"].update({k: details[k] for k in ("email", "name") if k in details})
    consent(call.world, made)
    made["metadata"] = forms.merge_metadata({}, call.params)
    return made


def new_method(world: World, account: str, name: str) -> Document:
    """A new payment method from the name of a test card or a test bank account."""
    if name in TEST_CARDS:
        return world.store.insert(build(world, account, TEST_CARDS[name]))
    made = world.store.insert(build_bank(world, account, TEST_BANKS[name]))
    consent(world, made)
    return made


def retrieve(call: Call) -> Document:
    """One payment method."""
    return resolve(call, call.at["id"], "id")


def update(call: Call) -> Document:
    """Change expiry, billing details or metadata."""
    found = find(call, "payment_method", call.at["id"])
    card = forms.mapping(call.params, "card") if found["type"] == "card" else {}
    for part in ("exp_month", "exp_year") if card else ():
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


def is_test_method(name: str) -> bool:
    """Whether it is the name of a test card or bank account, which makes a new one."""
    return name in TEST_CARDS or name in TEST_BANKS


def resolve(call: Call, key: str, param: str = "payment_method") -> Document:
    """The payment method with that id; a test card's or bank account's name makes a new one."""
    if is_test_method(key):
        return new_method(call.world, call.account, key)
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


_MADE_OF: Final = f"type card {' '.join(BANK_TYPES)} billing_details metadata"
ROUTES: Final = (
    route("POST", "/v1/payment_methods", create, _MADE_OF),
    route("GET", "/v1/payment_methods/{id}", retrieve),
    route("POST", "/v1/payment_methods/{id}", update, "card billing_details metadata"),
    route("POST", "/v1/payment_methods/{id}/attach", attach, "customer"),
    route("POST", "/v1/payment_methods/{id}/detach", detach),
)
