"""Connecting by agreement: off to Stripe, and back. What is not there without Connect is not shown.

Coming back is a GET that changes something, because that is how Stripe sends people back. What a
form's token does elsewhere, the state does here: good once, in the session that left, and there
`SameSite=Lax` lets the cookie come along, since it is the address of the whole page.
"""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.response import Redirect
from msgspec import Struct

from application.errors import Unavailable
from application.ports.accounts import Principal
from application.ports.agreeing import NotAgreed
from application.ports.stripe_accounts import AccountTaken
from application.use_cases.finish_agreement import Answer
from web import times
from web.edge import CONTENT_POLICY
from web.merchant_parts import AgreementDesk
from web.parts import WebParts
from web.rendering import AnyRequest
from web.sessions import Sessions

PAGE: Final = "/settings/stripe"
BACK: Final = f"{PAGE}/agreed"


class Left(Struct, frozen=True):
    """An account that is connected no more: which, and since when."""

    account: str
    at: str


@post(f"{PAGE}/agree", status_code=303)
async def agree(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    sessions: NamedDependency[Sessions],
) -> Redirect:
    """Off to Stripe."""
    url = await _desk(parts).begin(principal.merchant_id, _session(request, sessions))
    return Redirect(url, status_code=303)


@get(BACK)
async def agreed(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    sessions: NamedDependency[Sessions],
) -> Redirect:
    """Back from Stripe. Whatever comes of it, the address is left at once: it holds a code."""
    desk, said = _desk(parts), request.query_params
    answer = Answer(
        state=said.get("state", ""), code=said.get("code", ""), error=said.get("error", "")
    )
    session, actor = _session(request, sessions), f"user:{principal.user_id}"
    try:
        await desk.finish(principal.merchant_id, session, answer, actor)
    except NotAgreed as reason:
        return _to_page(str(reason))
    except AccountTaken:
        return _to_page("account_taken")
    except Unavailable:
        return _to_page("unavailable")
    return _to_page()


async def beside(parts: WebParts, principal: Principal) -> dict[str, Any]:
    """What the page about the accounts shows of agreements: `can_agree` and `left`."""
    desk = parts.agreement_desk
    left: Sequence[Left] = ()
    if desk is not None:
        parted = await desk.parted(principal.merchant_id)
        left = [Left(each.account, times.full(each.at, principal.timezone)) for each in parted]
    return {"can_agree": desk is not None, "left": left}


def leading_to_stripe(page: Response[str], parts: WebParts) -> Response[str]:
    """Browsers apply `form-action` to the redirect too, so the way to Stripe must be named."""
    if parts.agreement_desk is not None:
        policy = CONTENT_POLICY.format(form_action=f"'self' {parts.agreement_desk.origins}")
        page.set_header("Content-Security-Policy", policy)
    return page


def _desk(parts: WebParts) -> AgreementDesk:
    if parts.agreement_desk is None:
        raise NotFoundException
    return parts.agreement_desk


def _session(request: AnyRequest, sessions: Sessions) -> str:
    session = sessions.id_of(request)
    assert session is not None, "who is signed in has a session"
    return session


def _to_page(reason: str | None = None) -> Redirect:
    return Redirect(f"{PAGE}?refused={reason}" if reason else PAGE, status_code=303)
