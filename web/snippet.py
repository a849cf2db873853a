"""The snippet for the merchant's own app: one frozen script, and the question that it asks."""

from base64 import b64encode
from hashlib import sha384
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from msgspec import Struct

from application.entitlements import Answer
from application.use_cases.show_in_app import Question, Shown
from domain.entitlement import Notice, Reason
from domain.money import Money, sums
from web import money
from web.api import link_of
from web.assets import Assets
from web.attempts import address_of
from web.parts import WebParts
from web.rates import PER_SNIPPET_ADDRESS, PER_SNIPPET_ORIGIN, Rates
from web.security import Check
from web.wording.customer import Speech, language_of, speech_in

SCRIPT: Final = "/snippet/v1.js"
FILE: Final = "/static/snippet-v1.js"
A_DAY: Final = "public, max-age=86400"
LONGEST: Final = 300  # letters of any value in the address
EXAMPLE: Final = (Money(29_00, "eur"),)

AnyRequest = Request[Any, Any, Any]


class Told(Struct, frozen=True, kw_only=True):
    """What the script is told: words, which it shows as text."""

    show: Notice
    language: str = ""
    label: str = ""
    title: str = ""
    text: str = ""
    amount: str = ""
    button: str = ""
    later: str = ""
    close: str = ""
    link: str = ""


NOTHING: Final = Told(show=Notice.NONE)


class Desk:
    """How often pages may ask."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._addresses = Rates(PER_SNIPPET_ADDRESS, parts.monotonic)
        self._origins = Rates(PER_SNIPPET_ORIGIN, parts.monotonic)

    def enter(self, request: AnyRequest, merchant: str, origin: str) -> None:
        """Raises TooManyRequestsException: first whoever asks too often, so that one visitor does
        not use up what all customers of an app share."""
        self._addresses.take(address_of(request, self._parts))
        self._origins.take(merchant, origin)


@get(SCRIPT, sync_to_thread=False)
def script(request: AnyRequest, assets: NamedDependency[Assets]) -> Response[bytes]:
    """The same bytes for ever, for pages of any origin: there is nothing of anybody's in it."""
    asset = assets.find(FILE)
    assert asset is not None, "it is one of our files"
    headers = {
        "ETag": f'"{asset.digest}"',
        "Cache-Control": A_DAY,
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if asset.digest in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.gzipped, headers=headers, media_type=asset.media_type)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


@get("/snippet/v1/standing")
async def standing(
    request: AnyRequest, parts: NamedDependency[WebParts], desk: NamedDependency[Desk]
) -> Response[Told]:
    """What to show to one customer. Only a page whose origin the merchant listed may read it; an
    id that is not signed is answered as one that owes nothing."""
    said = {name: value[:LONGEST] for name, value in request.query_params.items()}
    origin = request.headers.get("origin", "")
    desk.enter(request, said.get("merchant", ""), origin[:LONGEST])
    shown = await _shown(said, origin, parts)
    headers = {
        "Cache-Control": "no-store",
        "Vary": "Origin, Accept-Language",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if shown.allowed and origin:
        headers["Access-Control-Allow-Origin"] = origin
    speech = speech_in(language_of(request, said.get("language", "")))
    told = _told(shown, speech, await _link(shown, said, parts))
    return Response(told, headers=headers)


def snippet(check: Check) -> Router:
    """Both addresses: read without a cookie, from pages of others."""
    return Router(path="/", route_handlers=[script, standing], before_request=check)


def integrity(assets: Assets) -> str:
    """What stands in `integrity=`."""
    asset = assets.find(FILE)
    assert asset is not None, "it is one of our files"
    return f"sha384-{b64encode(sha384(asset.body).digest()).decode()}"


async def _shown(said: dict[str, str], origin: str, parts: WebParts) -> Shown:
    preview = _preview(said.get("preview", ""))
    if preview is not None and not origin:  # our own page: it says nothing about anybody
        return Shown(allowed=True, notice=preview)
    try:
        merchant_id = UUID(said.get("merchant", ""))
    except ValueError:
        return Shown()
    question = Question(
        merchant_id=merchant_id,
        origin=origin,
        customer=said.get("customer", ""),
        signature=said.get("signature", ""),
        expires=said.get("expires", ""),
        preview=preview,
    )
    return await parts.show_in_app(question)


def _preview(name: str) -> Notice | None:
    try:
        return Notice(name)
    except ValueError:
        return None


async def _link(shown: Shown, said: dict[str, str], parts: WebParts) -> str:
    """To the customer's page; of an example, to our own door."""
    if shown.answer is None:
        return parts.base_url
    return await link_of(shown.answer, UUID(said["merchant"]), parts) or parts.base_url


def _told(shown: Shown, speech: Speech, link: str) -> Told:
    if shown.notice is Notice.NONE:
        return NOTHING
    words, answer = speech.app, shown.answer
    is_bill = answer is not None and answer.how.reason is Reason.BILL_UNPAID
    return Told(
        show=shown.notice,
        language=speech.tag,
        label=words["label"],
        title=words["bill" if is_bill else "failed"],
        text=words["hard" if shown.notice is Notice.HARD else "soft"],
        amount=_amount(answer, speech),
        button=words["button"],
        later=words["later"],
        close=words["close"],
        link=link,
    )


def _amount(answer: Answer | None, speech: Speech) -> str:
    """What is owed in all, an amount for each currency."""
    owed = [case.owed for case in answer.how.debts] if answer else EXAMPLE
    return " + ".join(
        money.plain(each.amount_minor, each.currency, speech.point) for each in sums(owed)
    )
