"""Whom to write to: the one table with a customer's personal data."""

from typing import Any, Final
from uuid import UUID

from adapters.postgres.tables import Customers, fetch
from application.ports.suppressions import hash_of
from domain.invoice import Customer

# What stood there before is read as of the statement's beginning.
KEEP: Final = """
with before as (
    select email_hash from customers
    where merchant_id = $1 and account = $2 and customer_id = $3
)
insert into customers (merchant_id, account, customer_id, email, name, locale, email_hash)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (merchant_id, account, customer_id) do update set
    email = excluded.email, name = excluded.name, locale = excluded.locale,
    email_hash = excluded.email_hash
returning (select email_hash from before) as before
"""


class PostgresCustomerStore:
    """Customers of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def keep(self, account: str, customer: Customer) -> bytes | None:
        now = hash_of(customer.email) if customer.email else None
        before = await self._connection.fetchval(
            KEEP,
            self._merchant_id,
            account,
            customer.customer_id,
            customer.email,
            customer.name,
            customer.locale,
            now,
        )
        return None if before is None or before == now else bytes(before)

    async def find(self, account: str, customer_id: str) -> Customer | None:
        rows = await fetch(
            self._connection,
            Customers.select(
                Customers.customer_id, Customers.email, Customers.name, Customers.locale
            ).where(
                Customers.merchant_id == self._merchant_id,
                Customers.account == account,
                Customers.customer_id == customer_id,
            ),
        )
        return Customer(**rows[0]) if rows else None
