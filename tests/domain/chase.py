"""A rehearsed world for one case: a bank, a card or three, and everything that we record of it."""

from datetime import datetime, timedelta

from msgspec import Struct

from domain.decline import family_of
from domain.invoice import Card, FailedCharge, Invoice
from domain.network import BARRING, DAY, MONTH, CardUse
from domain.policy import Policy
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind, next_action
from domain.recovery.basis import Basis
from domain.recovery.case import InFlight, RecoveryCase, evolve
from domain.recovery.decide import decide
from domain.recovery.explain import Decision, keep
from tests.builders import ACCOUNT, MONDAY, OLD_VISA, a_basis, a_decline, an_invoice

# Repeating these is not repeating a wish: each "unclear" is another look, each failure another.
REPEATABLE = (c.RecordUnclear, c.FailReminder)


class Started(Struct, frozen=True):
    """An attempt as it began: what Stripe showed, and what the card had gone through."""

    event: e.AttemptStarted
    invoice: Invoice
    in_day: int
    in_month: int
    barred: bool


class Chase:
    """One case and the world around it. Commands go in by `give`; `case` is what follows."""

    def __init__(
        self, policy: Policy, first_decline: str, stripe_retry_at: datetime | None
    ) -> None:
        self.policy = policy
        self.now = MONDAY
        self.case = RecoveryCase()
        self.history: list[e.Event] = []
        self.given: list[c.Command] = []
        self.starts: list[Started] = []
        self.card: Card | None = OLD_VISA
        self.stripe_retry_at = stripe_retry_at
        self.processing = False
        self.charges: list[FailedCharge] = []
        self.untold: list[FailedCharge] = []
        self.other_letters: list[datetime] = []
        self.decisions: list[Decision] = []
        failure = self.refuse(first_decline)
        opening = self.invoice(last_failure=failure)
        self.give(c.OpenCase(account=ACCOUNT, invoice=opening))

    def invoice(self, last_failure: FailedCharge | None = None) -> Invoice:
        """What Stripe shows now."""
        return an_invoice(
            card=self.card,
            stripe_retry_at=self.stripe_retry_at,
            processing=self.processing,
            last_failure=last_failure,
        )

    def refuse(self, decline_code: str, advice: str | None = None) -> FailedCharge:
        """The bank refuses the card in the slot."""
        return self._refuse(self.card, decline_code, advice)

    def _refuse(self, card: Card | None, decline_code: str, advice: str | None) -> FailedCharge:
        brand = card.brand if card else None
        decline = a_decline(decline_code, brand=brand, network_advice_code=advice)
        failure = FailedCharge(
            charge_id=f"ch_{len(self.charges) + 1}",
            at=self.now.replace(microsecond=0),
            amount_minor=29_00,
            decline=decline,
            card=card,
        )
        self.charges.append(failure)
        return failure

    def use_of(self, card: Card | None) -> CardUse:
        """Every decline of the card, whoever caused it."""
        mine = [
            f for f in self.charges if f.card and card and f.card.fingerprint == card.fingerprint
        ]
        return CardUse(
            month=tuple(f.at for f in mine if f.at > self.now - MONTH),
            day=tuple(f.at for f in mine if f.at > self.now - DAY),
            barred=any(family_of(f.decline) in BARRING for f in mine),
        )

    def basis(self) -> Basis:
        """What a decision rests on at this instant."""
        contacts = tuple(sorted((*self.other_letters, *self.case.letters)))
        return a_basis(self.policy, use=self.use_of(self.card), contacts=contacts, draw=7)

    def give(self, command: c.Command) -> tuple[e.Event, ...]:
        """Carry a command out; the same question always gets the same answer, a wish only once."""
        basis, before = self.basis(), self.case
        events = decide(before, command, basis, self.now)
        assert events == decide(before, command, basis, self.now)
        self.decisions.append(keep(before, (command,), basis, self.now))
        for event in events:
            self.case = evolve(self.case, event)
            self.history.append(event)
            if isinstance(event, e.AttemptStarted):
                assert isinstance(command, c.BeginAttempt)
                self._remember(event, command)
        if not isinstance(command, REPEATABLE):
            again = decide(self.case, command, self.basis(), self.now)
            assert again == (), f"{command} twice: {again}"
            self.given.append(command)
        return events

    def _remember(self, event: e.AttemptStarted, command: c.BeginAttempt) -> None:
        use = self.use_of(command.invoice.card)
        self.starts.append(
            Started(event, command.invoice, len(use.day), len(use.month), use.barred)
        )

    def begin(self, number: int) -> tuple[e.Event, ...]:
        """A worker begins an attempt on what Stripe shows now."""
        return self.give(
            c.BeginAttempt(number=number, invoice=self.invoice(), use=self.use_of(self.card))
        )

    def next(self) -> Action:
        """The one next action of an open case."""
        action = next_action(self.case)
        assert action is not None
        return action

    def wait_for(self, action: Action, delay: timedelta = timedelta()) -> None:
        """Let time pass until the action is due, and its worker is there."""
        self.now = max(self.now, action.due_at) + delay

    def carry_out(self, action: Action, answer: str = "insufficient_funds") -> None:
        """Do what is due; `answer` is a charge's fate: a decline code, or how it got lost."""
        match action.kind:
            case ActionKind.TAKE_OVER:
                self.stripe_retry_at = None
                self.give(c.RecordTakeOver())
            case ActionKind.ATTEMPT:
                if e.AttemptStarted in map(type, self.begin(action.number)):
                    self.answer(answer)
            case ActionKind.RECONCILE:
                self.answer(answer)
            case ActionKind.REMINDER:
                message_id = f"{action.number}@mail"
                self.give(c.BeginReminder(step=action.number, message_id=message_id))
            case ActionKind.RESUME:
                self.give(c.ResumeCase(by=e.Pauser.SCHEDULE))
            case ActionKind.CLOSE:
                self.give(c.CloseCase())
            case ActionKind.END:
                self.give(c.RecordEndAction(done=answer != "refused"))

    def answer(self, answer: str) -> None:
        """What becomes of the charge on its way."""
        flight = self.case.in_flight
        assert flight is not None
        number = flight.number
        match answer:
            case "silence":
                return
            case "unclear":
                self.give(c.RecordUnclear(attempt=number))
            case "no_charge":
                self.give(c.AbandonAttempt(attempt=number, evidence="no_charge"))
            case "authentication":
                self.give(c.RequestAuthentication(attempt=number))
            case "paid":
                self.give(
                    c.RecordPayment(amount_minor=29_00, by=e.Payer.CHARGECHASE, attempt=number)
                )
            case code:
                self._refused(flight, code)

    def _refused(self, flight: InFlight, code: str) -> None:
        number = flight.number
        told, _, nameless = code.partition("/")
        failure = self._refuse(flight.card, told, None)
        if nameless:  # a webhook that does not say whose charge it was comes first
            self.give(c.RecordDecline(failure=failure, by=e.Payer.STRIPE))
        self.give(c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=number))
        assert self.case.in_flight is None
