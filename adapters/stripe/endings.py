"""What an end action asks of Stripe, and what taking it back asks.

Sources: docs.stripe.com/api under invoices (mark_uncollectible, void_invoice, update) and
subscriptions (cancel, update).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from application.ports.payments import Ended, Ending
from domain.invoice import InvoiceStatus
from domain.policy import EndAction
from domain.recovery.events import EndResult

DONE: Final = Ended(result=EndResult.DONE)
STATUS_AFTER: Final = {
    EndAction.MARK_UNCOLLECTIBLE: InvoiceStatus.UNCOLLECTIBLE,
    EndAction.VOID_INVOICE: InvoiceStatus.VOID,
}
# The next invoices stay drafts while a pause lasts: of the three behaviours it is the only one
# after which nothing is lost. Void would give the service away, uncollectible would write it off.
_DRAFTS: Final = {"behavior": "keep_as_draft"}
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class EndRequest(NamedTuple):
    """Method, path and parameters."""

    method: str
    path: str
    params: Mapping[str, Any] = _NOTHING


def ending_request(ending: Ending) -> EndRequest | None:
    """What to ask of Stripe; None where there is nothing to ask."""
    invoice, subscription = _invoice(ending), _subscription(ending)
    match ending.action:
        case EndAction.HAND_BACK:
            return EndRequest("post", invoice, {"auto_advance": True})
        case EndAction.MARK_UNCOLLECTIBLE:
            return EndRequest("post", f"{invoice}/mark_uncollectible")
        case EndAction.VOID_INVOICE:
            return EndRequest("post", f"{invoice}/void")
        case EndAction.CANCEL_SUBSCRIPTION if subscription:
            return EndRequest("delete", subscription)
        case EndAction.CANCEL_AT_PERIOD_END if subscription:
            return EndRequest("post", subscription, {"cancel_at_period_end": True})
        case EndAction.PAUSE_COLLECTION if subscription:
            return EndRequest("post", subscription, {"pause_collection": _DRAFTS})
        case _:
            return None


def undo_request(ending: Ending) -> EndRequest | None:
    """What takes it back; None where nothing does."""
    subscription = _subscription(ending)
    match ending.action:
        case EndAction.HAND_BACK:
            return EndRequest("post", _invoice(ending), {"auto_advance": False})
        case EndAction.CANCEL_AT_PERIOD_END if subscription:
            return EndRequest("post", subscription, {"cancel_at_period_end": False})
        case EndAction.PAUSE_COLLECTION if subscription:
            return EndRequest("post", subscription, {"pause_collection": ""})
        case _:
            return None


def _invoice(ending: Ending) -> str:
    return f"/v1/invoices/{quote(ending.invoice_id, safe='')}"


def _subscription(ending: Ending) -> str | None:
    if ending.subscription_id is None:
        return None
    return f"/v1/subscriptions/{quote(ending.subscription_id, safe='')}"
