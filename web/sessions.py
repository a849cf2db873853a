"""Who is signed in: a random id in a cookie, its SHA-256 in the session store, read each time."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException

from application.ports.accounts import Principal
from domain.access import Permission, may
from web.parts import WebParts

IDLE: Final = timedelta(hours=12)
ABSOLUTE: Final = timedelta(days=7)
ID_BYTES: Final = 32
NEEDS: Final = "needs"  # under which a route names its permission


class SignInNeeded(NotAuthorizedException):
    """Nobody is signed in, or no longer."""


class NotInRole(PermissionDeniedException):
    """Signed in, and the role in the team does not reach that far."""


@dataclass(frozen=True, slots=True)
class CookieNames:
    """Cookies ignore ports: two installations on one machine need names of their own."""

    session: str
    form: str

    @classmethod
    def of(cls, parts: WebParts) -> "CookieNames":
        """`__Host-` where https is spoken, so that no neighbouring host can plant one."""
        if parts.secure:
            return cls("__Host-cc_session", "__Host-cc_form")
        port = urlsplit(parts.base_url).port or 80
        return cls(f"cc_session_{port}", f"cc_form_{port}")


@dataclass(frozen=True, slots=True)
class Sessions:
    """Begins, reads and ends sessions. An id that we did not issue is never taken over."""

    parts: WebParts
    names: CookieNames

    def id_of(self, request: Request[Any, Any, Any]) -> str | None:
        """The id that the browser sent, proven or not."""
        return request.cookies.get(self.names.session) or None

    async def principal(self, request: Request[Any, Any, Any]) -> Principal | None:
        """Who is asking, with the role they have now."""
        session_id = self.id_of(request)
        if session_id is None:
            return None
        return await self.parts.sessions.read(_hash(session_id), idle=IDLE, absolute=ABSOLUTE)

    async def begin(
        self, request: Request[Any, Any, Any], response: Response[Any], user: UUID, merchant: UUID
    ) -> None:
        """A new session with a new id, whatever id the browser came with."""
        await self._forget(request)
        session_id = token_urlsafe(ID_BYTES)
        await self.parts.sessions.create(_hash(session_id), user, merchant)
        response.set_cookie(self.cookie(self.names.session, session_id, ABSOLUTE))

    async def end(self, request: Request[Any, Any, Any], response: Response[Any]) -> None:
        """Signed out here and on the server."""
        await self._forget(request)
        response.set_cookie(self.cookie(self.names.session, "", timedelta()))

    def cookie(self, name: str, value: str, lasts: timedelta | None) -> Cookie:
        """A cookie that no script reads and no other site's form sends along."""
        return Cookie(
            key=name,
            value=value,
            max_age=None if lasts is None else int(lasts.total_seconds()),
            path="/",
            secure=self.parts.secure,
            httponly=True,
            samesite="lax",
        )

    async def _forget(self, request: Request[Any, Any, Any]) -> None:
        session_id = self.id_of(request)
        if session_id is not None:
            await self.parts.sessions.end(_hash(session_id))


async def admit(request: Request[Any, Any, Any], sessions: Sessions) -> None:
    """Let in who is signed in and may do what the route is for. Raises SignInNeeded, NotInRole."""
    principal = await sessions.principal(request)
    if principal is None:
        raise SignInNeeded
    if not may(principal.role, Permission(request.route_handler.opt[NEEDS])):
        raise NotInRole
    request.state.principal = principal


def admitted(request: Request[Any, Any, Any]) -> Principal:
    """Who was let in."""
    principal: Principal = request.state.principal
    return principal


def _hash(session_id: str) -> bytes:
    return sha256(session_id.encode()).digest()
