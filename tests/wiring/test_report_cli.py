"""`chargechase report lift`: the sentences that an operator reads, and the same as JSON."""

import json
from argparse import Namespace
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from adapters.postgres.intake import open_intake
from adapters.postgres.pools import Pools
from application.lift_view import Comparison, LiftReport, MoneyLift
from domain.attribution import Group, compare, extra
from domain.attribution.credit import Cause, Credited, split
from domain.recovery import events as e
from tests.builders import DAY, MONDAY, a_policy
from tests.contract.worlds import World, in_postgres, opened, tell
from wiring.cli import _parser
from wiring.report_cli import FAILED, OK, report_lift, told
from wiring.settings import Need, Settings, load


@pytest.fixture
async def world(database_url: str, postgres_pools: Pools) -> AsyncIterator[World]:
    async with open_intake(database_url) as intake:
        yield in_postgres(postgres_pools, intake)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return load({"CHARGECHASE_DATABASE_URL": database_url}, Need.STATUS)


def options(merchant_id: UUID, *more: str) -> Namespace:
    """What the command line makes of it."""
    return _parser().parse_args(["report", "lift", "--merchant", str(merchant_id), *more])


async def test_a_merchants_report_is_told_in_sentences_and_as_json(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = await world.shop(policy=a_policy(hold_out_percent=10))
    paid = e.CaseRecovered(at=MONDAY, amount_minor=29_00, by=e.Payer.CHARGECHASE, attempt=1)
    await tell(world, shop, uuid4(), opened(shop), paid)
    assert await report_lift(settings, options(shop.merchant_id)) == OK
    said = capsys.readouterr().out
    assert "Policy berlin, versions 1; 10 % held out." in said
    assert "Nothing to compare with yet." in said
    assert "29.00 EUR came and stayed, from 1 case\n" in said
    assert "is not known without a hold-out" in said
    assert await report_lift(settings, options(shop.merchant_id, "--json")) == OK
    found = json.loads(capsys.readouterr().out)
    assert found["credit"][0]["our_retry_minor"] == 29_00
    assert found["treated"]["customers"]["verdict"] == "no_comparison"


async def test_an_unknown_merchant_is_told_on_the_error_line(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = uuid4()
    assert await report_lift(settings, options(nobody)) == FAILED
    printed = capsys.readouterr()
    assert (printed.out, f"there is no merchant {nobody}" in printed.err) == ("", True)


def test_a_lift_is_told_with_its_interval_and_its_worth() -> None:
    chased = Group().plus(1.0, 20_00, 600).plus(0.0, 20_00, 400)
    watched = Group().plus(1.0, 20_00, 300).plus(0.0, 20_00, 700)
    lift = compare(chased, watched)
    in_euros = MoneyLift(currency="eur", lift=lift, extra=extra(lift, chased))
    treated = Comparison(lot="treated", against="held_out", customers=lift, money=(in_euros,))
    early = compare(Group().plus(1.0), watched)
    arm = Comparison(lot="quiet", against="plain", customers=early, money=(
        MoneyLift(currency="jpy", lift=early, extra=extra(early, chased)),
    ))  # fmt: skip
    ours = Credited(currency="eur", cause=Cause.OUR_RETRY, amount_minor=100_00)
    report = LiftReport(
        merchant_id=uuid4(),
        at=MONDAY + 14 * DAY,
        policy="berlin",
        hold_out_percent=50,
        versions=(1, 3),
        horizon_days=14.0,
        treated=treated,
        arms=(arm,),
        credit=split([ours], {"eur": 500_000}),
    )
    said = "\n".join(told(report))
    assert "opened 14 days ago or earlier" in said
    assert "treated against held out" in said
    assert "60.0 % of 1000 against 30.0 % of 1000: +30.0 points (95 % sure: +2" in said
    assert "More comes back." in said
    assert "worth 6000.00 EUR (from" in said
    assert "of 20000.00 EUR at risk" in said
    assert "Money in JPY: 100.0 % of 1 against" in said
    assert said.count("worth") == 1, "nothing is worth anything before ten customers have spoken"
    assert "Of the last, 50.00 EUR is taken from ours" in said
