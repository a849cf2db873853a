"""What connecting an account and leaving it need of a unit of work."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from application.ports.chores import ChoreStore
from application.ports.stores import AuditLog
from application.ports.stripe_accounts import ConnectionStore


class ConnectingWork(Protocol):
    """The part of a unit of work that connecting needs."""

    @property
    def connections(self) -> ConnectionStore: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def chores(self) -> ChoreStore: ...


OpenConnectingWork = Callable[[UUID], AbstractAsyncContextManager[ConnectingWork]]
