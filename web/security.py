"""What an unsafe request must show before anything reads it: our host, our origin, our token."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request, Response
from litestar.exceptions import ClientException, PermissionDeniedException

from web.forms import read_form
from web.hosts import allowed_hosts, host_of
from web.parts import WebParts
from web.sessions import Sessions

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
TOKEN_FIELD: Final = "form_token"  # noqa: S105  (its name, not its value)
TOKEN_HEADER: Final = "x-form-token"  # noqa: S105  (likewise)

AnyRequest = Request[Any, Any, Any]
Check = Callable[[AnyRequest], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FormTokens:
    """Tokens that show that a form came from a page of ours.

    The token is an HMAC of the browser's session id, or before sign-in of a random cookie: what is
    known to another site's page is not enough, and neither is a cookie planted by a neighbour.
    """

    secret: str
    sessions: Sessions

    def token(self, request: AnyRequest) -> str:
        """The token for this browser; empty if it has no cookie yet (see `seed`)."""
        seed = self._seed(request)
        return self._sign(seed) if seed else ""

    def fresh(self, request: AnyRequest, response: Callable[[str], Response[str]]) -> Response[str]:
        """A page with a form for somebody without a session: gives the browser its seed."""
        seed = self._seed(request)
        if seed:
            return response(self._sign(seed))
        seed = token_urlsafe(32)
        page = response(self._sign(seed))
        page.set_cookie(self.sessions.cookie(self.sessions.names.form, seed, None))
        return page

    def fits(self, request: AnyRequest, token: object) -> bool:
        """True for the token that `token` or `fresh` gave to this browser."""
        seed = self._seed(request)
        if not seed or not isinstance(token, str):
            return False
        return hmac.compare_digest(token.encode(), self._sign(seed).encode())

    def _seed(self, request: AnyRequest) -> str | None:
        return self.sessions.id_of(request) or request.cookies.get(self.sessions.names.form)

    def _sign(self, seed: str) -> str:
        return hmac.new(self.secret.encode(), b"form:" + seed.encode(), sha256).hexdigest()


def host_check(parts: WebParts) -> Check:
    """A check that the request names a host of ours (a link in a mail must never be another's)."""
    hosts = allowed_hosts(parts.base_url)

    async def check(request: AnyRequest) -> None:
        if request.headers.get("host", "").lower() not in hosts:
            raise ClientException("This address is not ours.")

    return check


def form_check(parts: WebParts, tokens: FormTokens) -> Check:
    """For pages with a session: host, origin and token."""
    origin = origin_check(parts)

    async def check(request: AnyRequest) -> None:
        await origin(request)
        if request.method in SAFE:
            return
        given = request.headers.get(TOKEN_HEADER)
        if given is None:
            given = (await read_form(request, parts)).get(TOKEN_FIELD)
        if not tokens.fits(request, given):
            raise PermissionDeniedException("This form is too old; open the page again.")

    return check


def origin_check(parts: WebParts) -> Check:
    """Host, and for unsafe methods the page that sent the form: ours, or none that says."""
    hosts, check_host = allowed_hosts(parts.base_url), host_check(parts)

    async def check(request: AnyRequest) -> None:
        await check_host(request)
        _refuse_others(request, hosts)

    return check


def customers_check(parts: WebParts) -> Check:
    """As `origin_check`, at the hosts of merchants as well. An origin of "null" will do: that is
    what browsers send from a page that lets no referrer out."""

    async def check(request: AnyRequest) -> None:
        host = await host_of(request, parts)
        _refuse_others(request, host.names | {""})

    return check


def _refuse_others(request: AnyRequest, origins: frozenset[str]) -> None:
    """Browsers that tell `Sec-Fetch-Site` are believed; for older ones the origin must be ours."""
    if request.method in SAFE:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        ours = origin is None or _host_of(origin) in origins
    if not ours:
        raise PermissionDeniedException("This form came from another site.")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # "http://[": brackets without an address
        return ""
