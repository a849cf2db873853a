"""Whom to write to: the one table with a customer's personal data."""

from typing import Any
from uuid import UUID

from adapters.postgres.tables import Customers, fetch
from domain.invoice import Customer


class PostgresCustomerStore:
    """Customers of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def keep(self, account: str, customer: Customer) -> None:
        row = Customers(
            merchant_id=self._merchant_id,
            account=account,
            customer_id=customer.customer_id,
            email=customer.email,
            name=customer.name,
            locale=customer.locale,
        )
        key = (Customers.merchant_id, Customers.account, Customers.customer_id)
        personal = [Customers.email, Customers.name, Customers.locale]
        await fetch(
            self._connection,
            Customers.insert(row).on_conflict(target=key, action="DO UPDATE", values=personal),
        )

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
