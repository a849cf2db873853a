"""The customer's page about a card that is to expire: what will be charged when, and a way to
Stripe's own page for another card."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from litestar import Response

from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink
from application.use_cases.card_pages import CardStanding
from domain.invoice import Card
from web.customer_pages import PRIVATE, policy_of, settled
from web.parts import WebParts
from web.rendering import Renderer
from web.wording.telling import card_name

NOTHING_LEFT: Final = "There is nothing left to do. Thank you for looking."
NO_PAGE: Final = (
    "The card cannot be changed here just now. Please answer the mail that brought you here: "
    "a person reads it."
)


async def show(link: CardLink, token: str, parts: WebParts, renderer: Renderer) -> Response[str]:
    """As Stripe shows it at this moment; changes nothing."""
    merchant = await parts.registry.merchant(link.merchant_id)
    standing = await parts.card_pages.standing(link)
    if standing is None:
        return settled(renderer, merchant, NOTHING_LEFT)
    if standing.will_do:
        return settled(renderer, merchant, _all_is_well(standing, merchant))
    return renderer.page(
        "customer/card.html",
        headers={**PRIVATE, "Content-Security-Policy": policy_of(parts)},
        merchant=merchant.name,
        card=card_name(standing.card) if standing.card.last4 else None,
        expires=_month(standing.card),
        has_run_out=standing.has_run_out,
        renews_on=_day(standing.renews_at, standing.timezone or merchant.timezone),
        token=token,
    )


async def go(link: CardLink, token: str, parts: WebParts, renderer: Renderer) -> Response[str]:
    """On to Stripe's own page for a card, made at this moment; it leads back here."""
    url = await parts.card_pages.open(link, f"{parts.base_url}/r/{token}")
    if url is not None:
        headers = {**PRIVATE, "Location": url, "Content-Security-Policy": policy_of(parts)}
        return Response("", status_code=303, headers=headers)
    merchant = await parts.registry.merchant(link.merchant_id)
    standing = await parts.card_pages.standing(link)
    if standing is None:
        return settled(renderer, merchant, NOTHING_LEFT)
    words = _all_is_well(standing, merchant) if standing.will_do else NO_PAGE
    return settled(renderer, merchant, words)


def _all_is_well(standing: CardStanding, merchant: MerchantProfile) -> str:
    day = _day(standing.renews_at, standing.timezone or merchant.timezone)
    by = f" will be made with {card_name(standing.card)}" if standing.card.last4 else " is settled"
    return f"All is well: your next payment on {day}{by}. There is nothing left to do."


def _month(card: Card) -> str | None:
    """As on the card's face, in words."""
    if card.expires is None:
        return None
    return f"{datetime.fromisoformat(f'{card.expires}-01'):%B %Y}"


def _day(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%B %Y}"
