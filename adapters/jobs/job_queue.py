"""Ringing the doorbell: references of due rows into Redis, in Dramatiq's own format."""

import asyncio
import sys
from typing import Any, Final

import msgspec
import redis
import structlog
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker

from adapters.jobs.actors import ACTIONS, CHORES, EVENTS, QUEUES
from adapters.jobs.broker import NAMESPACE
from application.ports.chores import ChoreRef
from application.ports.stores import ActionRef, EventRef

UNREACHABLE: Final = sys.maxsize
MOST_CHORES: Final = 100  # messages that wait
_log = structlog.get_logger()


class DramatiqJobQueue:
    """The JobQueue port. A Redis that is away costs time, never an error: rows ring again."""

    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker

    async def send_events(self, refs: tuple[EventRef, ...]) -> None:
        """Nothing for an empty batch."""
        await self._send(EVENTS, refs)

    async def send_actions(self, refs: tuple[ActionRef, ...]) -> None:
        """Nothing for an empty batch."""
        await self._send(ACTIONS, refs)

    async def send_chores(self, refs: tuple[ChoreRef, ...]) -> None:
        """One message each; none while too many wait, for these ring again when leases end."""
        try:
            room = MOST_CHORES - await asyncio.to_thread(self._broker.client.llen, _key(CHORES))
        except redis.RedisError:
            return
        for ref in refs[: max(0, room)]:
            await self._send(CHORES, (ref,))

    async def waiting(self) -> int:
        """Batches that no worker has fetched; UNREACHABLE while Redis does not answer, so that
        nobody claims rows only to lease them to nobody."""
        try:
            return await asyncio.to_thread(self._count)
        except redis.RedisError:
            return UNREACHABLE

    async def _send(self, name: str, refs: tuple[Any, ...]) -> None:
        if not refs:
            return
        message: Message[None] = Message(
            queue_name=name,
            actor_name=name,
            args=(msgspec.to_builtins(refs),),
            kwargs={},
            options={},
        )
        try:
            await asyncio.to_thread(self._broker.enqueue, message)
        except redis.RedisError as error:
            _log.warning("doorbell_unheard", queue=name, count=len(refs), error=repr(error))

    def _count(self) -> int:
        with self._broker.client.pipeline(transaction=False) as pipe:
            for name in QUEUES:
                pipe.llen(_key(name))
            return sum(pipe.execute())


def _key(queue: str) -> str:
    return f"{NAMESPACE}:{queue}"
