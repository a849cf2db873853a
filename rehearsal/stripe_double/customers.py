"""/v1/account, /v1/customers and the cards of a customer."""

from collections.abc import Callable
from typing import Final

from rehearsal.stripe_double import forms
from rehearsal.stripe_double.api import PAGING, Call, find, owner_of, page, route
from rehearsal.stripe_double.errors import invalid
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.objects import customer as build
from rehearsal.stripe_double.payment_methods import attach_to, resolve
from rehearsal.stripe_double.standing import cancel_all
from rehearsal.stripe_double.store import Document

_TEXTS: Final = ("description", "email", "name", "phone")
_WRITES: Final = """address balance description email invoice_prefix invoice_settings metadata name
    phone preferred_locales shipping tax_exempt"""


def account(call: Call) -> Document:
    """The account the key or the Stripe-Account header stands for."""
    return call.merchant


def account_by_id(call: Call) -> Document:
    """The same, asked for by id."""
    return find(call, "account", call.at["id"])


def create(call: Call) -> Document:
    """A new customer, with a first card when `payment_method` is given."""
    given = forms.text(call.params, "payment_method")
    card = resolve(call, given) if given else None
    made = call.world.store.insert(build(call.world, call.account))
    if card:
        attach_to(call, card, made)
    _apply(call, made)
    emit(call.world, "customer.created", made, call.cause)
    return made


def retrieve(call: Call) -> Document:
    """The customer, or the stub that is left of a deleted one."""
    found = call.world.store.get("customer", call.at["id"])
    if found and found["_account"] == call.account and found.get("deleted"):
        return {"id": found["id"], "object": "customer", "deleted": True}
    return find(call, "customer", call.at["id"])


def listed(call: Call) -> Document:
    """Customers, narrowed by e-mail."""
    email = forms.text(call.params, "email")
    return page(call, "customer", keep=lambda found: email in {None, found["email"]})


def update(call: Call) -> Document:
    """Change what is given."""
    found = find(call, "customer", call.at["id"])
    before = {name: found[name] for name in _WRITES.split() if name in call.params}
    before = {**before, "invoice_settings": dict(found["invoice_settings"])}
    _apply(call, found)
    changed = {name: old for name, old in before.items() if found[name] != old}
    if changed:
        emit(call.world, "customer.updated", found, call.cause, changed)
    return found


def delete(call: Call) -> Document:
    """Forget the customer; running subscriptions end at once."""
    found = find(call, "customer", call.at["id"])
    cancel_all(call.world, found, call.cause)
    emit(call.world, "customer.deleted", found, call.cause)
    found["deleted"] = True
    call.world.store.touch(found)
    return {"id": found["id"], "object": "customer", "deleted": True}


def cards(call: Call) -> Document:
    """The customer's payment methods."""
    find(call, "customer", call.at["id"], "customer")
    return page(call, "payment_method", ("customer", call.at["id"]), _of_type(call))


def methods(call: Call) -> Document:
    """Payment methods of a customer, or all."""
    return page(call, "payment_method", owner_of(call, "customer"), _of_type(call))


def _of_type(call: Call) -> Callable[[Document], bool]:
    wanted = forms.text(call.params, "type")
    return lambda found: bool(found["customer"]) and wanted in {None, found["type"]}


def _apply(call: Call, found: Document) -> None:
    params = call.params
    for name in _TEXTS:
        if name in params:
            found[name] = forms.text(params, name)
    if "preferred_locales" in params:
        found["preferred_locales"] = forms.many(params, "preferred_locales")
    if "address" in params:
        given = forms.mapping(params, "address")
        names = ("city", "country", "line1", "line2", "postal_code", "state")
        found["address"] = {name: given.get(name) for name in names}
    settings = forms.mapping(params, "invoice_settings")
    if "default_payment_method" in settings:
        _set_default(call, found, forms.text(settings, "default_payment_method"))
    found["metadata"] = forms.merge_metadata(found["metadata"], params)
    call.world.store.touch(found)


def _set_default(call: Call, found: Document, key: str | None) -> None:
    if key is not None:
        card = find(call, "payment_method", key, "invoice_settings[default_payment_method]")
        if card["customer"] != found["id"]:
            raise invalid(
                "The customer does not have a payment method with the ID " + key + ". The payment "
                "method must be attached to the customer.",
                code="resource_missing",
                param="invoice_settings[default_payment_method]",
            )
    found["invoice_settings"] = {**found["invoice_settings"], "default_payment_method": key}


ROUTES: Final = (
    route("GET", "/v1/account", account),
    route("GET", "/v1/accounts/{id}", account_by_id),
    route("POST", "/v1/customers", create, f"{_WRITES} payment_method"),
    route("GET", "/v1/customers", listed, f"{PAGING} created email"),
    route("GET", "/v1/customers/{id}", retrieve),
    route("POST", "/v1/customers/{id}", update, _WRITES),
    route("DELETE", "/v1/customers/{id}", delete),
    route("GET", "/v1/customers/{id}/payment_methods", cards, f"{PAGING} type allow_redisplay"),
    route("GET", "/v1/payment_methods", methods, f"{PAGING} customer type"),
)
