"""Stores of one merchant's data, inside one unit of work."""

from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from application.ports.wordings import WordsUsed
from domain.invoice import Customer
from domain.network import CardUse
from domain.policy import Channel, Policy
from domain.recovery.actions import Action
from domain.recovery.events import Event
from domain.recovery.explain import Decision
from domain.recovery.state import RecoveryCase


class Conversation(Struct, frozen=True, kw_only=True):
    """What else is being said to one person, over all of their invoices."""

    contacts: tuple[datetime, ...] = ()  # messages of the last 30 days, oldest first
    spoken_for: bool = False  # an older open case of theirs has a message planned


class ConcurrentWrite(Exception):
    """Somebody appended to the case since it was loaded; load again and decide again."""


class CaseStore(Protocol):
    """Recovery cases: their events are the truth, everything else is derived from them."""

    async def load(self, case_id: UUID) -> tuple[Event, ...]:
        """All events of a case in their order; empty if there is no such case."""
        ...

    async def append(
        self, case_id: UUID, expected_version: int, events: tuple[Event, ...], after: RecoveryCase
    ) -> None:
        """Append `events` and refresh what is derived (`after` is the case with them).

        Derived: the row that lists read, and one `payment_attempts` row for each charge seen.
        Raises ConcurrentWrite if the case is not at `expected_version`, NetworkLimitReached if an
        AttemptStarted would pass a hard limit of the card's network.
        """
        ...

    async def of_customer(self, account: str, customer_id: str) -> tuple[UUID, ...]:
        """The open cases of one customer, oldest first, at most 100."""
        ...

    async def of_account(self, account: str) -> tuple[UUID, ...]:
        """Open cases of one Stripe account, oldest first, at most 100."""
        ...

    async def of_subscription(self, account: str, subscription_id: str) -> tuple[UUID, ...]:
        """The open cases of one subscription, oldest first, at most 100."""
        ...

    async def open_after(self, account: str, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        """Open cases of one Stripe account in the order of their ids, those above `after`."""
        ...

    async def known(self, case_ids: tuple[UUID, ...]) -> frozenset[UUID]:
        """Those of them that are cases, open or not."""
        ...

    async def card_use(self, fingerprint: str, amount_minor: int, now: datetime) -> CardUse:
        """Every decline of one card that we have seen, by whomever: see CardUse."""
        ...

    async def conversation(
        self, case_id: UUID, account: str, customer_id: str, now: datetime
    ) -> Conversation:
        """What else is being said to the customer of this case; the case may be yet to open."""
        ...


class DecisionLog(Protocol):
    """What each change of a case was decided on, written in its transaction, never changed."""

    async def add(self, case_id: UUID, decision: Decision) -> None:
        """Remember a decision that made something happen."""
        ...

    async def of_case(self, case_id: UUID) -> tuple[Decision, ...]:
        """All of a case, in their order; empty if there is no such case."""
        ...


class ActionStore(Protocol):
    """The one next action of each open case."""

    async def put(self, case_id: UUID, action: Action | None) -> None:
        """Make `action` the case's only next action (free to be claimed); None removes it."""
        ...


class InboxMarks(Protocol):
    """Closing an inbox row in the transaction that did what it asked."""

    async def handled(self, event: "EventRef") -> bool:
        """Mark the event handled; False if it was already (then nothing else may be done)."""
        ...

    async def unseen(self, account: str, event_ids: tuple[str, ...]) -> frozenset[str]:
        """Those of them that never came."""
        ...


class EventRef(Struct, frozen=True, array_like=True):
    """One row of the inbox."""

    merchant_id: UUID
    account: str
    event_id: str


class ActionRef(Struct, frozen=True, array_like=True):
    """One scheduled action. A new action of the same case has a new id."""

    merchant_id: UUID
    action_id: UUID


class CustomerStore(Protocol):
    """Whom to write to. The one place where a customer's personal data is kept."""

    async def keep(self, account: str, customer: Customer) -> bytes | None:
        """Insert or refresh; a phone number is no part of it (see `TextConsentStore`). The hash of
        the address that they had before, if that is no longer theirs."""
        ...

    async def find(self, account: str, customer_id: str) -> Customer | None:
        """None if unknown or erased."""
        ...


class PolicyStore(Protocol):
    """Policies, one immutable version each."""

    async def active(self) -> Policy:
        """The version that new cases are opened with."""
        ...

    async def version(self, version: int) -> Policy:
        """A version that a case was opened with."""
        ...

    async def activate(self, policy: Policy, actor: str, at: datetime) -> int:
        """Keep `policy` as a new version, one above the highest, and open new cases with it.

        Its own `version` is not looked at. Returns the new version; running cases keep theirs.
        """
        ...


class AuditEntry(Struct, frozen=True, kw_only=True):
    """Who did what to which thing, before and after. Holds no personal data."""

    at: datetime
    actor: str  # "stripe:evt_…", "worker", "user:<id>", "customer"
    action: str  # the command's name in snake_case
    subject: str  # "case:<id>"
    before: dict[str, str | int | None]
    after: dict[str, str | int | None]


class AuditLog(Protocol):
    """Append-only; written in the transaction of what it tells of."""

    async def add(self, entry: AuditEntry) -> None:
        """Append one entry."""
        ...


LINK_LIFE: Final = timedelta(days=90)  # longer than any window: to pay, and to be left alone


class LinkTarget(Struct, frozen=True, kw_only=True):
    """What a customer's link opens: the page of a case."""

    merchant_id: UUID
    case_id: UUID
    address_hash: bytes | None = None  # to whom the letter with it went; None for those of old


class CardLink(Struct, frozen=True, kw_only=True):
    """What the link of a notice opens: the page about a card that is to expire."""

    merchant_id: UUID
    account: str
    customer_id: str
    subscription_id: str
    begun_at: datetime  # the notice
    address_hash: bytes | None = None  # as of a case's link


class LinkStore(Protocol):
    """Links that let a customer in without a login; only their SHA-256 is kept."""

    async def keep(
        self,
        token_hash: bytes,
        case_id: UUID,
        expires_at: datetime,
        address_hash: bytes | None = None,
    ) -> None:
        """Remember a link, and to whom the letter with it goes."""
        ...


class NewMessage(Struct, frozen=True, kw_only=True):
    """A message of a case that is about to go."""

    step: int
    message_id: str
    subject: str  # of a text its words, without the link
    at: datetime
    channel: Channel = Channel.EMAIL
    address_hash: bytes | None = None  # to whom it goes; None for those of old
    token_hash: bytes | None = None  # of the link in it
    words: WordsUsed | None = None


class MessageStore(Protocol):
    """What was sent to customers."""

    async def begin(self, case_id: UUID, message: NewMessage) -> None:
        """A message is about to be handed over. One row per (case, step): a second try of the same
        message overwrites, never after it was sent. Raises ConcurrentWrite then."""
        ...

    async def failed(self, message_id: str) -> None:
        """It certainly did not go out, and counts against nobody's budget."""
        ...

    async def undelivered(self, case_id: UUID, step: int) -> None:
        """It was taken, and did not arrive: as `failed`, of a step."""
        ...

    async def sent(self, message_id: str, at: datetime, *, answered: bool = True) -> None:
        """The mail server took it; or was given its text and never `answered`."""
        ...

    async def visited(self, token_hash: bytes, at: datetime) -> None:
        """Its link was followed; only the first time is kept."""
        ...
