"""Bugs about charges: silence, limits, and what is paid already."""

from typing import Any

import application.charging
import application.use_cases.process_event as process
import application.use_cases.reconcile_attempt as reconcile
import domain.recovery.decide
from adapters.memory.case_store import MemoryCaseStore
from adapters.memory.world import CardInFlight
from application.case_ids import attempt_key
from application.change_case import CaseRef
from application.ports.conveyor import ScheduledAction
from application.ports.payments import Outcome, Payments, Refused, Unknown
from application.ports.unit_of_work import UnitOfWork
from application.work import Errand
from domain.invoice import Invoice, InvoiceStatus
from domain.network import CardUse
from domain.recovery import begin, cards, charges, plan
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from domain.recovery.commands import Command
from domain.recovery.events import Event
from domain.recovery.signals import InvoiceNews
from domain.recovery.state import InFlight, RecoveryCase
from domain.recovery.transitions import IDLE
from tests.simulation.database import PausingCases, Unit
from tests.simulation.installation import Installation
from tests.simulation.laws import Law
from tests.simulation.plants.plant import Passing, instead, there


def _let(_: Any, event: e.AttemptStarted, case: RecoveryCase) -> CardInFlight:
    assert event.card is not None
    return CardInFlight(event.card.fingerprint, event.amount_minor, event.at)


class SilenceTakenForNo(Installation):
    """A charge without an answer counts as one that never was."""

    def a_way_to_stripe(self) -> Payments:
        class Hasty(Passing):
            async def pay_invoice(self, account: str, invoice_id: str, **key: Any) -> Outcome:
                outcome = await super().pay_invoice(account, invoice_id, **key)
                return Refused(reason="timeout") if isinstance(outcome, Unknown) else outcome

        return Hasty(self.network)


class OnceMoreAtOnce(SilenceTakenForNo):
    """A charge without an answer is followed by the next in the same minute."""

    @classmethod
    def patches(cls) -> Any:
        def hasty(case: RecoveryCase, basis: Any, now: Any) -> tuple[Event, ...]:
            if case.phase not in IDLE or case.held_out:
                return ()
            return (e.AttemptPlanned(at=now, number=case.attempts + 1, due_at=now, rule="hasty"),)

        return (instead(domain.recovery.decide, "plan", hasty),)


class StaleRead(Installation):
    """An invoice is read once and then remembered."""

    def a_way_to_stripe(self) -> Payments:
        class Remembering(Passing):
            def __init__(self, inner: Payments) -> None:
                super().__init__(inner)
                self.known: dict[str, Invoice | None] = {}

            async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
                if invoice_id not in self.known:
                    self.known[invoice_id] = await super().read_invoice(account, invoice_id)
                return self.known[invoice_id]

        return Remembering(self.network)


class ReconcileForgotten(Installation):
    """An attempt without an answer is given up after ten minutes, unasked."""

    def errands(self) -> dict[ActionKind, Errand]:
        async def give_up(action: ScheduledAction) -> None:
            ref = CaseRef(action.ref.merchant_id, action.case_id)
            await self.cases.change(ref, c.AbandonAttempt(attempt=action.number, evidence="late"))

        return {**super().errands(), ActionKind.RECONCILE: give_up}


class DeclinesForgotten(Installation):
    """Nobody counts the refusals of a card, the last line neither."""

    def unit(self, inner: UnitOfWork) -> Unit:
        self.world.declines.clear()
        return super().unit(inner)


class NoCeiling(Installation):
    """The network's limits are nobody's business, the last line's neither."""

    @classmethod
    def patches(cls) -> Any:
        def none(*_: Any, **__: Any) -> None:
            return None

        def free(use: Any, brand: Any, now: Any, **_: Any) -> Any:
            return now, ()

        return (
            instead(begin, "objection", none),
            instead(charges, "free_from", free),
            instead(MemoryCaseStore, "_allowed", _let),
        )


class NeverForgotten(Installation):
    """A card that said never is only another card."""

    def unit(self, inner: UnitOfWork) -> Unit:
        class Forgiving(PausingCases):
            async def card_use(self, *what: Any) -> CardUse:
                use = await super().card_use(*what)
                return CardUse(month=use.month, day=use.day)

        unit = super().unit(inner)
        unit.cases = Forgiving(inner.cases)
        return unit

    @classmethod
    def patches(cls) -> Any:
        nobody: frozenset[Any] = frozenset()
        return (
            instead(plan, "ASKS", {}),
            instead(plan, "BARRING", nobody),
            instead(cards, "BARRING", nobody),
            instead(MemoryCaseStore, "_allowed", _let),
        )


class ChargedAfterTheEnd(Installation):
    """Once more for good measure, whatever the case says by now."""

    def errands(self) -> dict[ActionKind, Errand]:
        errands = super().errands()

        async def blind(action: ScheduledAction) -> None:
            await errands[ActionKind.CLOSE](action)
            case = await self.cases.read(CaseRef(action.ref.merchant_id, action.case_id))
            if case.attempts:
                key = attempt_key(action.case_id, case.attempts)
                await self.payments.pay_invoice(case.account, case.invoice_id, idempotency_key=key)

        return {**errands, ActionKind.CLOSE: blind}


class ChargedBesideTheInvoice(Installation):
    """A charge of its own for the debt, which Stripe's invoice knows nothing of."""

    def build(self) -> None:
        self.stripe.charges_paid_ones = True
        super().build()

    def a_way_to_stripe(self) -> Payments:
        class Twice(Passing):
            async def pay_invoice(self, account: str, invoice_id: str, **key: Any) -> Outcome:
                outcome = await super().pay_invoice(account, invoice_id, **key)
                if isinstance(outcome, Unknown):
                    return await super().pay_invoice(account, invoice_id, **key)
                return outcome

        return Twice(self.network)


class MoneyDoubled(Installation):
    """What came back is told twice as large."""

    @classmethod
    def patches(cls) -> Any:
        right = application.charging._paid

        def double(amount_minor: int, number: int) -> c.RecordPayment:
            return right(2 * amount_minor, number)

        return (instead(application.charging, "_paid", double),)


class OldMoneyClaimed(Installation):
    """A case is opened for an invoice that was paid before, and the money is called ours."""

    @classmethod
    def patches(cls) -> Any:
        right = there(process, "news_of")

        def greedy(
            account: str, invoice: Invoice, news: InvoiceNews, origin: Any
        ) -> tuple[Command, ...]:
            commands: tuple[Command, ...] = right(account, invoice, news, origin)
            if invoice.status is not InvoiceStatus.PAID:
                return commands
            return (c.OpenCase(account=account, invoice=invoice), *commands)

        return (instead(process, "news_of", greedy),)


class AnothersRefusalTaken(Installation):
    """Whatever was refused since our attempt began is called its answer."""

    @classmethod
    def patches(cls) -> Any:
        right = there(reconcile, "_seen")

        def guess(flight: InFlight, invoice: Invoice | None, **asked: bool) -> tuple[Command, ...]:
            failure = invoice.last_failure if invoice is not None else None
            if failure is None or failure.at < flight.started_at.replace(microsecond=0):
                seen: tuple[Command, ...] = right(flight, invoice, **asked)
                return seen
            mine = e.Payer.CHARGECHASE
            return (c.RecordDecline(failure=failure, by=mine, attempt=flight.number),)

        return (instead(reconcile, "_seen", guess),)


PLANTS = {
    SilenceTakenForNo: Law.I4,
    OnceMoreAtOnce: Law.I1,
    StaleRead: Law.I7,
    ReconcileForgotten: Law.I4,
    DeclinesForgotten: Law.I5,
    NoCeiling: Law.I5,
    NeverForgotten: Law.I6,
    ChargedAfterTheEnd: Law.I7,
    ChargedBesideTheInvoice: Law.I2,
    MoneyDoubled: Law.I4,
    OldMoneyClaimed: Law.I10,
    AnothersRefusalTaken: Law.I4,
}
