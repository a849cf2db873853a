"""Answering the policy protocol: one recovery case of ours for each case of theirs."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from application.policy_protocol.folding import (
    ACCOUNT,
    CardUpdate,
    Known,
    card_of,
    failure_of,
    invoice_of,
    news_of,
)
from application.policy_protocol.messages import (
    Answer,
    Asked,
    Attempt,
    Message,
    Outcome,
    utc,
)
from domain.policy import Policy
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import ActionKind, next_action
from domain.recovery.basis import Basis, Circumstances, draw_of
from domain.recovery.case import RecoveryCase, Reminder, evolve
from domain.recovery.decide import decide
from domain.recovery.lessons import lessons
from domain.recovery.plan import plan
from domain.timing.knowledge import Knowledge

SOON: Final = timedelta(minutes=1)  # a wait must move forward
LONGEST_LIFE: Final = timedelta(days=61)  # longer than any policy's window
OVERDUE: Final = timedelta(minutes=1)

Holidays = Callable[[str | None, date, date], tuple[date, ...]]


class _Followed(Struct, kw_only=True):
    """A case of theirs as far as we have followed it."""

    asked: Asked
    case: RecoveryCase
    known: Known
    dates: tuple[date, ...] = ()  # public holidays while it lasts
    rule: str = ""  # of the latest step that was planned


class Answering:
    """Answers cases one by one, and learns from what became of them."""

    def __init__(self, policy: Policy, knowledge: Knowledge, holidays: Holidays, *, learns: bool):
        self._policy, self._knowledge, self._holidays = policy, knowledge, holidays
        self._learns = learns
        self._followed: dict[str, _Followed] = {}

    def answer(self, asked: Asked) -> Answer:
        """The next step of a case, as of its `now`."""
        now = utc(asked.now)
        followed = self._follow(asked)
        self._catch_up(followed, asked)
        if _is_overdue(followed.case, now):
            self._replan(followed, now)
        message = self._message_due(followed, now)
        return message or _answer(followed, now)

    def hear(self, outcome: Outcome) -> None:
        """What became of something; about a case that we never saw there is nothing to learn."""
        followed = self._followed.get(outcome.case_id)
        if followed is None:
            return
        at = utc(outcome.at)
        if outcome.type == "attempt":
            self._attempted(followed, at, outcome)
        elif outcome.type == "closed":
            self._closed(followed, at, outcome)
            del self._followed[outcome.case_id]

    def _follow(self, asked: Asked) -> _Followed:
        followed = self._followed.get(asked.id)
        if followed is None:
            self._forget(utc(asked.now))
            followed = self._open(asked)
            self._followed[asked.id] = followed
        followed.asked = asked
        return followed

    def _forget(self, now: datetime) -> None:
        """Let go of the oldest cases whose end nobody told us, one by one as new ones come."""
        oldest = next(iter(self._followed.values()), None)
        if oldest is not None and utc(oldest.asked.opened_at) + LONGEST_LIFE < now:
            del self._followed[oldest.asked.id]

    def _open(self, asked: Asked) -> _Followed:
        invoice = invoice_of(asked)
        failure = invoice.last_failure
        assert failure is not None
        known = Known(attempts={failure.at})
        known.refused(failure, self._policy)
        followed = _Followed(asked=asked, case=RecoveryCase(), known=known)
        last = failure.at + self._policy.window
        followed.dates = self._holidays(asked.country, failure.at.date(), last.date())
        self._tell(followed, c.OpenCase(account=ACCOUNT, invoice=invoice), failure.at)
        return followed

    def _catch_up(self, followed: _Followed, asked: Asked) -> None:
        for news in news_of(asked, followed.known):
            match news:
                case Attempt():
                    self._refused(followed, news)
                case Message():
                    self._wrote(followed, news)
                case CardUpdate():
                    self._updated(followed, news.at)

    def _refused(self, followed: _Followed, attempt: Attempt) -> None:
        """Our charge was refused: its start, and then the refusal as any other."""
        known, at = followed.known, utc(attempt.at)
        failure = failure_of(followed.asked, attempt, known.updates)
        known.attempts.add(at)
        known.refused(failure, self._policy)
        if not followed.case.is_open:
            return
        number = self._started(followed, at)
        declined = c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=number)
        self._tell(followed, declined, at)

    def _started(self, followed: _Followed, at: datetime) -> int:
        number = followed.case.attempts + 1
        asked, updates = followed.asked, followed.known.updates
        before = followed.case
        planned = e.AttemptPlanned(at=at, number=number, due_at=at, rule="protocol")
        started = e.AttemptStarted(
            at=at, number=number, amount_minor=asked.amount_minor, card=card_of(asked, updates)
        )
        followed.case = evolve(evolve(before, planned), started)
        self._learn(before, (planned, started), followed)
        return number

    def _message_due(self, followed: _Followed, now: datetime) -> Answer | None:
        """The message that goes now, if one is due and stands when it is judged once more."""
        version = -1
        while _is_due(followed.case, now) and followed.case.version != version:
            due, version = followed.case.reminder, followed.case.version
            assert due is not None
            begin = c.BeginReminder(step=due.step, message_id=f"{followed.asked.id}.{due.step}")
            self._tell(followed, begin, now)
            if followed.case.wrote_at == now:
                followed.known.messages.add(now)
                return _message(followed, due, now)
        return None

    def _wrote(self, followed: _Followed, message: Message) -> None:
        at, before = utc(message.at), followed.case
        followed.known.messages.add(at)
        if not before.is_open:
            return
        due = before.reminder
        step = due.step if due is not None else before.reminders + 1
        started = e.ReminderStarted(at=at, step=step, message_id=f"{followed.asked.id}.{step}")
        followed.case = evolve(before, started)
        self._learn(before, (started,), followed)
        self._replan(followed, at)

    def _updated(self, followed: _Followed, at: datetime) -> None:
        followed.known.updated(at)
        card = card_of(followed.asked, followed.known.updates)
        self._tell(followed, c.ReplaceCard(card=card), at)

    def _attempted(self, followed: _Followed, at: datetime, outcome: Outcome) -> None:
        if at in followed.known.attempts:
            return
        if not outcome.succeeded:
            self._refused(
                followed,
                Attempt(
                    at=at,
                    decline_code=outcome.decline_code,
                    advice_code=outcome.advice_code,
                    network_advice_code=outcome.network_advice_code,
                ),
            )
        elif followed.case.is_open:
            followed.known.attempts.add(at)
            number = self._started(followed, at)
            self._paid(followed, at, e.Payer.CHARGECHASE, number)

    def _closed(self, followed: _Followed, at: datetime, outcome: Outcome) -> None:
        if outcome.result == "cancelled":
            self._tell(followed, c.StopCase(reason=e.StopReason.CANCELLED), at)
        elif outcome.result == "recovered" and followed.case.is_open:
            self._paid(followed, at, e.Payer.CUSTOMER, None)
        else:
            self._tell(followed, c.CloseCase(), at)

    def _paid(self, followed: _Followed, at: datetime, by: e.Payer, number: int | None) -> None:
        paid = c.RecordPayment(amount_minor=followed.asked.amount_minor, by=by, attempt=number)
        self._tell(followed, paid, at)

    def _tell(self, followed: _Followed, command: c.Command, at: datetime) -> None:
        events = decide(followed.case, command, self._basis(followed, at), at)
        self._happened(followed, events)

    def _replan(self, followed: _Followed, at: datetime) -> None:
        self._happened(followed, plan(followed.case, self._basis(followed, at), at))

    def _happened(self, followed: _Followed, events: tuple[e.Event, ...]) -> None:
        before = followed.case
        for event in events:
            followed.case = evolve(followed.case, event)
            if isinstance(event, e.AttemptPlanned | e.CustomerAsked):
                followed.rule = event.rule
        self._learn(before, events, followed)

    def _learn(
        self, before: RecoveryCase, events: tuple[e.Event, ...], followed: _Followed
    ) -> None:
        if self._learns:
            for lesson in lessons(before, events, followed.case, followed.asked.merchant or ""):
                self._knowledge.learn(lesson)

    def _basis(self, followed: _Followed, at: datetime) -> Basis:
        around = Circumstances(
            use=followed.known.use(at),
            holidays=tuple(day for day in followed.dates if day >= at.date()),
            draw=draw_of(followed.asked.id, followed.case.version),
            merchant=followed.asked.merchant or "",
        )
        return Basis(policy=self._policy, knowledge=self._knowledge, around=around)


def _is_overdue(case: RecoveryCase, now: datetime) -> bool:
    """A charge that should have been made and was not (a fault of ours cost a day): plan anew."""
    action = next_action(case)
    if action is None or action.kind is not ActionKind.ATTEMPT:
        return False
    return action.due_at < now - OVERDUE


def _is_due(case: RecoveryCase, now: datetime) -> bool:
    action = next_action(case)
    return action is not None and action.kind is ActionKind.REMINDER and action.due_at <= now


def _message(followed: _Followed, due: Reminder, now: datetime) -> Answer:
    return Answer(
        id=followed.asked.id,
        action="email",
        at=now,
        channel=due.channel,
        template=due.template,
        reason=followed.rule,
    )


def _answer(followed: _Followed, now: datetime) -> Answer:
    case, name = followed.case, followed.asked.id
    action = next_action(case)
    if action is None or (action.kind is ActionKind.CLOSE and action.due_at <= now):
        return Answer(id=name, action="stop", reason="the window is over")
    at = max(action.due_at, now)
    if action.kind is ActionKind.ATTEMPT:
        return Answer(id=name, action="retry", at=at, reason=followed.rule)
    # A message is weighed when its time has come: until then there is nothing to do.
    return Answer(id=name, action="wait", at=max(at, now + SOON), reason=followed.rule)
