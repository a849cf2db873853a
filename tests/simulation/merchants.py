"""The policies of a world: waits, pay days, learned instants, experiments and hold-outs."""

import random
from datetime import timedelta
from enum import Enum
from typing import Final

from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.policy import (
    Arm,
    Channel,
    ContactBudget,
    EndAction,
    FixedWaits,
    Plan,
    Plans,
    Policy,
    Since,
    Step,
    StripeRetries,
    Template,
    balanced,
)
from domain.policy.presets import PRESETS

ZONES: Final = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe")
CHARGED: Final = (
    DeclineFamily.FUNDS,
    DeclineFamily.TEMPORARY,
    DeclineFamily.UNKNOWN,
    DeclineFamily.NEEDS_NEW_DETAILS,
)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


class Temper(Enum):
    """How a world's merchants go about it."""

    USUAL = "usual"
    HASTY = "hasty"  # as often as the rules allow
    HANDS_OFF = "hands off"  # neither charges nor letters


def a_policy(draw: random.Random, temper: Temper, zone: str, version: int) -> Policy:
    """One version of somebody's policy."""
    if temper is Temper.USUAL and draw.random() < 0.3:
        preset = PRESETS[draw.choice(sorted(PRESETS))](zone, version)
        return replace(preset, hold_out_percent=draw.choice((0, 0, 20)), end=_end(draw, temper))
    days = draw.randint(14, 25) if temper is Temper.HASTY else draw.randint(7, 21)
    first = draw.choice((0, 8, 9))
    per_day = draw.choice((1, 1, 2))
    hasty = temper is Temper.HASTY
    return replace(
        balanced(zone, version),
        name=f"drawn {version // 2}",
        plans=_plans(draw, temper, days),
        window=timedelta(days=days),
        charge_hour=draw.randint(0, 23),
        first_mail_hour=first,
        last_mail_hour=first + 10,
        contacts=ContactBudget(
            gap=timedelta(hours=draw.choice((1, 24, 48))), per_day=per_day, per_week=3, per_month=8
        ),
        card_month_limit=35 if hasty else draw.choice((8, 20, 35)),
        card_day_limit=10 if hasty else draw.choice((1, 3, 10)),
        stripe_retries=_stripe_retries(draw, temper),
        end=_end(draw, temper),
        confirm_end=days % 2 == 0,  # some want to say yes themselves: see acts
        arms=_arms(draw, temper),
        hold_out_percent=0 if temper is not Temper.USUAL else draw.choice((0, 0, 10, 40)),
    )


def _plans(draw: random.Random, temper: Temper, days: int) -> Plans:
    if temper is Temper.HANDS_OFF:
        return {}
    waits = tuple(DAY for _ in range(min(14, days - 1)))
    if temper is Temper.USUAL:
        waits = tuple(timedelta(hours=draw.randint(2, 40)) for _ in range(draw.randint(0, 3)))
    retries = FixedWaits(waits=waits) if waits else None
    told = (
        Step(template=Template.PAYMENT_FAILED, after=HOUR),
        Step(template=Template.PAYMENT_FAILED, after=2 * DAY),
        Step(template=Template.UPDATE_CARD, after=HOUR, since=Since.ASKED),
        Step(template=Template.FINAL_NOTICE, after=DAY, since=Since.END),
    )
    campaign = told[: draw.randint(0, 4)]
    charged = Plan(retries=retries, campaign=campaign)
    bills = (
        Step(template=Template.INVOICE_DUE),
        Step(template=Template.INVOICE_OVERDUE, after=DAY),
    )
    return {
        **{
            family: charged if family in CHARGED else Plan(campaign=campaign)
            for family in DeclineFamily
        },
        DeclineFamily.OUTSTANDING: Plan(campaign=bills),
    }


def _arms(draw: random.Random, temper: Temper) -> tuple[Arm, ...]:
    if temper is not Temper.USUAL or draw.random() < 0.6:
        return ()
    weeks = timedelta(days=21)
    return (
        Arm(name="control", weight=1),
        Arm(name="longer", weight=draw.randint(1, 3), window=weeks),
    )


# Where nobody touches anything little can go wrong: such merchants are few.
MODES = (*(StripeRetries.TAKE_OVER, StripeRetries.FOLLOW) * 3, StripeRetries.HOLD_OUT)


def _stripe_retries(draw: random.Random, temper: Temper) -> StripeRetries:
    drawn = draw.choice(MODES)
    return StripeRetries.FOLLOW if temper is Temper.HANDS_OFF else drawn


def _end(draw: random.Random, temper: Temper) -> EndAction:
    drawn = draw.choice((EndAction.KEEP, *EndAction))
    return EndAction.KEEP if temper is Temper.HANDS_OFF else drawn


def with_texts(policy: Policy, draw: random.Random) -> Policy:
    """Some merchants write some of their messages as texts; drawn beside the rest, which stays."""
    if draw.random() < 0.6 or not policy.plans:
        return policy
    plans = {
        family: replace(plan, campaign=tuple(_perhaps_a_text(step, draw) for step in plan.campaign))
        for family, plan in policy.plans.items()
    }
    hours = sorted((draw.randint(8, 10), draw.randint(15, 21)))
    last = max(hours[0] + 1, min(hours[1], 21))
    texted = {"first_text_hour": hours[0], "last_text_hour": last}
    if max(hours[0], policy.first_mail_hour) >= min(last, policy.last_mail_hour):
        texted = {"first_text_hour": 8, "last_text_hour": 21}
    return replace(policy, plans=plans, most_texts=draw.choice((1, 1, 1, 2, 0)), **texted)


def _perhaps_a_text(step: Step, draw: random.Random) -> Step:
    return replace(step, channel=Channel.SMS) if draw.random() < 0.35 else step
