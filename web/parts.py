"""What the composition root hands to the web app: ports, a few callables, and plain settings."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from application.change_case import CaseRef
from application.customer_links import CustomerLinks
from application.entitlements import Answer as Standing
from application.errors import Unavailable
from application.letter_pages import LetterPages
from application.owed import Debt
from application.ports.accounts import PasswordHasher, SessionStore, UserStore
from application.ports.api_keys import KeyHolders
from application.ports.conveyor import EventIntake, IncomingEvent
from application.ports.hand_off import Teams
from application.ports.in_app import LinkSigner
from application.ports.letters import LetterDesk
from application.ports.link_hosts import HostAnswers, LinkHosts
from application.ports.mail_news import MailNews
from application.ports.payments import Ended
from application.ports.registry import Registry
from application.ports.stripe_accounts import Endpoints
from application.ports.text_news import Answered, Carrier, Undelivered
from application.task_views import HandOffPages
from application.use_cases.answer_end import EndAnswer
from application.use_cases.show_in_app import Question, Shown
from application.views import Pages
from web.customer_parts import (
    AgreeToTexts,
    BackupCards,
    CardPages,
    GiveCard,
    PickDay,
    ReportProblem,
    Unsubscribe,
)
from web.merchant_parts import (
    AgreementDesk,
    ApiKeys,
    EditLetter,
    LinkHostDesk,
    SendingDesk,
    SetBrand,
    SetHandOff,
    SetUpInApp,
    StripeDesk,
    TryLetter,
    WorkTask,
)

Hook = Callable[[], Awaitable[None]]


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
    links: CustomerLinks
    link_hosts: LinkHosts
    host_answers: HostAnswers
    link_host_desk: LinkHostDesk
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
