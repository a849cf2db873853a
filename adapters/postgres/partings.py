"""Accounts that took their agreement back in Stripe: the audit log knows, by the account's chores.

An account's row is gone by then; its chores stay, and there are few of them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.unit_of_work import bound
from application.parting import PARTED
from application.ports.agreeing import Parted

IN_STRIPE: Final = """
select gone.account, told.after ->> 'parted_at' as parted_at
from (
    select distinct account from account_chores where merchant_id = $1
    except
    select account from stripe_accounts where merchant_id = $1
) gone
cross join lateral (
    select action, after from audit_log
    where merchant_id = $1 and subject = 'account:' || gone.account
    order by audit_id desc limit 1
) told
where told.action = $2
"""


class PostgresPartings:
    """Partings of one merchant at a time, under row-level security."""

    def __init__(self, app_pool: Any) -> None:
        self._pool = app_pool

    async def in_stripe(self, merchant_id: UUID) -> Sequence[Parted]:
        """The merchant's, the latest first."""
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(IN_STRIPE, merchant_id, PARTED)
        found = [
            Parted(account=row["account"], at=datetime.fromisoformat(row["parted_at"]))
            for row in rows
        ]
        return sorted(found, key=lambda each: each.at, reverse=True)
