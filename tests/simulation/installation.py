"""One installation: the real use-cases over memory, a dispatcher, workers that die and come back.

Workers do with a reference what `adapters.jobs` does: renew the lease, do it, count a failure.
Every part that a planted bug replaces is made by a method of its own.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from adapters.memory.chores import MemoryChoreQueue
from adapters.memory.conveyor import MemoryActionQueue, MemoryInbox, MemoryIntake
from adapters.memory.registry import MemoryRegistry
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import HeldAction, HeldEvent, MemoryWorld, Turn
from adapters.stripe.pace import TokenBucket
from application.change_case import Cases
from application.charging import Charging
from application.customer_links import CustomerLinks
from application.ports.conveyor import EventIntake
from application.ports.letters import ReminderText, Rendered, RenderedText, TextAbout
from application.ports.mailer import Letter, Mailer
from application.ports.payments import Payments
from application.ports.stores import ActionRef, EventRef
from application.ports.text_news import Answered
from application.ports.texting import Text
from application.ports.unit_of_work import UnitOfWork
from application.shaping import Shaper
from application.texting import Texting
from application.use_cases.close_case import CloseCase
from application.use_cases.dispatch_due import DispatchDue
from application.use_cases.end_case import EndCase
from application.use_cases.hear_texts import HearTexts
from application.use_cases.process_event import ProcessEvent
from application.use_cases.reconcile_attempt import ReconcileAttempt
from application.use_cases.resume_case import ResumeCase
from application.use_cases.run_attempt import RunAttempt
from application.use_cases.send_reminder import SendReminder
from application.use_cases.take_over_retries import TakeOverRetries
from application.work import CarryOut, Errand, Failures
from domain.recovery.actions import ActionKind
from tests.application.bakery import Letterbox
from tests.simulation.chance import Chance, Weather
from tests.simulation.database import SlowActions, SlowInbox, Transactions, Unit, WatchedCases
from tests.simulation.machines import Machines
from tests.simulation.ports import Doorbell, Network, Phones, Post
from tests.simulation.requests import Requests
from tests.simulation.schedule import Schedule, Task
from tests.simulation.stripe import Stripe
from tests.simulation.watch import Watch

LEASE: Final = timedelta(seconds=60)
WORKERS: Final = ("worker-1", "worker-2", "worker-3")
DISPATCHER: Final = "dispatcher"
RESTART_S: Final = 20.0
CALLS_PER_S: Final = 2.0


class PlainWords:
    """A letter that is only its link."""

    def language_of(self, locale: str | None) -> str:
        return "en"

    def reminder(self, about: ReminderText) -> Rendered:
        return Rendered(subject="Your invoice", text=about.link, html="")


class BriefWords:
    """A text that is only its link."""

    def text(self, about: TextAbout) -> RenderedText:
        return RenderedText(body=about.link, told="Your invoice", segments=1)

    def help(self, merchant_name: str, reply_to: str | None, locale: str | None) -> str:
        return "Whoever you are"


class Installation:
    """The whole application on one world."""

    def __init__(self, chance: Chance, schedule: Schedule, stripe: Stripe) -> None:
        self.chance, self.schedule, self.stripe = chance, schedule, stripe
        ids = chance.of("ids")
        self.letterbox = Letterbox()
        self.world = MemoryWorld(
            wall=lambda: schedule.now, new_id=lambda: UUID(int=ids.getrandbits(128))
        )
        self.watch = Watch(self.world, stripe, schedule)
        self.machines = Machines(schedule)
        self.down_until = schedule.start
        self.network = Network(stripe, schedule, self.watch)
        self.letters: list[Letter | Text] = []
        self.on_letter: Callable[[Letter | Text], None] = lambda letter: None
        self._tokens = ids
        self.build()
        schedule.after_step = self._after_step
        schedule.on_crash = self._restart
        self._wake_at: datetime | None = None

    def build(self) -> None:
        """The wiring of worker and dispatcher."""
        units = Transactions(
            units_of_work(self.world), self.schedule, self.machines, self.unit, self._committed
        )
        self.cases: Cases = WatchedCases(units, self.clock, self.schedule)
        self.intake = self.an_intake()
        self.inbox, self.actions = (
            SlowInbox(MemoryInbox(self.world), self.machines.connect),
            SlowActions(MemoryActionQueue(self.world), self.machines.connect),
        )
        self.doorbell = Doorbell(self.schedule, self._take)
        self.registry = MemoryRegistry(self.world, self.clock)
        self.payments, self.mailer = self.a_way_to_stripe(), self.a_mailer()
        self.hear = self.a_hearing()
        self.charging = self.a_charging()
        self.process = self.a_process()
        self.carry_out = CarryOut(actions=self.actions, by_kind=self.errands(), clock=self.clock)
        self.failures = Failures(inbox=self.inbox, actions=self.actions, count=lambda *_: None)
        self.dispatch = self._a_dispatcher()
        self.requests = Requests(
            self.schedule, self.machines, self.cases, self.world, self.is_down, self._hears
        )

    # What a planted bug replaces.
    @classmethod
    def patches(cls) -> tuple[AbstractContextManager[object], ...]:
        """Functions that are others while this installation lives."""
        return ()

    @classmethod
    def weather(cls, drawn: Weather) -> Weather:
        """What it takes to see a bug that needs much at once."""
        return drawn

    def unit(self, inner: UnitOfWork) -> Unit:
        return Unit(inner)

    def an_intake(self) -> EventIntake:
        return MemoryIntake(self.world)

    def a_way_to_stripe(self) -> Payments:
        return self.network

    def a_mailer(self) -> Mailer:
        return Post(self.schedule, self.deliver)

    def texting(self) -> Texting:
        return Texting(
            texter=Phones(self.schedule, self.deliver),
            renderer=BriefWords(),
            read_mobile=lambda typed, country: typed or None,
            base_url="https://pay.example.com",
        )

    def a_hearing(self) -> HearTexts:
        return HearTexts(
            cases=self.cases, registry=self.registry, renderer=BriefWords(), clock=self.clock
        )

    def a_charging(self) -> Charging:
        return Charging(cases=self.cases, payments=self.payments, count=lambda _: None)

    def a_process(self) -> ProcessEvent:
        return ProcessEvent(
            cases=self.cases, inbox=self.inbox, events=self.letterbox, payments=self.payments
        )

    def errands(self) -> dict[ActionKind, Errand]:
        cases, payments, charging = self.cases, self.payments, self.charging
        return {
            ActionKind.TAKE_OVER: TakeOverRetries(cases=cases, payments=payments),
            ActionKind.ATTEMPT: RunAttempt(cases=cases, payments=payments, charging=charging),
            ActionKind.RECONCILE: ReconcileAttempt(
                cases=cases, payments=payments, charging=charging
            ),
            ActionKind.CLOSE: CloseCase(cases=cases, payments=payments),
            ActionKind.RESUME: ResumeCase(cases=cases),
            ActionKind.END: EndCase(cases=cases, payments=payments),
            ActionKind.REMINDER: SendReminder(
                cases=cases,
                payments=payments,
                registry=self.registry,
                mailer=self.mailer,
                renderer=PlainWords(),
                new_token=lambda: f"{self._tokens.getrandbits(256):064x}",
                links=CustomerLinks("https://pay.example.com"),
                mail_domain="pay.example.com",
                texting=self.texting(),
            ),
        }

    def clock(self) -> datetime:
        """The time as the running process believes it."""
        return self.machines.clock()

    def deliver(self, letter: Letter | Text, task: Task) -> None:
        """A letter that the mail server took, or a text."""
        self.watch.handing_over(letter, task)
        self.letters.append(letter)
        self.on_letter(letter)

    def reader_of(self, letter: Letter | Text) -> tuple[str, str] | None:
        """Which invoice the link in a message opens: account and id."""
        words = letter.body if isinstance(letter, Text) else letter.text
        token = words.rsplit("/", 1)[1]
        link = self.world.links.get(sha256(token.encode()).digest())
        held = self.world.cases.get((link.merchant_id, link.case_id)) if link else None
        return (held.state.account, held.state.invoice_id) if held else None

    async def _hears(self, number: str, words: str) -> None:
        await self.hear.answer(Answered(number=number, words=words))
        if words == "STOP":
            self.watch.stopped(number)

    # The processes.
    def stop_for(self, seconds: float) -> None:
        """Every process is down for so long."""
        self.down_until = self.schedule.now + timedelta(seconds=seconds)
        for process in (*WORKERS, DISPATCHER):
            self.schedule.kill(process)
        self.doorbell.queue.forget()

    def is_down(self) -> bool:
        """Whether nothing of ours runs."""
        return self.schedule.now < self.down_until

    def expect(self, when: datetime) -> None:
        """Let the dispatcher look at that instant, or earlier."""
        when = max(when, self.schedule.now, self.down_until)
        if self._wake_at is None or when < self._wake_at:
            self._wake_at = when
            self.schedule.at(when + timedelta(seconds=0.2), self._round_due)

    def _a_dispatcher(self) -> DispatchDue:
        return DispatchDue(
            inbox=self.inbox,
            actions=self.actions,
            chores=MemoryChoreQueue(self.world),
            jobs=self.doorbell,
            shaper=Shaper(TokenBucket(CALLS_PER_S, monotonic=self.schedule.seconds).reserve),
            clock=self.clock,
            count=lambda *_: None,
            lease=LEASE,
        )

    def _round_due(self) -> None:
        if self._wake_at is None or self.schedule.now < self._wake_at:
            return
        self._wake_at = None
        if self.schedule.now < self.down_until:
            self._look_again()
            return
        rounds = 2 if self.schedule.chance_of(self.schedule.weather.stray) else 1
        for _ in range(rounds):
            self.schedule.spawn("round", DISPATCHER, self._round())

    async def _round(self) -> None:
        try:
            await self.dispatch()
        finally:
            self._look_again()

    def _look_again(self) -> None:
        """The next instant at which a row is free and due, a minute on if that is past."""
        soon = self.schedule.now + timedelta(minutes=1)
        free = [_free_at(held.turn, self.schedule.start) for held in self.unhandled()]
        free += [_free_at(held.turn, held.action.due_at) for held in self.world.actions.values()]
        instants = [max(one, soon) for one in free if one is not None]
        if instants:
            self.expect(min(instants))

    def unhandled(self) -> list[HeldEvent]:
        """Inbox rows that wait."""
        return [held for held in self.world.inbox.values() if not held.handled]

    def _take(self) -> None:
        """A worker takes what was rung; if Redis has forgotten it, nothing."""
        if self.schedule.now < self.down_until:
            return
        queue, worker = self.doorbell.queue, self.schedule.pick(*WORKERS)
        if queue.events:
            for event in queue.events.pop(0):
                self.schedule.spawn(f"{worker} {event.event_id}", worker, self.on_event(event))
        elif queue.actions:
            for action in queue.actions.pop(0):
                name = f"{worker} {str(action.action_id)[:8]}"
                self.schedule.spawn(name, worker, self.on_action(action))

    async def on_event(self, ref: EventRef) -> None:
        """What a worker does with an event."""
        try:
            await self.inbox.renew((ref,), LEASE)
            await self.process(ref)
        except Exception as error:
            await self.failures.of_event(ref, error)

    async def on_action(self, ref: ActionRef) -> None:
        """What a worker does with an action."""
        try:
            await self.actions.renew((ref,), LEASE)
            await self.carry_out(ref)
        except Exception as error:
            await self.failures.of_action(ref, error)

    def _committed(self, ref: EventRef, task: Task) -> None:
        held = self.world.inbox[ref]
        self.watch.handled(ref, self.letterbox.signal(held.event.raw), task)

    def _after_step(self, task: Task) -> None:
        for key in self.watch.after_step(task):
            held: HeldAction | None = self.world.actions.get(key)
            free_at = _free_at(held.turn, held.action.due_at) if held else None
            if free_at is not None:
                self.expect(free_at)

    def _restart(self, process: str) -> None:
        self.machines.dies(process)
        if process == DISPATCHER:
            self.dispatch = self._a_dispatcher()
            self._wake_at = None
            self.expect(self.schedule.now + timedelta(seconds=RESTART_S))


def _free_at(turn: Turn, due_at: datetime) -> datetime | None:
    if turn.dead_at is not None:
        return None
    return max(turn.leased_until or due_at, due_at)
