"""What the pages about merchants' own words read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from application.ports.wordings import LetterRef
from domain.attribution import PeopleOutcome
from domain.letters import InUse, LetterText


class LetterStanding(Struct, frozen=True, kw_only=True):
    """A letter that the merchant has written or decided something about."""

    letter: LetterRef
    in_use: InUse = InUse()
    latest: int = 0  # the highest version; 0: none of theirs
    changed_at: datetime | None = None

    @property
    def has_draft(self) -> bool:
        """Whether the latest version is read by nobody."""
        return self.latest not in (0, self.in_use.version, self.in_use.rival)


class WordsVersion(Struct, frozen=True, kw_only=True):
    """One version, who wrote it ("user:<id>") and when."""

    version: int
    text: LetterText
    actor: str
    at: datetime


class ArmOutcome(Struct, frozen=True, kw_only=True):
    """What became of those who read one version while two were compared: letters that went out,
    those of them whose page was opened, and each customer's cases, paid or not."""

    version: int
    sent: int
    visited: int
    people: tuple[PeopleOutcome, ...]


class LetterPages(Protocol):
    """The read side of one merchant's letters."""

    async def standings(self, merchant_id: UUID) -> Sequence[LetterStanding]:
        """Those letters that anything is known of, in no particular order."""
        ...

    async def versions(
        self, merchant_id: UUID, letter: LetterRef, limit: int
    ) -> Sequence[WordsVersion]:
        """The latest first."""
        ...

    async def version(
        self, merchant_id: UUID, letter: LetterRef, version: int
    ) -> LetterText | None:
        """One of them; None if there is none of that number."""
        ...

    async def arms(self, merchant_id: UUID, letter: LetterRef, use: int) -> Sequence[ArmOutcome]:
        """By version, of those that were read."""
        ...
