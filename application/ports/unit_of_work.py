"""One transaction of one merchant."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from application.ports.api_keys import ApiKeyStore
from application.ports.brands import BrandStore
from application.ports.chores import ChoreStore
from application.ports.consents import ConsentStore
from application.ports.hand_off import HandOffStore
from application.ports.history import PastStore
from application.ports.in_app import InAppStore
from application.ports.learning import KnowledgePool, KnowledgeStore, LessonStore
from application.ports.link_hosts import LinkHostStore
from application.ports.link_requests import LinkRequestStore
from application.ports.mail_limits import MailRoom
from application.ports.mail_news import MailNewsStore
from application.ports.notices import NoticeStore
from application.ports.reports import ReportStore
from application.ports.sending import SendingStore
from application.ports.stores import (
    ActionStore,
    AuditLog,
    CaseStore,
    CustomerStore,
    DecisionLog,
    InboxMarks,
    LinkStore,
    MessageStore,
    PolicyStore,
)
from application.ports.stripe_accounts import ConnectionStore
from application.ports.suppressions import SuppressionStore
from application.ports.tasks import TaskStore
from application.ports.team_news import NewsStore
from application.ports.text_consents import TextConsentStore
from application.ports.wordings import WordingStore


class TaskWork(Protocol):
    """The part of it that raising and closing tasks needs."""

    @property
    def tasks(self) -> TaskStore: ...
    @property
    def news(self) -> NewsStore: ...
    @property
    def hand_off(self) -> HandOffStore: ...
    @property
    def cases(self) -> CaseStore: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def chores(self) -> ChoreStore: ...
    @property
    def connections(self) -> ConnectionStore: ...


class UnitOfWork(Protocol):
    """All stores of one merchant inside one transaction; committed when its block ends cleanly.

    Row-level security is bound to the merchant: a foreign row is not there. Never await the network
    inside, never `gather`.
    """

    @property
    def cases(self) -> CaseStore: ...
    @property
    def actions(self) -> ActionStore: ...
    @property
    def inbox(self) -> InboxMarks: ...
    @property
    def customers(self) -> CustomerStore: ...
    @property
    def policies(self) -> PolicyStore: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def links(self) -> LinkStore: ...
    @property
    def messages(self) -> MessageStore: ...
    @property
    def decisions(self) -> DecisionLog: ...
    @property
    def lessons(self) -> LessonStore: ...
    @property
    def knowledge(self) -> KnowledgeStore: ...
    @property
    def pool(self) -> KnowledgePool: ...
    @property
    def chores(self) -> ChoreStore: ...
    @property
    def consents(self) -> ConsentStore: ...
    @property
    def notices(self) -> NoticeStore: ...
    @property
    def reports(self) -> ReportStore: ...
    @property
    def link_requests(self) -> LinkRequestStore: ...
    @property
    def suppressions(self) -> SuppressionStore: ...
    @property
    def text_consents(self) -> TextConsentStore: ...
    @property
    def mail(self) -> MailRoom: ...
    @property
    def link_host(self) -> LinkHostStore: ...
    @property
    def sending(self) -> SendingStore: ...
    @property
    def mail_news(self) -> MailNewsStore: ...
    @property
    def api_keys(self) -> ApiKeyStore: ...
    @property
    def in_app(self) -> InAppStore: ...
    @property
    def tasks(self) -> TaskStore: ...
    @property
    def news(self) -> NewsStore: ...
    @property
    def hand_off(self) -> HandOffStore: ...
    @property
    def brands(self) -> BrandStore: ...
    @property
    def wordings(self) -> WordingStore: ...
    @property
    def past(self) -> PastStore: ...
    @property
    def connections(self) -> ConnectionStore: ...


OpenUnitOfWork = Callable[[UUID], AbstractAsyncContextManager[UnitOfWork]]
