"""Plans compiled for many cases are those that the preview shows for one of them."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.backtest import PastCase, routes
from domain.backtest.kinds import Kinds
from domain.backtest.places import Place, instant
from domain.backtest.routes import CODES, Router, Stretch
from domain.backtest.strata import (
    CHARGES,
    FAMILIES,
    MOST_QUIET_DAYS,
    PAYS,
    charge_stratum,
    quiet_stratum,
)
from domain.backtest.tally import Lot, Opening
from domain.backtest.walk import MESSAGE, Path, Step
from domain.decline import Decline, DeclineFamily
from domain.invoice import Card, Profile
from domain.policy import FixedWaits, Learned, Match, PayDays, Plan, Policy, Segment, Template
from domain.policy import Step as Told
from domain.simulate import Scenario, Timeline, simulate
from domain.timing.features import Key
from domain.timing.knowledge import Bucket, Knowledge
from tests.builders import a_policy

DAY = timedelta(days=1)
HOUR_SECONDS, DAY_SECONDS = 3_600, 86_400
FIRST_SLOT = 161_000  # in January 2025
CHICAGO = Place(0, "US", "debit", "America/Chicago")
BERLIN = Place(1, "DE", "credit", None)
TELLING = tuple(Told(template=Template.PAYMENT_FAILED, after=n * DAY) for n in (1, 4, 9))
ON_PAY_DAYS = Plan(retries=PayDays(tries=4, gap=2 * DAY), campaign=TELLING)
WAITING = Plan(retries=FixedWaits(waits=(DAY, 3 * DAY, 6 * DAY)), campaign=TELLING[:2])
FUNDS, TEMPORARY = DeclineFamily.FUNDS, DeclineFamily.TEMPORARY


def policy_of(plan: Plan, **changes: Any) -> Policy:
    return a_policy(plans={FUNDS: plan, TEMPORARY: WAITING}, window=30 * DAY, **changes)


def a_case(**facts: Any) -> PastCase:
    usual: dict[str, Any] = {
        "customer": "cus_1",
        "opened_at": FIRST_SLOT * 3 * HOUR_SECONDS,
        "closed_at": FIRST_SLOT * 3 * HOUR_SECONDS + 30 * DAY_SECONDS,
        "amount_minor": 29_00,
        "currency": "eur",
        "family": FUNDS,
        "interval": "month",
        "subscribed_at": FIRST_SLOT * 3 * HOUR_SECONDS - 90 * DAY_SECONDS,
    }
    return PastCase(**(usual | facts))


def kinds_of(policy: Policy, *cases: PastCase) -> Kinds:
    found = Kinds(policy)
    found.examples = list(cases)
    return found


def shown(policy: Policy, case: PastCase, place: Place, hour: int, family: int) -> Path:
    """The path of a preview of this case, had it opened in that hour at that place."""
    opened_at = instant(hour * HOUR_SECONDS + HOUR_SECONDS // 2)
    since = None
    if case.subscribed_at is not None:
        since = opened_at - timedelta(seconds=case.opened_at - case.subscribed_at)
    scenario = Scenario(
        opened_at=opened_at,
        amount_minor=case.amount_minor,
        currency=case.currency,
        decline=Decline(code="card_declined", decline_code=CODES[FAMILIES[family]]),
        card=Card(
            payment_method="pm", fingerprint="one", brand="visa",
            funding=place.funding, country=place.country,
        ),
        profile=Profile(
            country=place.country, timezone=place.timezone, interval=case.interval,
            price=case.price, collection=case.collection, subscribed_at=since,
        ),
    )  # fmt: skip
    return told(simulate(policy, scenario), scenario, place, hour, family)


def told(timeline: Timeline, scenario: Scenario, place: Place, hour: int, family: int) -> Path:
    """Day by day: charges and messages of a day, then the customer's day."""
    steps: list[Step] = []
    opened = scenario.opened_at.astimezone(place.zone)
    events: list[tuple[int, Step]] = []
    for number, at in enumerate(timeline.charges):
        local = at.astimezone(place.zone)
        hours = (local.date() - opened.date()).days * 24 + local.hour - opened.hour
        code = local.hour * PAYS + place.code(hour + hours) % PAYS
        events.append((hours // 24, Step(charge_stratum(family, hours, code, number))))
    events += [((at - scenario.opened_at) // DAY, MESSAGE) for at in timeline.messages]
    events.sort(key=lambda event: event[0])
    assert timeline.closes_at is not None
    letters = 0
    for day in range((timeline.closes_at - scenario.opened_at).days):
        for step in [step for at, step in events if at == day]:
            letters += step is MESSAGE
            steps.append(step)
        stratum = quiet_stratum(family, min(day, MOST_QUIET_DAYS), letters)
        if steps and steps[-1].stratum == stratum:
            steps[-1] = Step(stratum, steps[-1].days + 1)
        else:
            steps.append(Step(stratum, 1))
    return tuple(steps)


def stretches(
    policy: Policy, lots: dict[Lot, list[Opening]], *cases: PastCase
) -> tuple[dict[Lot, list[Stretch]], Router]:
    router = Router(policy, Knowledge(), kinds_of(policy, *cases))
    return dict(router.stretches(lots, [CHICAGO, BERLIN])), router


def middle(opening: Opening) -> int:
    return opening.slot * 3 + 1


@pytest.mark.parametrize("place", [CHICAGO, BERLIN])
@pytest.mark.parametrize("subscribed_at", [None, FIRST_SLOT * 3 * HOUR_SECONDS - 9 * DAY_SECONDS])
def test_two_openings_are_planned_each_as_their_preview_shows(
    place: Place, subscribed_at: int | None
) -> None:
    policy = policy_of(ON_PAY_DAYS)
    case = a_case(subscribed_at=subscribed_at)
    lots = {
        Lot(place.number, 0, family): [
            Opening(FIRST_SLOT + family, 3, 50.0), Opening(FIRST_SLOT + 90, 1, 7.0)
        ]
        for family in (0, 1)
    }  # fmt: skip
    found, router = stretches(policy, lots, case)
    for lot, openings in lots.items():
        assert found[lot] == [
            Stretch(shown(policy, case, place, middle(one), lot.family), one.cases, one.cents, True)
            for one in openings
        ]
    assert router.runs == 4


def test_fixed_waits_are_run_once_for_each_local_hour() -> None:
    """A day of eight slots, over three weeks of openings."""
    policy, case = policy_of(WAITING), a_case()
    openings = [Opening(FIRST_SLOT + number, 1, 2.0) for number in range(8 * 20)]
    lot = Lot(1, 0, 0)
    found, router = stretches(policy, {lot: openings}, case)
    assert router.runs == 8
    cases, cents = Counter[Path](), Counter[Path]()
    for stretch in found[lot]:
        cases[stretch.path] += stretch.cases
        cents[stretch.path] += round(stretch.cents)
    alike = Counter(shown(policy, case, BERLIN, middle(one), 0) for one in openings)
    assert cases == alike
    assert cents == Counter({path: 2 * number for path, number in alike.items()})
    assert len(alike) > 8
    assert all(stretch.exact for stretch in found[lot])


@pytest.mark.parametrize(
    "when",
    [Match(currencies=("usd",)), Match(tenure_at_least=200 * DAY), Match(prices=("price_gold",))],
)
def test_a_segment_is_planned_by_its_own_plan(when: Match) -> None:
    segment = Segment(name="some", when=when, plans={FUNDS: ON_PAY_DAYS}, window=20 * DAY)
    policy = policy_of(WAITING, segments=(segment,))
    subscribed_at = FIRST_SLOT * 3 * HOUR_SECONDS - 300 * DAY_SECONDS
    cases = (a_case(), a_case(currency="usd", price="price_gold", subscribed_at=subscribed_at))
    openings = [Opening(FIRST_SLOT + 5, 1, 1.0), Opening(FIRST_SLOT + 61, 1, 1.0)]
    lots = {Lot(1, kind, 0): openings for kind in (0, 1)}
    found, _ = stretches(policy, lots, *cases)
    for kind, case in enumerate(cases):
        paths = {stretch.path for stretch in found[Lot(1, kind, 0)]}
        assert paths == {shown(policy, case, BERLIN, middle(one), 0) for one in openings}


def test_runs_are_shared_out_by_what_lots_are_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MOST_RUNS", 16)
    policy = policy_of(ON_PAY_DAYS)
    lots = {
        Lot(0, 0, 0): [Opening(FIRST_SLOT + number, 2, 3.0) for number in range(48)],
        Lot(1, 0, 0): [Opening(FIRST_SLOT + number, 1, 1.0) for number in range(48)],
        Lot(1, 0, 1): [Opening(FIRST_SLOT, 1, 1000.0)],  # of fixed waits: it takes no share
    }
    found, router = stretches(policy, lots, a_case())
    assert [len(found[lot]) for lot in lots] == [12, 4, 1]
    assert router.runs == 17
    assert [stretch.cases for stretch in found[Lot(0, 0, 0)]] == [8] * 12
    assert [stretch.cents for stretch in found[Lot(1, 0, 0)]] == [12.0] * 4
    assert not any(stretch.exact for stretch in found[Lot(1, 0, 0)])


def test_lots_that_are_worth_nothing_are_run_as_seldom_as_can_be() -> None:
    openings = [Opening(FIRST_SLOT + number, 1, 0.0) for number in range(5)]
    found, router = stretches(policy_of(ON_PAY_DAYS), {Lot(0, 0, 0): openings}, a_case())
    assert router.runs == 2
    assert [(one.cases, one.exact) for one in found[Lot(0, 0, 0)]] == [(3, False), (2, False)]


def test_the_one_that_is_run_lies_now_here_now_there_in_its_stretch() -> None:
    """By multiples of the golden ratio: at 0, 0.62, 0.24, 0.85 and 0.47 of each stretch."""
    policy, case, lot = policy_of(ON_PAY_DAYS), a_case(), Lot(0, 0, 0)
    openings = [Opening(FIRST_SLOT + 13 * number, 1, 1.0) for number in range(38)]
    router = Router(policy, Knowledge(), kinds_of(policy, case))
    found = list(router._by_sample(CHICAGO, lot, openings, 5))
    chosen = [openings[at] for at in (0, 8 + 4, 16 + 1, 24 + 6, 32 + 2)]
    paths = [shown(policy, case, CHICAGO, middle(one), 0) for one in chosen]
    assert [stretch.path for stretch in found] == paths
    assert [stretch.cases for stretch in found] == [8, 8, 8, 8, 6]


@pytest.mark.parametrize(
    "key", [("brand", "", "visa"), ("funding", "funds", "debit"), ("country", "", "US")]
)
def test_what_was_learned_of_such_cards_decides_whether_they_are_charged(key: Key) -> None:
    policy = policy_of(Plan(retries=Learned(tries=3, gap=DAY)))
    hopeless = Knowledge({key: Bucket(-20.0, 0.01, 90.0, 0.0, 739_000)})
    openings = [Opening(FIRST_SLOT, 1, 1.0), Opening(FIRST_SLOT + 9, 1, 1.0)]
    for knowledge, charged in ((Knowledge(), True), (hopeless, False)):
        router = Router(policy, knowledge, kinds_of(policy, a_case()))
        for lot, found in router.stretches({Lot(0, 0, 0): openings}, [CHICAGO]):
            charges = [step for one in found for step in one.path if 0 <= step.stratum < CHARGES]
            assert (len(charges) > 0) == charged, lot


def test_a_plan_without_charges_is_fixed_too() -> None:
    policy = policy_of(replace(ON_PAY_DAYS, retries=None))
    openings = [Opening(FIRST_SLOT + 8 * number, 1, 1.0) for number in range(30)]
    found, router = stretches(policy, {Lot(1, 0, 0): openings}, a_case())
    assert router.runs == 1
    assert [(one.cases, one.exact) for one in found[Lot(1, 0, 0)]] == [(30, True)]
