"""What the merchant's own app asks of us and shows: settings, the secret that signs customers' ids,
and what a customer owes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from application.ports.stores import LinkTarget
from domain.entitlement import InApp, Wall
from domain.recovery.state import RecoveryCase

MOST_ORIGINS: Final = 20
LONGEST_ORIGIN: Final = 261  # "https://", a host name of 253 letters
MOST_GRACE_DAYS: Final = 90
MOST_DEBTS: Final = 10  # told of in one answer; the customer's page tells of as many
OLD_SECRET_FOR: Final = timedelta(hours=24)  # how long the one before is honoured
LINK_DAYS: Final = 3  # a link in an answer opens on the day of the answer and those after it

# Where a merchant begins who has said nothing: shown on the page, and nothing in the app.
BEGINNING: Final = InApp(grace_days=7, shown=False, banner=True, wall=Wall.SOFT)


class InAppSettings(Struct, frozen=True, kw_only=True):
    """All that the page shows; the secret itself is not among it."""

    wanted: InApp = BEGINNING
    origins: tuple[str, ...] = ()  # where the snippet may run: scheme, host and port
    secret_made_at: datetime | None = None  # None: nothing is signed yet


class InAppStore(Protocol):
    """Those of one merchant, inside one unit of work."""

    async def read(self) -> InAppSettings:
        """BEGINNING and nothing else for who has said nothing."""
        ...

    async def save(self, wanted: InApp, origins: tuple[str, ...]) -> None:
        """Instead of what was said before."""
        ...

    async def keep_secret(
        self, secret: str, before: datetime | None, at: datetime, old: str | None
    ) -> bool:
        """Sign with `secret` from now on, and honour `old` for a while; False, and nothing is
        kept, unless the one until now was made at `before`. Raises CannotSeal."""
        ...


class Signer(Struct, frozen=True, kw_only=True):
    """A merchant as the snippet's questions need it. Never printed: it holds secrets."""

    settings: InAppSettings
    secrets: tuple[str, ...] = ()  # the newest first, the one before while it is honoured

    def __repr__(self) -> str:
        return f"Signer(<{len(self.secrets)} secrets>)"


class Signers(Protocol):
    """Merchants by the id that stands in their pages."""

    async def find(self, merchant_id: UUID, now: datetime) -> Signer | None:
        """None if there is no such merchant, or nothing is signed yet. Raises Unavailable."""
        ...


class Owed(Struct, frozen=True, kw_only=True):
    """What one customer owes in all accounts of a merchant, the oldest first, at most MOST_DEBTS;
    `as_of` is when that was looked up."""

    cases: Sequence[tuple[UUID, RecoveryCase]]
    wanted: InApp
    as_of: datetime


class Debts(Protocol):
    """What customers owe. Who owes nothing may be remembered for half a minute; who owes is looked
    up each time, so that a payment is seen at once."""

    async def of(self, merchant_id: UUID, customer_id: str) -> Owed:
        """Open cases only; empty for whoever is not known."""
        ...


class LinkSigner(Protocol):
    """Links that need no row: they say themselves what they open, under the installation's keys."""

    def sign(self, merchant_id: UUID, case_id: UUID, at: datetime) -> str:
        """A token; the same for the whole day of `at` (UTC)."""
        ...

    def read(self, token: str, now: datetime) -> LinkTarget | None:
        """What it opens; None if it is none of ours, or expired."""
        ...
