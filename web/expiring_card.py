"""The customer's page about a card that is to expire: what will be charged when, and a way to
Stripe's own page for another card."""

from litestar import Response

from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink
from application.use_cases.card_pages import CardStanding
from web.customer_pages import Visit
from web.wording.customer import Speech


async def show(link: CardLink, visit: Visit) -> Response[str]:
    """As Stripe shows it at this moment; changes nothing."""
    parts, speech = visit.parts, visit.speech
    merchant = await parts.registry.merchant(link.merchant_id)
    standing = await parts.card_pages.standing(link)
    if standing is None:
        return visit.settled(merchant, speech.expiring["nothing"])
    if standing.will_do:
        return visit.settled(merchant, _all_is_well(standing, merchant, speech))
    return visit.leading_on(
        "customer/card.html",
        merchant=merchant,
        card=_card(standing, speech),
        has_run_out=standing.has_run_out,
        renews_on=speech.local(standing.renews_at, standing.timezone or merchant.timezone),
    )


async def go(link: CardLink, visit: Visit) -> Response[str]:
    """On to Stripe's own page for a card, made at this moment; it leads back here."""
    parts, speech = visit.parts, visit.speech
    url = await parts.card_pages.open(link, f"{visit.address}/back")
    if url is not None:
        return visit.on_to(url)
    merchant = await parts.registry.merchant(link.merchant_id)
    standing = await parts.card_pages.standing(link)
    if standing is None:
        return visit.settled(merchant, speech.expiring["nothing"])
    well = standing.will_do
    words = _all_is_well(standing, merchant, speech) if well else speech.expiring["no_page"]
    return visit.settled(merchant, words)


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
