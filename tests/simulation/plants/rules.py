"""Bugs in the rules themselves: ends that are none, sums, chance, the same news twice."""

import random
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

import application.change_case
from domain.policy import Policy
from domain.recovery import case as cases
from domain.recovery import charges, decide, endings, opening, plan, quiet
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.state import RecoveryCase
from domain.recovery.transitions import TRANSITIONS, Phase
from tests.simulation.installation import Installation
from tests.simulation.laws import Law
from tests.simulation.plants.plant import instead, there


class Reopened(Installation):
    """A refusal that is told of late takes a lost case up again."""

    @classmethod
    def patches(cls) -> Any:
        right = there(decide, "after_the_end")
        laxer = {**TRANSITIONS, (Phase.LOST, e.AttemptPlanned): Phase.WAITING}

        def once_more(case: RecoveryCase, command: c.Command, basis: Basis, now: datetime) -> Any:
            events = right(case, command, basis, now)
            if not isinstance(command, c.RecordDecline) or case.phase is not Phase.LOST:
                return events
            number, due_at = case.attempts + 1, now + timedelta(days=1)
            again = e.AttemptPlanned(at=now, number=number, due_at=due_at, rule="again")
            return (*events, again)

        return (
            instead(decide, "after_the_end", once_more),
            instead(cases, "TRANSITIONS", laxer),
        )


class LateMoneyIgnored(Installation):
    """What is paid after the end is nobody's."""

    @classmethod
    def patches(cls) -> Any:
        return (instead(endings, "_late", lambda *_: ()),)


class DisputeIgnored(Installation):
    """What a bank takes back is counted as money still."""

    @classmethod
    def patches(cls) -> Any:
        return (instead(endings, "_disputed", lambda *_: ()),)


class RefundCountedTwice(Installation):
    """Each word of a refund is taken for another one."""

    @classmethod
    def patches(cls) -> Any:
        def naive(case: RecoveryCase, command: c.RecordRefund, now: datetime) -> Any:
            amount = command.amount_minor
            return (e.MoneyReturned(at=now, amount_minor=amount, reason=e.Return.REFUND),)

        return (instead(endings, "_refunded", naive),)


class HeldOutCharged(Installation):
    """Who is held out is chased like everybody."""

    @classmethod
    def patches(cls) -> Any:
        right = plan.plan

        def blind(case: RecoveryCase, basis: Basis, now: datetime) -> Any:
            return right(replace(case, held_out=False), basis, now)

        return (instead(decide, "plan", blind), instead(opening, "plan", blind))


class DrawNotSticky(Installation):
    """Every invoice draws anew where its customer belongs."""

    @classmethod
    def patches(cls) -> Any:
        right = opening._opened

        def by_invoice(command: c.OpenCase, policy: Policy, now: datetime) -> e.CaseOpened:
            drawn = policy.assign(command.invoice.invoice_id)
            opened = right(command, policy, now)
            return replace(opened, arm=drawn.arm, held_out=drawn.held_out)

        return (instead(opening, "_opened", by_invoice),)


class PromiseIgnored(Installation):
    """A promised day is noted, and nobody waits for it."""

    @classmethod
    def patches(cls) -> Any:
        right = charges._waits

        def hasty(case: RecoveryCase) -> Any:
            return [wait for wait in right(case) if wait[0] != "promised"]

        return (instead(charges, "_waits", hasty),)


class PickedDateIgnored(Installation):
    """The customer picks a day, and is charged on another."""

    @classmethod
    def patches(cls) -> Any:
        right = plan._on_the_day

        def today(case: RecoveryCase, day: datetime, rule: str, basis: Basis, now: datetime) -> Any:
            return right(replace(case, quiet_until=None), now, rule, basis, now)

        return (instead(plan, "_on_the_day", today),)


class PauseIgnored(Installation):
    """Who pauses a subscription in Stripe is not heard."""

    @classmethod
    def patches(cls) -> Any:
        return (instead(quiet, "_paused", lambda *_: ()),)


class WindowProlonged(Installation):
    """Every refusal gives a case another week."""

    @classmethod
    def patches(cls) -> Any:
        right = there(cases, "declined")

        def prolonged(case: RecoveryCase, event: Any) -> RecoveryCase:
            after: RecoveryCase = right(case, event)
            assert after.closes_at is not None
            return replace(after, closes_at=after.closes_at + timedelta(days=7))

        return (instead(cases, "declined", prolonged),)


class CurrencyDrifts(Installation):
    """Another amount comes in another currency."""

    @classmethod
    def patches(cls) -> Any:
        right = cases._changed

        def drifting(case: RecoveryCase, event: e.Event) -> RecoveryCase:
            after = right(case, event)
            return replace(after, currency="chf") if isinstance(event, e.AmountChanged) else after

        return (instead(cases, "_changed", drifting),)


class ChanceFromNowhere(Installation):
    """A decision draws a number of its own."""

    @classmethod
    def patches(cls) -> Any:
        right, draw = there(application.change_case, "decide_all"), random.Random(7)

        def jittered(*asked: Any) -> tuple[e.Event, ...]:
            return tuple(
                replace(one, due_at=one.due_at + timedelta(seconds=draw.randint(1, 60)))
                if isinstance(one, e.AttemptPlanned)
                else one
                for one in right(*asked)
            )

        return (instead(application.change_case, "decide_all", jittered),)


class DeclinesCountedAnew(Installation):
    """A refusal that is told twice is planned for twice."""

    @classmethod
    def patches(cls) -> Any:
        right = decide._decline

        def forgetful(case: RecoveryCase, *more: Any) -> Any:
            return right(replace(case, seen_charges=frozenset()), *more)

        return (instead(decide, "_decline", forgetful),)


class NumberUsedAgain(Installation):
    """An attempt that was given up leaves its number to the next."""

    @classmethod
    def patches(cls) -> Any:
        right = cases._attempted

        def again(case: RecoveryCase, event: Any) -> RecoveryCase:
            after = right(case, event)
            if isinstance(event, e.AttemptAbandoned):
                return replace(after, attempts=after.attempts - 1)
            return after

        return (instead(cases, "_attempted", again),)


PLANTS = {
    Reopened: Law.I8,
    LateMoneyIgnored: Law.I12,
    DisputeIgnored: Law.I12,
    RefundCountedTwice: Law.I22,
    HeldOutCharged: Law.I23,
    DrawNotSticky: Law.I24,
    PromiseIgnored: Law.I23,
    PickedDateIgnored: Law.I23,
    PauseIgnored: Law.I23,
    WindowProlonged: Law.I16,
    CurrencyDrifts: Law.I9,
    ChanceFromNowhere: Law.I20,
    DeclinesCountedAnew: Law.I22,
    NumberUsedAgain: Law.I4,
}
