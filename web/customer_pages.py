"""What the customer's pages share: no login, no session, no trace."""

from hashlib import sha256
from typing import Any, Final

from litestar import Response

from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink, LinkTarget
from web.edge import CONTENT_POLICY
from web.parts import WebParts
from web.rendering import Renderer
from web.wording.customer import Speech

PRIVATE: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Accept-Language",
}


def shown(
    renderer: Renderer, speech: Speech, template: str, parts: WebParts, **values: Any
) -> Response[str]:
    """A page with a form that may lead on to Stripe's."""
    headers = {**PRIVATE, "Content-Security-Policy": policy_of(parts)}
    return renderer.page(template, headers=headers, speech=speech, **values)


def settled(
    renderer: Renderer, speech: Speech, merchant: MerchantProfile, sentence: str
) -> Response[str]:
    """Nothing is left to do, and one sentence says why."""
    return renderer.page(
        "customer/settled.html",
        headers=PRIVATE,
        speech=speech,
        merchant=merchant.name,
        sentence=sentence,
    )


def gone(renderer: Renderer, speech: Speech) -> Response[str]:
    """The same page for a link that never was, was cut by a mail program, or has expired."""
    return renderer.page("customer/gone.html", 404, headers=PRIVATE, speech=speech, words=None)


def policy_of(parts: WebParts) -> str:
    """Browsers apply `form-action` to the redirect too, so Stripe's page must be named."""
    targets = " ".join(("'self'", *parts.payment_origins))
    return CONTENT_POLICY.format(form_action=targets)


def on_to(address: str, parts: WebParts) -> Response[str]:
    """To another page: ours, or Stripe's."""
    headers = {**PRIVATE, "Location": address, "Content-Security-Policy": policy_of(parts)}
    return Response("", status_code=303, headers=headers)


async def target_of(token: str, parts: WebParts) -> LinkTarget | CardLink | None:
    """Where the token leads. Any text is hashed and looked up: a wrong one costs the same."""
    return await parts.registry.link(sha256(token.encode()).digest())
