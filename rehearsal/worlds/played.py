"""One case while it is played: what has happened, what it cost, and what it looks like outside."""

from typing import Any, Final

from msgspec import Struct

from rehearsal.worlds import customer, issuer
from rehearsal.worlds.customer import Sent
from rehearsal.worlds.network import CardHistory
from rehearsal.worlds.protocol import Case, Step, attempt_line, card_line, case_frame, iso
from rehearsal.worlds.shapes import Card, Decline, Truth, World
from rehearsal.worlds.zones import DAY_S

SOON_S: Final = DAY_S  # a second try within a day looks twice as odd
MONTHS_LOST: Final = 3.0


class Ending(Struct, frozen=True, gc=False):
    """What became of a case. Money in US cents; `net_cents` is what it all came to."""

    id: str
    result: str
    via: str | None
    opened_at: int
    ended_at: int
    failed_cents: float
    recovered_cents: float
    retries: int
    messages: int
    decisions: int
    faults: int
    fee_cents: float
    message_cents: float
    fine_cents: float
    churn_cents: float  # three monthly amounts where a message caused the cancellation
    broken: tuple[str, ...]  # rules of the networks, one entry a violation

    @property
    def net_cents(self) -> float:
        """Recovered less everything that was paid or lost for it."""
        costs = self.fee_cents + self.message_cents + self.fine_cents + self.churn_cents
        return self.recovered_cents - costs


class Played:
    """A case in play. It knows its rules, not the clock: instants come in."""

    def __init__(self, world: World, truth: Truth) -> None:
        self.truth = truth
        self.open, self.asked = True, True
        self.token, self.paused_until = 0, 0
        self.decisions = self.faults = self.retries = 0
        self.ended_at, self.result = truth.opened_at, "expired"
        self.via: str | None = None
        self._world, self._frame = world, case_frame(truth)
        self._attempts = [attempt_line(truth.opened_at, truth.first)]
        self._messages: list[dict[str, str]] = []
        self._sent: list[Sent] = []
        self._annoyance: list[float] = []  # after each message, all before it included
        self._last_sent_at: int | None = None
        self._broken: list[str] = []
        self._fines = self._message_cents = self._churn_cents = 0.0
        self._suspicion, self._suspicion_since = 0.0, 0
        self._put_card(truth.card, None)
        self._history.first(truth.opened_at, truth.first)
        self.replaced_by_customer = False

    def view(self, now: int) -> Case:
        """CASE as the protocol shows it at `now`; a value of its own."""
        return {
            **self._frame,
            "card": dict(self._card_line),
            "now": iso(now),
            "attempts": list(self._attempts),
            "messages": list(self._messages),
        }

    def charge(self, at: int) -> Decline | None:
        """Retry the card on file; None: it went through."""
        broken, fines = self._history.judge(at)
        self._broken += broken
        self._fines += fines
        self.retries += 1
        suspicion = self._suspicion_at(at)
        zone = self.truth.zone
        good = issuer.approves(self._world, zone, self._card, at, suspicion)
        said = None if good else issuer.decline(self._world, self._card, at)
        self._history.retried(at, said)
        self._attempts.append(attempt_line(at, said))
        soon = 2.0 if at - self._suspicion_since < SOON_S else 1.0
        self._suspicion = suspicion + soon * self._world.temper.suspicion * self._card.temper
        self._suspicion_since = at
        return said

    def send(self, step: Step, at: int) -> int | None:
        """Send a message; how long until it is opened, None if nobody opens it any more."""
        number = len(self._sent)
        sent = customer.sent(self._world, self.truth, number, self._last_sent_at, step)
        self._sent.append(sent)
        self._annoyance.append(sent.annoyance + (self._annoyance[-1] if number else 0.0))
        self._last_sent_at = at
        self._message_cents += customer.cost_cents(self._world, step.channel)
        self._messages.append({"at": iso(at), "channel": step.channel, "template": step.template})
        if number >= len(self.truth.answers):
            return 3600 if self._annoyance[-1] > self.truth.tolerance else None
        wait = self.truth.answers[number].opened_after_s
        return wait // 6 if step.channel == "sms" else wait

    def message_opened(self, number: int) -> tuple[str, Card | None]:
        """ "cancels", "pays", "new card" with the card, or "nothing"."""
        if self._annoyance[number] > self.truth.tolerance:
            self._churn_cents = MONTHS_LOST * self.truth.monthly_cents
            return "cancels", None
        if number >= len(self.truth.answers):
            return "nothing", None
        answer = self.truth.answers[number]
        if answer.need >= self._sent[number].persuasion:
            return "nothing", None
        return ("pays", None) if answer.card is None else ("new card", answer.card)

    def replace_card(self, card: Card, at: int) -> None:
        """Another card is on file; counts and suspicion start anew."""
        self._put_card(card, at)

    def close(self, result: str, at: int, via: str | None = None) -> None:
        """Nothing happens to the case after this."""
        self.open, self.asked = False, False
        self.result, self.ended_at, self.via = result, at, via

    @property
    def attempts_made(self) -> int:
        return len(self._attempts)

    @property
    def messages_sent(self) -> int:
        return len(self._messages)

    def outcome_line(self) -> dict[str, Any]:
        """`closed` of the learn lines."""
        recovered = self.truth.amount_minor if self.result == "recovered" else 0
        return {
            "type": "closed",
            "case_id": self.truth.id,
            "at": iso(self.ended_at),
            "result": self.result,
            "recovered_minor": recovered,
            "via": self.via,
            "case": self.view(self.ended_at),
        }

    def ending(self) -> Ending:
        """The accounts of the case."""
        cents = self.truth.amount_cents
        return Ending(
            id=self.truth.id,
            result=self.result,
            via=self.via,
            opened_at=self.truth.opened_at,
            ended_at=self.ended_at,
            failed_cents=cents,
            recovered_cents=cents if self.result == "recovered" else 0.0,
            retries=self.retries,
            messages=len(self._messages),
            decisions=self.decisions,
            faults=self.faults,
            fee_cents=self.retries * self._world.retry_fee_cents,
            message_cents=self._message_cents,
            fine_cents=self._fines,
            churn_cents=self._churn_cents,
            broken=tuple(self._broken),
        )

    def _put_card(self, card: Card, at: int | None) -> None:
        self._card, self._card_line = card, card_line(card, at)
        self._history = CardHistory(card, self.truth.merchant_country)
        self._suspicion, self._suspicion_since = 0.0, 0

    def _suspicion_at(self, at: int) -> float:
        days = max(0, at - self._suspicion_since) / DAY_S
        fallen: float = self._suspicion * 2.718281828459045 ** (
            -days / self._world.temper.suspicion_days
        )
        return fallen
