"""What the customer's pages share: no login, no session, no trace."""

from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from litestar import Response
from litestar.di import NamedDependency

from application.change_case import CaseRef
from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink, LinkTarget
from web.attempts import WrongLinks, address_of
from web.brand_look import worn_by
from web.edge import CONTENT_POLICY
from web.hosts import host_of
from web.parts import WebParts
from web.rendering import AnyRequest, Renderer
from web.wording.customer import Speech

PRIVATE: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Accept-Language",
}


class Visit:
    """Somebody with a link: where it leads, and how they are answered. A link that never was, was
    cut by a mail program or has expired leads nowhere, and says no more than that.

    Not a dataclass: the framework would look into its fields, and cannot tell two structs apart.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that a page needs, once for all pages
        self,
        token: str,
        target: LinkTarget | CardLink | None,
        parts: WebParts,
        renderer: Renderer,
        speech: Speech,
        origin: str,
    ) -> None:
        self.token = token
        self.target = target
        self.parts = parts
        self.renderer = renderer
        self.speech = speech
        self.origin = origin

    @property
    def case(self) -> CaseRef | None:
        """The case that the link is about; None for the link of a notice too."""
        if isinstance(self.target, LinkTarget):
            return CaseRef(self.target.merchant_id, self.target.case_id)
        return None

    @property
    def here(self) -> str:
        """The page's own path."""
        return f"/r/{quote(self.token, safe='')}"

    @property
    def address(self) -> str:
        """The page as the customer came to it."""
        return f"{self.origin}{self.here}"

    def page(self, template: str, status: int = 200, /, **values: Any) -> Response[str]:
        """A page whose forms stay with us; a `merchant` among the values is shown as they wish."""
        merchant = values.get("merchant")
        if isinstance(merchant, MerchantProfile):
            values |= {"merchant": merchant.known_as, "brand": worn_by(merchant)}
        return self.renderer.page(
            template, status, headers=PRIVATE, speech=self.speech, token=self.token, **values
        )

    def leading_on(self, template: str, **values: Any) -> Response[str]:
        """A page with a form that may lead on to Stripe's."""
        answer = self.page(template, **values)
        answer.headers["Content-Security-Policy"] = policy_of(self.parts)
        return answer

    def settled(self, merchant: MerchantProfile, sentence: str) -> Response[str]:
        """Nothing is left to do, and one sentence says why."""
        return self.page("customer/settled.html", merchant=merchant, sentence=sentence)

    def gone(self, *, asked: bool | None = False) -> Response[str]:
        """The link leads nowhere: the same for all such, to the byte. A fresh one can be asked for,
        was (`asked`), or is of no use (None)."""
        return self.page("customer/gone.html", 404, asked=asked)

    def back(self) -> Response[str]:
        """To the link's own page, which tells what holds now."""
        return Response("", status_code=303, headers={**PRIVATE, "Location": self.here})

    def on_to(self, address: str) -> Response[str]:
        """To a page of Stripe's."""
        headers = {
            **PRIVATE,
            "Location": address,
            "Content-Security-Policy": policy_of(self.parts),
        }
        return Response("", status_code=303, headers=headers)


async def visit_of(
    request: AnyRequest,
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    speech: NamedDependency[Speech],
    wrong_links: NamedDependency[WrongLinks],
) -> Visit:
    """What signs for itself needs no look-up; any other text is hashed and looked up: a wrong one
    costs the same, and many of them take time. At a merchant's own host the links of others are
    wrong ones."""
    token = str(request.path_params["token"])
    target: LinkTarget | CardLink | None = parts.signed_links.read(token, parts.clock())
    if target is None:
        target = await parts.registry.link(hash_of_token(token))
    host = await host_of(request, parts)
    if target is not None and not host.is_for(target.merchant_id):
        target = None
    if target is None:
        await wrong_links.one_more(address_of(request, parts))
    return Visit(token, target, parts, renderer, speech, host.origin)


def hash_of_token(token: str) -> bytes:
    """How a link is kept."""
    return sha256(token.encode(errors="surrogatepass")).digest()


def policy_of(parts: WebParts) -> str:
    """Browsers apply `form-action` to the redirect too, so Stripe's page must be named."""
    targets = " ".join(("'self'", *parts.payment_origins))
    return CONTENT_POLICY.format(form_action=targets)
