"""The policies to start from: valid everywhere, and each keeps what its name promises."""

from zoneinfo import available_timezones

import pytest

from domain.decline import JUDGED, Decline, DeclineFamily, family_of
from domain.decline.codes import DECLINE_CODES
from domain.network import DAILY_LIMIT, MONTHLY_LIMIT, MONTHLY_LIMIT_ELSEWHERE, CardUse, budget
from domain.policy import (
    PRESETS,
    FixedWaits,
    Learned,
    PayDays,
    Plan,
    Since,
    Step,
    StripeRetries,
    Template,
    balanced,
)
from domain.policy.presets import ASKING, CHARGED
from tests.builders import DAY, HOUR, MONDAY


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_valid_everywhere(name: str) -> None:
    for zone in sorted(available_timezones()):
        preset = PRESETS[name](zone, version=3)
        assert (preset.version, preset.timezone) == (3, zone)
    assert PRESETS[name]("UTC").version == 1


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_something_for_every_family_and_bears_its_own_name(name: str) -> None:
    preset = PRESETS[name]("UTC")
    assert preset.name == name
    assert set(preset.plans) == set(DeclineFamily)
    assert preset.plans[DeclineFamily.CHECK] == Plan()
    assert (PRESETS[name].__doc__ or "").partition("\n")[0].endswith(".")
    for family in (*CHARGED, *ASKING):
        assert preset.plans[family].campaign


@pytest.mark.parametrize("name", PRESETS)
def test_where_only_the_customer_can_help_they_are_told_within_a_day_and_always(name: str) -> None:
    plans = PRESETS[name]("UTC").plans
    for family in ASKING:
        first = plans[family].campaign[0]
        wanted = (
            Template.AUTHENTICATE
            if family is DeclineFamily.NEEDS_AUTHENTICATION
            else Template.UPDATE_CARD
        )
        assert first.template is wanted
        assert (first.since, first.if_worthwhile) == (Since.OPENED, False)
        assert first.after <= DAY


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_reaches_the_limit_of_any_network(name: str) -> None:
    preset = PRESETS[name]("UTC")
    for brand, limit in MONTHLY_LIMIT.items():
        assert preset.month_limit(brand) < limit
    assert preset.card_day_limit < DAILY_LIMIT


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("brand", ["amex", "discover", "unionpay", None])
def test_where_a_network_names_no_limit_a_preset_keeps_to_stripes_advice(
    name: str, brand: str | None
) -> None:
    room = budget(CardUse(), brand, MONDAY, PRESETS[name]("UTC").month_limit(brand))
    assert room.allowed <= MONTHLY_LIMIT_ELSEWHERE


def test_balanced_tries_at_learned_times_and_writes_if_it_is_worth_it() -> None:
    preset = balanced("Europe/Berlin")
    retries = {family: preset.plans[family].retries for family in preset.plans}
    assert retries[DeclineFamily.FUNDS] == Learned(tries=8, gap=20 * HOUR)
    assert retries[DeclineFamily.TEMPORARY] == Learned(tries=6, gap=2 * HOUR)
    assert retries[DeclineFamily.UNKNOWN] == Learned(tries=6, gap=20 * HOUR)
    assert retries[DeclineFamily.NEEDS_NEW_DETAILS] == Learned(tries=2, gap=3 * DAY)
    assert preset.plans[DeclineFamily.FUNDS].campaign == (
        Step(template=Template.PAYMENT_FAILED, after=3 * DAY, if_worthwhile=True),
        Step(template=Template.UPDATE_CARD, after=7 * DAY, if_worthwhile=True),
        Step(template=Template.PAYMENT_FAILED, after=12 * DAY, if_worthwhile=True),
        Step(template=Template.UPDATE_CARD, after=18 * DAY, if_worthwhile=True),
        Step(template=Template.UPDATE_CARD, since=Since.ASKED),
        Step(template=Template.FINAL_NOTICE, after=2 * DAY, since=Since.END, if_worthwhile=True),
    )
    assert (preset.window, preset.stripe_retries) == (28 * DAY, StripeRetries.TAKE_OVER)


def test_balanced_keeps_to_stripes_advice_of_eight_and_to_two_a_day() -> None:
    preset = balanced("Europe/Berlin")
    assert (preset.card_month_limit, preset.card_day_limit) == (8, 2)


def test_assertive_tries_more_and_longer_than_balanced_but_a_card_no_oftener_a_day() -> None:
    assertive, usual = PRESETS["assertive"]("UTC"), balanced("UTC")
    assert (assertive.window, assertive.card_day_limit) == (45 * DAY, usual.card_day_limit)
    assert (assertive.month_limit("visa"), assertive.month_limit("mastercard")) == (14, 33)
    for family in (DeclineFamily.FUNDS, DeclineFamily.UNKNOWN):
        assert assertive.plans[family].retries == Learned(tries=30, gap=30 * HOUR)
    assert assertive.contacts == usual.contacts


def test_assertive_writes_only_what_is_worth_it_beyond_the_first_question() -> None:
    for family, plan in PRESETS["assertive"]("UTC").plans.items():
        for step in plan.campaign[1:]:
            assert (
                family is DeclineFamily.OUTSTANDING
                or step.if_worthwhile
                or step.since is Since.ASKED
            )


def test_assertive_alone_leaves_to_the_model_what_no_network_forbids_and_nothing_else() -> None:
    for name, preset in PRESETS.items():
        assert set(preset("UTC").families) == (JUDGED if name == "assertive" else set())
    own = PRESETS["assertive"]("UTC").families
    for code, family in DECLINE_CODES.items():
        wanted = DeclineFamily.UNKNOWN if code in JUDGED else family
        assert family_of(Decline(decline_code=code), own) is wanted


def test_gentle_charges_three_times_and_writes_twice() -> None:
    preset = PRESETS["gentle"]("UTC")
    assert preset.plans[DeclineFamily.FUNDS].retries == PayDays(tries=3, gap=3 * DAY)
    assert preset.contacts.per_month == 2
    assert all(len(plan.campaign) <= 2 for plan in preset.plans.values())


def test_b2b_charges_in_the_morning_and_never_what_was_sent_as_an_invoice() -> None:
    preset = PRESETS["b2b_invoices"]("UTC")
    assert isinstance(preset.plans[DeclineFamily.FUNDS].retries, FixedWaits)
    assert preset.charge_hour == 9
    for family in (*CHARGED, *ASKING, DeclineFamily.OUTSTANDING):
        assert preset.plans[family].campaign[-1].template is Template.FINAL_NOTICE


@pytest.mark.parametrize("name", PRESETS)
def test_a_bill_is_reminded_of_before_and_after_its_due_date_and_never_charged(name: str) -> None:
    plan = PRESETS[name]("UTC").plans[DeclineFamily.OUTSTANDING]
    assert plan.retries is None
    said = [(step.template, step.since) for step in plan.campaign]
    assert said[:2] == [
        (Template.INVOICE_DUE, Since.OPENED),
        (Template.INVOICE_OVERDUE, Since.DUE),
    ]


def test_follow_stripe_leaves_the_charges_to_stripe() -> None:
    preset = PRESETS["follow_stripe"]("UTC")
    assert preset.stripe_retries is StripeRetries.FOLLOW
    assert all(plan.retries is None for plan in preset.plans.values())
