"""`expand[]`: ids become objects where asked, and nothing is expanded unasked."""

from typing import Any, Final

from rehearsal.stripe_double.errors import invalid
from rehearsal.stripe_double.objects import listing
from rehearsal.stripe_double.shapes import Json, render
from rehearsal.stripe_double.world import World

MAX_LEVELS: Final = 4  # docs.stripe.com/api/expanding_objects
_KINDS: Final = {
    "acct": "account", "ch": "charge", "cus": "customer", "du": "dispute", "in": "invoice",
    "inpay": "invoice_payment", "mandate": "mandate", "pi": "payment_intent",
    "pm": "payment_method", "price": "price", "prod": "product", "re": "refund",
    "seti": "setup_intent", "sub": "subscription",
}  # fmt: skip


class Expansion:
    """Expands rendered answers for one account in one shape."""

    def __init__(self, world: World, account: str, old: bool) -> None:
        self._world = world
        self._account = account
        self._old = old

    def apply(self, answer: Json, paths: list[Any]) -> Json:
        """Expand each path in place; raises StripeError (400) for a path that cannot be."""
        for path in paths:
            parts = str(path).split(".")
            if len(parts) > MAX_LEVELS:
                raise invalid("You cannot expand more than 4 levels of a property.", param="expand")
            self._walk(answer, parts, str(path))
        return answer

    def _walk(self, node: Any, parts: list[str], path: str) -> None:
        if isinstance(node, list):
            for item in node:
                self._walk(item, parts, path)
            return
        if not parts or not isinstance(node, dict):
            return
        name, rest = parts[0], parts[1:]
        if name not in node and not self._include(node, name):
            if "object" in node:
                raise invalid(f"This property cannot be expanded ({path}).", param="expand")
            return
        value = node[name]
        if isinstance(value, str):
            node[name] = self._object(value, path)
        elif isinstance(value, list) and value and isinstance(value[0], str):
            node[name] = [self._object(item, path) for item in value]
        self._walk(node[name], rest, path)

    def _object(self, key: str, path: str) -> Json:
        kind = _KINDS.get(key.partition("_")[0])
        found = self._world.store.get(kind, key) if kind else None
        if found is None or found["_account"] != self._account:
            raise invalid(f"This property cannot be expanded ({path}).", param="expand")
        return render(found, self._old)

    def _include(self, node: Json, name: str) -> bool:
        """Fields that are only there when asked for."""
        match (node.get("object"), name):
            case ("invoice", "payments") if not self._old:
                url = "/v1/invoice_payments"
                node["payments"] = self._owned("invoice_payment", "invoice", node["id"], url)
            case ("invoice", "confirmation_secret") if not self._old:
                node["confirmation_secret"] = self._secret(node["id"])
            case ("charge", "refunds"):
                url = f"/v1/charges/{node['id']}/refunds"
                node["refunds"] = self._owned("refund", "charge", node["id"], url)
            case ("customer", "subscriptions"):
                url = f"/v1/customers/{node['id']}/subscriptions"
                node["subscriptions"] = self._owned("subscription", "customer", node["id"], url)
            case _:
                return False
        return True

    def _owned(self, kind: str, field: str, key: str, url: str) -> Json:
        found = self._world.store.newest_first(kind, self._account, field, key)
        return listing([render(document, self._old) for document in found], url)

    def _secret(self, invoice: str) -> Json | None:
        billed = self._world.store.get("invoice", invoice) or {}
        intent = self._world.store.get("payment_intent", billed.get("_payment_intent"))
        if intent is None:
            return None
        return {"client_secret": intent["client_secret"], "type": "payment_intent"}
