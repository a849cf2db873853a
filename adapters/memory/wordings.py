"""Merchants' own words for letters, in memory."""

from datetime import datetime
from uuid import UUID

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldUse, HeldWords
from application.ports.stores import ConcurrentWrite
from application.ports.wordings import MOST_TESTS, MOST_VERSIONS, TESTS_WITHIN, LetterRef
from domain.letters import InUse, LetterText


class MemoryWordingStore(MemoryStore):
    """Those of one merchant."""

    async def add(self, letter: LetterRef, text: LetterText, actor: str, at: datetime) -> int:
        written = self._written(letter)
        if len(written) >= MOST_VERSIONS:
            return 0
        held = HeldWords(text=text, actor=actor, at=at)
        self.journal.put(self.world.wordings, (self.merchant_id, letter), (*written, held))
        return len(written) + 1

    async def version(self, letter: LetterRef, version: int) -> LetterText | None:
        written = self._written(letter)
        return written[version - 1].text if 1 <= version <= len(written) else None

    async def latest(self, letter: LetterRef) -> int:
        return len(self._written(letter))

    async def in_use(self, letter: LetterRef) -> InUse:
        used = self.world.uses.get((self.merchant_id, letter), ())
        return used[-1].use if used else InUse()

    async def put_in_use(
        self,
        letter: LetterRef,
        use: InUse,
        actor: str,  # noqa: ARG002 - it is in the audit log
        at: datetime,
    ) -> None:
        key = (self.merchant_id, letter)
        used = self.world.uses.get(key, ())
        if use.use <= len(used):
            raise ConcurrentWrite
        self.journal.put(self.world.uses, key, (*used, HeldUse(use=use, at=at)))

    async def note_test(
        self,
        user_id: UUID,
        letter: LetterRef,  # noqa: ARG002 - all of a person's count together
        at: datetime,
    ) -> bool:
        key = (self.merchant_id, user_id)
        sent = self.world.tests.get(key, ())
        if sum(one > at - TESTS_WITHIN for one in sent) >= MOST_TESTS:
            return False
        self.journal.put(self.world.tests, key, (*sent, at))
        return True

    def _written(self, letter: LetterRef) -> tuple[HeldWords, ...]:
        return self.world.wordings.get((self.merchant_id, letter), ())
