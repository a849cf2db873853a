"""Nothing is lost: an account whose webhooks never come, on the rehearsal Stripe over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from application.case_ids import case_id_for
from application.change_case import CaseRef
from application.ports.chores import ChoreKind, ChoreRef
from application.ports.payments import StripeUnavailable
from application.use_cases.leave_stripe import LeaveStripe
from domain.backtest.past import past_case
from domain.decline import Decline, family_of
from domain.network import BARRING
from domain.recovery.commands import RecordTakeOver
from domain.recovery.transitions import Phase
from rehearsal.stripe_double.invoicing import void
from rehearsal.stripe_double.scenes import Scene
from rehearsal.stripe_double.world import Cause
from tests.builders import DAY, HOUR
from tests.contract.stripes_past import House, a_house
from tests.contract.worlds import World

OUTAGE = 4 * DAY
SOMEBODY = Cause("dashboard")
PEOPLE = Scene(scene="demo", n=40, seed=3)
FEW = Scene(scene="demo", n=6, seed=5)


@pytest.fixture
async def house(world: World) -> AsyncIterator[House]:
    async with a_house(world, PEOPLE) as found:
        yield found


@pytest.fixture
async def old_house(world: World) -> AsyncIterator[House]:
    """Months went by before the account was connected."""
    async with a_house(world, FEW) as found:
        found.live(timedelta(days=240))
        yield found


async def phases(house: House, invoices: set[str]) -> dict[str, Phase]:
    found = {}
    for invoice in invoices:
        case_id = case_id_for(house.shop.account, invoice)
        case = await house.cases.read(CaseRef(house.shop.merchant_id, case_id))
        found[invoice] = case.phase
    return found


async def open_cases(house: House) -> tuple[UUID, ...]:
    async with house.world.open_uow(house.shop.merchant_id) as uow:
        return await uow.cases.open_after(house.shop.account, None, 1000)


async def test_an_outage_of_four_days_is_made_up_in_one_run_nothing_lost_nothing_doubled(
    house: House,
) -> None:
    connected_at, ref = house.world.now, await house.ask_for(ChoreKind.RECONCILE)
    house.live(OUTAGE)
    chore = await house.run(ref)
    told = house.told_by_stripe(connected_at, house.world.now - timedelta(minutes=10))
    assert len(told) > 50
    assert chore.progress.found == house.made_up == len(told)
    async with house.world.open_uow(house.shop.merchant_id) as uow:
        assert await uow.inbox.unseen(house.shop.account, tuple(told)) == frozenset()
    assert await house.handle_events() == len(told)
    again = await house.run(ref)
    assert (again.progress.found, again.found_ever) == (0, len(told))
    assert await house.handle_events() == 0
    failed = house.failed_since(connected_at)
    still_open = {invoice for invoice, status in failed.items() if status == "open"}
    found = await phases(house, set(failed))
    assert still_open
    assert {invoice for invoice, phase in found.items() if phase is not Phase.NEW} == still_open
    assert len(await open_cases(house)) == len(still_open)


async def test_the_next_run_looks_where_the_last_one_ended_and_a_little_before(
    house: House,
) -> None:
    ref = await house.ask_for(ChoreKind.RECONCILE)
    found = 0
    for _ in range(4):
        house.live(DAY)
        found += (await house.run(ref)).progress.found
    told = house.told_by_stripe(house.world.now - 5 * DAY, house.world.now - timedelta(minutes=10))
    assert found == len(told)
    assert sum(house.calls.values()) <= 4 * 4, "a day is no more than a few calls"


async def test_events_of_before_the_connection_are_left_to_the_import(house: House) -> None:
    house.live(OUTAGE)
    chore = await house.run(await house.ask_for(ChoreKind.RECONCILE))
    assert chore.progress.found == 0


async def test_a_stripe_that_does_not_answer_is_asked_again_and_nothing_is_counted_twice(
    house: House,
) -> None:
    ref = await house.ask_for(ChoreKind.RECONCILE)
    house.live(OUTAGE)
    house.double.faults.replace([{"do": "500_before", "match": {"path": "/v1/events"}, "times": 1}])
    with pytest.raises(StripeUnavailable):
        await house.run(ref)
    assert (await house.chore(ChoreKind.RECONCILE)).turn == 0
    chore = await house.run(ref)
    assert chore.progress.found == house.made_up > 0


async def test_what_even_events_do_not_tell_any_more_the_sweep_makes_up_both_ways(
    house: House,
) -> None:
    connected_at, ref = house.world.now, await house.ask_for(ChoreKind.SWEEP)
    house.live(OUTAGE)
    chore = await house.run(ref)
    quiet = house.world.now - 3 * HOUR
    failed = house.failed_since(connected_at)
    wanted = {
        invoice
        for invoice, status in failed.items()
        if status == "open" and _last_refusal(house, invoice) <= quiet.timestamp()
    }
    found = await phases(house, set(failed))
    assert wanted == {invoice for invoice, phase in found.items() if phase is not Phase.NEW}
    assert chore.progress.found == house.swept == len(wanted) > 0
    voided = next(iter(sorted(wanted)))
    document = house.double.world.store.get("invoice", voided)
    assert document is not None
    void(house.double.world, document, SOMEBODY)
    house.live(3 * DAY)
    again = await house.run(ref)
    assert again.progress.found > 0
    after = await phases(house, wanted)
    assert after[voided] is Phase.STOPPED
    for invoice in wanted - {voided}:
        status = house.double.world.store.get("invoice", invoice) or {}
        if (
            status["status"] == "paid"
            and _paid_at(status) <= (house.world.now - 3 * HOUR).timestamp()
        ):
            assert after[invoice] is Phase.RECOVERED
    before = len(await open_cases(house))
    assert (await house.run(ref)).progress.found == 0, "a second look changes nothing"
    assert len(await open_cases(house)) == before


def _last_refusal(house: House, invoice: str) -> float:
    lines = [line for line in house.double.ledger() if line["invoice"] == invoice]
    return max(datetime.fromisoformat(line["virtual_at"]).timestamp() for line in lines)


def _paid_at(document: dict[str, Any]) -> float:
    return float(document["status_transitions"]["paid_at"])


async def test_a_past_is_imported_with_every_refusal_and_every_end(old_house: House) -> None:
    house = old_house
    chore = await house.run(await house.ask_for(ChoreKind.IMPORT))
    invoices = house.invoices()
    assert chore.progress.done == chore.progress.of_about == len(invoices)
    assert chore.finished_at is not None
    ended = await house.world.history.ended(house.shop.merchant_id, None, 10_000)
    offers = await offers_of(house)
    failed = house.failed_since(house.world.now - timedelta(days=730))
    assert len(ended) + len(offers) == chore.progress.found
    neither = hopeless(house)
    missing = set(failed) - {offer.invoice_id for offer in offers} - neither
    wanted = {case_id_for(house.shop.account, invoice) for invoice in missing}
    assert {case.case_id for case in ended} == wanted
    pasts = [past_case(case.history) for case in ended]
    assert all(pasts)
    paid = sum(
        past.paid_at is not None or any(charge.succeeded for charge in past.charges)
        for past in pasts
        if past is not None
    )
    assert paid == sum(status == "paid" for status in failed.values()) > 0
    late = house.calls["charges.read"] - len(failed)
    assert 0 <= late <= len(failed) / 10, "one request for each that failed, and few in vain"
    assert house.calls["invoices.read"] < 40
    assert len(await open_cases(house)) == 0, "nothing is chased before the merchant says so"


def hopeless(house: House) -> set[str]:
    """Open still, but the last word about the card was that it is not to be charged again."""
    last = {line["invoice"]: line["decline_code"] for line in house.double.ledger()}
    running = {found["id"] for found in house.invoices() if found["next_payment_attempt"]}
    recent = {
        found["id"]
        for found in house.invoices()
        if found["status"] == "open" and found["created"] > house.double.world.now() - 14 * 86_400
    }
    return {
        invoice
        for invoice in running | recent
        if family_of(Decline(decline_code=last.get(invoice))) in BARRING
    }


async def offers_of(house: House) -> tuple[Any, ...]:
    async with house.world.open_uow(house.shop.merchant_id) as uow:
        return await uow.past.offers(house.shop.account, 1000)


class Killed(BaseException):
    """What kill -9 is to a process."""


async def test_an_import_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    old_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = old_house
    ref = await house.ask_for(ChoreKind.IMPORT)
    real, deaths = house.records.charges, 0

    async def deadly(account: str, intent: str) -> Any:
        nonlocal deaths
        deaths += 1
        if deaths % 5 == 0:
            raise Killed
        return await real(account, intent)

    monkeypatch.setattr(house.records, "charges", deadly)
    kills = 0
    while True:
        try:
            chore = await house.run(ref)
            break
        except Killed:
            kills += 1
            assert kills < 1000
        if kills == 20:
            monkeypatch.setattr(house.records, "charges", real)
    assert kills >= 5
    assert chore.progress.done == len(house.invoices())
    ended = await house.world.history.ended(house.shop.merchant_id, None, 10_000)
    assert len(ended) + len(await offers_of(house)) == chore.progress.found
    lessons = await lessons_of(house)
    charges = sum(len(past.charges) for case in ended if (past := past_case(case.history)))
    assert len(lessons) == charges, "each charge of Stripe's after the first refusal teaches once"


async def lessons_of(house: House) -> list[Any]:
    async with house.world.open_uow(house.shop.merchant_id) as uow:
        return [fresh.lesson for fresh in await uow.lessons.fresh(100_000)]


async def test_a_second_import_finds_the_same_and_teaches_nothing_twice(old_house: House) -> None:
    first = await old_house.run(await old_house.ask_for(ChoreKind.IMPORT))
    taught = len(await lessons_of(old_house))
    again = await old_house.run(await old_house.ask_for(ChoreKind.IMPORT))
    assert again.progress == first.progress
    assert len(await lessons_of(old_house)) == taught


async def test_open_invoices_become_cases_when_the_merchant_says_yes(old_house: House) -> None:
    house = old_house
    house.live(10 * DAY)
    await house.run(await house.ask_for(ChoreKind.IMPORT))
    offers = await offers_of(house)
    assert offers
    chore = await house.run(await house.ask_for(ChoreKind.TAKE_UP))
    assert chore.progress.done == chore.progress.found == len(offers)
    assert await offers_of(house) == ()
    found = await phases(house, {offer.invoice_id for offer in offers})
    assert Phase.NEW not in found.values()


async def test_an_offer_that_was_paid_meanwhile_opens_nothing(old_house: House) -> None:
    house = old_house
    house.live(10 * DAY)
    await house.run(await house.ask_for(ChoreKind.IMPORT))
    for offer in await offers_of(house):
        document = house.double.world.store.get("invoice", offer.invoice_id)
        assert document is not None
        void(house.double.world, document, SOMEBODY)
    chore = await house.run(await house.ask_for(ChoreKind.TAKE_UP))
    assert (chore.progress.done > 0, chore.progress.found) == (True, 0)
    assert await open_cases(house) == ()


class Switch:
    """Stripe's switch for its own retries."""

    def __init__(self) -> None:
        self.on: list[tuple[str, str]] = []
        self.fails_at: int | None = None

    async def resume_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        if len(self.on) == self.fails_at:
            self.fails_at = None
            raise StripeUnavailable("away")
        self.on.append((invoice_id, idempotency_key))


async def test_who_leaves_gets_back_what_we_took_over_and_every_case_stops(house: House) -> None:
    ref = await house.ask_for(ChoreKind.RECONCILE)
    house.live(OUTAGE)
    await house.run(ref)
    await house.handle_events()
    cases = await open_cases(house)
    taken_over, left = cases[::2], []
    for case_id in taken_over:
        await house.cases.change(CaseRef(house.shop.merchant_id, case_id), RecordTakeOver())
    switch = Switch()
    switch.fails_at = 2

    async def let_go(ref: ChoreRef) -> None:
        left.append(ref)

    leave = LeaveStripe(payments=switch, cases=house.cases, let_go=let_go)
    leaving = await house.ask_for(ChoreKind.LEAVE)
    with pytest.raises(StripeUnavailable):
        await leave(await house.chore(ChoreKind.LEAVE))
    assert left == [], "the key is needed until all is handed back"
    chore = await leave(await house.chore(ChoreKind.LEAVE))
    assert not chore.running
    assert left == [leaving]
    assert len(switch.on) == len(dict(switch.on)) == len(taken_over)
    assert await open_cases(house) == ()
    assert await house.world.chores.read(ref) is None, "nothing more is asked for"
