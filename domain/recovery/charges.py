"""When the next charge is made: by the family's plan, and after all that stands against earlier."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from domain.calendar import within_hours
from domain.calendar.paydays import likely_pay_days
from domain.decline import DeclineFamily, wait_advised
from domain.network import (
    DAILY_LIMIT,
    DAY,
    Budget,
    CardUse,
    budget,
    debit_budget,
    debit_objection,
    free_from,
    together,
    tries_left,
)
from domain.policy import Policy
from domain.policy.shapes import FixedWaits, Learned, PayDays, Retries, StripeRetries
from domain.recovery.basis import Basis
from domain.recovery.situation import situation_of
from domain.recovery.state import RecoveryCase
from domain.recovery.why import Rejected, Why
from domain.timing.choice import Choice, Option, Span, choose

DRAWS: Final = 1 << 32
# No charge of ours this close to one of Stripe's, and none while a bank debit is on its way.
CLEARANCE: Final = timedelta(hours=6)


class Slot(Struct, frozen=True, kw_only=True):
    """An instant for a charge, its reason, and what it is expected to bring.

    `at` None: never on this card, or (`rule` "not_worth_it") not worth its cost.
    """

    at: datetime | None
    rule: str
    why: Why
    later_percent: int = 0


class Room(Struct, frozen=True, kw_only=True):
    """From when on a charge is allowed, and what forbade it earlier; None: never."""

    since: datetime | None
    rejected: tuple[Rejected, ...] = ()


def use_of(case: RecoveryCase, basis: Basis, now: datetime) -> CardUse:
    """The refusals of the card on file: what was read, and what this case knows itself."""
    return together(basis.around.use, case.refusals, now)


def room_from(case: RecoveryCase, basis: Basis, wanted: datetime, now: datetime) -> Room:
    """The first instant from `wanted` on at which nothing forbids a charge, each rule in turn."""
    at, rejected = max(wanted, now), list[Rejected]()
    for rule, until in _waits(case):
        if until > at:
            rejected.append(Rejected(what="charge", rule=rule, at=at))
            at = until
    never = forbidden(case, at)
    if never is not None:
        return Room(since=None, rejected=(Rejected(what="charge", rule=never, at=at),))
    scheme = case.card.scheme if case.card else None
    free_at, against = free_from(
        use_of(case, basis, now),
        scheme,
        at,
        card_month_limit=basis.policy.month_limit(scheme),
        card_day_limit=basis.policy.card_day_limit,
    )
    for objection in against:
        rejected.append(Rejected(what="charge", rule=objection.rule, at=at))
        at = objection.until or at
    return Room(since=free_at, rejected=tuple(rejected))


def forbidden(case: RecoveryCase, at: datetime) -> str | None:
    """The rule by which the method on file is not charged at `at` or ever after; None: it may."""
    if case.barred:
        return "card_barred"
    kind = case.card.kind if case.card else ""
    never = debit_objection(kind, case.refusals, family_or_unknown(case), at)
    return never.rule if never is not None else None


def _waits(case: RecoveryCase) -> list[tuple[str, datetime]]:
    waits = []
    if case.card_news_at is not None:
        waits.append(("advised_wait", case.card_news_at + wait_advised(case.decline)))
    if case.quiet_until is not None:
        waits.append(("promised", case.quiet_until))
    beside = clear_of_stripe(case)
    if beside is not None:
        waits.append(("beside_another", beside))
    return waits


def clear_of_stripe(case: RecoveryCase) -> datetime | None:
    """From when on a charge keeps clear of Stripe's latest, where Stripe goes on; None: from ever.

    Another card is another matter: what its owner wants charged at once is charged at once.
    """
    follows = case.stripe_retries is StripeRetries.FOLLOW and not case.new_card
    charged_at = case.stripe_charged_at
    return charged_at + CLEARANCE if follows and charged_at is not None else None


def at_charge_hour(instant: datetime, case: RecoveryCase, policy: Policy) -> datetime:
    """`instant` if it lies within the policy's hour for charges, else when that hour next begins.

    A whole hour, not its first minute: a retry "two days later" stays two days later, although the
    charge before it ran some seconds past the hour.
    """
    hour = policy.charge_hour
    return within_hours(instant, hour, hour + 1, case.zone(policy))


def tries_of(retries: Retries | None) -> int:
    """How many charges a plan makes."""
    match retries:
        case None:
            return 0
        case FixedWaits():
            return len(retries.waits)
        case _:
            return retries.tries


def next_slot(case: RecoveryCase, retries: Retries, basis: Basis, now: datetime) -> Slot:
    """Where the plan puts the next charge; at least one of its tries is left."""
    since = _last_charge(case)
    room = room_from(case, basis, since + _wait(case, retries), now)
    if room.since is None:
        return Slot(at=None, rule=room.rejected[-1].rule, why=why_of(case, basis, now, room))
    match retries:
        case FixedWaits():
            at = at_charge_hour(room.since, case, basis.policy)
            return _plain(case, basis, now, room, at)
        case PayDays():
            return _plain(case, basis, now, room, _pay_day(case, retries, basis, room.since))
        case _:
            return _learned(case, retries, basis, room, now)


def _wait(case: RecoveryCase, retries: Retries) -> timedelta:
    if isinstance(retries, FixedWaits):
        return retries.waits[case.retries_on_card]
    return retries.gap


def _last_charge(case: RecoveryCase) -> datetime:
    """From when a plan's wait counts: the latest news of the card, or our latest attempt."""
    assert case.opened_at is not None
    news_at = case.card_news_at or case.opened_at
    return max(news_at, case.tried_at or news_at)


def _plain(
    case: RecoveryCase, basis: Basis, now: datetime, room: Room, at: datetime | None
) -> Slot:
    rule = "window" if at is None else f"plan:{family_or_unknown(case)}"
    return Slot(at=at, rule=rule, why=why_of(case, basis, now, room))


def _pay_day(
    case: RecoveryCase, retries: PayDays, basis: Basis, since: datetime
) -> datetime | None:
    """The first of the likeliest pay days up to the end, as many as there are tries left."""
    assert case.closes_at is not None
    zone = ZoneInfo(case.zone(basis.policy))
    first, last = (instant.astimezone(zone).date() for instant in (since, case.closes_at))
    days = likely_pay_days(
        case.profile.country if case.profile else None,
        case.card.funding if case.card else None,
        first,
        last,
        basis.around.holidays,
    )
    possible = list[tuple[float, datetime]]()
    for pay_day in days:
        midnight = datetime.combine(pay_day.day, time(), zone)
        at = at_charge_hour(max(since, midnight), case, basis.policy)
        if at.astimezone(zone).date() == pay_day.day and at < case.closes_at:
            possible.append((-pay_day.weight, at))
    best = sorted(possible)[: retries.tries - case.retries_on_card]
    return min((at for _, at in best), default=None)


def _learned(case: RecoveryCase, retries: Learned, basis: Basis, room: Room, now: datetime) -> Slot:
    assert case.closes_at is not None
    assert room.since is not None
    policy, use = basis.policy, use_of(case, basis, now)
    merchant = basis.around.merchant or case.account
    a_day = min(DAILY_LIMIT, policy.card_day_limit)
    scheme = case.card.scheme if case.card else None
    debits = _debit_budget(case)
    span = Span(
        now=now,
        not_before=room.since,
        closes_at=case.closes_at,
        tries_left=min(
            retries.tries - case.retries_on_card,
            tries_left(use, scheme, case.closes_at, policy.month_limit(scheme)),
            *((debits.left,) if debits else ()),
        ),
        gap=max(retries.gap, DAY / a_day),
        holidays=basis.around.holidays,
    )
    situation = situation_of(case, now, merchant, use)
    choice = choose(situation, span, basis.knowledge, policy.economics, basis.around.draw / DRAWS)
    why = why_of(case, basis, now, room, choice)
    rule = f"plan:{situation.family}" if choice.at else "not_worth_it"
    return Slot(at=choice.at, rule=rule, why=why, later_percent=choice.later_percent)


def why_of(
    case: RecoveryCase, basis: Basis, now: datetime, room: Room, choice: Choice | None = None
) -> Why:
    """Why a charge is made when it is made, in numbers that can be kept."""
    use = use_of(case, basis, now)
    scheme = case.card.scheme if case.card else None
    inputs: dict[str, str | int] = {
        "family": family_or_unknown(case).value,
        "retries_on_card": case.retries_on_card,
    }
    code = case.decline.decline_code or case.decline.code
    if code:
        inputs["code"] = code
    considered = tuple(_rejected(option) for option in choice.considered) if choice else ()
    return Why(
        inputs=inputs,
        evidence=choice.evidence if choice else (),
        rejected=(*room.rejected, *considered),
        budget=_debit_budget(case) or budget(use, scheme, now, basis.policy.month_limit(scheme)),
        percent=choice.chance_percent if choice else None,
    )


def _debit_budget(case: RecoveryCase) -> Budget | None:
    return debit_budget(case.card.kind, len(case.refusals)) if case.card else None


def _rejected(option: Option) -> Rejected:
    return Rejected(
        what="charge", rule=option.rejected, at=option.at, percent=option.chance_percent
    )


def family_or_unknown(case: RecoveryCase) -> DeclineFamily:
    """What the latest refusal says; of a card that nobody refused, nothing is known."""
    return case.family or DeclineFamily.UNKNOWN
