"""The plan by itself: no charge is planned against a limit, a wait or a promise."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.decline import DeclineFamily, wait_advised
from domain.invoice import Card, Profile
from domain.network import BARRING, DAY, MONTH, CardUse, objection, together
from domain.policy import FixedWaits, Learned, PayDays, Plan, Policy, Retries
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.case import RecoveryCase, evolve
from domain.recovery.plan import plan
from domain.recovery.situation import situation_of
from domain.recovery.why import Rejected
from domain.timing.knowledge import Knowledge
from domain.timing.lessons import ChargeLesson
from tests.builders import (
    ACCOUNT,
    HOUR,
    MONDAY,
    NEW_VISA,
    OLD_VISA,
    a_basis,
    a_decline,
    a_policy,
    declined,
    to_begin,
    to_open,
)
from tests.domain.given import explained, kinds, plainly, state, when

SECOND = timedelta(seconds=1)
TWO = FixedWaits(waits=(2 * DAY, 4 * DAY))
LEARNED = Learned(tries=5, gap=DAY)
PAY_DAYS = PayDays(tries=3, gap=DAY)
BRANDS = st.sampled_from(["visa", "mastercard", "amex", None])
CHARGED = (DeclineFamily.FUNDS, DeclineFamily.TEMPORARY, DeclineFamily.UNKNOWN)
RETRIES = st.sampled_from([TWO, LEARNED, PAY_DAYS, Learned(tries=15, gap=2 * HOUR)])
ages = st.lists(st.timedeltas(timedelta(), timedelta(days=33)), max_size=40)


def only(retries: Retries | None, **changes: object) -> Policy:
    """The same charges for every family that may be charged, and no messages."""
    plans = {family: Plan(retries=retries) for family in CHARGED}
    return a_policy(**{"plans": plans, "window": 28 * DAY, **changes})


def refused_case(
    code: str = "insufficient_funds", card: Card = OLD_VISA, **opened: object
) -> RecoveryCase:
    """A case whose first charge was refused on Monday, with four weeks ahead."""
    case = evolve(
        RecoveryCase(),
        e.CaseOpened(
            at=MONDAY,
            account=ACCOUNT,
            invoice_id="in_1",
            customer_id="cus_anna",
            subscription_id=None,
            amount_minor=29_00,
            currency="eur",
            policy_version=1,
            closes_at=MONDAY + 28 * DAY,
            **opened,  # type: ignore[arg-type]
        ),
    )
    failure = declined(decline=a_decline(code, brand=card.brand), card=card)
    family = DeclineFamily.FUNDS if code == "insufficient_funds" else DeclineFamily.TEMPORARY
    return evolve(
        case, e.ChargeDeclined(at=MONDAY, failure=failure, family=family, by=e.Payer.STRIPE)
    )


def use_of(month: list[timedelta], *, barred: bool = False) -> CardUse:
    """Declines so long ago."""
    instants = tuple(sorted(MONDAY - age for age in month))
    return CardUse(
        month=tuple(at for at in instants if at > MONDAY - MONTH),
        day=tuple(at for at in instants if at > MONDAY - DAY),
        barred=barred,
    )


@settings(max_examples=150)
@given(
    ages,
    st.booleans(),
    BRANDS,
    RETRIES,
    st.integers(1, 35),
    st.integers(1, 10),
    st.sampled_from([None, "02", "24", "27", "30"]),
    st.none() | st.timedeltas(timedelta(), timedelta(days=20)),
    st.timedeltas(timedelta(), timedelta(days=12)),
    st.booleans(),
)
def test_no_planned_charge_breaks_a_limit_a_wait_or_a_promise(  # noqa: PLR0917
    month: list[timedelta],
    barred: bool,
    brand: str | None,
    retries: Retries,
    a_month: int,
    a_day: int,
    advice: str | None,
    quiet: timedelta | None,
    later: timedelta,
    new_card: bool,
) -> None:
    card = replace(OLD_VISA, brand=brand)
    told = a_decline(brand=brand, network_advice_code=advice)
    case = replace(
        refused_case(card=card),
        decline=told,
        quiet_until=MONDAY + quiet if quiet else None,
        new_card=new_card,
    )
    now = MONDAY + later
    policy = only(retries, card_month_limit=a_month, card_day_limit=a_day)
    use = use_of(month, barred=barred)
    for event in plan(case, a_basis(policy, use=use, draw=2**31), now):
        if not isinstance(event, e.AttemptPlanned):
            continue
        everything = together(use, case.refusals, now)
        against = objection(
            everything, brand, event.due_at, card_month_limit=a_month, card_day_limit=a_day
        )
        assert against is None
        assert now <= event.due_at < MONDAY + 28 * DAY
        assert event.due_at >= (case.quiet_until or now)
        assert event.due_at >= MONDAY + wait_advised(told)


@given(RETRIES, st.sampled_from(sorted(BARRING)), st.booleans())
def test_a_card_that_said_never_is_never_planned_whatever_the_policy_wants(
    retries: Retries, family: DeclineFamily, later_said_else: bool
) -> None:
    case = refused_case()
    failure = declined("lost_card", "ch_2", at=MONDAY + SECOND)
    case = evolve(
        case, e.ChargeDeclined(at=MONDAY, failure=failure, family=family, by=e.Payer.STRIPE)
    )
    if later_said_else:
        softer = declined(charge="ch_3", at=MONDAY + 2 * SECOND)
        case = evolve(
            case,
            e.ChargeDeclined(
                at=MONDAY, failure=softer, family=DeclineFamily.FUNDS, by=e.Payer.STRIPE
            ),
        )
    (asked,) = plan(case, a_basis(only(retries)), MONDAY + DAY)
    assert isinstance(asked, e.CustomerAsked)
    assert asked.ask is e.Ask.CARD


def test_a_renewed_card_of_a_barred_number_is_barred_too() -> None:
    renewed = e.CardReplaced(at=MONDAY, card=replace(OLD_VISA, payment_method="pm_2"))
    case = evolve(replace(refused_case(), barred=True), renewed)
    (asked,) = plan(case, a_basis(only(TWO)), MONDAY)
    assert isinstance(asked, e.CustomerAsked)
    assert asked.rule == "card_barred"
    other = evolve(case, e.CardReplaced(at=MONDAY, card=NEW_VISA))
    assert kinds(plan(other, a_basis(only(TWO)), MONDAY)) == [e.AttemptPlanned]


def test_fixed_waits_count_from_the_refusal_however_late_and_often_one_plans() -> None:
    case, policy = refused_case(timezone="Europe/Berlin"), only(TWO)
    first, again = (plan(case, a_basis(policy), MONDAY + n * HOUR) for n in (0, 30))
    assert isinstance(first[0], e.AttemptPlanned)
    assert isinstance(again[0], e.AttemptPlanned)
    assert first[0].due_at == again[0].due_at == MONDAY + 3 * DAY - 2 * HOUR


def test_what_is_overdue_is_planned_for_the_next_hour_for_charges() -> None:
    (late,) = plan(refused_case(), a_basis(only(TWO)), MONDAY + 9 * DAY)
    assert isinstance(late, e.AttemptPlanned)
    assert late.due_at == MONDAY + 10 * DAY - 2 * HOUR


def test_pay_days_are_waited_for_at_the_hour_for_charges_where_the_customer_lives() -> None:
    lives = Profile(country="US", timezone="America/New_York")
    case = refused_case(profile=lives)
    (charge,) = plan(case, a_basis(only(PAY_DAYS)), MONDAY)
    assert isinstance(charge, e.AttemptPlanned)
    local = charge.due_at.astimezone(ZoneInfo("America/New_York"))
    assert local.hour == 9
    assert local.date().isoformat() in {"2026-03-06", "2026-03-13", "2026-03-15", "2026-03-20"}


def test_where_no_pay_day_is_left_the_customer_is_asked() -> None:
    case = replace(refused_case(), closes_at=MONDAY + DAY + HOUR)
    (asked,) = plan(case, a_basis(only(PAY_DAYS)), MONDAY)
    assert plainly((asked,)) == (e.CustomerAsked(at=MONDAY, ask=e.Ask.PAYMENT, rule="window"),)


def test_a_learned_plan_tells_its_chance_its_counts_and_what_it_left() -> None:
    knowledge, case = Knowledge(), refused_case()
    situation = situation_of(case, MONDAY, "")
    for hours in range(48):
        at = MONDAY + hours * HOUR
        knowledge.learn(ChargeLesson(situation=situation, at=at, succeeded=hours % 3 == 0))
    basis = replace(a_basis(only(LEARNED), draw=2**31), knowledge=knowledge)
    (charge,) = plan(case, basis, MONDAY)
    assert isinstance(charge, e.AttemptPlanned)
    assert charge.rule == "plan:funds"
    assert charge.why is not None
    assert charge.why.percent is not None
    assert charge.later_percent >= charge.why.percent
    assert charge.why.evidence
    assert charge.why.budget is not None
    assert (charge.why.budget.used, charge.why.budget.network) == (1, 20)


def test_a_charge_that_is_not_worth_its_cost_is_not_made() -> None:
    case = replace(refused_case(), amount_minor=1)
    (asked,) = plan(case, a_basis(only(LEARNED)), MONDAY)
    assert plainly((asked,)) == (
        e.CustomerAsked(at=MONDAY, ask=e.Ask.PAYMENT, rule="not_worth_it"),
    )


@pytest.mark.parametrize("retries", [TWO, PAY_DAYS, LEARNED])
def test_a_plan_makes_as_many_charges_as_it_says(retries: Retries) -> None:
    tries = 2 if isinstance(retries, FixedWaits) else retries.tries
    spent = replace(refused_case(), retries_on_card=tries)
    (asked,) = plan(spent, a_basis(only(retries)), MONDAY)
    assert plainly((asked,)) == (e.CustomerAsked(at=MONDAY, ask=e.Ask.PAYMENT, rule="spent"),)


def test_a_barred_card_that_only_others_saw_refused_is_not_planned() -> None:
    (asked,) = plan(refused_case(), a_basis(only(TWO), use=CardUse(barred=True)), MONDAY)
    assert plainly((asked,)) == (e.CustomerAsked(at=MONDAY, ask=e.Ask.CARD, rule="card_barred"),)


def test_what_forbade_an_earlier_charge_is_told() -> None:
    use = CardUse(day=(MONDAY + 2 * DAY - HOUR,))
    daily = only(FixedWaits(waits=(2 * DAY,)), card_day_limit=1)
    (charge,) = plan(refused_case(), a_basis(daily, use=use), MONDAY)
    assert isinstance(charge, e.AttemptPlanned)
    assert charge.why is not None
    rejected = Rejected(what="charge", rule="day_limit", at=MONDAY + 2 * DAY)
    assert charge.why.rejected == (rejected,)
    assert charge.due_at > MONDAY + 3 * DAY - HOUR - SECOND


def test_new_details_are_asked_for_and_tried_all_the_same_where_the_plan_says_so() -> None:
    policy = a_policy(plans={DeclineFamily.NEEDS_NEW_DETAILS: Plan(retries=TWO)})
    given_ = when((), to_open(last_failure=declined("expired_card")), policy=policy)
    assert kinds(given_)[2:] == [e.CustomerAsked, e.AttemptPlanned]
    case = state(given_)
    assert (case.phase.value, case.ask) == ("waiting", e.Ask.CARD)
    again = plan(case, a_basis(policy), MONDAY + HOUR)
    assert kinds(again) == [e.AttemptPlanned], "asked once"
    spent = plan(replace(case, retries_on_card=2), a_basis(policy), MONDAY + HOUR)
    assert kinds(spent) == [e.CustomerAsked]
    ends = plan(replace(case, closes_at=MONDAY + DAY), a_basis(policy), MONDAY + HOUR)
    assert plainly(ends) == (e.CustomerAsked(at=MONDAY + HOUR, ask=e.Ask.CARD, rule="window"),)


def test_a_question_is_not_put_twice_and_its_day_stays_that_of_the_first() -> None:
    opened = when((), to_open(last_failure=declined("lost_card")))
    assert plan(state(opened), a_basis(), MONDAY + HOUR) == ()
    again = e.CustomerAsked(at=MONDAY + DAY, ask=e.Ask.CARD, rule="never")
    assert state(opened, (again,)).asked_at == MONDAY


def test_the_merchants_own_sorting_of_codes_decides() -> None:
    policy = a_policy(families={"do_not_honor": DeclineFamily.FUNDS})
    opened = when((), to_open(last_failure=declined("do_not_honor")), policy=policy)
    assert state(opened).family is DeclineFamily.FUNDS


def test_a_case_keeps_to_the_rules_of_its_segment_and_arm() -> None:
    opened = explained((), to_open(), policy=a_policy())
    case = state(opened)
    assert case.rules(a_policy()) == a_policy().rules(None, None)


def test_in_cases_of_old_the_policys_zone_counts() -> None:
    assert refused_case().zone(a_policy()) == "Europe/Berlin"
    assert refused_case(timezone="Mars/Olympus").zone(a_policy()) == "Europe/Berlin"


def test_a_pay_day_whose_hour_for_charges_is_over_is_over() -> None:
    case = replace(refused_case(), closes_at=MONDAY + 30 * DAY)
    saturday = MONDAY + 26 * DAY  # the 28th, behind which only the month's end lies
    (charge,) = plan(case, a_basis(only(PAY_DAYS)), saturday)
    assert isinstance(charge, e.AttemptPlanned)
    assert charge.due_at > saturday
    friday_noon = MONDAY + 4 * DAY + 2 * HOUR
    us = replace(refused_case(profile=Profile(country="US")), closes_at=friday_noon + HOUR)
    (asked,) = plan(us, a_basis(only(PAY_DAYS)), friday_noon)
    assert isinstance(asked, e.CustomerAsked)


def test_every_charge_that_is_put_off_and_every_question_tells_what_is_left_of_the_card() -> None:
    opened = when((), to_open())
    busy = explained(opened, to_begin(processing=True), MONDAY + 3 * DAY)
    asked = explained(opened, c.RequestAuthentication(), MONDAY + HOUR)
    for event in (busy[0], asked[0]):
        assert isinstance(event, e.AttemptPlanned | e.CustomerAsked)
        assert event.why is not None
        assert event.why.budget is not None
        assert event.why.budget.used == 1
