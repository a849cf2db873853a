"""What a person or a program sees when something is not as wished: never a stack trace."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import Struct

from application.errors import NotFound
from web.parts import WebParts
from web.rendering import NO_STORE, Renderer, wants_fragment
from web.sessions import NotInRole, SignInNeeded
from web.wording.customer import speech_of

_log = structlog.get_logger("chargechase.web")

RETRY_AFTER_S: Final = "5"
FOR_PROGRAMS: Final = ("/api/", "/snippet/", "/webhooks/", "/health/", "/metrics", "/events")


class Words(Struct, frozen=True):
    """What happened, what was kept, what to do."""

    title: str
    text: str


WORDS: Final[Mapping[int, Words]] = {
    400: Words(
        "We could not read that", "Something in the address or the form is not as expected."
    ),
    401: Words(
        "We do not know who is asking",
        "Send an API key that works: Authorization: Bearer cc_live_… People sign in.",
    ),
    403: Words(
        "That was not accepted",
        "The page may have been open for long. Open it again; nothing was changed.",
    ),
    404: Words("There is nothing here", "It may never have been, or it belongs to another team."),
    405: Words("That cannot be done here", "Open the page from the menu; nothing was changed."),
    408: Words("That took too long", "Nothing was changed; please send it again."),
    413: Words("That is too large", "Nothing was kept of it."),
    429: Words("Please wait a little", "There were many tries in a short time."),
    500: Words(
        "Something went wrong on our side",
        "It is noted and will be looked at. The chase goes on without this page.",
    ),
    503: Words(
        "We cannot reach our records just now",
        "No case is lost: the chase goes on by itself. Try again in a moment.",
    ),
}

NOT_IN_ROLE: Final = Words(
    "Your role in the team does not reach that far",
    "Ask an owner of the team to do it, or to change your role. Nothing was changed.",
)

Handler = Callable[[Request[Any, Any, Any], Exception], Response[Any]]


def error_handler(parts: WebParts, renderer: Renderer) -> Handler:
    """Turns whatever was raised into a page, a fragment or problem+json."""

    def on_error(request: Request[Any, Any, Any], fault: Exception) -> Response[Any]:
        status = _status(fault, parts.outages)
        if status >= 500:
            _log.error("request_failed", status=status, exc_info=fault)
        if isinstance(fault, SignInNeeded) and not _wants_json(request):
            return _to_sign_in(request)
        words = WORDS.get(status) or WORDS[400 if status < 500 else 500]
        if isinstance(fault, NotInRole):
            words = NOT_IN_ROLE
        headers = {**NO_STORE, **_extra_headers(status, fault)}
        if _wants_json(request):
            return _problem(status, words, headers)
        if wants_fragment(request):
            headers |= {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}
            return renderer.page("errors/_notice.html", status, headers=headers, words=words)
        if request.scope["path"].startswith(("/r/", "/u/")):
            headers["Referrer-Policy"] = "no-referrer"
            speech = speech_of(request)
            return renderer.page("customer/fault.html", status, headers=headers, speech=speech)
        return renderer.page(
            "errors/page.html", status, headers=headers, words=words, status=status
        )

    return on_error


def _status(fault: Exception, outages: tuple[type[Exception], ...]) -> int:
    if isinstance(fault, HTTPException):
        return fault.status_code
    if isinstance(fault, NotFound):
        return 404
    return 503 if isinstance(fault, outages) else 500


def _extra_headers(status: int, fault: Exception) -> dict[str, str]:
    given = fault.headers if isinstance(fault, HTTPException) else None
    extra = dict(given or {})
    if status == 503:
        extra.setdefault("Retry-After", RETRY_AFTER_S)
    return extra


def _wants_json(request: Request[Any, Any, Any]) -> bool:
    """Programs say so, or call where only programs do."""
    if request.scope["path"].startswith(FOR_PROGRAMS):
        return True
    accept = request.headers.get("accept", "")
    return "json" in accept and "html" not in accept


def _problem(status: int, words: Words, headers: Mapping[str, str]) -> Response[Any]:
    body = {"type": "about:blank", "status": status, "title": words.title, "detail": words.text}
    return Response(
        body, status_code=status, media_type="application/problem+json", headers=dict(headers)
    )


def _to_sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """To the sign-in page, and back to where they wanted to go, if it was a page."""
    if wants_fragment(request):
        return Response("", status_code=401, headers={**NO_STORE, "HX-Redirect": "/sign-in"})
    wanted = request.scope["path"] if request.method == "GET" else "/cases"
    headers = {**NO_STORE, "Location": f"/sign-in?next={quote(wanted, safe='/')}"}
    return Response("", status_code=303, headers=headers)
