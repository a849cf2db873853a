"""The judge: after every step, what must always be true.

| law | where it is judged |
| --- | --- |
| I1 | `judges/money`: calls on their way per invoice; `AttemptStarted` beside one |
| I2 | `judges/money`: every line of the bank's book |
| I3 | `judges/money`: the committed attempt of a key, its one request, its one charge |
| I4 | `judges/money`: key's age, charges after giving up, payments without one at the bank |
| I5 | `judges/money`: refusals of the card in the bank's book at `AttemptStarted` |
| I6 | `judges/money`: the same, for cards that said never |
| I7 | `judges/money`, `judges/letters`: calls and letters after the step of the end |
| I8 | `judges/cases`: a copy of the table, and that ends absorb |
| I9 | `judges/cases` (currency), `judges/end` (sums by merchant and currency) |
| I10 | `judges/money` (age of the case), `judges/end` (one case per invoice) |
| I11 | `webhooks` (kept), `judges/news` (effect with its mark), `judges/end` (none waits or dies) |
| I12 | `simulation`: all news again in another order; the same world in calm weather |
| I13 | `judges/letters`: one message per step, at its turn, apart; few texts, none after STOP |
| I14 | `judges/letters`: local hours at the commit, and hand-over soon after it |
| I15 | `judges/cases`: rows of actions after every step |
| I16 | `judges/cases` (ends do not move, no circles), `judges/end` (all ended in time) |
| I17 | `judges/cases` (rows), `ports` (accounts of calls), `judges/end` (no orphan) |
| I18 | `judges/cases`: audit rows that a step added against the cases that it changed |
| I19 | not here: the role matrix belongs to the web and its tests |
| I20 | `judges/cases`: every decision made again by the domain alone; `schedule` owns all chance |
| I21 | `judges/letters` (letters), `judges/money` (charges), `judges/end` (answers of attempts) |
| I22 | `judges/cases`: every command once more on the case that it led to |
| I23 | `judges/quiet` (pauses, promises, picked days, hold-outs), `judges/news` (pauses heard) |
| I24 | `judges/cases` (version of each decision), `judges/quiet` (a person's draw stays) |
| I25 | `judges/cases` (events, audit), `judges/end` (errors), `judges/letters` (addressee) |
"""

from typing import Final

from adapters.memory.world import CaseKey, MemoryWorld
from application.ports.mailer import Letter
from application.ports.payments import Ending
from application.ports.stores import EventRef
from application.ports.texting import Text
from domain.invoice import InvoiceStatus
from domain.recovery.case import evolve
from domain.recovery.signals import Signal
from domain.recovery.transitions import Phase
from tests.simulation.demands import demand
from tests.simulation.judges.cases import CasesJudge
from tests.simulation.judges.end import EndJudge
from tests.simulation.judges.evidence import Evidence
from tests.simulation.judges.letters import LettersJudge
from tests.simulation.judges.money import MoneyJudge
from tests.simulation.judges.news import NewsJudge
from tests.simulation.judges.quiet import QuietJudge
from tests.simulation.laws import Law
from tests.simulation.schedule import Schedule, Task
from tests.simulation.stripe import Stripe

UNPAID: Final = (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)


class Watch:
    """All judges of one run."""

    def __init__(self, world: MemoryWorld, stripe: Stripe, schedule: Schedule) -> None:
        self._evidence = Evidence(world, stripe, schedule)
        self._cases = CasesJudge(self._evidence)
        self._money, self._letters = MoneyJudge(self._evidence), LettersJudge(self._evidence)
        self._quiet = QuietJudge(self._evidence)
        self._news, self.end = NewsJudge(self._evidence, self._money), EndJudge(self._evidence)

    def after_step(self, task: Task) -> dict[CaseKey, None]:
        """Look at every row that the step touched; whose next action is new comes back."""
        changed = self._cases.touched(task)
        for key, (state, events) in changed.items():
            case = state
            for event in events:
                self._money.happened(key, case, event, task)
                self._letters.happened(key, case, event, task)
                self._quiet.happened(key, case, event)
                case = evolve(case, event)
            self._evidence.known[key] = self._evidence.world.cases[key]
        return self._cases.acted(dict.fromkeys(changed))

    def paying(self, account: str, invoice_id: str, key: str, task: Task) -> None:
        """A call that may move money leaves a worker."""
        self.asks_for(account, task)
        self._money.paying(account, invoice_id, key, task)

    def landed(self, account: str, invoice_id: str, key: str) -> None:
        """That call has had its effect, or never will."""
        self._money.landed(account, invoice_id, key)

    def stopping(self, account: str, invoice_id: str, task: Task) -> None:
        """A worker is about to switch Stripe's own retries off."""
        self.asks_for(account, task)
        case = self._evidence.case_of(account, invoice_id)
        demand(case is not None, Law.I21, "retries are taken over for a case", invoice_id)

    def ending(self, account: str, ending: Ending, task: Task) -> None:
        """A worker is about to carry out what a policy wants at the end."""
        self.asks_for(account, task)
        case = self._evidence.case_of(account, ending.invoice_id)
        unpaid = task.seen is not None and task.seen.status in UNPAID
        wanted = case is not None and case.phase is Phase.LOST and unpaid
        demand(
            wanted, Law.I21, "an end action is of a lost case, and looks first", ending.invoice_id
        )

    def asks_for(self, account: str, task: Task) -> None:
        """A worker on one merchant's errand names a Stripe account."""
        fits = task.merchant_id is None or self._evidence.owns(task.merchant_id, account)
        demand(fits, Law.I17, "no call crosses merchants", account)

    def handing_over(self, letter: Letter | Text, task: Task) -> None:
        """A letter reaches the mail server, or a text its carrier."""
        self._letters.handing_over(letter, task)

    def stopped(self, number: str) -> None:
        """An answer of STOP has been heard."""
        self._letters.stopped(number)

    def handled(self, ref: EventRef, signal: Signal | None, task: Task) -> None:
        """An event was marked in a transaction that is committed now."""
        self._news.handled(ref, signal, task)
