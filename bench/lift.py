"""Experiments by chance: how often the lift's interval cries wolf, and how often it finds a lift.

Nothing is installed or measured on a clock: customers are drawn, and after every one of them the
same code that the product uses is asked. A false alarm is any look of an experiment without an
effect at which the interval left zero out.
"""

from random import Random
from typing import Final

from msgspec import Struct

from bench.table import Row
from domain.attribution import Group, MoneyOutcome, Verdict, compare, money_groups

CUSTOMERS: Final = 2_000
EXPERIMENTS: Final = 1_000
FIRST_LOOK: Final = 50
GOAL: Final = 0.05
PLANTED: Final = 0.10
MOST_UNDETECTED: Final = 0.2
SEED: Final = 7
MONEY_CUSTOMERS: Final = (50, 100, 200, 400, 800, 1_400, 2_000)  # money is summed anew at a look


class Trial(Struct, frozen=True, kw_only=True):
    """A world of customers who pay by chance: the share held out and both groups' rates."""

    held_out: float
    treated: float
    control: float
    customers: int = CUSTOMERS


class Found(Struct, frozen=True, kw_only=True):
    """What a batch of experiments showed."""

    alarms: int  # experiments with a verdict at any look
    decided_after: int | None  # customers, median of those
    width: float  # points, at the last look of those without a verdict; 0 if there are none


def play(trial: Trial, experiments: int, seed: int = SEED) -> Found:
    """Look after every customer until a verdict, or to the end."""
    chance = Random(seed)
    ends = [_one(trial, chance) for _ in range(experiments)]
    when = sorted(customers for customers, _ in ends if customers)
    widths = [width for customers, width in ends if not customers]
    return Found(
        alarms=len(when),
        decided_after=when[len(when) // 2] if when else None,
        width=sum(widths) / len(widths) if widths else 0.0,
    )


def _one(trial: Trial, chance: Random) -> tuple[int, float]:
    """After how many customers there was a verdict (0: never), and the last interval's width."""
    treated, control, width = Group(), Group(), 200.0
    for customers in range(1, trial.customers + 1):
        if chance.random() < trial.held_out:
            control = control.plus(float(chance.random() < trial.control))
        else:
            treated = treated.plus(float(chance.random() < trial.treated))
        if customers >= FIRST_LOOK:
            lift = compare(treated, control)
            width = lift.high - lift.low
            if lift.verdict in (Verdict.MORE, Verdict.LESS):
                return customers, width
    return 0, width


def false_alarms_in_money(experiments: int, held_out: float, seed: int = SEED) -> int:
    """A/A by money: amounts spread log-normally, one in a hundred fifty times as large."""
    chance = Random(seed)
    return sum(_money_alarm(chance, held_out) for _ in range(experiments))


def _money_alarm(chance: Random, held_out: float) -> bool:
    lots: tuple[list[MoneyOutcome], list[MoneyOutcome]] = ([], [])
    for customers in range(1, CUSTOMERS + 1):
        out = chance.random() < held_out
        lots[out].append(_debt(chance, held_out=out))
        if customers in MONEY_CUSTOMERS:
            verdict = compare(*money_groups(*lots)).verdict
            if verdict in (Verdict.MORE, Verdict.LESS):
                return True
    return False


def _debt(chance: Random, *, held_out: bool) -> MoneyOutcome:
    large = 50 if chance.random() < 0.01 else 1
    amount = max(int(30_00 * chance.lognormvariate(0, 1)) * large, 1)
    return MoneyOutcome(
        held_out=held_out,
        arm=None,
        currency="eur",
        at_risk_minor=amount,
        recovered_minor=amount if chance.random() < 0.5 else 0,
        customers=1,
    )


def measure(here: object = None, *, quick: bool = False) -> list[Row]:
    """False alarms over several worlds, in money too, and the power; needs no installation."""
    del here
    experiments = 20 if quick else EXPERIMENTS
    return [_alarm_row(experiments), _money_row(experiments), _power_row(experiments)]


def _alarm_row(experiments: int) -> Row:
    worlds = [(held_out, rate) for held_out in (0.1, 0.2, 0.5) for rate in (0.3, 0.6)]
    shares = {
        f"{held_out:.0%} held out, {rate:.0%} pay": play(
            Trial(held_out=held_out, treated=rate, control=rate), experiments
        ).alarms
        / experiments
        for held_out, rate in worlds
    }
    worst = max(shares.values())
    return Row(
        name="F1",
        work=f"A/A, {experiments} x {CUSTOMERS}, a look after every customer",
        goal="<= 5 %",
        figure=f"{worst:.1%}",
        met=worst <= GOAL,
        bound="The worst of six worlds: how near small groups are to normal decides.",
        readings=shares,
    )


def _money_row(experiments: int) -> Row:
    shares = {
        f"{held_out:.0%} held out": false_alarms_in_money(experiments, held_out) / experiments
        for held_out in (0.1, 0.2, 0.5)
    }
    worst = max(shares.values())
    return Row(
        name="F2",
        work=f"A/A in money with a heavy tail, {len(MONEY_CUSTOMERS)} looks",
        goal="<= 5 %",
        figure=f"{worst:.1%}",
        met=worst <= GOAL,
        bound="Amounts are capped at the 95th percentile; the cap bounds what one invoice decides.",
        readings=shares,
    )


def _power_row(experiments: int) -> Row:
    readings: dict[str, float | int | None] = {}
    for held_out in (0.1, 0.2, 0.5):
        found = play(Trial(held_out=held_out, treated=0.5 + PLANTED, control=0.5), experiments)
        readings[f"{held_out:.0%} held out: found"] = found.alarms / experiments
        readings[f"{held_out:.0%} held out: after customers (median)"] = found.decided_after
        readings[f"{held_out:.0%} held out: width in points if not"] = round(found.width, 1)
    power = float(readings["50% held out: found"] or 0)
    return Row(
        name="F3",
        work=f"A lift of 10 points found within {CUSTOMERS} customers",
        goal=">= 80 %",
        figure=f"{power:.0%}",
        met=power >= 1 - MOST_UNDETECTED,
        bound="Half held out; with fewer held out their number decides, see the readings.",
        readings=readings,
    )
