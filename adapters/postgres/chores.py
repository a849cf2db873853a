"""Chores of accounts: one merchant's in its transaction, and those of all as a queue."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from adapters.postgres.claiming import LONGEST_BACK_OFF_S
from adapters.postgres.pools import acquired
from application.ports.chores import (
    PERIODIC,
    Chore,
    ChoreKind,
    ChoreRef,
    ChoreStep,
    Progress,
)
from application.ports.stores import ConcurrentWrite

COLUMNS: Final = (
    "merchant_id, account, kind, due_at, put_at, turn, running, tries, error, cursor, done, "
    "of_about, found, found_ever, began_at, last_ok_at, finished_at"
)
PUT: Final = """
insert into account_chores as held (merchant_id, account, kind, due_at, put_at)
values ($1, $2, $3, $4, $4)
on conflict (merchant_id, account, kind) do update set
    due_at = case when held.finished_at is null
        then least(held.due_at, excluded.due_at) else excluded.due_at end,
    put_at = case when held.finished_at is null then held.put_at else excluded.put_at end,
    cursor = case when held.finished_at is null then held.cursor end,
    done = case when held.finished_at is null then held.done else 0 end,
    of_about = case when held.finished_at is null then held.of_about end,
    found = case when held.finished_at is null then held.found else 0 end,
    running = held.running and held.finished_at is null,
    turn = held.turn + (held.finished_at is not null)::integer,
    tries = 0, error = null, retry_at = null, finished_at = null
"""
# What a run has found so far is in `found_ever` already, so a later step adds the difference.
SAVE: Final = f"""
update account_chores set
    turn = turn + 1, cursor = $5, done = $6, of_about = $7, found = $8,
    found_ever = found_ever + $8 - case when running then found else 0 end,
    began_at = case when running then began_at else $9::timestamptz end,
    running = not $10,
    last_ok_at = case when $10::boolean then $9::timestamptz else last_ok_at end,
    due_at = coalesce($11, due_at),
    finished_at = case when $10 and $11::timestamptz is null then $9 end,
    tries = 0, error = null, retry_at = null
where merchant_id = $1 and account = $2 and kind = $3 and turn = $4
returning {COLUMNS}
"""  # noqa: S608 - names from above
OF_ACCOUNT: Final = f"""
select {COLUMNS} from account_chores where merchant_id = $1 and account = $2 order by kind
"""  # noqa: S608
STOP: Final = """
update account_chores set finished_at = $3, turn = turn + 1
where merchant_id = $1 and account = $2 and kind <> 'leave' and finished_at is null
"""
PROVIDE: Final = """
insert into account_chores (merchant_id, account, kind, due_at, put_at)
select distinct merchant_id, account, kind, $1::timestamptz, $1::timestamptz
from stripe_accounts cross join unnest($2::text[]) as wanted (kind)
on conflict do nothing
"""
# Never two of one account at a time: they would share what Stripe allows it. Of those that are free
# the one that has waited longest goes first.
CLAIM: Final = """
update account_chores c set leased_until = clock_timestamp() + $3
from (
    select merchant_id, account, kind from account_chores free
    where finished_at is null and due_at <= $1
        and (leased_until is null or leased_until <= clock_timestamp())
        and (retry_at is null or retry_at <= clock_timestamp())
        and (due_at, kind) = (
            select due_at, kind from account_chores same
            where same.merchant_id = free.merchant_id and same.account = free.account
                and same.finished_at is null and same.due_at <= $1
                and (same.retry_at is null or same.retry_at <= clock_timestamp())
            order by coalesce(same.leased_until > clock_timestamp(), false) desc, due_at, kind
            limit 1
        )
    order by due_at, account, kind
    limit $2
    for update skip locked
) due
where c.merchant_id = due.merchant_id and c.account = due.account and c.kind = due.kind
returning c.merchant_id, c.account, c.kind, c.due_at
"""
RENEW: Final = """
update account_chores c set leased_until = clock_timestamp() + $4
from unnest($1::uuid[], $2::text[], $3::text[]) as wanted (merchant_id, account, kind)
where c.merchant_id = wanted.merchant_id and c.account = wanted.account
    and c.kind = wanted.kind and c.leased_until is not null
"""
RELEASE: Final = """
update account_chores
set leased_until = null, retry_at = greatest(retry_at, clock_timestamp() + $4)
where merchant_id = $1 and account = $2 and kind = $3
"""
READ: Final = f"""
select {COLUMNS} from account_chores
where merchant_id = $1 and account = $2 and kind = $3 and finished_at is null
"""  # noqa: S608
FAILED: Final = """
update account_chores set
    tries = tries + 1, error = $4, leased_until = null,
    retry_at = clock_timestamp() + least(2 ^ least(tries, 30), $5) * interval '1 second'
where merchant_id = $1 and account = $2 and kind = $3
"""


class PostgresChoreStore:
    """Chores of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def put(self, account: str, kind: ChoreKind, due_at: datetime) -> None:
        await self._connection.execute(PUT, self._merchant_id, account, kind, due_at)

    async def save(self, chore: Chore, step: ChoreStep) -> Chore:
        row = await self._connection.fetchrow(
            SAVE,
            self._merchant_id,
            chore.ref.account,
            chore.ref.kind,
            chore.turn,
            None if step.cursor is None else step.cursor.decode(),
            step.progress.done,
            step.progress.of_about,
            step.progress.found,
            step.at,
            step.over,
            step.next_at,
        )
        if row is None:
            raise ConcurrentWrite
        return _chore(row)

    async def of_account(self, account: str) -> tuple[Chore, ...]:
        rows = await self._connection.fetch(OF_ACCOUNT, self._merchant_id, account)
        return tuple(map(_chore, rows))

    async def stop(self, account: str, at: datetime) -> None:
        await self._connection.execute(STOP, self._merchant_id, account, at)


class PostgresChoreQueue:
    """Chores of all merchants, with the system's role."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool

    async def provide(self, now: datetime) -> int:
        async with acquired(self._pool) as connection:
            done = await connection.execute(PROVIDE, now, list(PERIODIC))
        return int(done.split()[-1])

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[ChoreRef, ...]:
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(CLAIM, now, limit, lease)
        ordered = sorted(rows, key=lambda row: (row["due_at"], row["account"], row["kind"]))
        return tuple(map(_ref, ordered))

    async def renew(self, refs: tuple[ChoreRef, ...], lease: timedelta) -> None:
        columns = (
            [ref.merchant_id for ref in refs],
            [ref.account for ref in refs],
            [ref.kind for ref in refs],
        )
        async with acquired(self._pool) as connection:
            await connection.execute(RENEW, *columns, lease)

    async def release(self, ref: ChoreRef, rest: timedelta) -> None:
        async with acquired(self._pool) as connection:
            await connection.execute(RELEASE, *_key(ref), rest)

    async def read(self, ref: ChoreRef) -> Chore | None:
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(READ, *_key(ref))
        return None if row is None else _chore(row)

    async def failed(self, ref: ChoreRef, error: str) -> None:
        async with acquired(self._pool) as connection:
            await connection.execute(FAILED, *_key(ref), error, LONGEST_BACK_OFF_S)


def _key(ref: ChoreRef) -> tuple[UUID, str, str]:
    return ref.merchant_id, ref.account, ref.kind


def _ref(row: Any) -> ChoreRef:
    return ChoreRef(row["merchant_id"], row["account"], ChoreKind(row["kind"]))


def _chore(row: Any) -> Chore:
    cursor = row["cursor"]
    return Chore(
        ref=_ref(row),
        due_at=row["due_at"],
        put_at=row["put_at"],
        turn=row["turn"],
        running=row["running"],
        tries=row["tries"],
        error=row["error"],
        cursor=None if cursor is None else cursor.encode(),
        progress=Progress(done=row["done"], of_about=row["of_about"], found=row["found"]),
        found_ever=row["found_ever"],
        began_at=row["began_at"],
        last_ok_at=row["last_ok_at"],
        finished_at=row["finished_at"],
    )
