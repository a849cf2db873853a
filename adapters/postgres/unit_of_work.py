"""One merchant's transaction: its stores share a connection that row-level security has bound."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.action_store import PostgresActionStore
from adapters.postgres.api_keys import PostgresApiKeyStore
from adapters.postgres.audit_log import PostgresAuditLog
from adapters.postgres.brands import PostgresBrandStore
from adapters.postgres.case_store import PostgresCaseStore
from adapters.postgres.chores import PostgresChoreStore
from adapters.postgres.clock import DatabaseTime
from adapters.postgres.connections import PostgresConnectionStore
from adapters.postgres.consents import PostgresConsentStore
from adapters.postgres.customer_store import PostgresCustomerStore
from adapters.postgres.decision_log import PostgresDecisionLog
from adapters.postgres.hand_off import PostgresHandOffStore
from adapters.postgres.in_app import PostgresInAppStore
from adapters.postgres.inbox import PostgresInboxMarks
from adapters.postgres.learning import (
    PostgresKnowledgePool,
    PostgresKnowledgeStore,
    PostgresLessonStore,
)
from adapters.postgres.link_hosts import PostgresLinkHostStore
from adapters.postgres.link_requests import PostgresLinkRequestStore
from adapters.postgres.link_store import PostgresLinkStore
from adapters.postgres.mail_room import PostgresMailNewsStore, PostgresMailRoom
from adapters.postgres.message_store import PostgresMessageStore
from adapters.postgres.notices import PostgresNoticeStore
from adapters.postgres.past_store import PostgresPastStore
from adapters.postgres.policy_store import PostgresPolicyStore
from adapters.postgres.pools import acquired
from adapters.postgres.reports import PostgresReportStore
from adapters.postgres.sending import PostgresSendingStore
from adapters.postgres.suppressions import PostgresSuppressionStore
from adapters.postgres.tasks import PostgresTaskStore
from adapters.postgres.team_notices import PostgresNewsStore
from adapters.postgres.text_consents import PostgresTextConsentStore
from adapters.postgres.wordings import PostgresWordingStore
from application.ports.sealing import Sealing
from application.ports.unit_of_work import OpenUnitOfWork

BIND: Final = "select set_config('app.merchant_id', $1, true), clock_timestamp()"
_within: Final[ContextVar[bool]] = ContextVar("within_unit_of_work", default=False)


class NestedUnitOfWork(RuntimeError):
    """A bug: a unit of work was opened inside another, or in a task begun inside one."""


class PostgresUnitOfWork:
    """All stores of one merchant on one connection."""

    def __init__(self, connection: Any, merchant_id: UUID, box: Sealing) -> None:
        self.cases = PostgresCaseStore(connection, merchant_id)
        self.actions = PostgresActionStore(connection, merchant_id)
        self.inbox = PostgresInboxMarks(connection, merchant_id)
        self.customers = PostgresCustomerStore(connection, merchant_id)
        self.policies = PostgresPolicyStore(connection, merchant_id)
        self.audit = PostgresAuditLog(connection, merchant_id)
        self.links = PostgresLinkStore(connection, merchant_id)
        self.messages = PostgresMessageStore(connection, merchant_id)
        self.mail = PostgresMailRoom(connection, merchant_id)
        self.mail_news = PostgresMailNewsStore(connection, merchant_id)
        self.link_host = PostgresLinkHostStore(connection, merchant_id)
        self.sending = PostgresSendingStore(connection, merchant_id, box)
        self.decisions = PostgresDecisionLog(connection, merchant_id)
        self.lessons = PostgresLessonStore(connection, merchant_id)
        self.knowledge = PostgresKnowledgeStore(connection, merchant_id)
        self.pool = PostgresKnowledgePool(connection, merchant_id)
        self.chores = PostgresChoreStore(connection, merchant_id)
        self.consents = PostgresConsentStore(connection, merchant_id)
        self.notices = PostgresNoticeStore(connection, merchant_id)
        self.reports = PostgresReportStore(connection, merchant_id)
        self.link_requests = PostgresLinkRequestStore(connection, merchant_id)
        self.suppressions = PostgresSuppressionStore(connection, merchant_id)
        self.text_consents = PostgresTextConsentStore(connection, merchant_id)
        self.api_keys = PostgresApiKeyStore(connection, merchant_id)
        self.in_app = PostgresInAppStore(connection, merchant_id, box)
        self.tasks = PostgresTaskStore(connection, merchant_id)
        self.news = PostgresNewsStore(connection, merchant_id)
        self.hand_off = PostgresHandOffStore(connection, merchant_id, box)
        self.brands = PostgresBrandStore(connection, merchant_id)
        self.wordings = PostgresWordingStore(connection, merchant_id)
        self.past = PostgresPastStore(connection, merchant_id)
        self.connections = PostgresConnectionStore(connection, merchant_id, box)


def units_of_work(pool: Any, box: Sealing, wall: DatabaseTime | None = None) -> OpenUnitOfWork:
    """The opener that use-cases are given; `wall` learns the time from each unit of work, and what
    is secret of an account goes into `box`.

    Raises Unavailable while Postgres is away.
    """

    @asynccontextmanager
    async def open_unit_of_work(merchant_id: UUID) -> AsyncIterator[PostgresUnitOfWork]:
        if _within.get():
            raise NestedUnitOfWork
        token = _within.set(True)
        try:
            async with bound(pool, merchant_id, wall) as connection:
                yield PostgresUnitOfWork(connection, merchant_id, box)
        finally:
            _within.reset(token)

    return open_unit_of_work


@asynccontextmanager
async def bound(
    pool: Any, merchant_id: UUID, wall: DatabaseTime | None = None
) -> AsyncIterator[Any]:
    """A transaction in which only this merchant's rows exist; binding it also tells the time."""
    async with acquired(pool) as connection, connection.transaction():

        async def bind() -> datetime:
            bound_at: datetime = await connection.fetchval(BIND, str(merchant_id), column=1)
            return bound_at

        await (bind() if wall is None else wall.ask(bind))
        yield connection
