"""Three actors; each takes a batch of references and calls the one function it was given."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from dramatiq import Broker, actor

from application.ports.chores import ChoreRef
from application.ports.stores import ActionRef, EventRef

EVENTS: Final = "events"
ACTIONS: Final = "actions"
CHORES: Final = "chores"
QUEUES: Final = (EVENTS, ACTIONS)  # those whose length says that workers are behind
LOW_PRIORITY: Final = 10  # a worker that has fetched several messages leaves these for the end

HandleEvents = Callable[[tuple[EventRef, ...]], Awaitable[None]]
RunActions = Callable[[tuple[ActionRef, ...]], Awaitable[None]]
RunChores = Callable[[tuple[ChoreRef, ...]], Awaitable[None]]


def declare_actors(
    broker: Broker, *, handle_events: HandleEvents, run_actions: RunActions, run_chores: RunChores
) -> None:
    """One message is one batch. An error is logged and the message is gone: the rows ring again
    when their lease ends."""

    @actor(broker=broker, actor_name=EVENTS, queue_name=EVENTS)
    async def _events(refs: list[Any]) -> None:
        await handle_events(msgspec.convert(refs, tuple[EventRef, ...]))

    @actor(broker=broker, actor_name=ACTIONS, queue_name=ACTIONS)
    async def _actions(refs: list[Any]) -> None:
        await run_actions(msgspec.convert(refs, tuple[ActionRef, ...]))

    @actor(broker=broker, actor_name=CHORES, queue_name=CHORES, priority=LOW_PRIORITY)
    async def _chores(refs: list[Any]) -> None:
        await run_chores(msgspec.convert(refs, tuple[ChoreRef, ...]))
