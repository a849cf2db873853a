"""What outcomes teach, and what has been learned of them, inside one merchant's unit of work."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from domain.timing.knowledge import Knowledge
from domain.timing.lessons import Lesson


class FreshLesson(Struct, frozen=True):
    """A lesson that no knowledge has taken in yet."""

    lesson_id: int
    lesson: Lesson


class LessonStore(Protocol):
    """Outcomes of one merchant, in the order in which they were written down."""

    async def add(self, at: datetime, lessons: tuple[Lesson, ...]) -> None:
        """Write lessons down, in the transaction of the change that taught them."""
        ...

    async def fresh(self, limit: int) -> tuple[FreshLesson, ...]:
        """Up to `limit` lessons that nobody has learned, oldest first."""
        ...

    async def learned(self, lesson_ids: tuple[int, ...], version: int) -> None:
        """The merchant's knowledge of that version holds these."""
        ...


class LearnedVersion(Struct, frozen=True, kw_only=True):
    """A new version of a merchant's knowledge."""

    version: int
    own: Knowledge  # what this merchant's outcomes taught
    whole: Knowledge  # the same above what everybody taught: what decisions read
    made_at: datetime


class KnowledgeStore(Protocol):
    """Knowledge, one immutable version each. Version 0 is what the priors say."""

    async def active(self) -> int:
        """The version that decisions read now; 0 if nothing has been learned."""
        ...

    async def version(self, version: int) -> Knowledge:
        """What a decision read. Raises NotFound."""
        ...

    async def own(self) -> Knowledge:
        """What this merchant's outcomes alone have taught so far."""
        ...

    async def keep(self, learned: LearnedVersion) -> None:
        """Raises ConcurrentWrite if the version is there already."""
        ...


class KnowledgePool(Protocol):
    """What the merchants that agreed have taught together: counts without anybody's name.

    It lies in parts: a merchant adds to one and reads the others, so as not to hear itself twice.
    """

    async def is_fed_by_us(self) -> bool:
        """Whether this merchant agreed to share what its outcomes teach."""
        ...

    async def agree(self, shares: bool) -> None:
        """From now on this merchant shares what its outcomes teach, or does so no more. What was
        shared stays: it is counts that nobody can tell apart."""
        ...

    async def read(self) -> dict[int, Knowledge]:
        """Every part that somebody has fed, locked until the unit of work ends."""
        ...

    async def keep(self, part: int, knowledge: Knowledge, at: datetime) -> None:
        """Replace one part."""
        ...


class Learners(Protocol):
    """Across merchants: who has something to learn, and nothing of what."""

    async def waiting(self, limit: int, made_before: datetime) -> tuple[UUID, ...]:
        """Up to `limit` merchants with lessons that nobody has learned and no knowledge that was
        made at `made_before` or later; or who know nothing yet although others have shared."""
        ...
