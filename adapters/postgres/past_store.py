"""What the import of an account's past finds: cases that ended, and invoices worth one."""

from typing import Any, Final
from uuid import UUID

from adapters.postgres.json_columns import as_json
from application.ports.history import OfferedInvoice, PastCaseRecord
from domain.decline import DeclineFamily

KEEP: Final = """
insert into past_cases (merchant_id, case_id, account, invoice_id, ended_at, body)
select $1, * from unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[])
on conflict do nothing
returning case_id
"""
OFFER: Final = """
insert into offered_invoices
    (merchant_id, account, invoice_id, amount_minor, currency, failed_at, family)
select $1, * from unnest(
    $2::text[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[], $7::text[]
)
on conflict (merchant_id, account, invoice_id) do update set
    amount_minor = excluded.amount_minor, currency = excluded.currency,
    failed_at = excluded.failed_at, family = excluded.family
"""
OFFERS: Final = """
select account, invoice_id, amount_minor, currency, failed_at, family from offered_invoices
where merchant_id = $1 and account = $2
order by amount_minor desc, invoice_id limit $3
"""
TAKEN: Final = """
delete from offered_invoices where merchant_id = $1 and account = $2 and invoice_id = $3
"""


class PostgresPastStore:
    """What the import finds, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def keep(self, past: tuple[PastCaseRecord, ...]) -> tuple[UUID, ...]:
        rows = await self._connection.fetch(
            KEEP,
            self._merchant_id,
            [one.case_id for one in past],
            [one.account for one in past],
            [one.invoice_id for one in past],
            [one.ended_at for one in past],
            [as_json(one.history) for one in past],
        )
        return tuple(row["case_id"] for row in rows)

    async def offer(self, invoices: tuple[OfferedInvoice, ...]) -> None:
        await self._connection.execute(
            OFFER,
            self._merchant_id,
            [one.account for one in invoices],
            [one.invoice_id for one in invoices],
            [one.amount_minor for one in invoices],
            [one.currency for one in invoices],
            [one.failed_at for one in invoices],
            [one.family for one in invoices],
        )

    async def offers(self, account: str, limit: int) -> tuple[OfferedInvoice, ...]:
        rows = await self._connection.fetch(OFFERS, self._merchant_id, account, limit)
        return tuple(
            OfferedInvoice(**{**row, "family": DeclineFamily(row["family"])}) for row in rows
        )

    async def taken(self, account: str, invoice_id: str) -> None:
        await self._connection.execute(TAKEN, self._merchant_id, account, invoice_id)
