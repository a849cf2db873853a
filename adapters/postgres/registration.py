"""Making a merchant known: profile, account, policy and first person, in one transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import asyncpg

from adapters.postgres.audit_log import PostgresAuditLog
from adapters.postgres.json_columns import as_json
from adapters.postgres.pools import APP_ROLE, SYSTEM_ROLE
from adapters.postgres.tables import Memberships, Merchants, Policies, StripeAccounts, Users, fetch
from adapters.postgres.unit_of_work import bound
from application.ports.registration import NewMerchant
from application.ports.stores import AuditEntry
from domain.access import Role


class AccountTaken(Exception):
    """Another merchant has connected this Stripe account, or holds the installation's own."""


class PostgresRegistration:
    """Writes as the merchant that is to be, so that it can only ever write its own rows."""

    def __init__(self, app_pool: Any, clock: Callable[[], datetime]) -> None:
        self._pool = app_pool
        self._clock = clock

    async def register(self, new: NewMerchant) -> None:
        """Raises AccountTaken."""
        try:
            async with bound(self._pool, new.merchant_id) as connection:
                for insert in _of_merchant(new):
                    await fetch(connection, insert)
                # People belong to no merchant: their table is the system's.
                await connection.execute(f"set local role {SYSTEM_ROLE}")
                await fetch(connection, _person(new))
                await connection.execute(f"set local role {APP_ROLE}")
                await fetch(connection, _member(new))
                await PostgresAuditLog(connection, new.merchant_id).add(_told(new, self._clock()))
        except asyncpg.UniqueViolationError as error:
            raise AccountTaken(new.account) from error


def _of_merchant(new: NewMerchant) -> tuple[Any, ...]:
    merchant = Merchants(
        merchant_id=new.merchant_id,
        name=new.name,
        timezone=new.timezone,
        reply_to=new.reply_to,
        shares_lessons=new.shares_lessons,
    )
    account = StripeAccounts(
        merchant_id=new.merchant_id, account=new.account, livemode=new.livemode, own=new.own
    )
    policy = Policies(
        merchant_id=new.merchant_id, version=new.policy.version, body=as_json(new.policy)
    )
    account_key: Any = (StripeAccounts.merchant_id, StripeAccounts.account, StripeAccounts.livemode)
    policy_key: Any = (Policies.merchant_id, Policies.version)
    return (
        Merchants.insert(merchant).on_conflict(Merchants.merchant_id, action="DO NOTHING"),
        StripeAccounts.insert(account).on_conflict(account_key, action="DO NOTHING"),
        Policies.insert(policy).on_conflict(policy_key, action="DO NOTHING"),
    )


def _person(new: NewMerchant) -> Any:
    user = Users(user_id=new.user_id, email=new.email.lower(), password_hash=new.password_hash)
    return Users.insert(user).on_conflict(
        Users.email, action="DO UPDATE", values=[Users.password_hash]
    )


def _member(new: NewMerchant) -> Any:
    member = Memberships(
        merchant_id=new.merchant_id, user_id=new.user_id, role=Role.OWNER, hears_tasks=True
    )
    key: Any = (Memberships.merchant_id, Memberships.user_id)
    return Memberships.insert(member).on_conflict(key, action="DO NOTHING")


def _told(new: NewMerchant, at: datetime) -> AuditEntry:
    return AuditEntry(
        at=at,
        actor="operator",
        action="register_merchant",
        subject=f"merchant:{new.merchant_id}",
        before={},
        after={"account": new.account, "policy_version": new.policy.version},
    )
