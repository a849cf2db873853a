"""The customer's page, `/r/{token}`: the merchant's, not ours. No login, no session, no trace."""

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from application.change_case import CaseRef
from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink
from application.views import CaseRow
from domain.recovery.events import Ask
from domain.recovery.transitions import Phase
from web import backup_card, expiring_card, money, picked_day
from web.customer_pages import PRIVATE, gone, policy_of, settled, target_of
from web.parts import WebParts
from web.rendering import Renderer
from web.wording.telling import card_name

# One kind sentence each, and one request.
SENTENCES: Final = {
    Ask.CARD: "Your card could not be charged. You can use another one here; it takes a minute.",
    Ask.AUTHENTICATION: "Your bank would like you to confirm this payment. It takes a minute.",
    Ask.PAYMENT: "Your last payment did not go through. You can pay here in a minute.",
    None: "Your last payment did not go through. We will try again; you can also pay here now.",
}
BUTTONS: Final = {
    Ask.CARD: "Use another card",
    Ask.AUTHENTICATION: "Confirm the payment",
    Ask.PAYMENT: "Pay now",
    None: "Pay now",
}
SETTLED: Final = {
    Phase.RECOVERED: "This is paid. Thank you; there is nothing left to do.",
    Phase.STOPPED: "There is nothing to pay any more. Thank you for looking.",
}
NOTHING_DUE: Final = "There is nothing to pay just now. Thank you for looking."


@get("/r/{token:str}", name="customer.open")
async def open_link(
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Shows and changes nothing: mail scanners open links too, as often as they like."""
    target = await target_of(token, parts)
    if target is None:
        return gone(renderer)
    if isinstance(target, CardLink):
        return await expiring_card.show(target, token, parts, renderer)
    merchant = await parts.registry.merchant(target.merchant_id)
    view = await parts.pages.case(target.merchant_id, target.case_id, parts.clock())
    if view is None:
        return gone(renderer)
    if view.row.phase in SETTLED:
        return settled(renderer, merchant, SETTLED[view.row.phase])
    headers = {**PRIVATE, "Content-Security-Policy": policy_of(parts)}
    ref = CaseRef(target.merchant_id, target.case_id)
    return renderer.page(
        "customer/open.html",
        headers=headers,
        **_shown(merchant, view.row),
        **backup_card.shown(await parts.backup_cards.offer(ref), merchant, view.row),
        **picked_day.shown(await parts.pick_day.offer(ref)),
        token=token,
    )


@post("/r/{token:str}", name="customer.pay", status_code=303)
async def go_to_payment(
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """On to Stripe's own page, its address read from Stripe at this moment."""
    target = await target_of(token, parts)
    if target is None:
        return gone(renderer)
    if isinstance(target, CardLink):
        return await expiring_card.go(target, token, parts, renderer)
    url = await parts.open_payment_page(CaseRef(target.merchant_id, target.case_id))
    if url is None:
        merchant = await parts.registry.merchant(target.merchant_id)
        return settled(renderer, merchant, NOTHING_DUE)
    headers = {**PRIVATE, "Location": url, "Content-Security-Policy": policy_of(parts)}
    return Response("", status_code=303, headers=headers)


def _shown(merchant: MerchantProfile, row: CaseRow) -> dict[str, Any]:
    """All that a stranger with the link may see: merchant, amount, the card's last digits."""
    return {
        "merchant": merchant.name,
        "amount": money.html(row.amount_minor, row.currency),
        "card": card_name(row.card) if row.card and row.card.last4 else None,
        "sentence": SENTENCES[row.ask],
        "button": BUTTONS[row.ask],
    }
