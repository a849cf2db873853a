"""Whether a letter may go: to whom, when, how often, and on whose word."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from adapters.memory.world import CaseKey
from application.ports.mailer import Letter
from application.ports.texting import Text
from domain.invoice import Customer
from domain.policy import Channel, Policy, Template
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
        self._texts: defaultdict[UUID, list[int]] = defaultdict(list)  # steps, by case
        self._stopped: dict[str, datetime] = {}  # when a number's STOP had been heard
        # When somebody was written to, by account and customer.
        self._heard: defaultdict[tuple[str, str | None], list[datetime]] = defaultdict(list)

    def happened(self, key: CaseKey, case: RecoveryCase, event: e.Event, task: Task) -> None:
        """An event of a case, before it is added."""
        if isinstance(event, e.ReminderFailed) and event.step in self._texts[key[1]]:
            self._texts[key[1]].remove(event.step)
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
        if event.channel is Channel.SMS:
            self._may_be_texted(key, case, event)

    def stopped(self, number: str) -> None:
        """From now on nobody texts there."""
        self._stopped.setdefault(number, self._schedule.now)

    def _may_be_texted(self, key: CaseKey, case: RecoveryCase, event: e.ReminderStarted) -> None:
        policy, steps = self._policy(key, case), self._texts[key[1]]
        steps.append(event.step)
        demand(len(steps) <= policy.most_texts, Law.I13, "few texts a case", key, steps)
        whose = self._customer(case)
        agreed = whose is not None and whose.texts_agreed_on is not None
        demand(agreed, Law.I25, "only who has agreed is texted", key)
        stopped_at = self._stopped.get((whose.phone if whose else None) or "")
        late = stopped_at is not None and self._schedule.now - stopped_at > HANDING_OVER
        demand(not late, Law.I13, "no text after a STOP", key, stopped_at)

    def _policy(self, key: CaseKey, case: RecoveryCase) -> Policy:
        return self._evidence.world.policies[key[0], case.policy_version]

    def _customer(self, case: RecoveryCase) -> Customer | None:
        invoice = self._evidence.stripe.show(case.account, case.invoice_id)
        return invoice.customer if invoice is not None else None

    def _thanked(self, key: CaseKey, case: RecoveryCase, event: e.ReminderStarted) -> None:
        demand(case.is_paid and bool(case.letters), Law.I7, "only who was asked is thanked", key)
        self._thanks.add((key[1], event.step))
        steps = [step for case_id, step in self._thanks if case_id == key[1]]
        demand(len(steps) == 1, Law.I13, "one word of thanks a case", key)

    def _at_mail_hours(self, key: CaseKey, case: RecoveryCase, event: e.ReminderStarted) -> None:
        policy = self._policy(key, case)
        hour = event.at.astimezone(ZoneInfo(case.timezone or policy.timezone)).hour
        quiet = not policy.first_mail_hour <= hour < policy.last_mail_hour
        demand(not quiet, Law.I14, "no letter at night", key, hour)
        if event.channel is Channel.SMS:
            quiet = not policy.first_text_hour <= hour < policy.last_text_hour
            demand(not quiet, Law.I14, "no text but at its hours", key, hour)

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

    def handing_over(self, letter: Letter | Text, task: Task) -> None:
        """A letter reaches the mail server, or a text its carrier."""
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
        customer = self._customer(state)
        assert customer is not None
        whose = customer.phone if isinstance(letter, Text) else customer.email
        demand(letter.to == whose, Law.I25, "a letter goes to whom it concerns", name)
