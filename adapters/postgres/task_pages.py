"""The read side of tasks and of people at risk: SQL to views, keyset paging."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.tasks import COLUMNS, task_of
from adapters.postgres.unit_of_work import bound
from application.ports.suppressions import Suppression
from application.task_views import (
    MOST_COUNTED,
    RiskPage,
    RiskRow,
    TaskCounts,
    TaskFilter,
    TaskPage,
    TaskRow,
)
from domain.money import Money

MOST_ROWS: Final = 200

# fmt: off
_ROW: Final = f"""
select {", ".join(f"t.{name}" for name in COLUMNS.split(", "))},
    coalesce(c.number, c.invoice_id) as invoice, k.name as customer_name, k.email as customer_email
from ({{tasks}}) t
left join recovery_cases c on c.merchant_id = t.merchant_id and c.case_id = t.case_id
left join customers k on k.merchant_id = c.merchant_id and k.account = c.account
    and k.customer_id = c.customer_id
order by {{order}}
"""  # noqa: S608 - names from the store
_OPEN: Final = """
    select * from tasks
    where merchant_id = $1 and done_at is null and (due_at, task_id) > ($2, $3) {narrow}
    order by due_at, task_id limit $4
"""
# fmt: on
SOONEST: Final = "t.due_at, t.task_id"
OPEN: Final = {
    TaskFilter.ALL: _ROW.format(tasks=_OPEN.format(narrow=""), order=SOONEST),
    TaskFilter.MINE: _ROW.format(tasks=_OPEN.format(narrow="and assignee = $5"), order=SOONEST),
    TaskFilter.NOBODYS: _ROW.format(
        tasks=_OPEN.format(narrow="and assignee is null"), order=SOONEST
    ),
}
DONE: Final = _ROW.format(
    tasks="""
    select * from tasks
    where merchant_id = $1 and done_at is not null and (done_at, task_id) < ($2, $3)
    order by done_at desc, task_id desc limit $4
""",
    order="t.done_at desc, t.task_id desc",
)
THESE: Final = _ROW.format(
    tasks="""
    select * from tasks
    where merchant_id = $1 and task_id = any($2::uuid[]) and done_at is null
""",
    order=SOONEST,
)
OF_CASE: Final = _ROW.format(
    tasks="select * from tasks where merchant_id = $1 and case_id = $2 and done_at is null",
    order=SOONEST,
)
OVERDUE: Final = _ROW.format(
    tasks="""
    select * from tasks
    where merchant_id = $1 and done_at is null and due_at < $2 and (
        $3::uuid[] is null or assignee = any($3) or (assignee is null and $4)
    )
    order by due_at, task_id limit $5
""",
    order=SOONEST,
)
COUNTS: Final = """
select count(*) as all, count(*) filter (where assignee = $2) as mine,
    count(*) filter (where assignee is null) as nobodys,
    count(*) filter (where due_at < $3) as overdue
from (
    select assignee, due_at from tasks where merchant_id = $1 and done_at is null limit $4
) open
"""
# From who owes now to who is silent, not the other way: addresses are suppressed for ever, cases
# are open for weeks.
AT_RISK: Final = """
with risks as materialized (
    select s.address_hash, s.reason, s.at, k.account, k.customer_id, k.name, k.email
    from (
        select distinct account, customer_id from recovery_cases
        where merchant_id = $1 and closed_at is null and not held_out
    ) owing
    join customers k on k.merchant_id = $1 and k.account = owing.account
        and k.customer_id = owing.customer_id
    join suppressions s on s.merchant_id = $1 and s.address_hash = k.email_hash
    where s.lifted_at is null
        and (s.at, s.address_hash, k.account, k.customer_id) < ($2, $3, $4, $5)
    order by s.at desc, s.address_hash desc, k.account desc, k.customer_id desc limit $6
)
select r.*, o.case_id, o.cases, o.currencies, o.owed
from risks r
cross join lateral (
    select
        array_agg(currency order by currency) as currencies,
        array_agg(owed order by currency) as owed,
        sum(cases)::integer as cases,
        (array_agg(first order by opened_at, first))[1] as case_id
    from (
        select currency, sum(amount_minor)::bigint as owed, count(*) as cases,
            min(opened_at) as opened_at,
            (array_agg(case_id order by opened_at, case_id))[1] as first
        from recovery_cases
        where merchant_id = $1 and account = r.account and customer_id = r.customer_id
            and closed_at is null and not held_out
        group by currency
    ) each
) o
order by r.at desc, r.address_hash desc, r.account desc, r.customer_id desc
"""

Place = tuple[datetime, UUID]
BEFORE_ALL: Final[Place] = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
AFTER_ALL: Final[Place] = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
# No hash is longer, and no id of Stripe's sorts behind it.
RISK_BEGINNING: Final = (AFTER_ALL[0], b"\xff" * 33, "\U0010ffff", "\U0010ffff")


class PostgresHandOffPages:
    """Pages of one merchant at a time, under row-level security."""

    def __init__(self, app_pool: Any) -> None:
        self._pool = app_pool

    async def tasks(
        self, merchant_id: UUID, wish: TaskFilter, user_id: UUID, after: str | None, limit: int
    ) -> TaskPage:
        limit, is_done = min(limit, MOST_ROWS), wish is TaskFilter.DONE
        query = DONE if is_done else OPEN[wish]
        place = _place(after, AFTER_ALL if is_done else BEFORE_ALL)
        more = (user_id,) if wish is TaskFilter.MINE else ()
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(query, merchant_id, *place, limit + 1, *more)
        shown = rows[:limit]
        column = "done_at" if is_done else "due_at"
        last = (shown[-1][column], shown[-1]["task_id"]) if len(rows) > limit else None
        return TaskPage(rows=tuple(map(_row, shown)), after=_cursor(*last) if last else None)

    async def counts(self, merchant_id: UUID, user_id: UUID, now: datetime) -> TaskCounts:
        async with bound(self._pool, merchant_id) as connection:
            row = await connection.fetchrow(COUNTS, merchant_id, user_id, now, MOST_COUNTED)
        return TaskCounts(**row)

    async def these(self, merchant_id: UUID, task_ids: tuple[UUID, ...]) -> tuple[TaskRow, ...]:
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(THESE, merchant_id, list(task_ids))
        return tuple(map(_row, rows))

    async def overdue(
        self, merchant_id: UUID, whose: tuple[UUID | None, ...] | None, before: datetime, limit: int
    ) -> tuple[TaskRow, ...]:
        people = None if whose is None else [each for each in whose if each is not None]
        nobodys = whose is not None and None in whose
        given = (before, people, nobodys, min(limit, MOST_ROWS))
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(OVERDUE, merchant_id, *given)
        return tuple(map(_row, rows))

    async def at_risk(self, merchant_id: UUID, after: str | None, limit: int) -> RiskPage:
        limit = min(limit, MOST_ROWS)
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(AT_RISK, merchant_id, *_risk_place(after), limit + 1)
        shown = rows[:limit]
        cursor = _risk_cursor(shown[-1]) if len(rows) > limit else None
        return RiskPage(rows=tuple(map(_risk_row, shown)), after=cursor)


async def open_of_case(connection: Any, merchant_id: UUID, case_id: UUID) -> tuple[TaskRow, ...]:
    """The soonest due first."""
    return tuple(map(_row, await connection.fetch(OF_CASE, merchant_id, case_id)))


def _row(row: Any) -> TaskRow:
    return TaskRow(
        task=task_of(row),
        customer_name=row["customer_name"],
        customer_email=row["customer_email"],
        invoice=row["invoice"],
    )


def _risk_row(row: Any) -> RiskRow:
    amounts = zip(row["currencies"], row["owed"], strict=True)
    return RiskRow(
        address_hash=row["address_hash"],
        reason=Suppression(row["reason"]),
        since=row["at"],
        customer_name=row["name"],
        customer_email=row["email"],
        owed=tuple(Money(amount_minor, currency) for currency, amount_minor in amounts),
        case_id=row["case_id"],
        cases=row["cases"],
    )


def _cursor(*parts: Any) -> str:
    told = (each.isoformat() if isinstance(each, datetime) else str(each) for each in parts)
    return urlsafe_b64encode(" ".join(told).encode()).decode()


def _place(cursor: str | None, beginning: Place) -> Place:
    """Where a cursor points; an unreadable one is the beginning."""
    try:
        at, task_id = _parts(cursor)
        place = (datetime.fromisoformat(at), UUID(task_id))
    except ValueError:
        return beginning
    return place if place[0].tzinfo else beginning


def _risk_cursor(row: Any) -> str:
    return _cursor(row["at"], row["address_hash"].hex(), row["account"], row["customer_id"])


def _risk_place(cursor: str | None) -> tuple[datetime, bytes, str, str]:
    try:
        at, address_hash, account, customer_id = _parts(cursor)
        place = (datetime.fromisoformat(at), bytes.fromhex(address_hash), account, customer_id)
    except ValueError:
        return RISK_BEGINNING
    return place if place[0].tzinfo and "\x00" not in account + customer_id else RISK_BEGINNING


def _parts(cursor: str | None) -> list[str]:
    """Raises ValueError."""
    return urlsafe_b64decode(cursor or "").decode().split()
