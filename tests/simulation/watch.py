"""The judge: after every step, what must always be true. It trusts the bank's book and the rows,
and never what a use-case believes.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from adapters.memory.world import CaseKey, HeldCase, MemoryWorld
from application.case_ids import attempt_key, case_id_for
from application.ports.mailer import Letter
from application.ports.stores import EventRef
from domain.decline import Decline, family_of
from domain.invoice import InvoiceStatus
from domain.network import BARRING, DAILY_LIMIT, DAY, MONTH, monthly_limit
from domain.recovery import events as e
from domain.recovery.actions import next_action
from domain.recovery.case import RecoveryCase, evolve
from domain.recovery.signals import (
    NOT_OURS,
    InvoiceNews,
    InvoiceSignal,
    Signal,
    SubscriptionEnded,
)
from tests.simulation.demands import Rows, demand
from tests.simulation.schedule import Schedule, Task
from tests.simulation.stripe import KEY_LIFE, Booked, Debt, Stripe


class Watch:
    """All invariants of one run, and what they need to remember."""

    def __init__(self, world: MemoryWorld, stripe: Stripe, schedule: Schedule) -> None:
        self._world, self._stripe, self._schedule = world, stripe, schedule
        self.cases: Rows[CaseKey, HeldCase] = Rows(world.cases)
        self.actions = Rows(world.actions)
        self.audit = Rows(world.audit)
        self._customers, self._messages = Rows(world.customers), Rows(world.messages)
        world.cases, world.actions, world.audit = self.cases, self.actions, self.audit
        world.customers, world.messages = self._customers, self._messages
        self._known: dict[CaseKey, HeldCase] = {}
        self._closed: dict[CaseKey, int] = {}
        self._wrote: dict[tuple[UUID, int], tuple[Task, int]] = {}
        self._letters: set[str] = set()
        self._flying: dict[tuple[str, str], list[str]] = {}
        self._sent: dict[str, datetime] = {}
        self._handled: set[EventRef] = set()
        self._given_up: set[str] = set()
        self._heard: set[tuple[str, str]] = set()
        stripe.on_charge = self._charged

    # After each step.
    def after_step(self, task: Task) -> dict[CaseKey, None]:
        """Look at every row that the step touched; whose next action is new comes back."""
        cases, audited = self.cases.touched(), list(self.audit.touched())
        actions = self.actions.touched()
        for key in cases:
            self._case(key, task, audited)
        for key in {**cases, **actions}:
            self._next_action(key)
        for merchant_id, account, *_ in self._customers.touched():
            demand(self._owns(merchant_id, account), "no row crosses merchants", account)
        for merchant_id, case_id, _ in self._messages.touched():
            demand((merchant_id, case_id) in self.cases, "no row crosses merchants", case_id)
        return actions

    def _case(self, key: CaseKey, task: Task, audited: list[tuple[UUID, int]]) -> None:
        held, known = self.cases.get(key), self._known.get(key)
        if held is known:
            return
        demand(held is not None, "no case vanishes", key)
        assert held is not None
        before = known.events if known else ()
        demand(held.events[: len(before)] == before, "history is only added to", key)
        state = known.state if known else RecoveryCase()
        for event in held.events[len(before) :]:
            self._happened(key, state, event, task)
            state = evolve(state, event)
        demand(state == held.state, "replay equals the row", key)
        demand(self._owns(key[0], state.account), "no row crosses merchants", key)
        demand((state.account, state.invoice_id) in self._stripe.debts, "invoice of the account")
        self._known[key] = held
        self._audited(key, known.state.version if known else 0, state.version, audited)
        if not state.is_open:
            self._closed.setdefault(key, self._schedule.steps)

    def _audited(self, key: CaseKey, before: int, after: int, rows: list[tuple[UUID, int]]) -> None:
        entries = [self.audit[row] for row in rows if row in self.audit and row[0] == key[0]]
        mine = [entry for entry in entries if entry.subject == f"case:{key[1]}"]
        versions = [(entry.before["version"], entry.after["version"]) for entry in mine]
        demand(versions == [(before, after)], "one audit row per change", key, versions)

    def _next_action(self, key: CaseKey) -> None:
        held, action = self.cases.get(key), self.actions.get(key)
        wanted = next_action(held.state) if held is not None else None
        there = action.action if action is not None else None
        demand(there == wanted, "exactly one next action", key, wanted, there)
        if action is not None:
            known = self._world.cases_of_actions.get(action.ref) == key[1]
            demand(known and action.ref.merchant_id == key[0], "the action leads to its case", key)
        count = len(self._world.cases_of_actions)
        demand(count == len(self.actions), "no action without a case", count)

    def _happened(self, key: CaseKey, case: RecoveryCase, event: e.Event, task: Task) -> None:
        match event:
            case e.AttemptStarted():
                self._started(key, case, event, task)
            case e.ReminderStarted():
                self._wrote[key[1], event.step] = (task, self._schedule.steps)
                self._at_mail_hours(key, case, event)
                demand(_saw_open(task), "nobody who has paid is written to", key)
            case e.AttemptDeclined() | e.AttemptAbandoned():
                self._gave_up(case.account, attempt_key(key[1], event.number), event)

    def _gave_up(
        self, account: str, name: str, event: e.AttemptDeclined | e.AttemptAbandoned
    ) -> None:
        """From here on nothing may be charged under this key. One case is let pass: a customer's
        own refused try within the same minutes looks like ours, and a call of a worker that was
        frozen for longer than an attempt is left alone may come after it."""
        charges = self._stripe.charges_by(account, name)
        demand(not any(one.paid for one in charges), "no attempt fails that took the money", name)
        mistaken = isinstance(event, e.AttemptDeclined) and not charges
        if not mistaken:
            self._given_up.add(name)

    def _started(
        self, key: CaseKey, case: RecoveryCase, event: e.AttemptStarted, task: Task
    ) -> None:
        flying = self._flying.get((case.account, case.invoice_id), [])
        demand(not flying, "never two charges in flight", key, flying)
        demand(_saw_open(task), "nothing is charged unread", key)
        assert event.card is not None
        refused = [
            one
            for one in self._refused(case.account, event)
            if one.card.fingerprint == event.card.fingerprint
        ]
        at = self._schedule.now
        month = [
            one for one in refused if one.at > at - MONTH and one.amount_minor == event.amount_minor
        ]
        day = [one for one in refused if one.at > at - DAY]
        barred = any(
            family_of(Decline(code="card_declined", decline_code=one.decline_code)) in BARRING
            for one in refused
        )
        limit = monthly_limit(event.card.brand)
        demand(len(month) < limit, "the network's month", key, len(month), limit)
        demand(len(day) < DAILY_LIMIT, "the network's day", key, len(day))
        demand(not barred, "a barred card is not charged", key, event.card.fingerprint)

    def _refused(self, account: str, event: e.AttemptStarted) -> Iterator[Booked]:
        """Refusals in the bank's book that we had been told of: our own, and events handled."""
        for one in self._stripe.book:
            if one.account != account or one.charge_id is None:
                continue
            if (account, one.charge_id) in self._heard or self._is_resolved(one):
                yield one

    def _is_resolved(self, booked: Booked) -> bool:
        """Our own, and its case was told."""
        if not booked.key.startswith("cc:"):
            return False
        held = self._known.get(self._key_of(booked.account, booked.invoice_id))
        flight = held.state.in_flight if held else None
        return flight is None or not booked.key.endswith(f":{flight.number}")

    def _at_mail_hours(self, key: CaseKey, case: RecoveryCase, event: e.ReminderStarted) -> None:
        policy = self._world.policies[key[0], case.policy_version]
        hour = event.at.astimezone(ZoneInfo(policy.timezone)).hour
        quiet = not policy.first_mail_hour <= hour < policy.last_mail_hour
        demand(not quiet, "no letter at night", key, hour)

    # At the ports.
    def paying(self, account: str, invoice_id: str, key: str, task: Task) -> None:
        """A call that may move money leaves a worker."""
        case_key = self._key_of(account, invoice_id)
        held = self._known.get(case_key)
        number = key.removeprefix(f"cc:{case_key[1]}:")
        started = held is not None and any(
            isinstance(event, e.AttemptStarted) and str(event.number) == number
            for event in held.events
        )
        demand(started, "every charge has its committed attempt", key)
        closed = self._closed.get(case_key)
        late = closed is not None and closed < task.looked
        demand(not late, "no charge after the end", key)
        first = self._sent.setdefault(key, self._schedule.now)
        demand(self._schedule.now - first < KEY_LIFE, "no key is sent after its day", key)
        flying = self._flying.setdefault((account, invoice_id), [])
        demand(all(one == key for one in flying), "never two charges in flight", key, flying)
        flying.append(key)

    def landed(self, account: str, invoice_id: str, key: str) -> None:
        """That call has had its effect, or never will."""
        self._flying[account, invoice_id].remove(key)

    def _charged(self, booked: Booked, debt: Debt) -> None:
        if booked.paid:
            total = sum(one.amount_minor for one in debt.captured)
            demand(len(debt.captured) == 1, "captured once", debt.invoice_id, booked.key)
            demand(total <= debt.due_minor, "never more than is due", debt.invoice_id, total)
        same = self._stripe.charges_by(booked.account, booked.key)
        recent = [one for one in same if one.at > booked.at - KEY_LIFE]
        demand(len(recent) == 1, "one charge per key", booked.key)
        demand(booked.key not in self._given_up, "no charge that was given up", booked.key)

    def handing_over(self, letter: Letter, task: Task) -> None:
        """A letter reaches the mail server."""
        demand(letter.message_id not in self._letters, "one letter per step", letter.message_id)
        self._letters.add(letter.message_id)
        case_id, step = letter.message_id.split("@")[0].rsplit(".", 1)
        writer, wrote = self._wrote.get((UUID(case_id), int(step)), (None, 0))
        demand(writer is task, "every letter has its committed step", letter.message_id)
        closed = [at for (_, known), at in self._closed.items() if str(known) == case_id]
        demand(not closed or closed[0] >= wrote, "no letter after the end", letter.message_id)

    def asks_for(self, account: str, merchant_id: UUID | None) -> None:
        """A worker on one merchant's errand names a Stripe account."""
        fits = merchant_id is None or self._owns(merchant_id, account)
        demand(fits, "no call crosses merchants", account)

    def handled(self, ref: EventRef, signal: Signal | None, task: Task) -> None:
        """An event was marked in a transaction that is committed now."""
        demand(ref not in self._handled, "an event is handled once", ref.event_id)
        self._handled.add(ref)
        if isinstance(signal, InvoiceSignal):
            self._had_its_effect(ref, signal, task)
        if isinstance(signal, SubscriptionEnded):
            left = [
                key
                for key, held in self.cases.items()
                if key[0] == ref.merchant_id
                and held.state.is_open
                and held.state.subscription_id == signal.subscription_id
                and held.state.opened_at is not None
                and self._schedule.now - held.state.opened_at > timedelta(hours=1)
            ]
            demand(not left, "an event is handled with its effect", ref.event_id, left)

    def _had_its_effect(self, ref: EventRef, signal: InvoiceSignal, task: Task) -> None:
        held = self.cases.get((ref.merchant_id, case_id_for(ref.account, signal.invoice_id)))
        if signal.news in (InvoiceNews.PAID, InvoiceNews.VOIDED, InvoiceNews.WRITTEN_OFF):
            settled = held is None or not held.state.is_open
            demand(settled, "an event is handled with its effect", ref.event_id, signal.news)
            return
        seen = task.seen
        if seen is None or seen.status is not InvoiceStatus.OPEN or not _is_ours(seen):
            return
        failure, window = seen.last_failure, self._window(ref.merchant_id)
        over = failure is not None and failure.at + window <= self._schedule.now + timedelta(
            hours=1
        )
        demand(held is not None or over, "an event is handled with its effect", ref.event_id)
        if failure is not None and held is not None and held.state.is_open:
            self._heard.add((ref.account, failure.charge_id))

    def _window(self, merchant_id: UUID) -> timedelta:
        versions = [version for owner, version in self._world.policies if owner == merchant_id]
        return self._world.policies[merchant_id, max(versions)].window

    def _owns(self, merchant_id: UUID, account: str) -> bool:
        connected = self._world.accounts.get((account, False))
        return connected is not None and connected.merchant_id == merchant_id

    def _key_of(self, account: str, invoice_id: str) -> CaseKey:
        merchant_id = self._world.accounts[account, False].merchant_id
        return merchant_id, case_id_for(account, invoice_id)


def _is_ours(invoice: Any) -> bool:
    return invoice.collection == "charge_automatically" and invoice.billing_reason not in NOT_OURS


def _saw_open(task: Task) -> bool:
    return task.seen is not None and task.seen.status is InvoiceStatus.OPEN
