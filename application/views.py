"""What pages read. SQL fills these; the domain is not asked."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from application.ports.reports import Report
from application.task_views import TaskRow
from domain.decline import DeclineFamily
from domain.invoice import Card
from domain.recovery.actions import Action
from domain.recovery.events import Ask, Event
from domain.recovery.state import Mark
from domain.recovery.transitions import Phase


class Needs(StrEnum):
    """Beside the phases, what a list of cases can be narrowed to."""

    YOU = "needs_you"  # the end waits for the merchant: for a word, or to be done by hand


CaseFilter = Phase | Needs


def filter_of(name: str) -> CaseFilter:
    """By its name. Raises ValueError."""
    return Needs.YOU if name == Needs.YOU else Phase(name)


class CaseRow(Struct, frozen=True, kw_only=True):
    """One line of the list, with its chase line."""

    case_id: UUID
    invoice_id: str
    number: str | None
    customer_name: str | None
    customer_email: str | None
    amount_minor: int
    currency: str
    recovered_minor: int
    phase: Phase
    ask: Ask | None
    family: DeclineFamily | None
    card: Card | None
    opened_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    changed_at: datetime
    next: Action | None
    marks: tuple[Mark, ...]
    held_out: bool = False  # watched for comparison, never charged nor written to
    needs_you: bool = False


class CasePage(Struct, frozen=True, kw_only=True):
    """One page of the list; `after` asks for the following one, None at the end."""

    rows: tuple[CaseRow, ...]
    after: str | None


class MoneyOfPhase(Struct, frozen=True, kw_only=True):
    """Cases and money in one phase and currency; never summed across currencies. What needs the
    merchant is in a phase, too, and told of twice."""

    phase: CaseFilter
    currency: str
    cases: int
    amount_minor: int
    recovered_minor: int


class CaseView(Struct, frozen=True, kw_only=True):
    """Everything about one case: its row and its whole history."""

    row: CaseRow
    history: tuple[Event, ...]
    next_attempt_at: datetime | None
    reminder_at: datetime | None
    declines_on_card: int  # in the last 30 days, same amount
    card_limit: int  # what the policy allows of them
    network_limit: int
    dead: str | None  # the error of a next action that failed too often
    reports: tuple[Report, ...] = ()  # what the customer says is wrong, the latest first
    tasks: tuple[TaskRow, ...] = ()  # open ones of the team, the soonest due first


class Installation(Struct, frozen=True, kw_only=True):
    """How it stands over all merchants, for `chargechase status` and /metrics."""

    open: int
    recovered: int
    lost: int
    stopped: int
    events_waiting: int
    events_lag_s: float
    actions_due: int
    actions_lag_s: float
    dead: int
    open_without_next_action: int
    chores_due: int = 0
    chores_failing: int = 0
    reconciled_lag_s: float = 0.0  # of the account that was reconciled longest ago
    # Letters of the last hour: begun, to addresses that do not exist, called spam.
    mail_went: int = 0
    mail_dead: int = 0
    mail_complained: int = 0
    mail_stopped: bool = False  # too many come back: nobody's reminders go
    mail_merchants_stopped: int = 0  # whose own do not


class Pages(Protocol):
    """The read side of one merchant."""

    async def cases(
        self, merchant_id: UUID, phase: CaseFilter | None, after: str | None, limit: int
    ) -> CasePage:
        """Newest opened first, keyset paging; an unreadable `after` is the first page."""
        ...

    async def case(self, merchant_id: UUID, case_id: UUID, now: datetime) -> CaseView | None:
        """None if absent or another merchant's: the two are never told apart."""
        ...

    async def money(self, merchant_id: UUID) -> tuple[MoneyOfPhase, ...]:
        """Sums by phase and currency."""
        ...
