"""`chargechase case explain` on real rows: after a restart, after a new policy, after a forgery."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from adapters.holidays import public_holidays
from adapters.postgres.intake import open_intake
from adapters.postgres.pools import Pools
from application.case_ids import case_id_for
from application.change_case import CaseRef, Cases
from application.use_cases.learn_from_outcomes import LearnFromOutcomes
from domain.invoice import Profile
from domain.network import CardUse
from domain.policy import Policy, balanced
from domain.recovery import commands as c
from domain.recovery.events import Payer
from rehearsal.embedded import EmbeddedPostgres
from tests.builders import a_policy, an_invoice, declined, to_open
from tests.contract.worlds import World, in_postgres
from tests.wiring.processes import chargechase
from wiring.cli import FAILED, OK, main

Typed = Callable[..., Any]
FORGE = """
update case_events set body = jsonb_set(body, '{due_at}', '"2026-03-05T06:00:00Z"')
where case_id = $1 and type = 'attempt_planned' and version = (
    select min(version) from case_events where case_id = $1 and type = 'attempt_planned'
)
"""


@pytest.fixture
async def world(database_url: str, postgres_pools: Pools) -> Any:
    async with open_intake(database_url) as intake:
        yield in_postgres(postgres_pools, intake)


@pytest.fixture
def typed(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """Types a command, in this process, on pools of its own."""
    monkeypatch.setenv("CHARGECHASE_DATABASE_URL", database_url)

    async def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(main, arguments)
        return code, capsys.readouterr().out

    return run


async def a_case(world: World, policy: Policy) -> CaseRef:
    """A case with three refusals, a lesson learned and a policy activated between them."""
    shop = await world.shop(policy=policy)
    cases = Cases(open_uow=world.open_uow, clock=world.clock, holidays=public_holidays)
    learn = LearnFromOutcomes(open_uow=world.open_uow, learners=world.learners, clock=world.clock)
    ref = CaseRef(shop.merchant_id, case_id_for(shop.account, "in_1"))
    profile = Profile(country="FR", timezone="Europe/Paris", interval="month", monthly_minor=29_00)
    opening = to_open(profile=profile)
    await cases.change(ref, c.OpenCase(account=shop.account, invoice=opening.invoice))
    for number in (1, 2):
        world.now = (await due(cases, ref)) or world.now
        invoice = an_invoice(profile=profile)
        begin = c.BeginAttempt(number=number, invoice=invoice, use=CardUse())
        await cases.change(ref, begin)
        refusal = declined(charge=f"ch_{number + 1}", at=world.now)
        ours = c.RecordDecline(failure=refusal, by=Payer.CHARGECHASE, attempt=number)
        await cases.change(ref, ours)
        await learn()
        async with world.open_uow(shop.merchant_id) as uow:
            await uow.policies.activate(a_policy(charge_hour=2 + number), "user:1", world.now)
    return ref


async def due(cases: Cases, ref: CaseRef) -> Any:
    return (await cases.read(ref)).next_attempt_at


@pytest.mark.parametrize("policy", [a_policy(), balanced("Europe/Berlin")], ids=lambda p: p.name)
async def test_every_decision_is_reproduced_by_a_new_process_whatever_came_later(
    world: World, typed: Typed, database_url: str, policy: Policy
) -> None:
    ref = await a_case(world, policy)
    code, said = await typed("case", "explain", str(ref.case_id))
    assert said.endswith("decisions, all reproduced byte for byte.\n")
    assert code == OK
    assert "budget: " in said
    assert "looked at: " in said
    alone = await asyncio.to_thread(
        chargechase, "case", "explain", str(ref.case_id), "--json", DATABASE_URL=database_url
    )
    found = json.loads(alone.stdout)
    assert (alone.returncode, found["reproduced"]) == (OK, True)
    assert [each["fault"] for each in found["decisions"]] == [None] * len(found["decisions"])
    assert {each["policy_version"] for each in found["decisions"]} == {1}
    assert max(each.get("knowledge_version", 0) for each in found["decisions"]) >= 1


async def test_a_forged_row_is_named(
    world: World, typed: Typed, database_url: str, postgres_server: EmbeddedPostgres
) -> None:
    ref = await a_case(world, a_policy())
    name = urlsplit(database_url).path.strip("/")
    superuser = await asyncpg.connect(postgres_server.url(name, "postgres"))
    assert await superuser.execute(FORGE, ref.case_id) == "UPDATE 1"
    await superuser.close()
    code, said = await typed("case", "explain", str(ref.case_id))
    assert code == FAILED
    assert "2026-03-05T06:00:00Z" in said.splitlines()[-1]
    assert "differs: event" in said.splitlines()[-1]
    _, said = await typed("case", "explain", str(ref.case_id), "--json")
    found = json.loads(said)
    assert found["reproduced"] is False
    assert found["decisions"][-1]["fault"]


async def test_a_case_is_looked_for_at_the_merchant_that_is_named(
    world: World, typed: Typed
) -> None:
    ref = await a_case(world, a_policy())
    mine, other = str(ref.merchant_id), str((await world.shop()).merchant_id)
    told = ("case", "explain", str(ref.case_id), "--merchant")
    assert (await typed(*told, mine))[0] == OK
    assert await typed(*told, other) == (FAILED, "")
    assert await typed("case", "explain", str(uuid4())) == (FAILED, "")
