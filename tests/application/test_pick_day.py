"""The customer's day: each that was picked is kept, and nobody is written to before it.

CHARGECHASE_PICKED_DAYS=1000 python -m pytest tests/application/test_pick_day.py
"""

import os
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from application.use_cases.pick_day import DaysOffer, PickDay
from domain.invoice import Profile
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from tests.application.bakery import Bakery
from tests.builders import DAY, HOUR, MONDAY, a_policy, declined

CASES = int(os.environ.get("CHARGECHASE_PICKED_DAYS", "100"))
CODES = ("insufficient_funds", "do_not_honor", "try_again_later", "card_velocity_exceeded")
ZONES = ("Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kathmandu")
POLICY = a_policy(window=30 * DAY)


def counter(bakery: Bakery) -> PickDay:
    return PickDay(cases=bakery.cases)


def charges(bakery: Bakery) -> list[datetime]:
    return [event.at for event in bakery.history() if isinstance(event, e.AttemptStarted)]


async def a_customer(chance: Random) -> tuple[Bakery, str]:
    """Comes to the page at some time in the case, after some refused charges."""
    zone, code = chance.choice(ZONES), chance.choice(CODES)
    bakery = Bakery(POLICY)
    await bakery.opens(last_failure=declined(code, "ch_first"), profile=Profile(timezone=zone))
    for _ in range(chance.randrange(3)):
        bakery.payments.will_decline("in_1")
    await bakery.runs_until(bakery.now + timedelta(hours=chance.uniform(0, 20 * 24)))
    return bakery, zone


async def picked_by(bakery: Bakery, chance: Random) -> date | None:
    offer = await counter(bakery).offer(bakery.ref)
    if not offer.days:
        return None
    day = chance.choice(offer.days)
    already = day == offer.picked
    assert await counter(bakery).pick(bakery.ref, day) is not already
    return day


async def test_each_of_many_days_is_kept() -> None:
    chance, kept = Random(5), 0
    while kept < CASES:
        bakery, zone = await a_customer(chance)
        day = await picked_by(bakery, chance)
        if day is None:
            continue
        asked_at, before = bakery.now, len(charges(bakery))
        await bakery.runs_until(asked_at + 31 * DAY)
        first = charges(bakery)[before]
        assert first.astimezone(ZoneInfo(zone)).date() == day
        assert first.astimezone(ZoneInfo(zone)).hour == POLICY.charge_hour
        letters = [x.at for x in bakery.history() if isinstance(x, e.ReminderStarted)]
        assert not [at for at in letters if asked_at < at < first]
        kept += 1


async def test_another_day_replaces_the_one_before() -> None:
    bakery = await Bakery(POLICY).opens()
    page = counter(bakery)
    offer = await page.offer(bakery.ref)
    early, late = offer.days[0], offer.days[-1]
    assert await page.pick(bakery.ref, late)
    assert (await page.offer(bakery.ref)).picked == late
    assert await page.pick(bakery.ref, early)
    assert (await page.offer(bakery.ref)).picked == early
    await bakery.runs_until(MONDAY + 29 * DAY)
    (charged,) = charges(bakery)
    assert charged.date() == early


async def test_a_day_that_is_not_offered_is_not_kept() -> None:
    bakery = await Bakery(POLICY).opens()
    told = bakery.history()
    for day in (MONDAY.date(), date(2020, 1, 1), date(9999, 12, 31)):
        assert not await counter(bakery).pick(bakery.ref, day)
    assert bakery.history() == told


async def test_once_it_is_over_nothing_is_offered() -> None:
    bakery = await Bakery(POLICY).opens()
    await bakery.runs_until(MONDAY + 40 * DAY)
    assert await counter(bakery).offer(bakery.ref) == DaysOffer()


async def test_who_wants_to_pay_now_has_paid_a_moment_later() -> None:
    bakery = await Bakery(POLICY).opens()
    bakery.now += 30 * HOUR
    page, wished_at = counter(bakery), bakery.now
    assert (await page.offer(bakery.ref)).at_once
    assert await page.at_once(bakery.ref)
    assert not await page.at_once(bakery.ref), "a second click"
    assert await bakery.does_what_is_next() is ActionKind.ATTEMPT
    assert bakery.case().phase.value == "recovered"
    assert bakery.now - wished_at < timedelta(minutes=1)
    assert bakery.captured() == 1


async def test_a_card_that_is_refused_again_is_not_offered_at_once_for_a_while() -> None:
    bakery = await Bakery(POLICY).opens()
    bakery.payments.will_decline("in_1")
    bakery.now += 30 * HOUR
    assert await counter(bakery).at_once(bakery.ref)
    await bakery.does_what_is_next()
    assert bakery.outcomes == ["declined"]
    again = [await counter(bakery).at_once(bakery.ref) for _ in range(3)]
    await bakery.runs_until(bakery.now + HOUR)
    assert len(bakery.payments.charges) <= 1 + any(again)
