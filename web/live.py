"""Telling open pages that something changed: one look at the records per merchant, not reader."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import structlog
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.response import Stream

from application.ports.accounts import Principal
from web.parts import WebParts

MOST_STREAMS: Final = 2_000  # of one process; a browser that is refused asks again later
BEAT_S: Final = 10.0  # a comment now and then shows dead connections

_log = structlog.get_logger("chargechase.web")


class TooManyReaders(HTTPException):
    """This process holds as many streams as it may."""

    status_code = 503


class Watch:
    """One merchant's changes, looked for as long as anybody is watching."""

    def __init__(self, parts: WebParts, merchant_id: UUID) -> None:
        self._parts, self._merchant_id = parts, merchant_id
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.version: str | None = None
        self.readers = 0

    def join(self) -> None:
        """One more reader; the first one starts the looking."""
        self.readers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._look(), name=f"watch-{self._merchant_id}")

    def leave(self) -> None:
        """One reader less; the last one ends the looking."""
        self.readers -= 1
        if self.readers == 0 and self._task is not None:
            self._task.cancel()
            self._task = None

    async def newer_than(self, seen: str | None, within_s: float) -> str | None:
        """A version other than `seen`, or None if none comes within the time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: self.version not in (None, seen))
                return self.version
        return None

    async def _look(self) -> None:
        while True:
            try:
                version = await self._parts.changes(self._merchant_id)
            except Exception as fault:  # the records may be away for a while: keep looking
                _log.warning("changes_unread", error=type(fault).__name__)
            else:
                await self._tell(version)
            await asyncio.sleep(self._parts.poll_s)

    async def _tell(self, version: str) -> None:
        if version != self.version:
            async with self._changed:
                self.version = version
                self._changed.notify_all()


class Watches:
    """All merchants who are being watched by somebody in this process."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._watches: dict[UUID, Watch] = {}
        self.readers = 0

    async def stream(self, merchant_id: UUID, seen: str) -> AsyncIterator[bytes]:
        """Server-sent events until the stream's time is over: `cases` for each change since
        `seen`. The version goes along as the event's id, so that a browser that comes back says
        what it has seen and misses nothing."""
        watch = self._watches.setdefault(merchant_id, Watch(self._parts, merchant_id))
        watch.join()
        self.readers += 1
        try:
            async for message in _messages(watch, seen, self._parts.stream_s):
                yield message
        finally:
            self.readers -= 1
            watch.leave()
            if watch.readers == 0:
                self._watches.pop(merchant_id, None)


async def _messages(watch: Watch, seen: str, lasts_s: float) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    end = loop.time() + lasts_s
    yield b"retry: 1000\n\n"
    while (left := end - loop.time()) > 0:
        version = await watch.newer_than(seen, min(left, BEAT_S))
        if version is None:
            yield b":\n\n"
        else:
            seen = version
            yield f"event: cases\nid: {version}\ndata: {version}\n\n".encode()


@get("/events")
async def events(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    watches: NamedDependency[Watches],
) -> Stream:
    """What changed for the merchant of the signed-in person, from `since` on."""
    if watches.readers >= MOST_STREAMS:
        raise TooManyReaders("Too many pages are open.")
    since = request.query_params.get("since", "")
    seen = request.headers.get("last-event-id") or since
    return Stream(
        watches.stream(principal.merchant_id, seen),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
