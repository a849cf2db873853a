"""Recovery cases: events appended under a version, and the row that is derived from them."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from adapters.postgres import attempts, message_store
from adapters.postgres.json_columns import as_json, event_of, tag_of
from application.errors import NetworkLimitReached
from application.ports.stores import ConcurrentWrite, Conversation
from domain.network import CardUse
from domain.recovery.events import Event
from domain.recovery.state import RecoveryCase

MOST_CASES: Final = 100
NETWORK_LIMIT: Final = "CC001"  # raised by the trigger refuse_forbidden_charge

LOAD: Final = """
select body from case_events where merchant_id = $1 and case_id = $2 order by version
"""
APPEND: Final = """
insert into case_events (merchant_id, case_id, version, at, type, body)
select $1, $2, * from unnest($3::integer[], $4::timestamptz[], $5::text[], $6::jsonb[])
"""
OPEN_CASES: Final = """
select case_id from recovery_cases
where merchant_id = $1 and account = $2 and {} = $3 and closed_at is null
order by opened_at, case_id limit $4
"""
OF_ACCOUNT: Final = """
select case_id from recovery_cases
where merchant_id = $1 and account = $2 and closed_at is null
order by opened_at, case_id limit $3
"""
OPEN_AFTER: Final = """
select case_id from recovery_cases
where merchant_id = $1 and account = $2 and closed_at is null
    and ($3::uuid is null or case_id > $3)
order by case_id limit $4
"""
KNOWN: Final = """
select case_id from recovery_cases where merchant_id = $1 and case_id = any($2::uuid[])
"""
OF_CUSTOMER: Final = OPEN_CASES.format("customer_id")
OF_SUBSCRIPTION: Final = OPEN_CASES.format("subscription_id")

COLUMNS: Final = (
    "version account invoice_id number customer_id subscription_id amount_minor currency "
    "recovered_minor policy_version phase ask family card marks opened_at closes_at closed_at "
    "changed_at next_attempt_at reminder_at arm held_out segment "
    "paid_minor returned_minor needs_you"
).split()
_PLACES: Final = [f"${place}" for place in range(4, 4 + len(COLUMNS))]
# $3 is the version that the case must have; a new one has none.
INSERT: Final = f"""
insert into recovery_cases (merchant_id, case_id, {", ".join(COLUMNS)})
select $1, $2, {", ".join(_PLACES)} where $3::integer = 0
on conflict do nothing
"""
UPDATE: Final = f"""
update recovery_cases set ({", ".join(COLUMNS)}) = row({", ".join(_PLACES)})
where merchant_id = $1 and case_id = $2 and version = $3
"""  # noqa: S608 - names from the line above


class PostgresCaseStore:
    """Cases of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def load(self, case_id: UUID) -> tuple[Event, ...]:
        rows = await self._connection.fetch(LOAD, self._merchant_id, case_id)
        return tuple(event_of(row["body"]) for row in rows)

    async def append(
        self, case_id: UUID, expected_version: int, events: tuple[Event, ...], after: RecoveryCase
    ) -> None:
        write = INSERT if expected_version == 0 else UPDATE
        row = _derived(after, events[-1].at)
        done = await self._connection.execute(
            write, self._merchant_id, case_id, expected_version, *row
        )
        if not done.endswith(" 1"):
            raise ConcurrentWrite
        await self._connection.execute(
            APPEND,
            self._merchant_id,
            case_id,
            range(expected_version + 1, expected_version + 1 + len(events)),
            [event.at for event in events],
            [tag_of(event) for event in events],
            [as_json(event) for event in events],
        )
        try:
            await attempts.follow(self._connection, self._merchant_id, case_id, after, events)
        except asyncpg.UniqueViolationError as error:
            raise ConcurrentWrite from error
        except asyncpg.PostgresError as error:
            if error.sqlstate != NETWORK_LIMIT:
                raise
            raise NetworkLimitReached(str(error)) from error

    async def of_customer(self, account: str, customer_id: str) -> tuple[UUID, ...]:
        return await self._open_cases(OF_CUSTOMER, account, customer_id)

    async def of_account(self, account: str) -> tuple[UUID, ...]:
        rows = await self._connection.fetch(OF_ACCOUNT, self._merchant_id, account, MOST_CASES)
        return tuple(row["case_id"] for row in rows)

    async def of_subscription(self, account: str, subscription_id: str) -> tuple[UUID, ...]:
        return await self._open_cases(OF_SUBSCRIPTION, account, subscription_id)

    async def open_after(self, account: str, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        rows = await self._connection.fetch(OPEN_AFTER, self._merchant_id, account, after, limit)
        return tuple(row["case_id"] for row in rows)

    async def known(self, case_ids: tuple[UUID, ...]) -> frozenset[UUID]:
        rows = await self._connection.fetch(KNOWN, self._merchant_id, list(case_ids))
        return frozenset(row["case_id"] for row in rows)

    async def _open_cases(self, query: str, account: str, whose: str) -> tuple[UUID, ...]:
        rows = await self._connection.fetch(query, self._merchant_id, account, whose, MOST_CASES)
        return tuple(row["case_id"] for row in rows)

    async def card_use(self, fingerprint: str, amount_minor: int, now: datetime) -> CardUse:
        return await attempts.card_use(
            self._connection, self._merchant_id, fingerprint, amount_minor, now
        )

    async def conversation(
        self, case_id: UUID, account: str, customer_id: str, now: datetime
    ) -> Conversation:
        return await message_store.conversation(
            self._connection, self._merchant_id, case_id, (account, customer_id), now
        )


def _derived(case: RecoveryCase, changed_at: datetime) -> tuple[Any, ...]:
    """The values of COLUMNS, in their order."""
    return (
        case.version,
        case.account,
        case.invoice_id,
        case.number,
        case.customer_id,
        case.subscription_id,
        case.amount_minor,
        case.currency,
        case.recovered_minor,
        case.policy_version,
        case.phase,
        case.ask,
        case.family,
        as_json(case.card) if case.card else None,
        as_json(case.marks),
        case.opened_at,
        case.closes_at,
        case.closed_at,
        changed_at,
        case.next_attempt_at,
        case.reminder.due_at if case.reminder else None,
        case.arm,
        case.held_out,
        case.segment,
        case.paid_minor,
        case.refunded_minor + case.disputed_minor,
        case.needs_merchant,
    )
