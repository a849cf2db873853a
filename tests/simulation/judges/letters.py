"""Whether a letter may go: to whom, when, how often, and on whose word."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from adapters.memory.world import CaseKey
from application.ports.mailer import Letter
from domain.policy import Template
from domain.recovery import events as e
from domain.recovery.state import RecoveryCase
from tests.simulation.demands import demand
from tests.simulation.judges.evidence import Evidence, saw_open
from tests.simulation.laws import Law
from tests.simulation.schedule import LONGEST_PAUSE_S, Task

DAY: Final = timedelta(days=1)
HANDING_OVER: Final = timedelta(seconds=2 * LONGEST_PAUSE_S)


class LettersJudge:
    """Stands at the mail server's door, and reads the events of reminders."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence, self._schedule = evidence, evidence.schedule
        # Who began a step, and when: by step, by the world's clock, by the worker's.
        self._wrote: dict[tuple[UUID, int], tuple[Task, int, datetime, datetime]] = {}
        self._letters: set[str] = set()
        self._thanks: set[tuple[UUID, int]] = set()
        # When somebody was written to, by account and customer.
        self._heard: defaultdict[tuple[str, str | None], list[datetime]] = defaultdict(list)

    def happened(self, key: CaseKey, case: RecoveryCase, event: e.Event, task: Task) -> None:
        """An event of a case, before it is added."""
        if not isinstance(event, e.ReminderStarted):
            return
        self._wrote[key[1], event.step] = (task, self._schedule.steps, self._schedule.now, event.at)
        wanted = case.reminder is not None and case.reminder.step == event.step
        demand(wanted, Law.I13, "a step goes when it is its turn", key, event.step)
        if event.template is Template.RECOVERED:
            self._thanked(key, case, event)
            return
        demand(saw_open(task), Law.I7, "nobody who has paid is written to", key)
        self._at_mail_hours(key, case, event)

    def _thanked(self, key: CaseKey, case: RecoveryCase, event: e.ReminderStarted) -> None:
        demand(case.is_paid and bool(case.letters), Law.I7, "only who was asked is thanked", key)
        self._thanks.add((key[1], event.step))
        steps = [step for case_id, step in self._thanks if case_id == key[1]]
        demand(len(steps) == 1, Law.I13, "one word of thanks a case", key)

    def _at_mail_hours(self, key: CaseKey, case: RecoveryCase, event: e.ReminderStarted) -> None:
        policy = self._evidence.world.policies[key[0], case.policy_version]
        hour = event.at.astimezone(ZoneInfo(case.timezone or policy.timezone)).hour
        quiet = not policy.first_mail_hour <= hour < policy.last_mail_hour
        demand(not quiet, Law.I14, "no letter at night", key, hour)

    def _within_the_budget(self, key: CaseKey, case: RecoveryCase, at: datetime) -> None:
        """Over all invoices of a person, by the letters that were taken, each at its commit."""
        limits = self._evidence.world.policies[key[0], case.policy_version].contacts
        before = self._heard[case.account, case.customer_id]
        for window, most in (
            (DAY, limits.per_day),
            (7 * DAY, limits.per_week),
            (30 * DAY, limits.per_month),
        ):
            recent = [one for one in before if at - window < one <= at]
            demand(len(recent) < most, Law.I13, "the contact budget", key, window, recent)
        close = [one for one in before if timedelta() <= at - one < limits.gap]
        demand(not close, Law.I13, "no letter before the gap is over", key, close)
        before.append(at)

    def handing_over(self, letter: Letter, task: Task) -> None:
        """A letter reaches the mail server."""
        name, evidence = letter.message_id, self._evidence
        demand(name not in self._letters, Law.I13, "one letter per step", name)
        self._letters.add(name)
        case_id, step = name.split("@")[0].rsplit(".", 1)
        begun = self._wrote.get((UUID(case_id), int(step)))
        its_own = begun is not None and begun[0] is task
        demand(its_own, Law.I21, "every letter has its committed step", name)
        assert begun is not None
        _, wrote, at, said_at = begun
        soon = self._schedule.now - at <= HANDING_OVER
        demand(soon, Law.I14, "a letter goes when its step is committed", name, at)
        key = next(one for one in evidence.known if str(one[1]) == case_id)
        state = evidence.known[key].state
        if (UUID(case_id), int(step)) in self._thanks:
            self._heard[state.account, state.customer_id].append(said_at)
        else:
            closed = evidence.closed.get(key)
            demand(closed is None or closed >= wrote, Law.I7, "no letter after the end", name)
            self._within_the_budget(key, state, said_at)
        invoice = evidence.stripe.show(state.account, state.invoice_id)
        assert invoice is not None
        whose = invoice.customer.email if invoice.customer else None
        demand(letter.to == whose, Law.I25, "a letter goes to whom it concerns", name)
