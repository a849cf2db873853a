"""Stripe, the mail server and the doorbell, with a network between: every await is a place where
others run, where an answer gets lost, and where a process may die.
"""

from collections.abc import Callable
from typing import NamedTuple

from adapters.memory.job_queue import MemoryJobQueue
from adapters.memory.mailer import MemoryMailer
from application.ports.chores import ChoreRef
from application.ports.mailer import Handed, Letter, MailDeferred
from application.ports.payments import Ended, Ending, Outcome, StripeUnavailable, Unknown
from application.ports.stores import (
    ActionRef,
    EventRef,
)
from application.ports.texting import Text
from domain.invoice import Card, Invoice
from domain.recovery.events import EndResult
from tests.simulation.schedule import Crashed, Schedule, Task, at, task_of
from tests.simulation.stripe import Stripe
from tests.simulation.watch import Watch

LATEST_EFFECT_S = 60.0  # of a call that nobody waits for any more


class PayCall(NamedTuple):
    """A call for money on its way."""

    account: str
    invoice_id: str
    key: str
    method: str | None


class Network:
    """The Payments port, with a network between us and Stripe."""

    def __init__(self, stripe: Stripe, schedule: Schedule, watch: Watch) -> None:
        self._stripe, self._schedule, self._watch = stripe, schedule, watch
        self.is_down = False
        self.beside: Callable[[str, str], None] = lambda account, invoice_id: None

    async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
        self._watch.asks_for(account, task_of(self._schedule))
        await at(f"reads {invoice_id}")
        self._refuse()
        invoice = self._stripe.show(account, invoice_id)
        task_of(self._schedule).seen = invoice
        await at("has read")
        return invoice

    async def stop_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        self._watch.stopping(account, invoice_id, task_of(self._schedule))
        await at(f"stops retries {invoice_id}")
        self._refuse()
        self._stripe.stop_retries(account, invoice_id)
        await at("stopped retries")

    async def invoice_of(self, account: str, payment_intent_id: str) -> str | None:
        self._watch.asks_for(account, task_of(self._schedule))
        await at(f"looks for {payment_intent_id}")
        self._refuse()
        return self._stripe.invoice_of(payment_intent_id)

    async def cards_of(self, account: str, customer_id: str) -> tuple[Card, ...]:
        raise AssertionError("nobody agrees to another card here")

    async def read_object(self, account: str, kind: str, object_id: str) -> bytes | None:
        raise AssertionError("signals tell all themselves here")

    async def resume_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        raise AssertionError("nobody leaves here")

    async def undo_end(self, account: str, ending: Ending, *, idempotency_key: str) -> Ended:
        raise AssertionError("nobody takes an end back here")

    async def end(self, account: str, ending: Ending, *, idempotency_key: str) -> Ended:
        self._watch.ending(account, ending, task_of(self._schedule))
        await at(f"ends {ending.invoice_id}")
        self._refuse()
        done = self._stripe.end(account, ending)
        await at("has ended")
        if self._schedule.chance_of(self._schedule.weather.charge):
            raise StripeUnavailable("timeout")
        return Ended(result=EndResult.DONE if done else EndResult.REFUSED)

    async def put_in_slot(self, account: str, invoice: Invoice, *, idempotency_key: str) -> bool:
        self._watch.asks_for(account, task_of(self._schedule))
        await at(f"puts a card in its slot {invoice.invoice_id}")
        self._refuse()
        done = self._stripe.put_in_slot(account, invoice)
        await at("has put it")
        return done

    async def pay_invoice(
        self,
        account: str,
        invoice_id: str,
        *,
        idempotency_key: str,
        payment_method: str | None = None,
    ) -> Outcome:
        call = PayCall(account, invoice_id, idempotency_key, payment_method)
        self._watch.paying(*call[:3], task_of(self._schedule))
        if self._schedule.chance_of(self._schedule.weather.meddle):
            self.beside(account, invoice_id)
        try:
            await at(f"pays {idempotency_key}")
        except Crashed:
            self._perhaps_lands(call)
            raise
        outcome = self._answer(call)
        await at(f"answered {type(outcome).__name__}")
        return outcome

    def _refuse(self) -> None:
        if self.is_down or self._schedule.chance_of(self._schedule.weather.read):
            raise StripeUnavailable("no_answer")

    def _answer(self, call: PayCall) -> Outcome:
        schedule = self._schedule
        if self.is_down:
            return self._nothing(call, "no_answer")
        if not schedule.chance_of(schedule.weather.charge):
            return self._land(call)
        match schedule.pick("before", "after", "late", "stumbles", "busy"):
            case "before":
                return self._nothing(call, "timeout")
            case "after":
                self._land(call)
                return Unknown(reason="timeout")
            case "late":
                schedule.after(schedule.within(0, LATEST_EFFECT_S), lambda: self._land(call))
                return Unknown(reason="timeout")
            case "stumbles":
                self._stripe.stumble(call[0], call[2])
                return self._nothing(call, "http_500")
            case _:
                return self._nothing(call, "rate_limit")

    def _perhaps_lands(self, call: PayCall) -> None:
        """Whoever called is dead; what is on its way may arrive all the same."""
        if self._schedule.chance_of(0.5):
            delay = self._schedule.within(0, LATEST_EFFECT_S)
            self._schedule.after(delay, lambda: self._land(call))
        else:
            self._watch.landed(*call[:3])

    def _land(self, call: PayCall) -> Outcome:
        self._watch.landed(*call[:3])
        account, invoice_id, key, method = call
        return self._stripe.charge(account, invoice_id, key, method=method, requested=True)

    def _nothing(self, call: PayCall, reason: str) -> Outcome:
        self._watch.landed(*call[:3])
        return Unknown(reason=reason)


class Post:
    """The Mailer port. `deliver` is what becomes of a letter that was taken."""

    def __init__(self, schedule: Schedule, deliver: Callable[[Letter, Task], None]) -> None:
        self._schedule, self._deliver = schedule, deliver
        self.server = MemoryMailer()

    async def send(self, letter: Letter) -> Handed:
        await at(f"mails {letter.message_id}")
        if self._schedule.chance_of(self._schedule.weather.mail):
            raise MailDeferred("421")
        handed = await self.server.send(letter)
        self._deliver(letter, task_of(self._schedule))
        await at("mailed")
        return handed


class Phones:
    """The Texter port: a carrier that says "later", or nothing, of a text that went or did not."""

    def __init__(self, schedule: Schedule, deliver: Callable[[Text, Task], None]) -> None:
        self._schedule, self._deliver = schedule, deliver

    async def send(self, text: Text) -> None:
        await at(f"texts {text.message_id}")
        said = "taken"
        if self._schedule.chance_of(self._schedule.weather.mail):
            said = self._schedule.pick("later", "lost", "taken in silence")
        if said == "later":
            raise MailDeferred("429")
        if said != "lost":
            self._deliver(text, task_of(self._schedule))
        await at("texted")


class Doorbell:
    """The JobQueue port: batches that come late, twice or never. `ring` starts a worker on one."""

    def __init__(self, schedule: Schedule, ring: Callable[[], None]) -> None:
        self.queue = MemoryJobQueue()
        self._schedule, self._ring = schedule, ring

    async def send_events(self, refs: tuple[EventRef, ...]) -> None:
        for _ in range(self._times()):
            await self.queue.send_events(refs)
        await at(f"rang for {len(refs)} events")

    async def send_actions(self, refs: tuple[ActionRef, ...]) -> None:
        for _ in range(self._times()):
            await self.queue.send_actions(refs)
        await at(f"rang for {len(refs)} actions")

    async def send_chores(self, refs: tuple[ChoreRef, ...]) -> None:
        await self.queue.send_chores(refs)

    async def waiting(self) -> int:
        await at("asks the queue")
        return await self.queue.waiting()

    def _times(self) -> int:
        schedule, weather = self._schedule, self._schedule.weather
        if schedule.chance_of(weather.lost):
            return 0
        times = 2 if schedule.chance_of(weather.doubled) else 1
        for _ in range(times):
            late = schedule.chance_of(weather.late)
            schedule.after(schedule.within(0, 900 if late else 1), self._ring)
        return times
