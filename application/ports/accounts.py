"""People of the merchants' teams, and their sessions. Not bound to one merchant."""

from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

MOST_TASKS: Final = 100  # that many are told as "99+"


class UserRecord(Struct, frozen=True, kw_only=True):
    """Who may sign in. `password_hash` is argon2id's own string."""

    user_id: UUID
    email: str
    password_hash: str


class Principal(Struct, frozen=True, kw_only=True):
    """Who is asking, for which merchant, in which role; read anew at every request."""

    user_id: UUID
    email: str
    merchant_id: UUID
    merchant_name: str
    timezone: str
    role: str
    open_tasks: int = 0  # of the team, counted up to MOST_TASKS
    locked_out: bool = False  # Stripe does not take the key of an account of theirs any more
    sender_lost: bool = False  # the records of their sending domain are not as they were


class UserStore(Protocol):
    """Accounts of people."""

    async def find(self, email: str) -> UserRecord | None:
        """By address, letter case ignored."""
        ...

    async def merchants_of(self, user_id: UUID) -> tuple[UUID, ...]:
        """The merchants this person works for, first joined first."""
        ...


class SessionStore(Protocol):
    """Server-side sessions. Only the SHA-256 of a session's id is ever kept."""

    async def create(self, id_hash: bytes, user_id: UUID, merchant_id: UUID) -> None:
        """Begin a session."""
        ...

    async def read(
        self, id_hash: bytes, *, idle: timedelta, absolute: timedelta
    ) -> Principal | None:
        """Who is signed in; None if absent, idle or too old, or no member any more. Notes the
        visit."""
        ...

    async def end(self, id_hash: bytes) -> None:
        """Sign out."""
        ...


class PasswordHasher(Protocol):
    """argon2id, off the event loop and a few at a time."""

    async def hash(self, password: str) -> str:
        """A new hash with a fresh salt."""
        ...

    async def matches(self, password_hash: str, password: str) -> bool:
        """True if it fits; takes the same time either way."""
        ...
