"""Twilio's part that sends texts, as far as the product uses it: takes them, keeps them, tells what
became of them, and hands in what people answer."""

import asyncio
import base64
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct

from rehearsal.mail_store import MailStore
from rehearsal.twilio_double.faults import TextFault, TextFaults
from rehearsal.twilio_double.news import post

STOPS: Final = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit"))
STARTS: Final = frozenset(("start", "unstop", "yes"))
MOST_CHARACTERS: Final = 1_600
# What each fault answers with: status, Twilio's code.
ANSWERS: Final = {
    "429": (429, 20429),
    "500_before": (500, 20500),
    "500_after": (500, 20500),
    "503": (503, 20503),
    "401": (401, 20003),
    "404": (404, 20404),
}
TAKEN_ALL_THE_SAME: Final = frozenset(("500_after", "hang_after", "reset_after"))
HANGS: Final = frozenset(("hang_before", "hang_after"))
CUTS: Final = frozenset(("reset_before", "reset_after"))


class TwilioOptions(Struct, frozen=True, kw_only=True):
    """The account it knows, and where the product listens."""

    account_sid: str
    auth_token: str
    product_url: str


class _Refused(Exception):
    """An answer that is no 201."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class TwilioDouble:
    """One account's texts, in the mailbox's store."""

    def __init__(
        self, store: MailStore, clock: Callable[[], datetime], options: TwilioOptions
    ) -> None:
        self._store, self._clock, self._options = store, clock, options
        self.faults = TextFaults()
        self._stopped: set[tuple[str, str]] = set()  # who has answered STOP, and to whom
        self._telling: set[asyncio.Task[Any]] = set()

    def mount(self, app: web.Application) -> None:
        """Its API, and what a rehearsal steers it by."""
        app.router.add_post("/2010-04-01/Accounts/{sid}/Messages.json", self.create)
        app.router.add_put("/_twilio/faults", self.plant)
        app.router.add_post("/_twilio/answer", self.answered)

    async def settled(self) -> None:
        """Return when all news has been told."""
        while self._telling:
            await asyncio.wait(self._telling)

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST Messages. Source: twilio.com/docs/messaging/api/message-resource#create."""
        given = {name: str(value) for name, value in (await request.post()).items()}
        fault = self.faults.draw(given.get("To", ""))
        try:
            self._check(request, given)
            sid = self._take(given, fault)
        except _Refused as refused:
            return _error(refused.status, refused.code, str(refused))
        return await self._answer(request, given, sid, fault)

    async def plant(self, request: web.Request) -> web.Response:
        """Faults, in the place of all others."""
        try:
            self.faults.replace(msgspec.json.decode(await request.read()))
        except msgspec.MsgspecError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from None
        return web.Response(status=204)

    async def answered(self, request: web.Request) -> web.Response:
        """Somebody answers from their phone: `from`, `to` and `words` as JSON."""
        given = msgspec.json.decode(await request.read(), type=dict[str, str])
        reply = await self.say(given["from"], given.get("to", ""), given["words"])
        return web.json_response({"reply": reply})

    async def say(self, number: str, sender: str, words: str) -> str | None:
        """Hand in what somebody answered; what the product replies, None if it did not hear."""
        word = words.strip().casefold()
        if word in STOPS:
            self._stopped.add((number, sender))
        elif word in STARTS:
            self._stopped.discard((number, sender))
        fields = {
            "MessageSid": _sid(),
            "AccountSid": self._options.account_sid,
            "From": number,
            "To": sender,
            "Body": words,
            "NumMedia": "0",
            "SmsStatus": "received",
        }
        address = f"{self._options.product_url}/webhooks/sms/twilio"
        reply = await post(self._options.auth_token, address, fields)
        if reply and (number, sender) not in self._stopped:
            self._store.keep_text(sender, number, reply, self._clock())
        return reply

    def _check(self, request: web.Request, given: dict[str, str]) -> None:
        sid, token = self._options.account_sid, self._options.auth_token
        login = base64.b64encode(f"{sid}:{token}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            raise _Refused(401, 20003, "Authenticate")
        if request.match_info["sid"] != sid:
            raise _Refused(404, 20404, "The requested resource was not found")
        if not (given.get("From") or given.get("MessagingServiceSid")):
            raise _Refused(400, 21603, "A 'From' phone number is required.")
        if not given.get("Body"):
            raise _Refused(400, 21602, "Message body is required.")
        if len(given["Body"]) > MOST_CHARACTERS:
            raise _Refused(400, 21617, "The concatenated message body exceeds the 1600 limit.")
        self._check_number(given)

    def _check_number(self, given: dict[str, str]) -> None:
        to = given.get("To", "")
        if not (to.startswith("+") and to[1:].isdigit() and 8 <= len(to) <= 16):
            raise _Refused(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if (to, _sender(given)) in self._stopped:
            raise _Refused(400, 21610, "Attempt to send to unsubscribed recipient")

    def _take(self, given: dict[str, str], fault: TextFault | None) -> str:
        """Keep it, unless the fault says that it never came. Raises _Refused."""
        if fault is not None and fault.do == "code":
            raise _Refused(400, fault.code, "A planted fault")
        if fault is None or fault.do in TAKEN_ALL_THE_SAME:
            self._store.keep_text(_sender(given), given["To"], given["Body"], self._clock())
        return _sid()

    async def _answer(
        self, request: web.Request, given: dict[str, str], sid: str, fault: TextFault | None
    ) -> web.StreamResponse:
        do = fault.do if fault else ""
        if fault is not None and do in HANGS:
            await asyncio.sleep(fault.seconds)
        if do in CUTS or do in HANGS:
            assert request.transport is not None
            request.transport.close()
            return web.Response(status=500)
        if do in ANSWERS:
            return _error(*ANSWERS[do], "A planted fault")
        if do == "html":
            return web.Response(status=400, text="<html>busy</html>", content_type="text/html")
        code = fault.code if fault is not None and do == "undelivered" else 0
        self._tell(given, sid, code)
        return web.json_response(self._shown(given, sid), status=201)

    def _tell(self, given: dict[str, str], sid: str, code: int) -> None:
        address = given.get("StatusCallback")
        if not address:
            return
        fields = {
            "MessageSid": sid,
            "AccountSid": self._options.account_sid,
            "To": given["To"],
            "From": _sender(given),
            "MessageStatus": "undelivered" if code else "delivered",
            "SmsStatus": "undelivered" if code else "delivered",
            **({"ErrorCode": str(code)} if code else {}),
        }
        telling = asyncio.create_task(post(self._options.auth_token, address, fields))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    def _shown(self, given: dict[str, str], sid: str) -> dict[str, Any]:
        return {
            "sid": sid,
            "account_sid": self._options.account_sid,
            "to": given["To"],
            "from": given.get("From"),
            "messaging_service_sid": given.get("MessagingServiceSid"),
            "body": given["Body"],
            "status": "queued",
            "error_code": None,
            "num_segments": "0",
        }


def _sender(given: dict[str, str]) -> str:
    return given.get("From") or given.get("MessagingServiceSid", "")


def _sid() -> str:
    return f"SM{secrets.token_hex(16)}"


def _error(status: int, code: int, message: str) -> web.Response:
    where = f"https://www.twilio.com/docs/errors/{code}"
    told = {"code": code, "message": message, "more_info": where, "status": status}
    return web.json_response(told, status=status)
