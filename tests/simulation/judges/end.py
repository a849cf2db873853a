"""What must be true when nothing is left to happen."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from adapters.memory.world import CaseKey, HeldCase
from domain.invoice import InvoiceStatus
from domain.recovery import events as e
from domain.recovery.case import replay
from domain.recovery.explain import check
from domain.recovery.state import RecoveryCase
from domain.recovery.transitions import Phase
from domain.timing.knowledge import Knowledge
from tests.simulation.demands import demand
from tests.simulation.judges.cases import CANARY
from tests.simulation.judges.evidence import Evidence
from tests.simulation.laws import Law

LATEST: Final = timedelta(hours=72)  # after its window, or after the last fault
# How an attempt ends, and which of these say its number.
ANSWERS: Final = (e.AttemptDeclined, e.AttemptAbandoned)
ENDS: Final = (e.CaseRecovered, e.CaseLost, e.CaseStopped)


class EndJudge:
    """Looks at everything once more."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def look(self, calm_at: datetime) -> None:
        """Nothing is due any more, and the last fault was at `calm_at`."""
        world = self._evidence.world
        turns = [held.turn for held in world.inbox.values()]
        turns += [held.turn for held in world.actions.values()]
        dead = [turn.error for turn in turns if turn.dead_at is not None]
        demand(not dead, Law.I11, "nothing is dead", *dead)
        said = [turn.error for turn in turns if turn.error and CANARY.decode() in turn.error]
        demand(not said, Law.I25, "no person in an error", *said)
        waiting = [ref.event_id for ref, held in world.inbox.items() if not held.handled]
        demand(not waiting, Law.I11, "every event is handled", waiting)
        demand(not world.actions, Law.I16, "nothing is left to do", list(world.actions))
        lost = [key for key in world.orphans if (key[0] or "", key[1]) in world.accounts]
        demand(not lost, Law.I17, "every event has its merchant", lost)
        for key, held in world.cases.items():
            self._case(held, calm_at)
            self._explained(key, held)
        self._sums()

    def _case(self, held: HeldCase, calm_at: datetime) -> None:
        case = held.state
        demand(not case.is_open, Law.I16, "every case ends", case.invoice_id)
        assert case.closes_at is not None
        assert case.closed_at is not None
        latest = max(case.closes_at, calm_at) + LATEST
        demand(case.closed_at <= latest, Law.I16, "every case ends in time", case.invoice_id)
        demand(replay(held.events) == case, Law.I8, "replay equals the row", case.invoice_id)
        self._agrees(case)
        self._intents_end(held)

    def _explained(self, key: CaseKey, held: HeldCase) -> None:
        """Every decision of a case, made again from its log, after all edits and restarts."""
        world = self._evidence.world
        policies = {n: policy for (owner, n), policy in world.policies.items() if owner == key[0]}
        learned = {n: one.whole for (owner, n), one in world.knowledge.items() if owner == key[0]}
        decisions = world.decisions[key]
        differs = check(decisions, held.events, policies, {0: Knowledge(), **learned})
        demand(differs is None, Law.I20, "a case is explained", key, differs)

    def _agrees(self, case: RecoveryCase) -> None:
        """Whatever came in whatever order: what we say of the money is what the bank says."""
        stripe = self._evidence.stripe
        debt = stripe.debts[case.account, case.invoice_id]
        invoice = stripe.show(debt.account, debt.invoice_id)
        assert invoice is not None
        taken = debt.taken_minor if invoice.status is InvoiceStatus.PAID else 0
        known = case.recovered_minor == taken
        demand(known, Law.I12, "we know of all money", case.invoice_id, taken)
        back = (case.refunded_minor, case.disputed_minor)
        banks = (debt.refunded_minor, debt.disputed_minor)
        demand(
            back == banks, Law.I12, "we know of all that went back", case.invoice_id, back, banks
        )
        demand(case.currency == invoice.currency, Law.I9, "the currency", case.invoice_id)
        paid, void = (invoice.status is InvoiceStatus.PAID), (invoice.status is InvoiceStatus.VOID)
        recovered = case.phase is Phase.RECOVERED
        demand(paid or not recovered, Law.I12, "recovered is paid", case.invoice_id)
        demand(not (void and recovered), Law.I12, "void is not paid", case.invoice_id)

    def _intents_end(self, held: HeldCase) -> None:
        """Each attempt has one answer, or is the last of a case that ended over it."""
        started = [one.number for one in held.events if isinstance(one, e.AttemptStarted)]
        answers = Counter(one.number for one in held.events if isinstance(one, ANSWERS))
        twice = [number for number, times in answers.items() if times > 1]
        demand(not twice, Law.I21, "an attempt has one answer", held.state.invoice_id, twice)
        silent = [number for number in started if number not in answers]
        over = not silent or (silent == started[-1:] and self._ended(held))
        demand(over, Law.I21, "each intent comes to an end", held.state.invoice_id, silent)
        numbers = list(range(1, len(started) + 1))
        demand(started == numbers, Law.I3, "attempts are numbered", held.state.invoice_id, started)

    @staticmethod
    def _ended(held: HeldCase) -> bool:
        return any(isinstance(event, ENDS) for event in held.events)

    def _sums(self) -> None:
        """What merchants are told came back, by currency, is what the bank took for their cases."""
        evidence = self._evidence
        ours, banks = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        seen = Counter[tuple[str, str]]()
        for held in evidence.world.cases.values():
            case = held.state
            kept = case.recovered_minor - case.refunded_minor - case.disputed_minor
            ours[case.account, case.currency] += kept
            seen[case.account, case.invoice_id] += 1
        for debt in evidence.stripe.debts.values():
            invoice = evidence.stripe.show(debt.account, debt.invoice_id)
            chased = (debt.account, debt.invoice_id) in seen
            if invoice is not None and chased and invoice.status is InvoiceStatus.PAID:
                kept = debt.taken_minor - debt.refunded_minor - debt.disputed_minor
                banks[debt.account, invoice.currency] += kept
        demand(+ours == +banks, Law.I9, "our sums are the bank's", ours, banks)
        doubled = [invoice for invoice, cases in seen.items() if cases > 1]
        demand(not doubled, Law.I10, "a payment belongs to one case", doubled)
