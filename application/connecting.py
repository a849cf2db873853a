"""What connecting an account and leaving it need of a unit of work."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from typing import Final
from uuid import UUID

from application.ports.chores import PERIODIC, ChoreKind
from application.ports.unit_of_work import TaskWork

BEGUN: Final = (*PERIODIC, ChoreKind.IMPORT)  # as soon as an account is connected


OpenConnectingWork = Callable[[UUID], AbstractAsyncContextManager[TaskWork]]


def digest(kind: str, text: str) -> bytes:
    """What is kept of a state or a session; neither can be taken for the other."""
    return sha256(f"agreement:{kind}:{text}".encode()).digest()
