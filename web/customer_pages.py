"""What the customer's pages share: no login, no session, no trace."""

from hashlib import sha256
from typing import Final

from litestar import Response

from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink, LinkTarget
from web.edge import CONTENT_POLICY
from web.parts import WebParts
from web.rendering import Renderer

PRIVATE: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


def settled(renderer: Renderer, merchant: MerchantProfile, sentence: str) -> Response[str]:
    """Nothing is left to do, and one sentence says why."""
    return renderer.page(
        "customer/settled.html", headers=PRIVATE, merchant=merchant.name, sentence=sentence
    )


def gone(renderer: Renderer) -> Response[str]:
    """The same page for a link that never was, was cut by a mail program, or has expired."""
    return renderer.page("customer/gone.html", 404, headers=PRIVATE, words=None)


def policy_of(parts: WebParts) -> str:
    """Browsers apply `form-action` to the redirect too, so Stripe's page must be named."""
    targets = " ".join(("'self'", *parts.payment_origins))
    return CONTENT_POLICY.format(form_action=targets)


async def target_of(token: str, parts: WebParts) -> LinkTarget | CardLink | None:
    """Where the token leads. Any text is hashed and looked up: a wrong one costs the same."""
    return await parts.registry.link(sha256(token.encode()).digest())
