"""Two actors; each takes a batch of references and calls the one function it was given."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from dramatiq import Broker, actor

from application.ports.stores import ActionRef, EventRef

EVENTS: Final = "events"
ACTIONS: Final = "actions"
QUEUES: Final = (EVENTS, ACTIONS)

HandleEvents = Callable[[tuple[EventRef, ...]], Awaitable[None]]
RunActions = Callable[[tuple[ActionRef, ...]], Awaitable[None]]


def declare_actors(broker: Broker, *, handle_events: HandleEvents, run_actions: RunActions) -> None:
    """One message is one batch. An error is logged and the message is gone: the rows ring again
    when their lease ends."""

    @actor(broker=broker, actor_name=EVENTS, queue_name=EVENTS)
    async def _events(refs: list[Any]) -> None:
        await handle_events(msgspec.convert(refs, tuple[EventRef, ...]))

    @actor(broker=broker, actor_name=ACTIONS, queue_name=ACTIONS)
    async def _actions(refs: list[Any]) -> None:
        await run_actions(msgspec.convert(refs, tuple[ActionRef, ...]))
