"""The everyday tables as Piccolo knows them, and how its queries are run.

Piccolo words the query; we run it on the connection we hold. Its own transactions leak a connection
when a COMMIT fails, and its engine is one per process; a merchant's transaction must be neither.
The tables themselves are made by the migrations.
"""

from typing import Any

from piccolo.columns import JSONB, UUID, Boolean, Bytea, Integer, Text, Timestamptz
from piccolo.engine.postgres import PostgresEngine
from piccolo.query.base import Query
from piccolo.table import Table


class QuietEngine(PostgresEngine):
    """Piccolo's engine without the question for the server's version when it is made."""

    async def check_version(self) -> None:
        return

    async def prep_database(self) -> None:
        return


DIALECT = QuietEngine(config={})


async def fetch(connection: Any, query: Query[Any, Any]) -> list[dict[str, Any]]:
    """Run one of Piccolo's queries on this connection; its rows as dicts."""
    rows: list[dict[str, Any]] = []
    for text in query.querystrings:
        sql, arguments = text.compile_string()
        rows += [dict(row) for row in await connection.fetch(sql, *arguments)]
    return rows


class Merchants(Table, tablename="merchants", db=DIALECT):
    merchant_id = UUID(primary_key=True)
    name = Text()
    timezone = Text()
    reply_to = Text(null=True, default=None)
    shares_lessons = Boolean()


class StripeAccounts(Table, tablename="stripe_accounts", db=DIALECT):
    merchant_id = UUID(primary_key=True)
    account = Text()
    livemode = Boolean()
    own = Boolean()


class Users(Table, tablename="users", db=DIALECT):
    user_id = UUID(primary_key=True)
    email = Text()
    password_hash = Text(secret=True)


class Memberships(Table, tablename="memberships", db=DIALECT):
    merchant_id = UUID(primary_key=True)
    user_id = UUID()
    role = Text()
    hears_tasks = Boolean(default=False)
    joined_at = Timestamptz()


class Sessions(Table, tablename="sessions", db=DIALECT):
    id_hash = Bytea(primary_key=True)
    user_id = UUID()
    merchant_id = UUID()


class Policies(Table, tablename="policies", db=DIALECT):
    merchant_id = UUID(primary_key=True)
    version = Integer()
    body = JSONB()


class Customers(Table, tablename="customers", db=DIALECT):
    merchant_id = UUID(primary_key=True)
    account = Text()
    customer_id = Text()
    email = Text(null=True, default=None)
    name = Text(null=True, default=None)
    locale = Text(null=True, default=None)


class Messages(Table, tablename="messages", db=DIALECT):
    merchant_id = UUID(primary_key=True)
    message_id = Text()
    case_id = UUID()
    step = Integer()
    subject = Text()
    state = Text()
    sent_at = Timestamptz(null=True, default=None)


class Links(Table, tablename="links", db=DIALECT):
    merchant_id = UUID(primary_key=True)
    token_hash = Bytea()
    case_id = UUID()
    expires_at = Timestamptz()
    address_hash = Bytea(null=True, default=None)


class AuditLog(Table, tablename="audit_log", db=DIALECT):
    merchant_id = UUID(primary_key=True)
    at = Timestamptz()
    actor = Text()
    action = Text()
    subject = Text()
    before = JSONB()
    after = JSONB()
