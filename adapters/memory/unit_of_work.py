"""One merchant's unit of work in memory: written at once, taken back if its block fails."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final
from uuid import UUID

from adapters.memory.brands import MemoryBrandStore
from adapters.memory.case_store import MemoryCaseStore
from adapters.memory.chores import MemoryChoreStore
from adapters.memory.connections import MemoryConnectionStore
from adapters.memory.consents import MemoryConsentStore
from adapters.memory.everyday_stores import (
    MemoryActionStore,
    MemoryAuditLog,
    MemoryCustomerStore,
    MemoryDecisionLog,
    MemoryInboxMarks,
    MemoryLinkStore,
    MemoryMessageStore,
    MemoryPolicyStore,
)
from adapters.memory.hand_off import MemoryHandOffStore
from adapters.memory.history import MemoryPastStore
from adapters.memory.in_app import MemoryApiKeyStore, MemoryInAppStore
from adapters.memory.learning import (
    MemoryKnowledgePool,
    MemoryKnowledgeStore,
    MemoryLessonStore,
)
from adapters.memory.link_hosts import MemoryLinkHostStore
from adapters.memory.link_requests import MemoryLinkRequestStore
from adapters.memory.mail_room import MemoryMailNewsStore, MemoryMailRoom
from adapters.memory.notices import MemoryNoticeStore
from adapters.memory.reports import MemoryReportStore
from adapters.memory.sending import MemorySendingStore
from adapters.memory.suppressions import MemorySuppressionStore
from adapters.memory.tasks import MemoryNewsStore, MemoryTaskStore
from adapters.memory.text_consents import MemoryTextConsentStore
from adapters.memory.wordings import MemoryWordingStore
from adapters.memory.world import Journal, MemoryWorld
from application.ports.unit_of_work import OpenUnitOfWork

_within: Final[ContextVar[bool]] = ContextVar("within_memory_unit_of_work", default=False)


class NestedUnitOfWork(RuntimeError):
    """A bug: a unit of work was opened inside another, or in a task begun inside one."""


class MemoryUnitOfWork:
    """All stores of one merchant over one journal."""

    def __init__(self, world: MemoryWorld, journal: Journal, merchant_id: UUID) -> None:
        self.cases = MemoryCaseStore(world, journal, merchant_id)
        self.actions = MemoryActionStore(world, journal, merchant_id)
        self.inbox = MemoryInboxMarks(world, journal, merchant_id)
        self.customers = MemoryCustomerStore(world, journal, merchant_id)
        self.policies = MemoryPolicyStore(world, journal, merchant_id)
        self.audit = MemoryAuditLog(world, journal, merchant_id)
        self.links = MemoryLinkStore(world, journal, merchant_id)
        self.messages = MemoryMessageStore(world, journal, merchant_id)
        self.decisions = MemoryDecisionLog(world, journal, merchant_id)
        self.lessons = MemoryLessonStore(world, journal, merchant_id)
        self.knowledge = MemoryKnowledgeStore(world, journal, merchant_id)
        self.pool = MemoryKnowledgePool(world, journal, merchant_id)
        self.chores = MemoryChoreStore(world, journal, merchant_id)
        self.consents = MemoryConsentStore(world, journal, merchant_id)
        self.notices = MemoryNoticeStore(world, journal, merchant_id)
        self.reports = MemoryReportStore(world, journal, merchant_id)
        self.link_requests = MemoryLinkRequestStore(world, journal, merchant_id)
        self.suppressions = MemorySuppressionStore(world, journal, merchant_id)
        self.text_consents = MemoryTextConsentStore(world, journal, merchant_id)
        self.mail = MemoryMailRoom(world, journal, merchant_id)
        self.link_host = MemoryLinkHostStore(world, journal, merchant_id)
        self.sending = MemorySendingStore(world, journal, merchant_id)
        self.mail_news = MemoryMailNewsStore(world, journal, merchant_id)
        self.api_keys = MemoryApiKeyStore(world, journal, merchant_id)
        self.in_app = MemoryInAppStore(world, journal, merchant_id)
        self.tasks = MemoryTaskStore(world, journal, merchant_id)
        self.news = MemoryNewsStore(world, journal, merchant_id)
        self.hand_off = MemoryHandOffStore(world, journal, merchant_id)
        self.brands = MemoryBrandStore(world, journal, merchant_id)
        self.wordings = MemoryWordingStore(world, journal, merchant_id)
        self.past = MemoryPastStore(world, journal, merchant_id)
        self.connections = MemoryConnectionStore(world, journal, merchant_id)


def units_of_work(world: MemoryWorld) -> OpenUnitOfWork:
    """The opener that use-cases are given."""

    @asynccontextmanager
    async def open_unit_of_work(merchant_id: UUID) -> AsyncIterator[MemoryUnitOfWork]:
        if _within.get():
            raise NestedUnitOfWork
        token, journal = _within.set(True), Journal()
        try:
            yield MemoryUnitOfWork(world, journal, merchant_id)
        except BaseException:
            journal.roll_back()
            raise
        finally:
            _within.reset(token)

    return open_unit_of_work
