"""Messages to the customer: which is next, when it may go, and whether it is worth its risk."""

from collections import Counter
from datetime import datetime
from typing import Final

from msgspec import Struct

from domain.calendar import within_hours
from domain.decline import DeclineFamily
from domain.policy.contacting import room_from
from domain.policy.shapes import Channel, Since, Step, Template
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.case import evolve
from domain.recovery.charges import family_or_unknown, use_of
from domain.recovery.situation import situation_of
from domain.recovery.state import ASKS, RecoveryCase
from domain.recovery.why import Rejected, Why
from domain.timing.choice import weigh_message

# Whose messages fit a question that the decline itself did not raise.
_ASKED_LIKE: Final = {
    e.Ask.CARD: DeclineFamily.NEEDS_NEW_CARD,
    e.Ask.AUTHENTICATION: DeclineFamily.NEEDS_AUTHENTICATION,
}

Messages = tuple[e.ReminderPlanned | e.ReminderSkipped, ...]


class Next(Struct, frozen=True, kw_only=True):
    """The step that is next, from when it may go, and what it waited for."""

    number: int
    step: Step
    due_at: datetime
    rejected: tuple[Rejected, ...] = ()


def plan_reminder(case: RecoveryCase, basis: Basis, now: datetime) -> Messages:
    """The next message if the campaign has one left; before it, those that are passed over.

    Nothing if the same message is planned for an earlier instant.
    """
    events: tuple[e.ReminderPlanned | e.ReminderSkipped, ...] = ()
    while found := _next(case, basis, now):
        against = _against(case, found.step, found.due_at, basis, now)
        if against is None:
            return (*events, *_planned(case, found, now))
        skipped = e.ReminderSkipped(at=now, step=found.number, reason=against[0], why=against[1])
        events, case = (*events, skipped), evolve(case, skipped)
    return events


def stands_against(case: RecoveryCase, basis: Basis, now: datetime) -> e.ReminderSkipped | None:
    """Why the message that is due must not go after all; None if it may."""
    due = case.reminder
    assert due is not None
    campaign = _campaign(case, basis)
    index = due.step - 1 - _begins_after(case)
    step = campaign[index] if 0 <= index < len(campaign) else None
    if step is None:
        return e.ReminderSkipped(at=now, step=due.step, reason="not_in_plan")
    if basis.around.spoken_for:
        return e.ReminderSkipped(at=now, step=due.step, reason="spoken_for")
    if _counts_from(case, step) is None:
        return e.ReminderSkipped(at=now, step=due.step, reason="not_asked")
    against = _against(case, step, now, basis, now)
    if against is None:
        return None
    return e.ReminderSkipped(at=now, step=due.step, reason=against[0], why=against[1])


def may_go_from(
    case: RecoveryCase, basis: Basis, wanted: datetime, channel: Channel = Channel.EMAIL
) -> tuple[datetime, tuple[Rejected, ...]]:
    """The first instant from `wanted` on at which a message may go: promise, budget, hours."""
    policy = basis.policy
    at, rejected = wanted, list[Rejected]()
    room_at = room_from(_contacts(case, basis), policy.contacts)
    waits = (("promised", case.quiet_until), ("contact_budget", room_at))
    for rule, until in waits:
        if until is not None and until > at:
            rejected.append(Rejected(what="message", rule=rule, at=at))
            at = until
    by_day = within_hours(at, *policy.hours_for(channel), case.zone(policy))
    if by_day > at:
        rejected.append(Rejected(what="message", rule="quiet_hours", at=at))
    return by_day, tuple(rejected)


def _contacts(case: RecoveryCase, basis: Basis) -> list[datetime]:
    """Every message to this person that we know of, each once, oldest first."""
    union = Counter(basis.around.contacts) | Counter(case.letters)
    return sorted(union.elements())


def _next(case: RecoveryCase, basis: Basis, now: datetime) -> Next | None:
    """The first step left whose clock runs, and whose turn comes before the case ends."""
    assert case.closes_at is not None
    if case.new_card and case.next_attempt_at is not None:  # they have done what we would ask
        return None
    before = _begins_after(case)
    left = _campaign(case, basis)[max(0, case.reminders - before) :]
    for number, step in enumerate(left, max(case.reminders, before) + 1):
        counts_from = _counts_from(case, step)
        if counts_from is None:
            continue
        wanted = max(now, counts_from)
        due_at, rejected = may_go_from(case, basis, wanted, step.channel)
        if due_at >= case.closes_at:
            return None
        return Next(number=number, step=step, due_at=due_at, rejected=rejected)
    return None


def _campaign(case: RecoveryCase, basis: Basis) -> tuple[Step, ...]:
    return case.rules(basis.policy).plan_for(_spoken_of(case)).campaign


def _begins_after(case: RecoveryCase) -> int:
    """How many steps of the case lie before its campaign: the question for another card, or for
    an authentication, has a campaign of its own, whatever was said or passed over before."""
    return (case.asked_after or 0) if _spoken_of(case) in ASKS else 0


def _spoken_of(case: RecoveryCase) -> DeclineFamily:
    """Whose campaign speaks: the decline's own, or that of a question it did not raise."""
    family = family_or_unknown(case)
    if family in ASKS or case.ask is None or case.outstanding:
        return family
    return _ASKED_LIKE.get(case.ask, family)


def _counts_from(case: RecoveryCase, step: Step) -> datetime | None:
    """When the step is due by itself; None if what it counts from has not happened."""
    assert case.opened_at is not None
    assert case.closes_at is not None
    match step.since:
        case Since.OPENED:
            return case.opened_at + step.after
        case Since.DUE:
            return (case.due_at or case.opened_at) + step.after
        case Since.ASKED:
            return None if case.asked_at is None else case.asked_at + step.after
        case _:  # Since.END
            return case.closes_at - step.after


def _against(
    case: RecoveryCase, step: Step, at: datetime, basis: Basis, now: datetime
) -> tuple[str, Why | None] | None:
    """Why a step is passed over for good, by the name of the reason; None if it stands."""
    if step.channel is Channel.SMS and case.texts >= basis.policy.most_texts:
        return "text_limit", Why(inputs={"most_texts": basis.policy.most_texts})
    if step.template is Template.INVOICE_DUE and case.due_at is not None and at >= case.due_at:
        return "past_due", None
    merchant = basis.around.merchant or case.account
    situation = situation_of(case, now, merchant, use_of(case, basis, now))
    if situation.amount_cents < step.at_least_cents:
        return "too_small", Why(inputs={"at_least_cents": step.at_least_cents})
    if not step.if_worthwhile or at > now:  # weighed when its time has come, not before
        return None
    later = case.later_percent if case.next_attempt_at is not None else 0
    economics = basis.policy.economics
    worth = weigh_message(
        situation, step.template, at, basis.knowledge, economics, later, step.channel
    )
    if worth.worthwhile:
        return None
    weighed: dict[str, str | int] = {
        "brings_cents": worth.brings_cents,
        "risks_cents": worth.risks_cents,
        "later_percent": later,
    }
    return "not_worthwhile", Why(inputs=weighed, evidence=worth.evidence)


def _planned(case: RecoveryCase, found: Next, now: datetime) -> tuple[e.ReminderPlanned, ...]:
    step, planned = found.step, case.reminder
    if planned is not None and planned.due_at <= found.due_at:
        same = (planned.step, planned.template) == (found.number, step.template)
        if same and planned.channel is step.channel:
            return ()
    why = Why(
        inputs={"template": step.template.value, "since": step.since.value},
        rejected=found.rejected,
    )
    return (
        e.ReminderPlanned(
            at=now,
            step=found.number,
            due_at=found.due_at,
            template=step.template,
            channel=step.channel,
            why=why,
        ),
    )
