"""The mailbox as a person reads it, and as JSON for programs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from jinja2 import Environment, PackageLoader, select_autoescape

from rehearsal.mail_store import Mail, MailStore, MailSummary
from rehearsal.mailbox.answers import AnswersOptions, answer
from rehearsal.twilio_double import TwilioDouble

PAGE_SIZE = 50
FEED_SIZE = 200
STATIC = Path(__file__).parent / "static"
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# A letter is a stranger's HTML: no script, no form, no request of its own but pictures; its
# links open beside the mailbox, as links in mail do.
LETTER_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; "
    f"frame-ancestors 'self'; sandbox {LETTER_SANDBOX}"
)
templates = Environment(
    loader=PackageLoader("rehearsal.mailbox"),
    autoescape=select_autoescape(default=True),
    trim_blocks=True,
    lstrip_blocks=True,
)


class FeedMessage(msgspec.Struct, frozen=True):
    """One letter of `/api/messages`."""

    id: int
    received_at: str
    sender: str
    to: str
    subject: str
    thread: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Pages:
    """The routes over one store."""

    store: MailStore
    texts: TwilioDouble | None = None
    answers: AnswersOptions | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.on_response_prepare.append(_safe_headers)
        app.router.add_get("/", self.list)
        app.router.add_get(r"/messages/{id:\d{1,15}}", self.show)
        app.router.add_get(r"/messages/{id:\d{1,15}}/letter", self.letter)
        app.router.add_get("/api/messages", self.feed)
        app.router.add_static("/static", STATIC)
        app.router.add_post(r"/messages/{id:\d{1,15}}/answer", self.answer)
        if self.texts is not None:
            self.texts.mount(app)
        return app

    async def list(self, request: web.Request) -> web.Response:
        """The page; with `fragment=1` only the part that the live update exchanges."""
        to, before = request.query.get("to", "").strip(), _number(request, "before", 0)
        messages = self.store.newest(PAGE_SIZE + 1, to, before or None)
        name = "_list.html" if "fragment" in request.query else "list.html"
        more = len(messages) > PAGE_SIZE
        shown = messages[:PAGE_SIZE]
        return _page(
            name, messages=shown, more=more, to=to, before=before, count=self.store.count(to)
        )

    async def show(self, request: web.Request) -> web.Response:
        mail = self._open(request)
        if mail is None:
            return _page("missing.html", status=404)
        heard = request.query.get("heard", "")
        if mail.summary.is_text:
            return _page("text.html", mail=mail, heard=heard, answers=self.texts is not None)
        answers = self.answers is not None and self.answers.address in dict(mail.headers).get(
            "Reply-To", ""
        )
        return _page("show.html", mail=mail, heard=heard, answers=answers, sandbox=LETTER_SANDBOX)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What the reader of a text answers from their phone, or that one of a letter does."""
        mail, given = self._open(request), await request.post()
        if mail is None:
            return _page("missing.html", status=404)
        heard = await self._heard(mail, str(given.get("words", "")))
        if heard is None:
            return _page("missing.html", status=404)
        raise web.HTTPSeeOther(f"/messages/{mail.summary.id}?heard={'yes' if heard else 'no'}")

    async def _heard(self, mail: Mail, words: str) -> bool | None:
        """Whether the product took it; None where nobody can answer."""
        who = mail.summary
        if who.is_text and self.texts is not None:
            return await self.texts.say(who.recipient, who.sender, words) is not None
        if not who.is_text and self.answers is not None:
            return await answer(self.answers, mail)
        return None

    async def letter(self, request: web.Request) -> web.Response:
        """The HTML body as it was sent, in a page that can do nothing."""
        mail = self._open(request)
        if mail is None or not mail.html:
            return _page("missing.html", status=404)
        headers = {"Content-Security-Policy": LETTER_POLICY}
        html = '<!doctype html><base target="_blank">' + mail.html
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def feed(self, request: web.Request) -> web.Response:
        """`to` is a whole address, `after` the last id already seen; at most FEED_SIZE letters."""
        after, to = _number(request, "after", 0), request.query.get("to", "").strip()
        letters = [self._feed_message(s) for s in self.store.after(after, FEED_SIZE, to)]
        body = msgspec.json.encode({"messages": letters})
        return web.Response(body=body, content_type="application/json")

    def _open(self, request: web.Request) -> Mail | None:
        return self.store.open(int(request.match_info["id"]))

    def _feed_message(self, summary: MailSummary) -> FeedMessage:
        mail = self.store.open(summary.id)
        return FeedMessage(
            id=summary.id,
            received_at=summary.received_at.isoformat(),
            sender=summary.sender,
            to=summary.recipient,
            subject=summary.subject,
            thread=summary.thread,
            text=mail.text if mail else "",
            html=mail.html if mail else "",
        )


def _number(request: web.Request, name: str, absent: int) -> int:
    text = request.query.get(name, "")
    if not text:
        return absent
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise web.HTTPBadRequest(text=f"`{name}` is the number of a message.\n")
    return int(text)


def _page(template: str, status: int = 200, **context: Any) -> web.Response:
    text = templates.get_template(template).render(**context)
    return web.Response(text=text, status=status, content_type="text/html")


async def _safe_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, refusals and files too."""
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "no-store")
