"""What became of customers, and the report that is made of it: the same from dicts and from SQL."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from application.errors import NotFound
from application.lift_view import Sample
from application.use_cases import report_lift
from application.use_cases.report_lift import ReportLift
from domain.attribution import MoneyOutcome, PeopleOutcome, Verdict, credited
from domain.decline import DeclineFamily
from domain.policy import Arm, Plan
from domain.recovery import events as e
from tests.builders import DAY, MONDAY, NEW_VISA, a_policy
from tests.contract.worlds import Shop, World, opened, refused, tell

LATER = MONDAY + 15 * DAY
SAMPLE = Sample(versions=(1,), opened_until=MONDAY + 7 * DAY)
PLAIN = Arm(name="plain", weight=1)
QUIET = Arm(name="quiet", weight=1, plans={DeclineFamily.FUNDS: Plan()})


def came(amount_minor: int = 29_00, by: e.Payer = e.Payer.STRIPE) -> e.CaseRecovered:
    """The invoice was paid."""
    return e.CaseRecovered(at=MONDAY + DAY, amount_minor=amount_minor, by=by)


def went(amount_minor: int, reason: e.Return = e.Return.REFUND) -> e.MoneyReturned:
    """Some of it went back."""
    return e.MoneyReturned(at=MONDAY + 2 * DAY, amount_minor=amount_minor, reason=reason)


async def of(
    world: World,
    shop: Shop,
    person: str | None,
    *more: e.Event,
    at: datetime = MONDAY,
    **facts: object,
) -> UUID:
    """A case of this person, with what happened in it."""
    case_id = uuid4()
    first = replace(opened(shop, f"in_{case_id.hex}", at), customer_id=person, **facts)
    await tell(world, shop, case_id, first, *more)
    return case_id


async def people(world: World, shop: Shop, sample: Sample = SAMPLE) -> set[PeopleOutcome]:
    """Customers by their outcome."""
    return set((await world.lift.outcomes(shop.merchant_id, sample)).people)


async def money(world: World, shop: Shop, sample: Sample = SAMPLE) -> set[MoneyOutcome]:
    """Customers by what they owed and paid."""
    return set((await world.lift.outcomes(shop.merchant_id, sample)).money)


def lot(cases: int, paid: int, customers: int = 1, **more: object) -> PeopleOutcome:
    """Treated customers."""
    facts = {"held_out": False, "arm": None, **more}
    return PeopleOutcome(cases=cases, paid=paid, customers=customers, **facts)  # type: ignore[arg-type]


def debt(owed: int, paid: int, customers: int = 1, **more: object) -> MoneyOutcome:
    """Treated customers, in euros."""
    facts = {"held_out": False, "arm": None, "currency": "eur", **more}
    return MoneyOutcome(at_risk_minor=owed, recovered_minor=paid, customers=customers, **facts)  # type: ignore[arg-type]


async def test_several_invoices_of_one_person_are_one_outcome(world: World, shop: Shop) -> None:
    await of(world, shop, "cus_anna", came())
    await of(world, shop, "cus_anna", at=MONDAY + DAY)
    await of(world, shop, "cus_bert", came())
    await of(world, shop, "cus_carl", came())
    assert await people(world, shop) == {lot(2, 1), lot(1, 1, customers=2)}
    assert await money(world, shop) == {debt(58_00, 29_00), debt(29_00, 29_00, customers=2)}


async def test_invoices_without_a_customer_are_each_for_itself(world: World, shop: Shop) -> None:
    await of(world, shop, None, came())
    await of(world, shop, None)
    assert await people(world, shop) == {lot(1, 1), lot(1, 0)}


async def test_a_person_with_two_currencies_is_one_person_and_two_debts(
    world: World, shop: Shop
) -> None:
    await of(world, shop, "cus_anna", came())
    await of(world, shop, "cus_anna", currency="usd")
    assert await people(world, shop) == {lot(2, 1)}
    assert await money(world, shop) == {debt(29_00, 29_00), debt(29_00, 0, currency="usd")}


async def test_each_lot_is_told_apart(world: World, shop: Shop) -> None:
    await of(world, shop, "cus_anna", held_out=True)
    await of(world, shop, "cus_bert", arm="plain")
    await of(world, shop, "cus_carl", came(), arm="quiet")
    assert await people(world, shop) == {
        lot(1, 0, held_out=True),
        lot(1, 0, arm="plain"),
        lot(1, 1, arm="quiet"),
    }


async def test_the_first_case_decides_the_lot_and_cases_of_another_are_left_out(
    world: World, shop: Shop
) -> None:
    await of(world, shop, "cus_anna", came(), at=MONDAY + DAY)
    await of(world, shop, "cus_anna", came(), at=MONDAY + 2 * DAY, held_out=True)
    await of(world, shop, "cus_bert", at=MONDAY, arm="plain")
    await of(world, shop, "cus_bert", came(), at=MONDAY + DAY, arm="quiet")
    assert await people(world, shop) == {lot(1, 1), lot(1, 0, arm="plain")}


async def test_young_cases_and_those_of_other_versions_do_not_count(
    world: World, shop: Shop
) -> None:
    await of(world, shop, "cus_anna", at=SAMPLE.opened_until)
    await of(world, shop, "cus_bert", came(), at=SAMPLE.opened_until + DAY)
    assert await people(world, shop) == {lot(1, 0)}
    assert await people(world, shop, replace(SAMPLE, versions=(2,))) == set()
    assert await money(world, shop, replace(SAMPLE, versions=())) == set()


async def test_what_went_back_did_not_come(world: World, shop: Shop) -> None:
    await of(world, shop, "cus_anna", came(), went(9_00))
    await of(world, shop, "cus_bert", came(), went(30_00, e.Return.DISPUTE))
    won = e.MoneyReinstated(at=LATER, amount_minor=29_00)
    await of(world, shop, "cus_carl", came(), went(29_00, e.Return.DISPUTE), won)
    assert await people(world, shop) == {lot(1, 1, customers=2), lot(1, 0)}
    assert await money(world, shop) == {debt(29_00, 20_00), debt(29_00, 0), debt(29_00, 29_00)}


async def test_a_part_that_was_paid_is_money_but_no_paid_case(world: World, shop: Shop) -> None:
    part = e.AmountChanged(at=MONDAY, amount_minor=19_00, paid_minor=10_00)
    await of(world, shop, "cus_anna", part)
    await of(world, shop, "cus_bert", part, came())
    assert await people(world, shop) == {lot(1, 0), lot(1, 1)}
    assert await money(world, shop) == {debt(29_00, 10_00), debt(29_00, 29_00)}


async def test_money_that_came_after_the_end_counts(world: World, shop: Shop) -> None:
    lost = e.CaseLost(at=LATER, reason=e.LossReason.WINDOW_OVER)
    late = e.MoneyCameLate(at=LATER, amount_minor=29_00, by=e.Payer.CUSTOMER)
    await of(world, shop, "cus_anna", lost, late)
    assert await people(world, shop) == {lot(1, 1)}


async def test_paid_cases_come_batch_by_batch_with_what_their_credit_rests_on(
    world: World, shop: Shop
) -> None:
    wrote = e.ReminderStarted(at=MONDAY, step=1, message_id="m_1")
    planned = e.ReminderPlanned(at=MONDAY, step=1, due_at=MONDAY)
    gave = e.CardReplaced(at=MONDAY, card=NEW_VISA)
    by_hand = came(by=e.Payer.CUSTOMER)
    story = (refused(f"ch_{shop.account}"), planned, wrote, gave, by_hand)
    paid = sorted([await of(world, shop, f"cus_{n}", came()) for n in range(4)])
    paid = sorted([*paid, told := await of(world, shop, "cus_anna", *story)])
    await of(world, shop, "cus_bert", wrote_nothing := refused(f"ch_b_{shop.account}"))
    found = []
    after: UUID | None = None
    while batch := await world.lift.paid(shop.merchant_id, after, 2):
        assert len(batch) <= 2
        found += batch
        after = batch[-1].case_id
    assert [case.case_id for case in found] == paid
    (mine,) = [case for case in found if case.case_id == told]
    assert mine.history[1:] == (wrote, gave, by_hand)
    assert wrote_nothing not in mine.history
    assert credited(mine.history) is not None


async def test_another_merchants_outcomes_are_in_no_report(world: World, shop: Shop) -> None:
    await of(world, shop, "cus_anna", came())
    stranger = await world.shop()
    assert await people(world, stranger) == set()
    assert list(await world.lift.paid(stranger.merchant_id, None, 10)) == []
    assert list(await world.lift.policies(uuid4())) == []


async def test_policies_come_newest_first(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.policies.activate(a_policy(hold_out_percent=10), "user:1", MONDAY)
    found = await world.lift.policies(shop.merchant_id)
    assert [(one.version, one.hold_out_percent) for one in found] == [(2, 10), (1, 0)]


async def test_a_report_tells_lift_arms_and_credit(world: World) -> None:
    shop = await world.shop(policy=a_policy(hold_out_percent=20, arms=(PLAIN, QUIET)))
    for n in range(30):
        paid = (came(by=e.Payer.CUSTOMER),) if n % 3 else ()
        await of(world, shop, f"cus_plain_{n}", *paid, arm="plain")
        await of(world, shop, f"cus_quiet_{n}", *paid[: n % 2], arm="quiet")
        await of(world, shop, f"cus_out_{n}", *paid[: n % 5 == 0], held_out=True)
    heard: list[int] = []
    report = await ReportLift(pages=world.lift)(shop.merchant_id, LATER, heard.append)
    treated = report.treated
    assert (treated.customers.treated, treated.customers.control) == (60, 30)
    assert treated.customers.verdict is Verdict.MORE
    assert treated.customers.low > 0
    (euros,) = treated.money
    assert euros.extra.at_risk_minor == 60 * 29_00
    (quiet,) = report.arms
    assert (quiet.lot, quiet.against) == ("quiet", "plain")
    assert quiet.customers.verdict is Verdict.UNDECIDED
    assert quiet.customers.points == pytest.approx(-100 / 3)
    (credit,) = report.credit
    assert credit.estimated_minor == 0, "nothing of it is ours, so nothing is taken from ours"
    assert credit.would_have_paid_minor == credit.total_minor == sum(heard) * 29_00


async def test_paid_cases_are_read_to_the_last_batch(
    world: World, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_lift, "BATCH", 2)
    for n in range(5):
        await of(world, shop, f"cus_{n}", came())
    heard: list[int] = []
    report = await ReportLift(pages=world.lift)(shop.merchant_id, LATER, heard.append)
    assert heard == [2, 4, 5]
    assert [split.total_minor for split in report.credit] == [5 * 29_00]


async def test_before_the_window_is_over_there_is_a_credit_and_no_lift(
    world: World, shop: Shop
) -> None:
    await of(world, shop, "cus_anna", came())
    report = await ReportLift(pages=world.lift)(shop.merchant_id, MONDAY + 13 * DAY)
    assert report.treated.customers.verdict is Verdict.NO_COMPARISON
    assert (report.treated.money, report.arms, report.horizon_days) == ((), (), 14)
    (credit,) = report.credit
    assert (credit.stripe_retry_minor, credit.estimated_minor) == (29_00, None)


async def test_an_unknown_merchant_has_no_report(world: World) -> None:
    with pytest.raises(NotFound):
        await ReportLift(pages=world.lift)(uuid4(), LATER)
