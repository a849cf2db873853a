"""The read side: SQL to views, keyset paging, never an OFFSET and never a domain rule."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.json_columns import card_of, event_of, marks_of
from adapters.postgres.reports import reports_of
from adapters.postgres.task_pages import open_of_case
from adapters.postgres.unit_of_work import bound
from application.views import (
    CaseFilter,
    CasePage,
    CaseRow,
    CaseView,
    MoneyOfPhase,
    Needs,
    filter_of,
)
from domain.decline import DeclineFamily
from domain.network import MONTH, monthly_limit
from domain.recovery.actions import Action, ActionKind
from domain.recovery.events import Ask
from domain.recovery.transitions import Phase

MOST_ROWS: Final = 200

_ROW: Final = """
select c.*, k.name as customer_name, k.email as customer_email,
    a.kind as action_kind, a.due_at as action_due_at, a.number as action_number,
    case when a.dead_at is not null then a.error end as dead
from ({cases}) c
left join customers k on k.merchant_id = c.merchant_id and k.account = c.account
    and k.customer_id = c.customer_id
left join scheduled_actions a on a.merchant_id = c.merchant_id and a.case_id = c.case_id
"""
_PAGE: Final = _ROW.format(
    cases="""
    select * from recovery_cases
    where merchant_id = $1 and (opened_at, case_id) < ($2, $3) {phase}
    order by opened_at desc, case_id desc limit $4
"""
)
NEWEST: Final = _PAGE.format(phase="") + "order by c.opened_at desc, c.case_id desc"
NEWEST_IN_PHASE: Final = (
    _PAGE.format(phase="and phase = $5") + "order by c.opened_at desc, c.case_id desc"
)
NEWEST_NEEDING: Final = (
    _PAGE.format(phase="and needs_you") + "order by c.opened_at desc, c.case_id desc"
)
ONE: Final = _ROW.format(
    cases="select * from recovery_cases where merchant_id = $1 and case_id = $2"
)
HISTORY: Final = """
select body from case_events where merchant_id = $1 and case_id = $2 order by version
"""
CARD: Final = """
select
    least(
        (body ->> 'card_month_limit')::integer,
        (body -> 'brand_month_limits' ->> $6)::integer
    ) as card_limit,
    (
        select count(*) from payment_attempts
        where merchant_id = $1 and fingerprint = $3 and amount_minor = $4 and state = 'declined'
            and resolved_at > $5
    ) as declines
from policies where merchant_id = $1 and version = $2
"""
MONEY: Final = """
select phase, currency, count(*) as cases, sum(amount_minor)::bigint as amount_minor,
    sum(recovered_minor)::bigint as recovered_minor
from recovery_cases where merchant_id = $1 group by phase, currency
union all
select 'needs_you', currency, count(*), sum(amount_minor)::bigint, sum(recovered_minor)::bigint
from recovery_cases where merchant_id = $1 and needs_you group by currency
order by phase, currency
"""
LATEST_CHANGE: Final = "select max(audit_id) from audit_log where merchant_id = $1"

Place = tuple[datetime, UUID]
BEGINNING: Final[Place] = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))


class PostgresPages:
    """Pages of one merchant at a time, under row-level security."""

    def __init__(self, app_pool: Any) -> None:
        self._pool = app_pool

    async def cases(
        self, merchant_id: UUID, phase: CaseFilter | None, after: str | None, limit: int
    ) -> CasePage:
        limit = min(limit, MOST_ROWS)
        query, more = _narrowed(phase)
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(query, merchant_id, *_place(after), limit + 1, *more)
        shown = rows[:limit]
        cursor = _cursor(shown[-1]) if len(rows) > limit else None
        return CasePage(rows=tuple(_case_row(row) for row in shown), after=cursor)

    async def case(self, merchant_id: UUID, case_id: UUID, now: datetime) -> CaseView | None:
        async with bound(self._pool, merchant_id) as connection:
            row = await connection.fetchrow(ONE, merchant_id, case_id)
            if row is None:
                return None
            history = await connection.fetch(HISTORY, merchant_id, case_id)
            case = _case_row(row)
            card = await connection.fetchrow(
                CARD,
                merchant_id,
                row["policy_version"],
                case.card.fingerprint if case.card else None,
                case.amount_minor,
                now - MONTH,
                case.card.brand if case.card else None,
            )
            reports = await reports_of(connection, merchant_id, case_id)
            tasks = await open_of_case(connection, merchant_id, case_id)
        return CaseView(
            row=case,
            history=tuple(event_of(event["body"]) for event in history),
            next_attempt_at=row["next_attempt_at"],
            reminder_at=row["reminder_at"],
            declines_on_card=card["declines"],
            card_limit=card["card_limit"],
            network_limit=monthly_limit(case.card.brand if case.card else None),
            dead=row["dead"],
            reports=reports,
            tasks=tasks,
        )

    async def money(self, merchant_id: UUID) -> tuple[MoneyOfPhase, ...]:
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(MONEY, merchant_id)
        return tuple(MoneyOfPhase(**{**row, "phase": filter_of(row["phase"])}) for row in rows)

    async def changes(self, merchant_id: UUID) -> str:
        """Another text after each committed change of the merchant's data: all are audited."""
        async with bound(self._pool, merchant_id) as connection:
            return str(await connection.fetchval(LATEST_CHANGE, merchant_id))


def _case_row(row: Any) -> CaseRow:
    return CaseRow(
        case_id=row["case_id"],
        invoice_id=row["invoice_id"],
        number=row["number"],
        customer_name=row["customer_name"],
        customer_email=row["customer_email"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        recovered_minor=row["recovered_minor"],
        phase=Phase(row["phase"]),
        ask=Ask(row["ask"]) if row["ask"] else None,
        family=DeclineFamily(row["family"]) if row["family"] else None,
        card=card_of(row["card"]) if row["card"] else None,
        opened_at=row["opened_at"],
        closes_at=row["closes_at"],
        closed_at=row["closed_at"],
        changed_at=row["changed_at"],
        next=_action(row),
        marks=marks_of(row["marks"]),
        held_out=row["held_out"],
        needs_you=row["needs_you"],
    )


def _narrowed(phase: CaseFilter | None) -> tuple[str, tuple[str, ...]]:
    """The query, and what more it is given."""
    if phase is None:
        return NEWEST, ()
    return (NEWEST_NEEDING, ()) if phase is Needs.YOU else (NEWEST_IN_PHASE, (phase,))


def _action(row: Any) -> Action | None:
    if row["action_kind"] is None:
        return None
    kind = ActionKind(row["action_kind"])
    return Action(kind=kind, due_at=row["action_due_at"], number=row["action_number"])


def _cursor(row: Any) -> str:
    return urlsafe_b64encode(f"{row['opened_at'].isoformat()} {row['case_id']}".encode()).decode()


def _place(cursor: str | None) -> Place:
    """Where a cursor points; an unreadable one is the beginning."""
    try:
        opened_at, case_id = urlsafe_b64decode(cursor or "").decode().split()
        place = (datetime.fromisoformat(opened_at), UUID(case_id))
    except ValueError:
        return BEGINNING
    return place if place[0].tzinfo else BEGINNING
