"""Whether money may move: every call that could, every line of the bank's book."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from adapters.memory.world import CaseKey
from application.case_ids import attempt_key
from domain.decline import Decline, family_of
from domain.network import BARRING, DAILY_LIMIT, DAY, MONTH, monthly_limit
from domain.recovery import events as e
from domain.recovery.state import RecoveryCase
from tests.simulation.debts import KEY_LIFE, Booked, Debt
from tests.simulation.demands import demand
from tests.simulation.judges.evidence import Evidence, saw_open
from tests.simulation.laws import Law
from tests.simulation.schedule import Task

SENT_WITHIN: Final = timedelta(hours=23)
# Stripe tells whole seconds, and a process knows the time to a second.
BLUR: Final = timedelta(seconds=2)


class MoneyJudge:
    """Stands between us and the bank, and reads the events of attempts."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._stripe, self._schedule = evidence.stripe, evidence.schedule
        self._flying: dict[tuple[str, str], list[str]] = {}
        self._sent: dict[str, datetime] = {}
        self._bodies: dict[str, tuple[str, str]] = {}
        self._given_up: set[str] = set()
        self.heard: set[tuple[str, str]] = set()  # charges that an event has told us of
        self._stripe.on_charge = self.charged

    # What a case says.
    def happened(self, key: CaseKey, case: RecoveryCase, event: e.Event, task: Task) -> None:
        """An event of a case, before it is added."""
        match event:
            case e.AttemptStarted():
                self._started(key, case, event, task)
            case e.AttemptDeclined() | e.AttemptAbandoned():
                self._gave_up(case.account, attempt_key(key[1], event.number), event)
            case e.RetriesTakenOver():
                invoice = self._stripe.open_invoice(case.account, case.invoice_id)
                off = invoice is None or invoice.stripe_retry_at is None
                demand(off, Law.I21, "Stripe's retries are off when we say so", key)
            case e.CaseRecovered() | e.MoneyCameLate():
                self._recovered(key, case, event)
            case _:
                pass

    def _on_their_way(self, account: str, invoice_id: str) -> list[str]:
        """The keys of calls that may move money yet: one whose key the bank has answered, and
        remembers, only fetches that answer again."""
        since = self._schedule.now - KEY_LIFE
        return [
            key
            for key in self._flying.get((account, invoice_id), [])
            if not any(one.at > since for one in self._stripe.charges_by(account, key))
        ]

    def _recovered(
        self, key: CaseKey, case: RecoveryCase, event: e.CaseRecovered | e.MoneyCameLate
    ) -> None:
        debt = self._stripe.debts[case.account, case.invoice_id]
        taken = debt.taken_minor
        demand(event.amount_minor == taken, Law.I4, "paid only by evidence", key, taken)
        assert case.opened_at is not None
        late = [one for one in debt.captured if one.at < case.opened_at and not one.is_part]
        demand(not late, Law.I10, "no payment from before the case", key, late)

    def _gave_up(
        self, account: str, name: str, event: e.AttemptDeclined | e.AttemptAbandoned
    ) -> None:
        """From here on nothing may be charged under this key, and a refusal is its very own."""
        charges = self._stripe.charges_by(account, name)
        if isinstance(event, e.AttemptDeclined):
            ours = {one.charge_id for one in charges}
            own = event.failure.charge_id in ours
            demand(own, Law.I4, "no attempt answers for another's refusal", name)
        paid = any(one.paid for one in charges)
        demand(not paid, Law.I4, "no attempt fails that took the money", name)
        self._given_up.add(name)

    def _started(
        self, key: CaseKey, case: RecoveryCase, event: e.AttemptStarted, task: Task
    ) -> None:
        flying = self._on_their_way(case.account, case.invoice_id)
        demand(not flying, Law.I1, "never two charges of one invoice on their way", key, flying)
        demand(saw_open(task), Law.I7, "nothing is charged unread", key)
        demand(event.card is not None, Law.I5, "a charge names its card", key)
        assert event.card is not None
        refused = [
            one
            for one in self._refused(case.account, event)
            if one.card.fingerprint == event.card.fingerprint
        ]
        self._within_limits(key, event, refused)
        barred = any(self._bars(one) for one in refused)
        demand(not barred, Law.I6, "a barred card is not charged", key, event.card.fingerprint)

    def _bars(self, booked: Booked) -> bool:
        """Whether that refusal forbids the card for ever, as the case's merchant sorts codes: some
        are a matter of judgement (`domain.decline.JUDGED`)."""
        key = self._evidence.key_of(booked.account, booked.invoice_id)
        held = self._evidence.known.get(key)
        version = held.state.policy_version if held is not None else 0
        policy = self._evidence.world.policies.get((key[0], version))
        decline = Decline(
            code="card_declined", decline_code=booked.decline_code, brand=booked.card.brand
        )
        return family_of(decline, policy.families if policy is not None else {}) in BARRING

    def _within_limits(self, key: CaseKey, event: e.AttemptStarted, refused: list[Booked]) -> None:
        """In real time."""
        at = self._schedule.now
        assert event.card is not None
        month = [
            one
            for one in refused
            if one.at > at - MONTH + BLUR and one.amount_minor == event.amount_minor
        ]
        day = [one for one in refused if one.at > at - DAY + BLUR]
        limit = monthly_limit(event.card.brand)
        demand(len(month) < limit, Law.I5, "the network's month", key, len(month), limit)
        demand(len(day) < DAILY_LIMIT, Law.I5, "the network's day", key, len(day))

    def _refused(self, account: str, event: e.AttemptStarted) -> Iterator[Booked]:
        """Refusals in the bank's book that we had been told of: our own, and events handled."""
        for one in self._stripe.book:
            if one.account != account or one.charge_id is None:
                continue
            if (account, one.charge_id) in self.heard or self._is_resolved(one):
                yield one

    def _is_resolved(self, booked: Booked) -> bool:
        """Our own, and its case was told that its attempt was refused."""
        if not booked.key.startswith("cc:"):
            return False
        held = self._evidence.known.get(self._evidence.key_of(booked.account, booked.invoice_id))
        number = booked.key.rsplit(":", 1)[1]
        return held is not None and any(
            isinstance(event, e.AttemptDeclined) and str(event.number) == number
            for event in held.events
        )

    # At the ports.
    def paying(self, account: str, invoice_id: str, key: str, task: Task) -> None:
        """A call that may move money leaves a worker."""
        case_key = self._evidence.key_of(account, invoice_id)
        held = self._evidence.known.get(case_key)
        number = key.removeprefix(f"cc:{case_key[1]}:")
        started = held is not None and any(
            isinstance(event, e.AttemptStarted) and str(event.number) == number
            for event in held.events
        )
        demand(started, Law.I3, "every charge has its committed attempt", key)
        flight = held.state.in_flight if held is not None else None
        its_own = flight is None or str(flight.number) == number
        demand(its_own, Law.I3, "every attempt has its key", key, flight)
        body = self._bodies.setdefault(key, (account, invoice_id))
        demand(body == (account, invoice_id), Law.I3, "one key is one request", key)
        closed = self._evidence.closed.get(case_key)
        late = closed is not None and closed < task.looked
        demand(not late, Law.I7, "no charge after the end", key)
        first = self._sent.setdefault(key, self._schedule.now)
        young = self._schedule.now - first < SENT_WITHIN
        demand(young, Law.I4, "no key is sent after its day", key)
        flying = self._on_their_way(account, invoice_id)
        alone = all(one == key for one in flying)
        demand(alone, Law.I1, "never two charges of one invoice on their way", key, flying)
        self._flying.setdefault((account, invoice_id), []).append(key)

    def landed(self, account: str, invoice_id: str, key: str) -> None:
        """That call has had its effect, or never will."""
        self._flying[account, invoice_id].remove(key)

    def charged(self, booked: Booked, debt: Debt) -> None:
        """A line of the bank's book."""
        if booked.paid:
            whole = [one for one in debt.captured if not one.is_part]
            demand(len(whole) <= 1, Law.I2, "taken once", debt.invoice_id, booked.key)
            within = debt.taken_minor <= debt.due_minor
            demand(within, Law.I2, "never more than is due", debt.invoice_id)
        same = self._stripe.charges_by(booked.account, booked.key)
        recent = [one for one in same if one.at > booked.at - KEY_LIFE]
        demand(len(recent) == 1, Law.I3, "one charge per key", booked.key)
        given_up = booked.key in self._given_up
        demand(not given_up, Law.I4, "no charge that was given up", booked.key)
