"""Merchants' own host names for their customers' links."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.link_host import LinkHost


class HostTaken(Exception):
    """Another merchant's links lead there."""


class LinkHostStore(Protocol):
    """The host of one merchant, inside one unit of work."""

    async def read(self) -> LinkHost | None:
        """None if none was chosen."""
        ...

    async def choose(self, it: LinkHost, at: datetime) -> None:
        """Instead of whatever there was."""
        ...

    async def looked(self, it: LinkHost) -> None:
        """Keep what was found. Raises HostTaken; nothing is kept then, and the unit of work goes
        on."""
        ...

    async def remove(self) -> None: ...


class LinkHosts(Protocol):
    """The hosts of all merchants. What it says may be half a minute old."""

    async def of(self, merchant_id: UUID) -> str | None:
        """Where this merchant's links lead; None: to the installation's own host."""
        ...

    async def owner(self, host: str) -> UUID | None:
        """Whose customers come by this host. Links that have been sent stay good while the name
        leads here, so one that has lost its proof since is still its merchant's."""
        ...

    async def is_proven(self, host: str) -> bool:
        """Whether somebody's record stands at this name: a certificate may be had for it."""
        ...


class LinkHostChecks(Protocol):
    """Whose records are to be looked at again."""

    async def due(self, now: datetime, limit: int) -> tuple[UUID, ...]:
        """Those that stand once a day, the others every hour; those that waited longest first."""
        ...


class HostProbe(Protocol):
    """Asks a host who it is."""

    async def ask(self, host: str) -> str | None:
        """What it says by a certificate that holds; None if nothing (that may be asked) is
        there."""
        ...


class HostAnswers(Protocol):
    """What this installation says when it is asked by a host's name who it is."""

    def answer(self, host: str) -> str: ...

    def known(self, host: str) -> Collection[str]:
        """All that is an answer of ours: a key may be changing just now."""
        ...
