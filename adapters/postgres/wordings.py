"""Merchants' own words for letters."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from application.ports.stores import ConcurrentWrite
from application.ports.wordings import MOST_TESTS, MOST_VERSIONS, TESTS_WITHIN, LetterRef
from domain.letters import BLOCKS, OURS, InUse, LetterText

_BLOCKS: Final = ", ".join(BLOCKS)
LATEST: Final = """
select coalesce(max(version), 0) from letter_texts
where merchant_id = $1 and kind = $2 and language = $3
"""
ADD: Final = f"""
insert into letter_texts (merchant_id, kind, language, version, actor, at, {_BLOCKS})
values ($1, $2, $3, $4, $5, $6, {", ".join(f"${place}" for place in range(7, 7 + len(BLOCKS)))})
"""  # noqa: S608 - names of ours
VERSION: Final = f"""
select {_BLOCKS} from letter_texts
where merchant_id = $1 and kind = $2 and language = $3 and version = $4
"""  # noqa: S608 - names of ours
IN_USE: Final = """
select use, version, rival, rival_percent from letter_uses
where merchant_id = $1 and kind = $2 and language = $3 order by use desc limit 1
"""
USE: Final = """
insert into letter_uses (merchant_id, kind, language, use, version, rival, rival_percent, actor, at)
values ($1, $2, $3, $4, nullif($5, 0), nullif($6, 0), $7, $8, $9)
"""
# Two tests of one person at the same instant are both counted: the lock is theirs.
LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('letter_test/' || $1::text, 0))"
TEST: Final = """
insert into letter_tests (merchant_id, user_id, kind, language, at)
select $1, $2, $3, $4, $5 where (
    select count(*) from letter_tests where merchant_id = $1 and user_id = $2 and at > $6
) < $7
"""


class PostgresWordingStore:
    """Those of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def add(self, letter: LetterRef, text: LetterText, actor: str, at: datetime) -> int:
        version = await self.latest(letter) + 1
        if version > MOST_VERSIONS:
            return 0
        blocks = [getattr(text, block) for block in BLOCKS]
        try:
            await self._connection.execute(ADD, *self._key(letter), version, actor, at, *blocks)
        except asyncpg.UniqueViolationError as error:
            raise ConcurrentWrite from error
        return version

    async def version(self, letter: LetterRef, version: int) -> LetterText | None:
        row = await self._connection.fetchrow(VERSION, *self._key(letter), version)
        return LetterText(**row) if row else None

    async def latest(self, letter: LetterRef) -> int:
        return int(await self._connection.fetchval(LATEST, *self._key(letter)))

    async def in_use(self, letter: LetterRef) -> InUse:
        row = await self._connection.fetchrow(IN_USE, *self._key(letter))
        return in_use_of(row) if row else InUse()

    async def put_in_use(self, letter: LetterRef, use: InUse, actor: str, at: datetime) -> None:
        drawn = (use.use, use.version, use.rival or OURS, use.rival_percent)
        try:
            await self._connection.execute(USE, *self._key(letter), *drawn, actor, at)
        except asyncpg.UniqueViolationError as error:
            raise ConcurrentWrite from error

    async def note_test(self, user_id: UUID, letter: LetterRef, at: datetime) -> bool:
        merchant_id, kind, language = self._key(letter)
        await self._connection.execute(LOCK, str(user_id))
        given = (merchant_id, user_id, kind, language, at, at - TESTS_WITHIN, MOST_TESTS)
        return bool(await self._connection.execute(TEST, *given) == "INSERT 0 1")

    def _key(self, letter: LetterRef) -> tuple[UUID, str, str]:
        return self._merchant_id, letter.kind.value, letter.language


def in_use_of(row: Any) -> InUse:
    """From a row of `letter_uses`: no version is ours."""
    compares = row["rival_percent"] > 0
    return InUse(
        use=row["use"],
        version=row["version"] or OURS,
        rival=(row["rival"] or OURS) if compares else None,
        rival_percent=row["rival_percent"],
    )
