"""A scenario driven through the machine that runs in production, until nothing is left to do."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from domain.decline import Decline
from domain.invoice import Card, Customer, FailedCharge, Invoice, InvoiceStatus
from domain.network import DAY, MONTH, CardUse
from domain.policy import Policy
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind, next_action
from domain.recovery.basis import Basis, Circumstances
from domain.recovery.case import evolve
from domain.recovery.decide import decide
from domain.recovery.state import RecoveryCase
from domain.simulate.scenario import Scenario
from domain.simulate.timeline import Timeline, entry_of
from domain.timing.knowledge import Knowledge

# A case of 60 days with 15 charges and 12 messages takes fewer than a hundred.
MOST_STEPS: Final = 400
ACCOUNT: Final = "preview"
NEW_CARD: Final = Card(payment_method="pm_second", fingerprint="second", brand="visa")


def simulate(
    policy: Policy,
    scenario: Scenario,
    knowledge: Knowledge | None = None,
    most_steps: int = MOST_STEPS,
) -> Timeline:
    """What would happen, and why. Pure; takes at most `most_steps` steps."""
    preview = Preview(policy, scenario, knowledge or Knowledge())
    preview.open()
    steps = 0
    while steps < most_steps and preview.step():
        steps += 1
    return preview.timeline()


class Preview:
    """One case and the world of its scenario."""

    def __init__(self, policy: Policy, scenario: Scenario, knowledge: Knowledge) -> None:
        self._policy, self._scenario, self._knowledge = policy, scenario, knowledge
        self._now = scenario.opened_at
        self._case = RecoveryCase()
        self._history: list[e.Event] = []
        self._card = scenario.card
        self._refusals: list[FailedCharge] = []
        self._letters: list[datetime] = []
        self._doings = _doings(scenario)

    def open(self) -> None:
        """The first charge fails, and the case is taken up."""
        self._give(c.OpenCase(account=ACCOUNT, invoice=self._invoice(self._refuse(None))))

    def step(self) -> bool:
        """Do what comes next; False if nothing is left to do."""
        action = next_action(self._case)
        if action is None:
            return False
        if self._doings and self._doings[0][0] <= action.due_at and self._case.is_open:
            self._now, command = self._doings.pop(0)
            self._give(command)
            return True
        self._now = max(self._now, action.due_at)
        self._carry_out(action)
        return True

    def timeline(self) -> Timeline:
        """All that happened so far."""
        return Timeline(
            entries=tuple(map(entry_of, self._history)),
            closes_at=self._case.closes_at,
            phase=self._case.phase.value,
            ended=next_action(self._case) is None,
        )

    def _carry_out(self, action: Action) -> None:
        if action.kind is ActionKind.ATTEMPT:
            self.charge(action.number)
            return
        commands: dict[ActionKind, c.Command] = {
            ActionKind.REMINDER: c.BeginReminder(
                step=action.number, message_id=f"{action.number}@preview"
            ),
            ActionKind.CLOSE: c.CloseCase(),
            ActionKind.END: c.RecordEndAction(),
        }
        self._give(commands[action.kind])

    def charge(self, number: int) -> None:
        """Begin this attempt and let the bank answer, if the machine begins it."""
        self._give(c.BeginAttempt(number=number, invoice=self._invoice(), use=self._use()))
        if self._case.in_flight is None:
            return  # something stood against it, and it was planned anew
        answer = self._answer(number)
        self._give(
            c.RecordPayment(
                amount_minor=self._scenario.amount_minor, by=e.Payer.CHARGECHASE, attempt=number
            )
            if answer is None
            else c.RecordDecline(
                failure=self._refuse(answer), by=e.Payer.CHARGECHASE, attempt=number
            )
        )

    def _answer(self, number: int) -> Decline | None:
        if self._card.fingerprint == NEW_CARD.fingerprint:
            return None
        answers = self._scenario.answers
        return answers[number - 1] if number <= len(answers) else self._scenario.decline

    def _give(self, command: c.Command) -> None:
        if isinstance(command, c.ReplaceCard):
            self._card = command.card
        for event in decide(self._case, command, self._basis(), self._now):
            self._case = evolve(self._case, event)
            self._history.append(event)
            if isinstance(event, e.ReminderStarted):
                self._letters.append(event.at)

    def _basis(self) -> Basis:
        scenario = self._scenario
        around = Circumstances(
            use=self._use(),
            contacts=tuple(self._letters),
            holidays=scenario.holidays,
            draw=scenario.draw,
            merchant=scenario.merchant,
        )
        return Basis(policy=self._policy, knowledge=self._knowledge, around=around)

    def _use(self) -> CardUse:
        mine = [
            failure.at
            for failure in self._refusals
            if failure.card is not None and failure.card.fingerprint == self._card.fingerprint
        ]
        return CardUse(
            month=tuple(at for at in mine if at > self._now - MONTH),
            day=tuple(at for at in mine if at > self._now - DAY),
        )

    def _refuse(self, decline: Decline | None) -> FailedCharge:
        said = decline or self._scenario.decline
        failure = FailedCharge(
            charge_id=f"ch_{len(self._refusals)}",
            at=self._now,
            amount_minor=self._scenario.amount_minor,
            decline=replace(said, brand=said.brand or self._card.brand),
            card=self._card,
        )
        self._refusals.append(failure)
        return failure

    def _invoice(self, failure: FailedCharge | None = None) -> Invoice:
        scenario = self._scenario
        return Invoice(
            invoice_id="in_preview",
            status=InvoiceStatus.OPEN,
            amount_remaining_minor=scenario.amount_minor,
            amount_paid_minor=0,
            currency=scenario.currency,
            customer=Customer(customer_id="cus_preview", email="customer@example.com"),
            collection=scenario.profile.collection,
            card=self._card,
            last_failure=failure,
            profile=scenario.profile,
        )


def _doings(scenario: Scenario) -> list[tuple[datetime, c.Command]]:
    """What the customer does by their own, in its order."""
    doings: list[tuple[datetime, c.Command]] = []
    if scenario.new_card_after is not None:
        at = scenario.opened_at + scenario.new_card_after
        doings.append((at, c.ReplaceCard(card=NEW_CARD)))
    if scenario.pays_after is not None:
        paid = c.RecordPayment(amount_minor=scenario.amount_minor, by=e.Payer.CUSTOMER)
        doings.append((scenario.opened_at + scenario.pays_after, paid))
    return sorted(doings, key=lambda doing: doing[0])
