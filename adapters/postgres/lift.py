"""Outcomes of customers and histories of paid cases, from SQL."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from adapters.postgres.json_columns import event_of, policy_of
from adapters.postgres.unit_of_work import bound
from application.lift_view import Outcomes, PaidCase, Sample
from domain.attribution import MoneyOutcome, PeopleOutcome
from domain.attribution.credit import HEARD
from domain.policy import Policy

MOST_VERSIONS: Final = 500
MOST_PAID: Final = 1000
TAGS: Final = [str(kind.__struct_config__.tag) for kind in HEARD]

POLICIES: Final = """
select body from policies where merchant_id = $1 order by version desc limit $2
"""
# A person is in the lot of their first case: the one that nothing we did can have influenced.
_CASES: Final = """
with drawn as (
    select coalesce(customer_id, invoice_id) as person, held_out, arm, currency,
        recovered_minor > returned_minor as paid,
        amount_minor + paid_minor as at_risk,
        greatest(recovered_minor, paid_minor) - returned_minor as came,
        first_value(held_out) over first_case as first_held_out,
        first_value(arm) over first_case as first_arm
    from recovery_cases
    where merchant_id = $1 and policy_version = any($2::integer[]) and opened_at <= $3
    window first_case as (
        partition by coalesce(customer_id, invoice_id) order by opened_at, case_id
    )
),
cases as (
    select * from drawn where held_out = first_held_out and arm is not distinct from first_arm
)
"""
PEOPLE: Final = f"""
{_CASES}
select held_out, arm, cases, paid, count(*) as customers
from (
    select held_out, arm, count(*) as cases, count(*) filter (where paid) as paid
    from cases group by person, held_out, arm
) people
group by held_out, arm, cases, paid
"""  # noqa: S608 - the cases from above
MONEY: Final = f"""
{_CASES}
select held_out, arm, currency, at_risk_minor, recovered_minor, count(*) as customers
from (
    select held_out, arm, currency, sum(at_risk)::bigint as at_risk_minor,
        sum(least(greatest(came, 0), at_risk))::bigint as recovered_minor
    from cases group by person, held_out, arm, currency
) people
group by held_out, arm, currency, at_risk_minor, recovered_minor
"""  # noqa: S608 - the same
PAID: Final = """
with paid as (
    select case_id from recovery_cases
    where merchant_id = $1 and recovered_minor > 0 and ($2::uuid is null or case_id > $2)
    order by case_id limit $3
)
select case_id, array_agg(body order by version) as bodies
from case_events join paid using (case_id)
where merchant_id = $1 and type = any($4::text[])
group by case_id order by case_id
"""


class PostgresLiftPages:
    """Of one merchant at a time, under row-level security."""

    def __init__(self, app_pool: Any) -> None:
        self._pool = app_pool

    async def policies(self, merchant_id: UUID) -> Sequence[Policy]:
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(POLICIES, merchant_id, MOST_VERSIONS)
        return [policy_of(row["body"]) for row in rows]

    async def outcomes(self, merchant_id: UUID, sample: Sample) -> Outcomes:
        which = (merchant_id, list(sample.versions), sample.opened_until)
        async with bound(self._pool, merchant_id) as connection:
            people = await connection.fetch(PEOPLE, *which)
            money = await connection.fetch(MONEY, *which)
        return Outcomes(
            people=tuple(PeopleOutcome(**row) for row in people),
            money=tuple(MoneyOutcome(**row) for row in money),
        )

    async def paid(self, merchant_id: UUID, after: UUID | None, limit: int) -> Sequence[PaidCase]:
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(PAID, merchant_id, after, min(limit, MOST_PAID), TAGS)
        return [
            PaidCase(row["case_id"], tuple(event_of(body) for body in row["bodies"]))
            for row in rows
        ]
