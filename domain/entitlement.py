"""Whether a customer may go on using what they pay for: a function of what they owe, the merchant's
days of grace, and the time. Nothing here asks who reads it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from domain.recovery.events import Ask
from domain.recovery.state import RecoveryCase


class State(StrEnum):
    """How a customer stands; a merchant who locks anybody out does so at the last."""

    GOOD = "good"  # nothing is owed
    GRACE = "grace"  # something is, and it is early, or there is a reason to wait
    OVERDUE = "overdue"  # the days of grace are over


class Reason(StrEnum):
    """Why something is owed, as far as a customer may be told."""

    PAYMENT_FAILED = "payment_failed"
    NEW_CARD_NEEDED = "new_card_needed"
    AUTHENTICATION_NEEDED = "authentication_needed"
    BILL_UNPAID = "bill_unpaid"
    BEING_CHARGED = "being_charged"
    DAY_AGREED = "day_agreed"
    QUESTIONED = "questioned"  # they say that something is wrong, and nobody has answered yet
    PAUSED = "paused"


class Wall(StrEnum):
    """What an app shows to whoever is overdue."""

    BANNER = "banner"
    SOFT = "soft"  # can be closed, once a day
    HARD = "hard"


class Notice(StrEnum):
    """What an app shows to one customer just now."""

    NONE = "none"
    BANNER = "banner"
    SOFT = "soft"
    HARD = "hard"


class InApp(Struct, frozen=True, kw_only=True):
    """What a merchant wants to happen in the own app. The days of grace hold for every program that
    asks; the rest for what customers see."""

    grace_days: int
    shown: bool
    banner: bool  # in the days of grace
    wall: Wall  # afterwards


class Entitlement(Struct, frozen=True, kw_only=True):
    """How a customer stands. `grace_until` is past for whoever is overdue, and None where nothing
    is owed or nobody can say. `rests`: by word of somebody nothing is asked of them just now."""

    state: State
    grace_until: datetime | None = None
    reason: Reason | None = None
    debts: tuple[RecoveryCase, ...] = ()
    rests: bool = True


def entitlement(cases: Iterable[RecoveryCase], grace: timedelta, now: datetime) -> Entitlement:
    """What the cases of one customer, the oldest first, come to.

    What is only watched does not count: nobody touches it. Neither does a bill before its day.
    """
    debts = tuple(case for case in cases if _counts(case, now))
    if not debts:
        return Entitlement(state=State.GOOD)
    ends = [_grace_until(case, grace) for case in debts]
    over = [
        end
        for case, end in zip(debts, ends, strict=True)
        if end is not None and end <= now and case.in_flight is None
    ]
    known = [end for end in ends if end is not None and end > now]
    return Entitlement(
        state=State.OVERDUE if over else State.GRACE,
        grace_until=min(over or known, default=None),
        reason=_reason(debts[0], now),
        debts=debts,
        rests=not over and all(_rests(case, now) for case in debts),
    )


def notice(how: Entitlement, wanted: InApp) -> Notice:
    """What the app shows. Nothing to whoever has been told that nothing is asked of them now."""
    if not wanted.shown or how.state is State.GOOD or how.rests:
        return Notice.NONE
    if how.state is State.OVERDUE:
        return Notice(wanted.wall.value)
    return Notice.BANNER if wanted.banner else Notice.NONE


def _counts(case: RecoveryCase, now: datetime) -> bool:
    early = case.outstanding and case.due_at is not None and now < case.due_at
    return case.is_open and not case.held_out and case.amount_minor > 0 and not early


def _grace_until(case: RecoveryCase, grace: timedelta) -> datetime | None:
    """Until when the customer goes on as if nothing had happened; None while a person looks into
    it. Whoever picked a day, or is being charged, is not overdue before that is over."""
    if case.pause is not None and case.pause.until is None:
        return None
    since = case.due_at if case.outstanding and case.due_at else case.opened_at
    assert since is not None, "a case that counts is open"
    waits = (
        since + grace,
        case.quiet_until,
        case.pause.until if case.pause else None,
        case.in_flight.check_at if case.in_flight else None,
    )
    return max(each for each in waits if each is not None)


def _rests(case: RecoveryCase, now: datetime) -> bool:
    quiet = case.quiet_until is not None and now < case.quiet_until
    return case.pause is not None or case.in_flight is not None or quiet


def _reason(case: RecoveryCase, now: datetime) -> Reason:
    if case.is_questioned:
        return Reason.QUESTIONED
    if case.pause is not None:
        return Reason.PAUSED
    if case.in_flight is not None:
        return Reason.BEING_CHARGED
    if case.quiet_until is not None and now < case.quiet_until:
        return Reason.DAY_AGREED
    if case.outstanding:
        return Reason.BILL_UNPAID
    by_ask = {Ask.CARD: Reason.NEW_CARD_NEEDED, Ask.AUTHENTICATION: Reason.AUTHENTICATION_NEEDED}
    return by_ask.get(case.ask, Reason.PAYMENT_FAILED) if case.ask else Reason.PAYMENT_FAILED
