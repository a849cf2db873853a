"""Following the link in a letter to its end: our page, then Stripe's, by their forms."""

import html as html_entities
import re
from collections.abc import Mapping
from typing import Final

import aiohttp
from yarl import URL

from rehearsal.web_form import WebForm, post_forms

TIMEOUT_S: Final = 15.0
MAX_PAGE_BYTES: Final = 1_000_000
RECOVERY_LINK: Final = re.compile(r"https?://[^\s\"'<>()]+/r/[A-Za-z0-9_.~%-]*[A-Za-z0-9_~%-]")
BUSY_STATUSES: Final = frozenset({408, 409, 425, 429})


class NotNow(Exception):
    """The page could not be reached or is not well: worth another try later."""


class DeadEnd(Exception):
    """The page says no, and will say so again."""


def recovery_link(text: str, html: str) -> str | None:
    """The link a letter asks its reader to open, from the text or else the HTML."""
    found = RECOVERY_LINK.search(text) or RECOVERY_LINK.search(html_entities.unescape(html))
    return found.group() if found else None


async def follow_link(link: str, choice: Mapping[str, str], way: str = "") -> str:
    """Open the link, press the button that leads `way` (else the first), choose on Stripe's page;
    says how far it went.

    Raises NotNow or DeadEnd.
    """
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of 127.0.0.1, which browsers keep too
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as session:
        try:
            return await _walk(session, link, choice, way)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotNow(f"{type(error).__name__}: {error}") from error


async def _walk(
    session: aiohttp.ClientSession, link: str, choice: Mapping[str, str], way: str
) -> str:
    invitation = await _page(session.get(link))
    if not invitation:
        return "nothing to do"
    leads = [form for form in invitation if URL(form.action).path == f"{URL(link).path}{way}"]
    hosted = await _send(session, (leads or invitation)[0], {})
    if not hosted:
        return "done on our page"
    await _send(session, hosted[0], choice)
    return "done on Stripe's page"


async def _send(
    session: aiohttp.ClientSession, form: WebForm, filled_in: Mapping[str, str]
) -> tuple[WebForm, ...]:
    """Press the button as a browser would: redirects are followed, the origin is named."""
    origin = {"Origin": str(URL(form.action).origin())}
    data = {**form.values, **filled_in}
    return await _page(session.post(form.action, data=data, headers=origin))


async def _page(request: "aiohttp.client._RequestContextManager") -> tuple[WebForm, ...]:
    """The forms of the page that answers."""
    async with request as response:
        status, where = response.status, response.url
        if status >= 500 or status in BUSY_STATUSES:
            raise NotNow(f"{where.path} answered {status}")
        if status >= 400:
            raise DeadEnd(f"{where.path} answered {status}")
        body = await response.content.read(MAX_PAGE_BYTES)
        return post_forms(str(where), body.decode(errors="replace"))
