"""What an endpoint module is made of: routes that name what they accept, and the call they get."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import Struct

from rehearsal.stripe_double import forms
from rehearsal.stripe_double.errors import invalid, missing
from rehearsal.stripe_double.forms import Params
from rehearsal.stripe_double.renewals import Renewals
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause, World

MAX_PAGE: Final = 100
PAGING: Final = "limit starting_after ending_before"
NOUNS: Final = {"payment_method": "PaymentMethod", "webhook_endpoint": "webhook endpoint"}


class Call(Struct):
    """One authenticated request: whose it is, what it says, and the world it acts on."""

    world: World
    renewals: Renewals
    merchant: Document
    cause: Cause
    method: str
    path: str
    at: dict[str, str]
    params: Params
    version: str | None

    @property
    def account(self) -> str:
        """The account the call acts for."""
        return str(self.merchant["id"])


Handler = Callable[[Call], Document]


class Route(Struct, frozen=True):
    """An endpoint and the parameters it accepts; Stripe refuses unknown ones."""

    method: str
    path: str
    handler: Handler
    accepts: frozenset[str]
    collects: bool = False


def route(
    method: str, path: str, handler: Handler, accepts: str = "", *, collects: bool = False
) -> Route:
    """A route that accepts `expand` and the words given; `collects` when it asks for money."""
    return Route(method, path, handler, frozenset([*accepts.split(), "expand"]), collects)


def check_params(call: Call, accepted: frozenset[str]) -> None:
    """Refuse what the endpoint does not know."""
    for name in call.params:
        if name not in accepted:
            raise invalid(
                f"Received unknown parameter: {name}", code="parameter_unknown", param=name
            )


def find(call: Call, kind: str, key: str | None, param: str = "id") -> Document:
    """The account's document; another account's answers exactly like an absent one."""
    found = call.world.store.get(kind, key)
    if found is None or found["_account"] != call.account or found.get("deleted"):
        raise missing(NOUNS.get(kind, kind), key or "", param)
    return found


def page(
    call: Call,
    kind: str,
    owner: tuple[str, Any] = ("", None),
    keep: Callable[[Document], bool] = lambda _: True,
) -> Document:
    """One page of the account's documents, newest first, by owner, `created` and `keep`."""
    limit = forms.integer(call.params, "limit", 10) or 0
    if not 1 <= limit <= MAX_PAGE:
        raise invalid("Invalid limit: it must be between 1 and 100.", param="limit")
    candidates = _candidates(call, kind, owner)
    created = _created_filter(call.params)
    data: list[Document] = []
    for document in candidates:
        if not document.get("deleted") and created(document) and keep(document):
            data.append(document)
            if len(data) > limit:
                break
    has_more = len(data) > limit
    data = data[:limit]
    if call.params.get("ending_before"):
        data.reverse()
    return {"object": "list", "url": call.path, "has_more": has_more, "data": data}


def _candidates(call: Call, kind: str, owner: tuple[str, Any]) -> Iterable[Document]:
    store = call.world.store
    before = forms.text(call.params, "ending_before")
    if before:
        edge = find(call, kind, before, "ending_before")["_seq"]
        newer = [d for d in store.newest_first(kind, call.account, *owner) if d["_seq"] > edge]
        return reversed(newer)
    after = forms.text(call.params, "starting_after")
    edge = find(call, kind, after, "starting_after")["_seq"] if after else None
    return store.newest_first(kind, call.account, *owner, after=edge)


def _created_filter(params: Params) -> Callable[[Document], bool]:
    return span_filter(params, "created", lambda document: document["created"])


def span_filter(
    params: Params, name: str, instant: Callable[[Document], int]
) -> Callable[[Document], bool]:
    """Whether an instant of a document lies in what the parameter `name` asks for."""
    given = params.get(name)
    if given is None:
        return lambda _: True
    bounds = {"gte": given, "lte": given} if isinstance(given, str) else given
    limits = {each: forms.integer(bounds, each) for each in ("gt", "gte", "lt", "lte")}

    def fits(document: Document) -> bool:
        made = instant(document)
        return (
            (limits["gt"] is None or made > limits["gt"])
            and (limits["gte"] is None or made >= limits["gte"])
            and (limits["lt"] is None or made < limits["lt"])
            and (limits["lte"] is None or made <= limits["lte"])
        )

    return fits


def owner_of(call: Call, name: str, field: str | None = None) -> tuple[str, Any]:
    """The index a list is narrowed by: the parameter `name` kept under `field`, or everything."""
    value = forms.text(call.params, name)
    return (field or name, value) if value else ("", None)
