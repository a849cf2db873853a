"""What the pages about merchants' own words read, from SQL."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from adapters.postgres.unit_of_work import bound
from adapters.postgres.wordings import VERSION, in_use_of
from application.letter_pages import ArmOutcome, LetterStanding, WordsVersion
from application.ports.wordings import LetterRef
from domain.attribution import PeopleOutcome
from domain.letters import BLOCKS, InUse, LetterKind, LetterText

STANDINGS: Final = """
with written as (
    select kind, language, max(version) as latest, max(at) as at
    from letter_texts where merchant_id = $1 group by kind, language
),
used as (
    select distinct on (kind, language) kind, language, use, version, rival, rival_percent, at
    from letter_uses where merchant_id = $1 order by kind, language, use desc
)
select kind, language, coalesce(w.latest, 0) as latest, greatest(w.at, u.at) as changed_at,
    u.use, u.version, u.rival, u.rival_percent
from written w full join used u using (kind, language)
"""
# Who wrote: an actor is "user:<id>", and the app's role reads no table of users.
VERSIONS: Final = f"""
select version, actor, at, {", ".join(BLOCKS)} from letter_texts
where merchant_id = $1 and kind = $2 and language = $3 order by version desc limit $4
"""  # noqa: S608 - names of ours
# A customer counts once, with all their cases that a letter of this comparison went to; whoever
# read both (their Stripe id changed between two letters) is in neither.
_READ: Final = """
with read as (
    select m.case_id, coalesce(m.text_version, 0) as version, m.state, m.visited_at,
        coalesce(r.customer_id, r.invoice_id) as person,
        r.recovered_minor > r.returned_minor as paid
    from messages m join recovery_cases r using (merchant_id, case_id)
    where m.merchant_id = $1 and m.letter = $2 and m.language = $3 and m.text_use = $4
        and m.state = 'sent'
)
"""
SENT: Final = f"""
{_READ}
select version, count(*) as sent, count(visited_at) as visited from read group by version
"""  # noqa: S608 - the messages from above
PEOPLE: Final = f"""
{_READ}
select version, cases, paid, count(*) as customers
from (
    select min(version) as version, count(distinct case_id) as cases,
        count(distinct case_id) filter (where paid) as paid
    from read group by person having min(version) = max(version)
) people
group by version, cases, paid
"""  # noqa: S608 - the same


class PostgresLetterPages:
    """Of one merchant at a time, under row-level security."""

    def __init__(self, app_pool: Any) -> None:
        self._pool = app_pool

    async def standings(self, merchant_id: UUID) -> Sequence[LetterStanding]:
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(STANDINGS, merchant_id)
        return [
            LetterStanding(
                letter=LetterRef(LetterKind(row["kind"]), row["language"]),
                in_use=in_use_of(row) if row["use"] else InUse(),
                latest=row["latest"],
                changed_at=row["changed_at"],
            )
            for row in rows
        ]

    async def versions(
        self, merchant_id: UUID, letter: LetterRef, limit: int
    ) -> Sequence[WordsVersion]:
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(VERSIONS, merchant_id, *_name(letter), limit)
        return [
            WordsVersion(
                version=row["version"],
                text=LetterText(**{block: row[block] for block in BLOCKS}),
                actor=row["actor"],
                at=row["at"],
            )
            for row in rows
        ]

    async def version(
        self, merchant_id: UUID, letter: LetterRef, version: int
    ) -> LetterText | None:
        async with bound(self._pool, merchant_id) as connection:
            row = await connection.fetchrow(VERSION, merchant_id, *_name(letter), version)
        return LetterText(**row) if row else None

    async def arms(self, merchant_id: UUID, letter: LetterRef, use: int) -> Sequence[ArmOutcome]:
        async with bound(self._pool, merchant_id) as connection:
            sent = await connection.fetch(SENT, merchant_id, *_name(letter), use)
            people = await connection.fetch(PEOPLE, merchant_id, *_name(letter), use)
        return [
            ArmOutcome(
                version=row["version"],
                sent=row["sent"],
                visited=row["visited"],
                people=tuple(
                    PeopleOutcome(
                        held_out=False,
                        arm=None,
                        cases=each["cases"],
                        paid=each["paid"],
                        customers=each["customers"],
                    )
                    for each in people
                    if each["version"] == row["version"]
                ),
            )
            for row in sorted(sent, key=lambda row: row["version"])
        ]


def _name(letter: LetterRef) -> tuple[str, str]:
    return letter.kind.value, letter.language
