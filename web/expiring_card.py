"""The customer's page about a card that is to expire: what will be charged when, and a way to
Stripe's own page for another card."""

from litestar import Response

from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink
from application.use_cases.card_pages import CardStanding
from web.customer_pages import on_to, settled, shown
from web.parts import WebParts
from web.rendering import Renderer
from web.wording.customer import Speech


async def show(
    link: CardLink, token: str, parts: WebParts, renderer: Renderer, speech: Speech
) -> Response[str]:
    """As Stripe shows it at this moment; changes nothing."""
    merchant = await parts.registry.merchant(link.merchant_id)
    standing = await parts.card_pages.standing(link)
    if standing is None:
        return settled(renderer, speech, merchant, speech.expiring["nothing"])
    if standing.will_do:
        return settled(renderer, speech, merchant, _all_is_well(standing, merchant, speech))
    return shown(
        renderer,
        speech,
        "customer/card.html",
        parts,
        merchant=merchant.name,
        card=_card(standing, speech),
        has_run_out=standing.has_run_out,
        renews_on=speech.local(standing.renews_at, standing.timezone or merchant.timezone),
        token=token,
    )


async def go(
    link: CardLink, token: str, parts: WebParts, renderer: Renderer, speech: Speech
) -> Response[str]:
    """On to Stripe's own page for a card, made at this moment; it leads back here."""
    url = await parts.card_pages.open(link, f"{parts.base_url}/r/{token}/back")
    if url is not None:
        return on_to(url, parts)
    merchant = await parts.registry.merchant(link.merchant_id)
    standing = await parts.card_pages.standing(link)
    if standing is None:
        return settled(renderer, speech, merchant, speech.expiring["nothing"])
    well = standing.will_do
    words = _all_is_well(standing, merchant, speech) if well else speech.expiring["no_page"]
    return settled(renderer, speech, merchant, words)


def _all_is_well(standing: CardStanding, merchant: MerchantProfile, speech: Speech) -> str:
    day = speech.local(standing.renews_at, standing.timezone or merchant.timezone)
    words = speech.expiring["well_with" if standing.card.last4 else "well"]
    return words.format(day=day, card=speech.card(standing.card))


def _card(standing: CardStanding, speech: Speech) -> str | None:
    """Which card, and until when it is good, as on its face."""
    card = standing.card
    if not card.last4:
        return None
    if card.expires is None:
        return speech.card(card)
    words = speech.expiring["was_good" if standing.has_run_out else "is_good"]
    return words.format(card=speech.card(card), month=speech.month(card.expires))
