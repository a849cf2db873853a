"""Policies to start from. Each is complete and valid in every time zone; all numbers can be edited.

The numbers keep to what is known of the field: at most 8 refused charges a month where a network
publishes no limit (Stripe's advice), windows of four weeks for monthly plans (Recurly's data), few
messages (a sixth and more of all failures clear without one: Churn Buster).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import cycle
from typing import Final

from domain.decline import JUDGED, DeclineFamily
from domain.policy.policy import Policy
from domain.policy.shapes import (
    ContactBudget,
    Economics,
    FixedWaits,
    Learned,
    PayDays,
    Plan,
    Plans,
    Retries,
    Since,
    Step,
    StripeRetries,
    Template,
)

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
EXPIRY_NOTICE: Final = 10 * DAY
ECONOMICS: Final = Economics(
    attempt_cents=10, message_cents=1, cancelled_months=3, exploration_percent=30
)
FINAL_NOTICE: Final = Step(
    template=Template.FINAL_NOTICE, after=2 * DAY, since=Since.END, if_worthwhile=True
)
# No word of experience is needed to remind of a bill: it is what the customer agreed to pay.
LAST_OF_A_BILL: Final = (Step(template=Template.FINAL_NOTICE, after=2 * DAY, since=Since.END),)


def gentle(timezone: str, version: int = 1) -> Policy:
    """Three charges on likely pay days and two messages: for merchants who would rather wait."""
    pay_days = PayDays(tries=3, gap=3 * DAY)
    told = (
        _step(Template.PAYMENT_FAILED, 5 * DAY),
        Step(template=Template.UPDATE_CARD, since=Since.ASKED),
    )
    return Policy(
        version=version,
        name="gentle",
        plans={
            DeclineFamily.FUNDS: Plan(retries=pay_days, campaign=told),
            DeclineFamily.TEMPORARY: Plan(
                retries=FixedWaits(waits=(DAY, 2 * DAY, 4 * DAY)), campaign=told
            ),
            DeclineFamily.UNKNOWN: Plan(retries=pay_days, campaign=told),
            **_asking((DAY, 9 * DAY), last=()),
            DeclineFamily.OUTSTANDING: _bills(7, last=()),
        },
        window=28 * DAY,
        timezone=timezone,
        charge_hour=9,
        first_mail_hour=10,
        last_mail_hour=18,
        contacts=ContactBudget(gap=4 * DAY, per_day=1, per_week=1, per_month=2),
        card_month_limit=4,
        card_day_limit=1,
        stripe_retries=StripeRetries.TAKE_OVER,
        economics=ECONOMICS,
        expiry_notice=EXPIRY_NOTICE,
        receipt=True,
    )


def balanced(timezone: str, version: int = 1) -> Policy:
    """What a merchant starts with: charges when they are likeliest to succeed, few messages.

    Where only the customer can help they hear from us within the hour; where time may heal it they
    are written to only if that brings more than it costs.
    """
    return Policy(
        version=version,
        name="balanced",
        plans=_learned(
            funds=Learned(tries=8, gap=20 * HOUR),
            temporary=Learned(tries=6, gap=2 * HOUR),
            unknown=Learned(tries=6, gap=20 * HOUR),
            details=Learned(tries=2, gap=3 * DAY),
            bills=_bills(1, 7, 14),
            chances=(3, 7, 12, 18),
            again=(4, 9, 15),
        ),
        window=28 * DAY,
        timezone=timezone,
        charge_hour=9,
        first_mail_hour=9,
        last_mail_hour=19,
        contacts=ContactBudget(gap=2 * DAY, per_day=1, per_week=2, per_month=5),
        card_month_limit=8,
        card_day_limit=2,
        stripe_retries=StripeRetries.TAKE_OVER,
        economics=ECONOMICS,
        expiry_notice=EXPIRY_NOTICE,
        receipt=True,
    )


def assertive(timezone: str, version: int = 1) -> Policy:
    """As many charges as stay below every network's limit, for 45 days; the model finds the hours.

    14 refused charges of a Visa card a month are fewer than the 15 retries that Visa allowed before
    2025-05-25 and that some of its processors still count by. Codes that no network forbids to
    charge again are tried too, where the model finds it worthwhile. More than a day lies between
    two charges for want of money: a refused one makes the issuer wary, and that has a price.
    """
    return Policy(
        version=version,
        name="assertive",
        plans=_learned(
            funds=Learned(tries=30, gap=30 * HOUR),
            temporary=Learned(tries=30, gap=2 * HOUR),
            unknown=Learned(tries=30, gap=30 * HOUR),
            details=Learned(tries=6, gap=2 * DAY),
            bills=_bills(1, 5, 12, 21, 33),
            chances=(1, 4, 8, 13, 19, 26, 34),
            again=(3, 7, 12, 19, 27, 36),
        ),
        window=45 * DAY,
        timezone=timezone,
        charge_hour=9,
        first_mail_hour=9,
        last_mail_hour=20,
        contacts=ContactBudget(gap=2 * DAY, per_day=1, per_week=2, per_month=5),
        card_month_limit=33,
        brand_month_limits={"visa": 14},
        card_day_limit=2,
        stripe_retries=StripeRetries.TAKE_OVER,
        economics=ECONOMICS,
        expiry_notice=EXPIRY_NOTICE,
        receipt=True,
        use_backup=True,
        families=dict.fromkeys(sorted(JUDGED), DeclineFamily.UNKNOWN),
    )


def b2b_invoices(timezone: str, version: int = 1) -> Policy:
    """Companies: charges in the morning at fixed waits, a longer conversation, sent invoices too.

    After the first three days the waits keep to the weekday: 7, 14 and 21 days after the failure.
    Invoices that were sent are written about and never charged.
    """
    mornings = FixedWaits(waits=(3 * DAY, 4 * DAY, 7 * DAY, 7 * DAY))
    told = (
        _step(Template.PAYMENT_FAILED, DAY),
        _step(Template.PAYMENT_FAILED, 10 * DAY),
        _step(Template.UPDATE_CARD, 24 * DAY),
        _step(Template.PAYMENT_FAILED, 38 * DAY),
        Step(template=Template.FINAL_NOTICE, after=5 * DAY, since=Since.END),
    )
    final = Step(template=Template.FINAL_NOTICE, after=5 * DAY, since=Since.END)
    return Policy(
        version=version,
        name="b2b_invoices",
        plans={
            **{family: Plan(retries=mornings, campaign=told) for family in CHARGED},
            **_asking((HOUR, 7 * DAY, 21 * DAY, 38 * DAY), last=(final,)),
            DeclineFamily.OUTSTANDING: _bills(1, 8, 20, 38, last=(final,)),
        },
        window=60 * DAY,
        timezone=timezone,
        charge_hour=9,
        first_mail_hour=8,
        last_mail_hour=17,
        contacts=ContactBudget(gap=3 * DAY, per_day=1, per_week=2, per_month=4),
        card_month_limit=8,
        card_day_limit=1,
        stripe_retries=StripeRetries.TAKE_OVER,
        economics=ECONOMICS,
        expiry_notice=EXPIRY_NOTICE,
        receipt=True,
    )


def follow_stripe(timezone: str, version: int = 1) -> Policy:
    """Stripe keeps its own retries; we write, and charge at once when the card is replaced."""
    told = (
        _step(Template.PAYMENT_FAILED, DAY),
        _step(Template.UPDATE_CARD, 8 * DAY, if_worthwhile=True),
        FINAL_NOTICE,
    )
    return Policy(
        version=version,
        name="follow_stripe",
        plans={
            **{family: Plan(campaign=told) for family in CHARGED},
            **_asking((HOUR, 4 * DAY, 9 * DAY), last=(FINAL_NOTICE,)),
            DeclineFamily.OUTSTANDING: _bills(1, 7, 14),
        },
        window=28 * DAY,
        timezone=timezone,
        charge_hour=9,
        first_mail_hour=9,
        last_mail_hour=19,
        contacts=ContactBudget(gap=2 * DAY, per_day=1, per_week=2, per_month=5),
        card_month_limit=8,
        card_day_limit=1,
        stripe_retries=StripeRetries.FOLLOW,
        economics=ECONOMICS,
        expiry_notice=EXPIRY_NOTICE,
        receipt=True,
    )


PRESETS: Final[Mapping[str, Callable[..., Policy]]] = {
    "gentle": gentle,
    "balanced": balanced,
    "assertive": assertive,
    "b2b_invoices": b2b_invoices,
    "follow_stripe": follow_stripe,
}

# Families that time may heal, and those in which only the customer can help; CHECK has no plan.
CHARGED: Final = (DeclineFamily.FUNDS, DeclineFamily.TEMPORARY, DeclineFamily.UNKNOWN)
ASKING: Final = (
    DeclineFamily.NEEDS_NEW_CARD,
    DeclineFamily.NEEDS_NEW_DETAILS,
    DeclineFamily.NEEDS_AUTHENTICATION,
    DeclineFamily.NEVER,
)


def _learned(  # noqa: PLR0913 - every one is named where a preset is read
    *,
    funds: Learned,
    temporary: Learned,
    unknown: Learned,
    details: Learned,
    bills: Plan,
    chances: tuple[int, ...],
    again: tuple[int, ...],
) -> Plans:
    """Charges by what has worked; new details are tried too, for updaters refresh cards unasked."""
    waits = (HOUR, *(day * DAY for day in again))
    asking = _asking(waits, last=(FINAL_NOTICE,), details=details)
    return {
        DeclineFamily.FUNDS: Plan(retries=funds, campaign=_silent_first(*chances)),
        DeclineFamily.TEMPORARY: Plan(retries=temporary, campaign=_silent_first(*chances)),
        DeclineFamily.UNKNOWN: Plan(retries=unknown, campaign=_silent_first(*chances)),
        **asking,
        DeclineFamily.OUTSTANDING: bills,
    }


def _silent_first(*days: int) -> tuple[Step, ...]:
    """Chances to write, each taken if by then it is worth it: about the payment, then the card."""
    templates = cycle((Template.PAYMENT_FAILED, Template.UPDATE_CARD))
    return (
        *(
            _step(template, day * DAY, if_worthwhile=True)
            for template, day in zip(templates, days, strict=False)
        ),
        Step(template=Template.UPDATE_CARD, since=Since.ASKED),
        FINAL_NOTICE,
    )


def _bills(*days: int, last: tuple[Step, ...] = LAST_OF_A_BILL) -> Plan:
    """For bills that were sent: a word before the due date, and so many days after it."""
    overdue = (
        Step(template=Template.INVOICE_OVERDUE, after=day * DAY, since=Since.DUE) for day in days
    )
    return Plan(campaign=(Step(template=Template.INVOICE_DUE), *overdue, *last))


def _asking(
    waits: tuple[timedelta, ...], *, last: tuple[Step, ...], details: Retries | None = None
) -> Plans:
    """Plans of the asking families: the first message always, later ones if they are worth it."""

    def plan(template: Template, retries: Retries | None = None) -> Plan:
        first, *later = waits
        return Plan(
            retries=retries,
            campaign=(
                _step(template, first),
                *(_step(template, wait, if_worthwhile=True) for wait in later),
                *last,
            ),
        )

    return {
        DeclineFamily.NEEDS_NEW_CARD: plan(Template.UPDATE_CARD),
        DeclineFamily.NEEDS_NEW_DETAILS: plan(Template.UPDATE_CARD, details),
        DeclineFamily.NEEDS_AUTHENTICATION: plan(Template.AUTHENTICATE),
        DeclineFamily.NEVER: plan(Template.UPDATE_CARD),
        DeclineFamily.CHECK: Plan(),
    }


def _step(template: Template, after: timedelta, *, if_worthwhile: bool = False) -> Step:
    return Step(template=template, after=after, if_worthwhile=if_worthwhile)
