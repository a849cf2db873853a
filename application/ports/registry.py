"""What the installation knows of its merchants before any of them is chosen."""

from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from application.ports.mail_limits import LastHour
from application.ports.mail_news import LetterOf
from application.ports.stores import CardLink, LinkTarget
from application.views import Installation
from domain.brand import Brand

MOST_TEXTED: Final = 1_000  # cases of one number: more is no person


class ConnectedAccount(Struct, frozen=True, kw_only=True):
    """A Stripe account that a merchant connected. `own` marks the one the API key belongs to."""

    merchant_id: UUID
    account: str
    livemode: bool
    own: bool


class MerchantProfile(Struct, frozen=True, kw_only=True):
    """A merchant as letters and pages name it."""

    merchant_id: UUID
    name: str
    timezone: str
    reply_to: str | None
    brand: Brand = Brand()

    @property
    def known_as(self) -> str:
        """What customers know it by."""
        return self.brand.display_name or self.name

    @property
    def sender(self) -> str:
        """Whom its letters come from."""
        return self.brand.sender_name or self.known_as

    @property
    def answers_go_to(self) -> str | None:
        """Where a reader's answer arrives."""
        return self.brand.reply_to or self.reply_to


class TextedCase(Struct, frozen=True, kw_only=True):
    """A case about which somebody may be, or was to be, texted."""

    merchant_id: UUID
    case_id: UUID


class MailHealth(Struct, frozen=True, kw_only=True):
    """The last hour's letters."""

    all: LastHour = LastHour()
    merchants: tuple[LastHour, ...] = ()  # of those with any that came back


class Registry(Protocol):
    """Reads across merchants: whose account, whose link; and how the installation stands."""

    async def accounts(self) -> tuple[ConnectedAccount, ...]:
        """All connected accounts."""
        ...

    async def merchant(self, merchant_id: UUID) -> MerchantProfile:
        """Raises NotFound."""
        ...

    async def logo(self, merchant_id: UUID, digest: str) -> bytes | None:
        """A picture of this merchant's; None if there is none, or no such merchant."""
        ...

    async def link(self, token_hash: bytes) -> LinkTarget | CardLink | None:
        """Where a customer's link leads; None if unknown or expired."""
        ...

    async def old_link(self, token_hash: bytes) -> LinkTarget | None:
        """The case that a link was about, if it has not expired for longer than `OLDEST`."""
        ...

    async def texted(self, number_hash: bytes) -> tuple[TextedCase, ...]:
        """The cases for which a number was given, the latest first, at most MOST_TEXTED."""
        ...

    async def letter(self, message_id: str) -> LetterOf | None:
        """Whose letter it was; None if it is none of ours."""
        ...

    async def mail(self) -> MailHealth:
        """What became of the letters of the last hour."""
        ...

    async def standing(self) -> Installation:
        """Counts for status and metrics. `lag_s` is the age of the oldest that waits."""
        ...
