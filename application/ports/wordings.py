"""Merchants' own words for letters, in versions that never change, and which of them are in use."""

from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from domain.letters import InUse, LetterKind, LetterText

MOST_VERSIONS: Final = 500  # of one letter in one language
MOST_TESTS: Final = 10  # of one person
TESTS_WITHIN: Final = timedelta(hours=1)


class LetterRef(Struct, frozen=True, array_like=True):
    """One letter in one language, as "en" or "pt-BR"."""

    kind: LetterKind
    language: str

    @property
    def name(self) -> str:
        """As the draw between two versions and the audit log know it."""
        return f"{self.kind}/{self.language}"


class WordsUsed(Struct, frozen=True, kw_only=True):
    """Which words a message was made of; version 0: ours."""

    letter: LetterRef
    version: int
    use: int


class WordingStore(Protocol):
    """Those of one merchant, inside one unit of work."""

    async def add(self, letter: LetterRef, text: LetterText, actor: str, at: datetime) -> int:
        """Keep a new version and return its number, counted from 1; 0 if there are MOST_VERSIONS.
        Raises ConcurrentWrite if somebody else adds one at this very moment."""
        ...

    async def version(self, letter: LetterRef, version: int) -> LetterText | None:
        """None if there is none of that number."""
        ...

    async def latest(self, letter: LetterRef) -> int:
        """The highest number; 0 if there is none."""
        ...

    async def in_use(self, letter: LetterRef) -> InUse:
        """`InUse()` where nobody has ever decided: ours."""
        ...

    async def put_in_use(self, letter: LetterRef, use: InUse, actor: str, at: datetime) -> None:
        """From now on it is this; `use.use` is one above the last. Raises ConcurrentWrite."""
        ...

    async def note_test(self, user_id: UUID, letter: LetterRef, at: datetime) -> bool:
        """Somebody sends a test letter to themselves; False if they sent MOST_TESTS of late."""
        ...
