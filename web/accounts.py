"""Signing in and out."""

import asyncio
import time
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from application.ports.accounts import UserRecord
from web.attempts import AttemptLimiter, address_of
from web.forms import read_form
from web.parts import WebParts
from web.rendering import NO_STORE, AnyRequest, Renderer
from web.sessions import Sessions

TRIES_PER_ACCOUNT: Final = 10  # from one address, in five minutes
TRIES_PER_ADDRESS: Final = 50
MOST_AT_ONCE: Final = 32  # each waits for argon2id; more would only queue
LONGEST_PASSWORD: Final = 256  # bytes
LONGEST_EMAIL: Final = 254

WRONG: Final = "The address and the password do not go together. Please try again."
BUSY: Final = "Many people are signing in just now. Please try again in a moment."
NO_TEAM: Final = "You are not a member of a team any more. Ask a colleague to invite you."


class Refusal(Struct, frozen=True):
    """Why somebody does not come in, as the form says it."""

    status: int
    email: str
    message: str
    wait_s: float = 0.0


@dataclass(slots=True)
class Door:
    """What sign-in needs between two requests."""

    parts: WebParts
    limiter: AttemptLimiter = field(default_factory=lambda: AttemptLimiter(time.monotonic))
    at_once: int = 0
    _decoy: asyncio.Task[str] | None = None

    def decoy(self) -> asyncio.Task[str]:
        """A hash that no password fits: an unknown address must take as long as a known one."""
        if self._decoy is None:
            self._decoy = asyncio.ensure_future(self.parts.passwords.hash(token_hex(16)))
        return self._decoy

    def wait_s(self, address: str, email: str) -> float:
        """Seconds until this address may try again; 0.0 means now."""
        wait = self.limiter.wait_s((address,), TRIES_PER_ADDRESS)
        return wait or self.limiter.wait_s((address, email), TRIES_PER_ACCOUNT)

    async def person(self, email: str, password: str) -> UserRecord | None:
        """Who this is, or None; the same work whether the address is known or not."""
        self.at_once += 1
        try:
            return await self._compare(email, password)
        finally:
            self.at_once -= 1

    async def _compare(self, email: str, password: str) -> UserRecord | None:
        decoy = await self.decoy()
        user = await self.parts.users.find(email) if len(email) <= LONGEST_EMAIL else None
        fitting = len(password.encode()) <= LONGEST_PASSWORD
        matches = await self.parts.passwords.matches(
            user.password_hash if user else decoy, password if fitting else ""
        )
        return user if user and fitting and matches else None


@get("/sign-in")
async def sign_in_page(
    request: AnyRequest,
    sessions: NamedDependency[Sessions],
    door: NamedDependency[Door],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """The form; who is signed in already goes on."""
    wanted = local_path(request.query_params.get("next"))
    if await sessions.principal(request) is not None:
        return Response("", status_code=303, headers={**NO_STORE, "Location": wanted})
    door.decoy()
    return _form(request, renderer, wanted)


@post("/sign-in", status_code=200)
async def sign_in(
    request: AnyRequest,
    parts: NamedDependency[WebParts],
    sessions: NamedDependency[Sessions],
    door: NamedDependency[Door],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """A new session, or the form again with one sentence that gives nothing away."""
    form = await read_form(request, parts)
    email, wanted = form.get("email", "").strip(), local_path(form.get("next"))
    person = await _admitted(request, parts, door, email, form.get("password", ""))
    if isinstance(person, Refusal):
        return _form(request, renderer, wanted, person)
    user_id, merchant_id = person
    headers = {**NO_STORE, "Location": wanted}
    response: Response[str] = Response("", status_code=303, headers=headers)
    await sessions.begin(request, response, user_id, merchant_id)
    return response


async def _admitted(
    request: AnyRequest, parts: WebParts, door: Door, email: str, password: str
) -> tuple[UUID, UUID] | Refusal:
    """The person and the team to sign in to, or why not."""
    address = address_of(request, parts)
    wait_s = door.wait_s(address, email.lower())
    if wait_s > 0:
        message = f"There were many tries. Please wait {_minutes(wait_s)} and try again."
        return Refusal(429, email, message, wait_s)
    if door.at_once >= MOST_AT_ONCE:
        return Refusal(429, email, BUSY, 1.0)
    user = await door.person(email, password)
    if user is None:
        return Refusal(422, email, WRONG)
    door.limiter.forget((address, email.lower()))
    teams = await parts.users.merchants_of(user.user_id)
    return (user.user_id, teams[0]) if teams else Refusal(422, email, NO_TEAM)


@post("/sign-out", status_code=303)
async def sign_out(request: AnyRequest, sessions: NamedDependency[Sessions]) -> Redirect:
    """Ends the session on the server, so that a copied cookie is worth nothing."""
    response = Redirect("/sign-in", status_code=303)
    await sessions.end(request, response)
    return response


def local_path(wanted: str | None) -> str:
    """`wanted` if it is a page of ours, else the list: nobody is sent to another site."""
    if wanted is None or len(wanted) > 200 or not wanted.isascii() or not wanted.isprintable():
        return "/cases"
    if not wanted.startswith("/") or wanted.startswith(("//", "/sign-in")) or "\\" in wanted:
        return "/cases"
    return wanted


def _form(
    request: AnyRequest, renderer: Renderer, wanted: str, refusal: Refusal | None = None
) -> Response[str]:
    shown = refusal or Refusal(200, "", "")

    def page(form_token: str) -> Response[str]:
        return renderer.page(
            "accounts/sign_in.html",
            shown.status,
            form_token=form_token,
            wanted=wanted,
            email=shown.email[:LONGEST_EMAIL],
            message=shown.message,
        )

    answer = renderer.tokens.fresh(request, page)
    if shown.wait_s:
        answer.headers["Retry-After"] = str(int(shown.wait_s) + 1)
    return answer


def _minutes(wait_s: float) -> str:
    minutes = int(wait_s // 60) + 1
    return "a minute" if minutes == 1 else f"{minutes} minutes"
