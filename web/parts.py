"""What the composition root hands to the web app: ports, a few callables, and plain settings."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from application.change_case import CaseRef
from application.entitlements import Answer as Standing
from application.errors import Unavailable
from application.letter_pages import LetterPages
from application.owed import Debt
from application.ports.accounts import PasswordHasher, SessionStore, UserStore
from application.ports.agreeing import Parted
from application.ports.api_keys import ApiKey, KeyHolders
from application.ports.chores import Chore, ChoreKind
from application.ports.conveyor import EventIntake, IncomingEvent
from application.ports.hand_off import HandOffStanding, Teams
from application.ports.history import OfferedInvoice
from application.ports.in_app import InAppSettings, LinkSigner
from application.ports.letters import LetterDesk, Rendered
from application.ports.mail_limits import LastHour, MailLimits
from application.ports.mail_news import MailNews
from application.ports.payments import Ended
from application.ports.registry import Registry
from application.ports.stores import CardLink, LinkTarget
from application.ports.stripe_accounts import Connection, Endpoints, Holder
from application.ports.team_news import News
from application.ports.text_news import Answered, Carrier, Undelivered
from application.ports.wordings import LetterRef
from application.task_views import HandOffPages
from application.use_cases.agree_to_texts import TextsOffer
from application.use_cases.answer_end import EndAnswer
from application.use_cases.backup_cards import BackupOffer
from application.use_cases.card_pages import CardStanding
from application.use_cases.connect_with_key import Connected, Pasted
from application.use_cases.edit_letter import Saved
from application.use_cases.finish_agreement import Answer
from application.use_cases.pick_day import DaysOffer
from application.use_cases.set_hand_off import Posted
from application.use_cases.show_in_app import Question, Shown
from application.use_cases.try_letter import Reader, Wish
from application.views import Pages
from domain.brand import Brand, BrandFault
from domain.entitlement import InApp
from domain.letters import InUse, LetterText
from domain.recovery.events import Problem
from domain.sending import SendingDomain
from domain.tasks import HandOff

Hook = Callable[[], Awaitable[None]]


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


class CardPages(Protocol):
    """What the page about a card that is to expire needs. Both raise Unavailable."""

    async def standing(self, link: CardLink) -> CardStanding | None:
        """None if nothing will be charged any more."""
        ...

    async def open(self, link: CardLink, address: str) -> str | None:
        """Where to send the customer, who comes back to `address`."""
        ...

    async def returned(self, link: CardLink) -> None:
        """They are back."""
        ...


class BackupCards(Protocol):
    """What agreeing to another card needs."""

    async def offer(self, ref: CaseRef) -> BackupOffer:
        """Changes nothing."""
        ...

    async def agree(self, ref: CaseRef, choice: str, wording: str) -> bool:
        """False if that card is not offered. Raises Unavailable."""
        ...

    async def withdraw(self, ref: CaseRef) -> None: ...


class GiveCard(Protocol):
    """What giving another card needs. Both raise Unavailable."""

    async def page(self, ref: CaseRef, address: str) -> str | None:
        """Where to send the customer, who comes back to `address`; None if there is no such
        page."""
        ...

    async def given(self, ref: CaseRef) -> None:
        """They are back."""
        ...


class ReportProblem(Protocol):
    """What a customer's word that something is wrong needs, and its answers."""

    async def __call__(self, ref: CaseRef, about: Problem, words: str) -> None:
        """All they owe rests."""
        ...

    async def take_back(self, ref: CaseRef) -> None: ...

    async def go_on(self, ref: CaseRef, user_id: UUID) -> bool:
        """False if there is nothing (any more) to answer."""
        ...

    async def leave(self, ref: CaseRef, user_id: UUID) -> bool:
        """As `go_on`."""
        ...


class PickDay(Protocol):
    """What choosing the day of the charge needs."""

    async def offer(self, ref: CaseRef) -> DaysOffer:
        """Changes nothing."""
        ...

    async def pick(self, ref: CaseRef, day: date) -> bool:
        """False if that day is not offered."""
        ...

    async def at_once(self, ref: CaseRef) -> bool:
        """False if the card on file cannot be charged just now."""
        ...


class AgreeToTexts(Protocol):
    """What agreeing to text messages needs."""

    async def offer(self, ref: CaseRef) -> TextsOffer:
        """Changes nothing."""
        ...

    async def agree(self, ref: CaseRef, typed: str, wording: str) -> bool:
        """False if what was typed is no mobile number, or nobody asked."""
        ...

    async def withdraw(self, ref: CaseRef) -> None: ...


class HearTexts(Protocol):
    """What is done with what comes back of text messages."""

    async def answer(self, said: Answered) -> str | None:
        """What to answer; None for nothing."""
        ...

    async def undelivered(self, ref: CaseRef, step: int, news: Undelivered) -> None: ...


class TextDesk(Struct, frozen=True, kw_only=True):
    """What the postings of a carrier of texts need."""

    carrier: Carrier
    hear: HearTexts


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


class Unsubscribe(Protocol):
    """What stopping letters needs."""

    async def is_silent(self, target: LinkTarget | CardLink) -> bool | None:
        """None if no address is known. Changes nothing."""
        ...

    async def stop(self, target: LinkTarget | CardLink) -> None: ...

    async def again(self, target: LinkTarget | CardLink) -> None: ...


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


class MailServices(Protocol):
    """What mail services tell of letters."""

    postmark_secret: str | None  # without it Postmark is not listened to

    @property
    def has_ses(self) -> bool:
        """Whether a topic of SNS' is set."""
        ...

    @property
    def hear(self) -> Callable[[MailNews], Awaitable[None]]:
        """Returns after the commit."""
        ...

    def postmark(self, raw: bytes) -> Sequence[MailNews]:
        """Raises MalformedNews."""
        ...

    async def ses(self, raw: bytes) -> Sequence[MailNews]:
        """Raises NotGenuine, MalformedNews, Unavailable."""
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


def _no_observer(_route: str, _status: int, _seconds: float) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class WebParts:
    """Everything the web app needs from outside; it builds nothing of this itself."""

    pages: Pages
    users: UserStore
    sessions: SessionStore
    passwords: PasswordHasher
    registry: Registry
    intake: EventIntake
    # (raw body, Stripe-Signature header, the endpoint's secrets or None: the installation's) ->
    # is it genuine and fresh?
    verify_webhook: Callable[[bytes, str, tuple[str, ...] | None], bool]
    # raw body -> envelope; raises MalformedEvent
    read_envelope: Callable[[bytes], IncomingEvent]
    # case -> Stripe's hosted page, read anew; None if nothing is to be paid
    open_payment_page: Callable[[CaseRef], Awaitable[str | None]]
    card_pages: CardPages
    backup_cards: BackupCards
    pick_day: PickDay
    # case -> what its customer owes, this case first; empty if all is settled
    owed: Callable[[CaseRef], Awaitable[Sequence[Debt]]]
    give_card: GiveCard
    report_problem: ReportProblem
    # SHA-256 of an expired link's token; nothing is said of what came of it
    ask_fresh_link: Callable[[bytes], Awaitable[None]]
    unsubscribe: Unsubscribe
    agree_to_texts: AgreeToTexts
    key_holders: KeyHolders
    # merchant, customer -> how they stand; raises Unavailable
    entitlement: Callable[[UUID, str], Awaitable[Standing]]
    # a page of a merchant's -> what it shows; raises Unavailable
    show_in_app: Callable[[Question], Awaitable[Shown]]
    api_keys: ApiKeys
    set_up_in_app: SetUpInApp
    signed_links: LinkSigner
    hand_off_pages: HandOffPages
    teams: Teams
    work_task: WorkTask
    # merchant, hash of an address, person -> whether letters go there again
    lift_bounce: Callable[[UUID, bytes, UUID], Awaitable[bool]]
    set_hand_off: SetHandOff
    set_brand: SetBrand
    edit_letter: EditLetter
    try_letter: TryLetter
    letter_desk: LetterDesk
    letters: LetterPages
    # merchant, hash of a link -> it was followed
    visited: Callable[[UUID, bytes], Awaitable[None]]
    # case, answer, person -> what became of it; raises Unavailable
    answer_end: Callable[[CaseRef, EndAnswer, UUID], Awaitable[Ended]]
    # merchant -> any text that is another one after a case of theirs changed; cheap
    changes: Callable[[UUID], Awaitable[str]]
    endpoints: Endpoints  # those in merchants' own accounts
    clock: Callable[[], datetime]
    base_url: str  # "https://app.example.com", as people type it
    secret: str  # signs form tokens; at least 32 characters
    metrics_text: Callable[[], Awaitable[bytes]]
    # name -> check that raises when it is not well
    ready_checks: Mapping[str, Hook]
    metrics_token: str | None = None  # bearer token that opens /metrics from elsewhere
    stripe_desk: StripeDesk | None = None  # without it there is no page about the account
    agreement_desk: AgreementDesk | None = None
    texts: TextDesk | None = None  # without it nobody is texted
    sending_desk: SendingDesk | None = None
    mail_services: MailServices | None = None
    rehearsal: bool = False
    mailbox_url: str | None = None  # rehearsal only
    # Where the customer may be sent to pay, as CSP sources
    payment_origins: tuple[str, ...] = ("https:",)
    # Header in which a trusted proxy tells the visitor's address, e.g. "fly-client-ip"
    address_header: str | None = None
    # What the outside raises when it does not answer: 503 instead of 500
    outages: tuple[type[Exception], ...] = (Unavailable, OSError)
    # (route template, status, seconds) after each request
    observe: Callable[[str, int, float], None] = _no_observer
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)  # of the real world, in rehearsal too
    monotonic: Callable[[], float] = time.monotonic  # what rates are counted by
    on_startup: tuple[Hook, ...] = ()
    on_shutdown: tuple[Hook, ...] = ()
    forms_deadline_s: float = 10.0
    webhook_deadline_s: float = 10.0
    stream_s: float = 25.0  # server-sent streams end after this; the browser comes back
    poll_s: float = 0.5  # how often `changes` is asked for a merchant who is watching

    @property
    def secure(self) -> bool:
        """True where people come by https: cookies and HSTS follow it."""
        return self.base_url.startswith("https://")

    def __post_init__(self) -> None:
        if len(self.secret) < 32:
            raise ValueError("secret: at least 32 characters")
