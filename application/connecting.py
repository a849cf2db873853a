"""What connecting an account and leaving it need of a unit of work."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from typing import Final, Protocol
from uuid import UUID

from application.ports.chores import PERIODIC, ChoreKind, ChoreStore
from application.ports.stores import AuditLog
from application.ports.stripe_accounts import ConnectionStore

BEGUN: Final = (*PERIODIC, ChoreKind.IMPORT)  # as soon as an account is connected


class ConnectingWork(Protocol):
    """The part of a unit of work that connecting needs."""

    @property
    def connections(self) -> ConnectionStore: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def chores(self) -> ChoreStore: ...


OpenConnectingWork = Callable[[UUID], AbstractAsyncContextManager[ConnectingWork]]


def digest(kind: str, text: str) -> bytes:
    """What is kept of a state or a session; neither can be taken for the other."""
    return sha256(f"agreement:{kind}:{text}".encode()).digest()
