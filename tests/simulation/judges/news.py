"""Whether an event that was marked as handled has had its effect."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from adapters.memory.world import CaseKey
from application.case_ids import case_id_for
from application.ports.stores import EventRef
from domain.invoice import Invoice, InvoiceStatus
from domain.recovery.events import CaseResumed
from domain.recovery.signals import (
    CustomerDeleted,
    Disconnected,
    InvoiceNews,
    InvoiceSignal,
    Signal,
    SubscriptionEnded,
    SubscriptionPaused,
)
from domain.recovery.state import RecoveryCase
from tests.simulation.demands import demand
from tests.simulation.judges.evidence import Evidence
from tests.simulation.judges.money import MoneyJudge
from tests.simulation.laws import Law
from tests.simulation.schedule import Task

ENDS: Final = (InvoiceNews.PAID, InvoiceNews.VOIDED, InvoiceNews.WRITTEN_OFF)
HAS_EFFECT: Final = "an event is handled with its effect"
AN_HOUR: Final = timedelta(hours=1)


class NewsJudge:
    """Told of each event whose mark is committed."""

    def __init__(self, evidence: Evidence, money: MoneyJudge) -> None:
        self._evidence, self._money = evidence, money
        self._handled: set[EventRef] = set()

    def handled(self, ref: EventRef, signal: Signal | None, task: Task) -> None:
        """An event was marked in a transaction that is committed now."""
        demand(ref not in self._handled, Law.I11, "an event is handled once", ref.event_id)
        self._handled.add(ref)
        match signal:
            case InvoiceSignal():
                self._invoice(ref, signal, task)
            case SubscriptionEnded():
                mine = lambda case: case.subscription_id == signal.subscription_id  # noqa: E731
                self._all_over(ref, mine)
            case CustomerDeleted():
                mine = lambda case: case.customer_id == signal.customer_id  # noqa: E731
                self._all_over(ref, mine)
            case Disconnected():
                self._all_over(ref, lambda case: case.account == ref.account)
            case SubscriptionPaused():
                self._all_paused(ref, signal)
            case _:
                pass

    def _all_over(self, ref: EventRef, mine: Callable[[RecoveryCase], bool]) -> None:
        """Unless the invoice is paid: of that its own news tells, and says who paid."""
        left = [
            key
            for key, case in self._open_of(ref)
            if mine(case) and not self._is_paid(ref, case.invoice_id)
        ]
        demand(not left, Law.I11, HAS_EFFECT, ref.event_id, left)

    def _is_paid(self, ref: EventRef, invoice_id: str) -> bool:
        invoice = self._evidence.stripe.show(ref.account, invoice_id)
        return invoice is not None and invoice.status is InvoiceStatus.PAID

    def _all_paused(self, ref: EventRef, signal: SubscriptionPaused) -> None:
        """Unless it is over already, or somebody resumed it in this very hour."""
        soon = self._evidence.schedule.now + AN_HOUR
        if signal.until is not None and signal.until < soon:
            return
        left = [
            key
            for key, case in self._open_of(ref)
            if case.subscription_id == signal.subscription_id
            and case.pause is None
            and not case.held_out
            and not self._resumed_lately(key)
        ]
        demand(not left, Law.I23, "who is paused is left alone", ref.event_id, left)

    def _resumed_lately(self, key: CaseKey) -> bool:
        since = self._evidence.schedule.now - AN_HOUR
        events = self._evidence.world.cases[key].events
        return any(isinstance(one, CaseResumed) and one.at > since for one in events)

    def _open_of(self, ref: EventRef) -> list[tuple[CaseKey, RecoveryCase]]:
        """Open cases of a merchant's account that were there an hour ago."""
        schedule = self._evidence.schedule
        return [
            (key, held.state)
            for key, held in self._evidence.world.cases.items()
            if key[0] == ref.merchant_id
            and held.state.account == ref.account
            and held.state.is_open
            and held.state.opened_at is not None
            and schedule.now - held.state.opened_at > AN_HOUR
        ]

    def _invoice(self, ref: EventRef, signal: InvoiceSignal, task: Task) -> None:
        key = (ref.merchant_id, case_id_for(ref.account, signal.invoice_id))
        held = self._evidence.world.cases.get(key)
        if signal.news in ENDS:
            over = held is None or not held.state.is_open
            demand(over, Law.I11, HAS_EFFECT, ref.event_id, signal.news)
            return
        if signal.news is InvoiceNews.CHANGED:
            return
        seen = task.seen
        if seen is None:
            return
        if held is not None and seen.last_failure is not None:
            self._money.heard.add((ref.account, seen.last_failure.charge_id))
        if seen.status is not InvoiceStatus.OPEN or not _is_ours(seen):
            return
        failure, now = seen.last_failure, self._evidence.schedule.now
        window = self._window(ref.merchant_id)
        too_late = failure is not None and failure.at + window <= now + AN_HOUR
        demand(held is not None or too_late, Law.I11, HAS_EFFECT, ref.event_id)

    def _window(self, merchant_id: UUID) -> timedelta:
        policies = self._evidence.world.policies
        latest = max(version for owner, version in policies if owner == merchant_id)
        return policies[merchant_id, latest].window


def _is_ours(invoice: Invoice) -> bool:
    """Only cards are charged in a simulated checkout."""
    of_checkout = invoice.billing_reason == "subscription_create"
    return invoice.collection == "charge_automatically" and not of_checkout
