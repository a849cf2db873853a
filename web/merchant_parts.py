"""What merchants' pages need from outside."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from application.ports.agreeing import Parted
from application.ports.api_keys import ApiKey
from application.ports.chores import Chore, ChoreKind
from application.ports.hand_off import HandOffStanding
from application.ports.history import OfferedInvoice
from application.ports.in_app import InAppSettings
from application.ports.letters import Rendered
from application.ports.mail_limits import LastHour, MailLimits
from application.ports.stripe_accounts import Connection, Holder
from application.ports.team_news import News
from application.ports.wordings import LetterRef
from application.use_cases.connect_with_key import Connected, Pasted
from application.use_cases.edit_letter import Saved
from application.use_cases.finish_agreement import Answer
from application.use_cases.set_hand_off import Posted
from application.use_cases.try_letter import Reader, Wish
from domain.brand import Brand, BrandFault
from domain.entitlement import InApp
from domain.letters import InUse, LetterText
from domain.link_host import LinkHost
from domain.sending import SendingDomain
from domain.tasks import HandOff


class AgreementDesk(Protocol):
    """What connecting by agreement needs; there is none without Connect."""

    @property
    def origins(self) -> str:
        """Where people are sent to agree, as a CSP source."""
        ...

    async def begin(self, merchant_id: UUID, session: str) -> str:
        """Where to send the browser."""
        ...

    async def finish(self, merchant_id: UUID, session: str, answer: Answer, actor: str) -> Holder:
        """Raises NotAgreed, AccountTaken, Unavailable."""
        ...

    async def parted(self, merchant_id: UUID) -> Sequence[Parted]:
        """Accounts that took their agreement back in Stripe."""
        ...


class WorkTask(Protocol):
    """What working through tasks needs. Each is False where nothing could be changed."""

    async def assign(self, merchant_id: UUID, task_id: UUID, to: UUID | None, by: UUID) -> bool: ...

    async def done(self, merchant_id: UUID, task_id: UUID, by: UUID) -> bool: ...

    async def reopen(self, merchant_id: UUID, task_id: UUID, by: UUID) -> bool: ...


class SetHandOff(Protocol):
    """What the page of the hand-off needs."""

    async def standing(self, merchant_id: UUID) -> HandOffStanding: ...

    async def rules(self, merchant_id: UUID, rules: HandOff, user_id: UUID) -> None: ...

    async def hearers(self, merchant_id: UUID, hearers: Iterable[UUID], user_id: UUID) -> None: ...

    async def connect_slack(self, merchant_id: UUID, url: str, user_id: UUID) -> bool:
        """False if it is no address of Slack's. Raises CannotSeal."""
        ...

    async def drop_slack(self, merchant_id: UUID, user_id: UUID) -> None: ...

    async def test_slack(self, merchant_id: UUID, news: News) -> Posted:
        """Raises Unavailable."""
        ...


class ApiKeys(Protocol):
    """What the page about API keys needs."""

    async def make(self, merchant_id: UUID, key_id: UUID, name: str, actor: str) -> str | None:
        """The new key; None if `key_id` is there already, or there are too many."""
        ...

    async def revoke(self, merchant_id: UUID, key_id: UUID, actor: str) -> bool:
        """False if there is none that works."""
        ...

    async def all(self, merchant_id: UUID) -> tuple[ApiKey, ...]:
        """The newest first."""
        ...


class SetUpInApp(Protocol):
    """What the page about the merchant's own app needs."""

    async def settings(self, merchant_id: UUID) -> InAppSettings: ...

    async def save(
        self, merchant_id: UUID, wanted: InApp, origins: tuple[str, ...], actor: str
    ) -> None: ...

    async def make_secret(
        self, merchant_id: UUID, before: datetime | None, actor: str
    ) -> str | None:
        """None if the one until now was not made at `before`. Raises Unavailable."""
        ...

    async def is_signed(
        self, merchant_id: UUID, customer: str, signature: str, expires: str
    ) -> bool:
        """Raises Unavailable."""


class SetBrand(Protocol):
    """What the page about the brand needs."""

    async def __call__(self, merchant_id: UUID, wanted: Brand, actor: str) -> Sequence[BrandFault]:
        """What is wrong with it; nothing is kept then."""
        ...

    async def logo(self, merchant_id: UUID, raw: bytes, actor: str) -> None:
        """Raises LogoRefused."""
        ...

    async def no_logo(self, merchant_id: UUID, actor: str) -> None: ...


class EditLetter(Protocol):
    """What writing a letter's words needs."""

    async def save(
        self, merchant_id: UUID, letter: LetterRef, text: LetterText, actor: str
    ) -> Saved:
        """As a draft."""
        ...

    async def use(self, merchant_id: UUID, letter: LetterRef, version: int, actor: str) -> bool:
        """False if there is no such version."""
        ...

    async def compare(self, merchant_id: UUID, letter: LetterRef, wish: InUse, actor: str) -> bool:
        """False if these two cannot be compared."""
        ...


class TryLetter(Protocol):
    """What seeing a letter needs before anybody gets it."""

    @property
    def can_send(self) -> bool:
        """Whether there is a way to one's mailbox."""
        ...

    async def preview(self, merchant_id: UUID, wish: Wish) -> Rendered:
        """Changes nothing."""
        ...

    async def send(self, reader: Reader, wish: Wish) -> bool:
        """To the reader alone; False if they have had many of late. Raises Unavailable."""
        ...


class AccountStanding(Struct, frozen=True, kw_only=True):
    """A connected account, what is done for it, and the open invoices of before that are offered
    (the largest first)."""

    connection: Connection
    chores: Sequence[Chore] = ()
    offered: Sequence[OfferedInvoice] = ()


class StripeDesk(Protocol):
    """What the page about the merchant's Stripe accounts needs."""

    async def accounts(self, merchant_id: UUID) -> Sequence[AccountStanding]:
        """Those of the merchant."""
        ...

    async def connect(self, merchant_id: UUID, pasted: Pasted, actor: str) -> Connected:
        """Raises WrongKey, AccountTaken, Unavailable."""
        ...

    async def ask(self, merchant_id: UUID, account: str, kind: ChoreKind, actor: str) -> None:
        """Ask for a chore. Raises NotFound."""
        ...

    def address(self, endpoint_id: str) -> str:
        """Where the events of an endpoint go."""
        ...


class SendingDesk(Protocol):
    """What the page about the sender of letters needs."""

    limits: MailLimits
    sender: str  # the installation's own, "Name <mail@host>"

    async def standing(self, merchant_id: UUID) -> tuple[SendingDomain | None, LastHour]:
        """The domain, if one was chosen, and what became of the letters of the last hour."""
        ...

    async def choose(self, merchant_id: UUID, address: str, actor: str) -> None:
        """Raises AddressUnfit, CannotSeal."""
        ...

    async def rotate(self, merchant_id: UUID, actor: str) -> None:
        """Raises NotFound, CannotSeal."""
        ...

    async def check(self, merchant_id: UUID) -> None: ...

    async def remove(self, merchant_id: UUID, actor: str) -> None: ...


class LinkHostDesk(Protocol):
    """What the page about the address of customers' links needs."""

    @property
    def own_host(self) -> str:
        """Where a merchant's name must lead."""
        ...

    async def read(self, merchant_id: UUID) -> LinkHost | None:
        """None if none was chosen."""
        ...

    async def choose(self, merchant_id: UUID, name: str, actor: str) -> None:
        """Raises HostUnfit."""
        ...

    async def check(self, merchant_id: UUID) -> LinkHost | None: ...

    async def remove(self, merchant_id: UUID, actor: str) -> None: ...
