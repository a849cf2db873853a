"""Requests as a server hands them to the app, with bytes in them that no client library sends."""

import asyncio
from typing import Any
from urllib.parse import quote, quote_from_bytes, unquote, urlencode

from msgspec import Struct

from tests.web.site import EMAIL, PASSWORD, Site, form_token

FORM = "application/x-www-form-urlencoded"
NAVIGATES = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


class Answer(Struct, frozen=True):
    """What the app sent back, headers as they go over the wire."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> str:
        """The last of that name; empty if there is none."""
        return dict(self.headers).get(name.encode(), b"").decode("latin-1")

    @property
    def text(self) -> str:
        """The body; raises UnicodeDecodeError for one that is no text."""
        return self.body.decode()


class Browser:
    """Somebody at our app: keeps the cookies of the sign-in, and comes from another address each
    time, so that nobody is told to wait."""

    def __init__(self, site: Site) -> None:
        self._site, self._cookie, self.token, self._visits = site, "", "", 0

    async def see_form(self) -> None:
        """The page to sign in, as a stranger."""
        self._cookie = ""
        page = await self.get("/sign-in")
        self._cookie, self.token = _cookie_of(page), form_token(page.text)

    async def sign_in(self) -> None:
        """As Mara, who owns Acme; the token fits all forms of her session."""
        await self.see_form()
        entered = await self.post("/sign-in", {"email": EMAIL, "password": PASSWORD})
        self._cookie = _cookie_of(entered)
        self.token = form_token((await self.get("/tasks")).text)

    async def get(self, address: str, headers: dict[str, str] | None = None) -> Answer:
        """`address` is a path with its query, percent-encoded."""
        return await self._ask("GET", address, headers or {}, b"")

    async def post(
        self,
        address: str,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        *,
        raw: bytes | None = None,
    ) -> Answer:
        """A form with its token, or `raw` as it is."""
        fields = {"form_token": self.token, **(form or {})}
        body = raw if raw is not None else encoded(fields).encode()
        kind = {} if raw is not None else {"content-type": FORM}
        return await self._ask("POST", address, {**kind, **(headers or {})}, body)

    async def _ask(self, method: str, address: str, headers: dict[str, str], body: bytes) -> Answer:
        self._visits += 1
        sent: list[Any] = []
        scope = _scope(method, address, {"cookie": self._cookie, **headers}, self._visits)

        waiting = [{"type": "http.request", "body": body, "more_body": False}]
        over = asyncio.Event()

        async def receive() -> dict[str, Any]:
            """Nobody hangs up before all of the answer is there."""
            if waiting:
                return waiting.pop()
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                over.set()

        await self._site.app(scope, receive, send)  # type: ignore[arg-type]
        start, *rest = sent
        whole = b"".join(each.get("body", b"") for each in rest)
        return Answer(start["status"], [(k, v) for k, v in start["headers"]], whole)


def _cookie_of(answer: Answer) -> str:
    return answer.header("set-cookie").split(";")[0]


def encoded(fields: dict[str, str]) -> str:
    """As a form is sent, half letters too: each as the three bytes it would be."""
    return urlencode(fields, errors="surrogatepass")


def in_path(text: str) -> str:
    """As one part of a path."""
    return quote(text, safe="", errors="surrogatepass")


def _scope(method: str, address: str, headers: dict[str, str], visit: int) -> dict[str, Any]:
    path, _, query = address.partition("?")
    given = {"host": "127.0.0.1:8000", **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": unquote(path, errors="replace"),
        "raw_path": quote_from_bytes(path.encode(), safe="/%").encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query.encode(),
        "headers": [(k.encode(), _bytes(v)) for k, v in given.items() if v or k != "cookie"],
        "client": (f"198.51.100.{visit}", 50_000),
        "server": ("127.0.0.1", 8000),
    }


def _bytes(value: str) -> bytes:
    """One byte a letter where that will do, as servers read them; else UTF-8."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode(errors="surrogatepass")
