"""A customer's payment methods as the customer's own doing: on a page, never through the API."""

from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.payment_methods import new_method
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause, World


def give(world: World, buyer: Document, name: str, cause: Cause) -> Document:
    """A new payment method from the name of a test card or bank account, attached to the customer,
    whose bank has seen them."""
    method = new_method(world, buyer["_account"], name)
    method.update(customer=buyer["id"], _authenticated=True)
    world.store.touch(method)
    emit(world, "payment_method.attached", method, cause)
    return method


def prefer(world: World, buyer: Document, method: Document, cause: Cause) -> None:
    """Make it the customer's default for invoices."""
    settings = buyer["invoice_settings"]
    buyer["invoice_settings"] = {**settings, "default_payment_method": method["id"]}
    world.store.touch(buyer)
    emit(world, "customer.updated", buyer, cause, {"invoice_settings": settings})


def described(method: Document) -> str:
    """As a person knows it: "Visa •••• 4242"."""
    kind = method["type"]
    if kind != "card":
        return f"Bank account •••• {method[kind]['last4']}"
    return f"{method['card']['brand'].title()} •••• {method['card']['last4']}"
