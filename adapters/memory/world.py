"""Everything that Postgres would hold, in dicts; values are immutable, so undoing is easy."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from msgspec import Struct

from application.ports.accounts import UserRecord
from application.ports.api_keys import ApiKey
from application.ports.brands import MadeLogo
from application.ports.chores import Chore, ChoreRef
from application.ports.consents import Consent
from application.ports.conveyor import IncomingEvent
from application.ports.history import EndedCase, OfferedInvoice
from application.ports.in_app import InAppSettings
from application.ports.learning import LearnedVersion
from application.ports.link_requests import LinkRequest, RequestState
from application.ports.mail_news import MailNews
from application.ports.notices import ExpiryNotice
from application.ports.registry import ConnectedAccount, MerchantProfile
from application.ports.reports import Report
from application.ports.stores import ActionRef, AuditEntry, EventRef, NewMessage
from application.ports.stripe_accounts import Connection, PendingAgreement
from application.ports.suppressions import Suppression
from application.ports.tasks import Task
from application.ports.team_news import Notice
from application.ports.text_consents import TextConsent
from application.ports.wordings import LetterRef
from domain.brand import Brand
from domain.decline import DeclineFamily
from domain.invoice import Customer
from domain.letters import InUse, LetterText
from domain.link_host import LinkHost
from domain.policy import Policy
from domain.recovery.actions import Action
from domain.recovery.events import Event
from domain.recovery.explain import Decision
from domain.recovery.state import RecoveryCase
from domain.sending import SendingDomain
from domain.tasks import HandOff
from domain.timing.knowledge import Knowledge
from domain.timing.lessons import Lesson

Key = TypeVar("Key")
Value = TypeVar("Value")
CaseKey = tuple[UUID, UUID]  # merchant, case


class HeldCase(Struct, frozen=True):
    """A case: its events, and what they add up to."""

    events: tuple[Event, ...]
    state: RecoveryCase


class SeenDecline(Struct, frozen=True):
    """One refused charge of a card."""

    charge_id: str
    at: datetime
    amount_minor: int
    family: DeclineFamily


class CardInFlight(Struct, frozen=True):
    """A card that is being charged."""

    fingerprint: str
    amount_minor: int
    started_at: datetime


class Turn(Struct, frozen=True, kw_only=True):
    """What the conveyor notes of a row: its lease and its failures, in wall time."""

    leased_until: datetime | None = None
    tries: int = 0
    dead_at: datetime | None = None
    error: str | None = None


class HeldAction(Struct, frozen=True, kw_only=True):
    """The next action of a case."""

    ref: ActionRef
    case_id: UUID
    account: str
    action: Action
    turn: Turn = Turn()


class HeldEvent(Struct, frozen=True, kw_only=True):
    """An inbox row; `seq` is its place in the order of arrival."""

    ref: EventRef
    seq: int
    event: IncomingEvent
    received_at: datetime
    handled: bool = False
    turn: Turn = Turn()


class HeldChore(Struct, frozen=True, kw_only=True):
    """A chore, its lease, and until when it rests, in wall time."""

    chore: Chore
    leased_until: datetime | None = None
    retry_at: datetime | None = None


class HeldMessage(Struct, frozen=True, kw_only=True):
    """A message to a customer."""

    message: NewMessage
    account: str
    customer_id: str | None
    sent_at: datetime | None = None
    answered: bool = True
    failed: bool = False
    visited_at: datetime | None = None


class HeldSending(Struct, frozen=True, kw_only=True):
    """A sending domain and the private halves of its keys, by selector."""

    it: SendingDomain
    private: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"HeldSending({self.it.domain})"


class HeldNotice(Struct, frozen=True, kw_only=True):
    """A notice of a card that will expire; `state` as Postgres has it."""

    notice: ExpiryNotice
    state: str = "begun"


class HeldLogo(Struct, frozen=True, kw_only=True):
    """A picture, and since when."""

    made: MadeLogo
    added_at: datetime


class HeldWords(Struct, frozen=True, kw_only=True):
    """A version of a letter's words."""

    text: LetterText
    actor: str
    at: datetime


class HeldUse(Struct, frozen=True, kw_only=True):
    """What was in use since when."""

    use: InUse
    at: datetime


class HeldSuppression(Struct, frozen=True):
    """An address that letters do not go to, unless that was taken back."""

    reason: Suppression
    at: datetime
    lifted_at: datetime | None = None


class HeldNews(Struct, frozen=True, kw_only=True):
    """What somebody is to hear, when next, and how it ended."""

    notice: Notice
    next_at: datetime
    told_at: datetime | None = None
    failed_at: datetime | None = None
    error: str | None = None


class HeldHandOff(Struct, frozen=True, kw_only=True):
    """A merchant's numbers of the hand-off, once changed, and the way to Slack."""

    rules: HandOff | None = None
    slack: str | None = None
    slack_since: datetime | None = None
    slack_gone_at: datetime | None = None


class HeldConsent(Struct, frozen=True, kw_only=True):
    """A customer's word, and when it was taken back."""

    case_id: UUID
    consent: Consent
    withdrawn_at: datetime | None = None


class HeldConnection(Struct, frozen=True, kw_only=True):
    """How an account is reached, and what is known of it; `connection` has no last event."""

    connection: Connection
    key: str | None = None
    secrets: tuple[str, ...] = ()


class HeldLesson(Struct, frozen=True, kw_only=True):
    """A lesson, and the version of the merchant's knowledge that has it."""

    lesson: Lesson
    learned_in: int | None = None


class HeldLink(Struct, frozen=True, kw_only=True):
    """A customer's link."""

    merchant_id: UUID
    case_id: UUID
    expires_at: datetime
    address_hash: bytes | None = None


class HeldApiKey(Struct, frozen=True, kw_only=True):
    """An API key."""

    key: ApiKey
    key_hash: bytes


class HeldInApp(Struct, frozen=True, kw_only=True):
    """A merchant's settings for the own app, and what signs there."""

    settings: InAppSettings = InAppSettings()
    secrets: tuple[str, ...] = ()


class HeldSession(Struct, frozen=True, kw_only=True):
    """A session, in wall time."""

    user_id: UUID
    merchant_id: UUID
    created_at: datetime
    seen_at: datetime


def wall_clock() -> datetime:
    """The time of leases, back-off and sessions."""
    return datetime.now(UTC)


@dataclass(slots=True)
class MemoryWorld:
    """One database's worth; give it to every store that should see the same."""

    wall: Callable[[], datetime] = wall_clock
    new_id: Callable[[], UUID] = uuid4
    merchants: dict[UUID, MerchantProfile] = field(default_factory=dict)
    accounts: dict[tuple[str, bool], ConnectedAccount] = field(default_factory=dict)
    connections: dict[tuple[str, bool], HeldConnection] = field(default_factory=dict)
    agreements: dict[bytes, PendingAgreement] = field(default_factory=dict)
    policies: dict[tuple[UUID, int], Policy] = field(default_factory=dict)
    customers: dict[tuple[UUID, str, str], Customer] = field(default_factory=dict)
    cases: dict[CaseKey, HeldCase] = field(default_factory=dict)
    decisions: dict[CaseKey, tuple[Decision, ...]] = field(default_factory=dict)
    invoices: dict[tuple[UUID, str, str], UUID] = field(default_factory=dict)
    declines: dict[tuple[UUID, str], tuple[SeenDecline, ...]] = field(default_factory=dict)
    in_flight: dict[CaseKey, CardInFlight] = field(default_factory=dict)
    actions: dict[CaseKey, HeldAction] = field(default_factory=dict)
    cases_of_actions: dict[ActionRef, UUID] = field(default_factory=dict)
    inbox: dict[EventRef, HeldEvent] = field(default_factory=dict)
    orphans: dict[tuple[str | None, bool, str], IncomingEvent] = field(default_factory=dict)
    messages: dict[tuple[UUID, UUID, int], HeldMessage] = field(default_factory=dict)
    chores: dict[ChoreRef, HeldChore] = field(default_factory=dict)
    past: dict[CaseKey, EndedCase] = field(default_factory=dict)
    offers: dict[tuple[UUID, str, str], OfferedInvoice] = field(default_factory=dict)
    consents: dict[tuple[UUID, int], HeldConsent] = field(default_factory=dict)
    reports: dict[CaseKey, tuple[Report, ...]] = field(default_factory=dict)
    link_requests: dict[tuple[UUID, UUID, date], tuple[LinkRequest, RequestState]] = field(
        default_factory=dict
    )
    text_consents: dict[CaseKey, tuple[TextConsent, ...]] = field(default_factory=dict)
    suppressions: dict[tuple[UUID, bytes], HeldSuppression] = field(default_factory=dict)
    link_hosts: dict[UUID, LinkHost] = field(default_factory=dict)
    sending: dict[UUID, HeldSending] = field(default_factory=dict)
    mail_news: dict[tuple[UUID, str, str], MailNews] = field(default_factory=dict)
    mail_turns: dict[UUID, datetime] = field(default_factory=dict)
    notices: dict[tuple[UUID, UUID], HeldNotice] = field(default_factory=dict)
    tasks: dict[tuple[UUID, UUID], Task] = field(default_factory=dict)
    news: dict[tuple[UUID, UUID], HeldNews] = field(default_factory=dict)
    hand_offs: dict[UUID, HeldHandOff] = field(default_factory=dict)
    hearers: dict[tuple[UUID, UUID], bool] = field(default_factory=dict)  # merchant, user
    links: dict[bytes, HeldLink] = field(default_factory=dict)
    api_keys: dict[tuple[UUID, UUID], HeldApiKey] = field(default_factory=dict)
    in_app: dict[UUID, HeldInApp] = field(default_factory=dict)
    brands: dict[UUID, Brand] = field(default_factory=dict)
    logos: dict[tuple[UUID, str], HeldLogo] = field(default_factory=dict)
    wordings: dict[tuple[UUID, LetterRef], tuple[HeldWords, ...]] = field(default_factory=dict)
    uses: dict[tuple[UUID, LetterRef], tuple[HeldUse, ...]] = field(default_factory=dict)
    tests: dict[tuple[UUID, UUID], tuple[datetime, ...]] = field(default_factory=dict)
    lessons: dict[tuple[UUID, int], HeldLesson] = field(default_factory=dict)
    knowledge: dict[tuple[UUID, int], LearnedVersion] = field(default_factory=dict)
    pool: dict[int, Knowledge] = field(default_factory=dict)  # by part
    sharing: dict[UUID, bool] = field(default_factory=dict)  # who shares what it learns
    audit: dict[tuple[UUID, int], AuditEntry] = field(default_factory=dict)
    users: dict[str, UserRecord] = field(default_factory=dict)
    roles: dict[tuple[UUID, UUID], str] = field(default_factory=dict)  # merchant, user
    sessions: dict[bytes, HeldSession] = field(default_factory=dict)


class Journal:
    """What a unit of work wrote, so that it can be taken back."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], Any]] = []

    def put(self, rows: MutableMapping[Key, Value], key: Key, value: Value) -> None:
        """Insert or replace one row."""
        self._remember(rows, key)
        rows[key] = value

    def drop(self, rows: MutableMapping[Key, Value], key: Key) -> None:
        """Delete one row, if it is there."""
        self._remember(rows, key)
        rows.pop(key, None)

    def _remember(self, rows: MutableMapping[Key, Value], key: Key) -> None:
        if key in rows:
            before = rows[key]
            self._undo.append(lambda: rows.__setitem__(key, before))
        else:
            self._undo.append(lambda: rows.pop(key, None))

    def roll_back(self) -> None:
        """As if nothing had been written, newest first."""
        while self._undo:
            self._undo.pop()()
