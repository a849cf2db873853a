"""One seed: a world with its weather, ten rough days, then quiet until nothing is left to do."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from msgspec import Struct

from domain.invoice import InvoiceStatus
from domain.recovery.case import RecoveryCase, replay
from domain.recovery.transitions import Phase
from tests.simulation.chance import Chance, Weather
from tests.simulation.demands import Broken, demand
from tests.simulation.installation import WORKERS, Installation
from tests.simulation.people import DAY_S, People
from tests.simulation.schedule import START, NeverEnds, Schedule
from tests.simulation.stripe import Debt, Stripe
from tests.simulation.webhooks import Webhooks

ROUGH_DAYS: Final = 10.0
LONGEST_STOP_S: Final = 30 * 3_600.0  # of all processes: longer than Stripe remembers a key
LONGEST_AWAY_S: Final = 8 * 3_600.0  # Stripe's
Tell = Callable[[str], None]


def silent(line: str) -> None:
    """No trace wanted."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one seed. `broken` is the invariant that did not hold, at `steps`."""

    seed: int
    days: float
    steps: int
    charges: int
    cases: int
    letters: int
    happened: frozenset[str]  # the kinds of events in all histories
    trace: str
    broken: str | None = None


class Simulation:
    """Everything of one seed."""

    def __init__(
        self, seed: int, make: type[Installation] = Installation, tell: Tell = silent
    ) -> None:
        self._seed, self._chance = seed, Chance(seed)
        weather = Weather.drawn(self._chance)
        self._schedule = Schedule(self._chance, weather, tell)
        self._webhooks = Webhooks(self._schedule)
        self._stripe = Stripe(self._schedule, self._webhooks.tell, self._chance.of("retrier"))
        self._home = make(self._chance, self._schedule, self._stripe)
        self._webhooks.lead_to(self._home)
        self._people = People(self._chance, self._home)
        tell(f"seed {seed}: {weather}")

    def run(self) -> Outcome:
        """Live through it."""
        broken = None
        try:
            self._live()
        except (Broken, NeverEnds) as fault:
            broken = str(fault)
        except Exception as fault:
            broken = f"{type(fault).__name__}: {fault}"
        finally:
            self._schedule.close()
        days = (self._schedule.now - START) / timedelta(days=1)
        return Outcome(
            seed=self._seed,
            days=days,
            steps=self._schedule.steps,
            charges=len(self._stripe.book),
            cases=len(self._home.world.cases),
            letters=len(self._home.letters),
            happened=self._happened(),
            trace=self._schedule.trace,
            broken=broken,
        )

    def _happened(self) -> frozenset[str]:
        histories = [held.events for held in self._home.world.cases.values()]
        return frozenset(type(event).__name__ for history in histories for event in history)

    def _live(self) -> None:
        self._people.move_in()
        self._storms()
        self._schedule.after(ROUGH_DAYS * DAY_S, self._calm_down)
        self._schedule.run()
        self._judge()
        self._say_everything_again()

    # The weather that is not drawn call by call.
    def _storms(self) -> None:
        draw, weather = self._chance.of("storms"), self._schedule.weather
        for _ in range(weather.outages):
            begins = draw.uniform(0, ROUGH_DAYS * DAY_S)
            self._schedule.after(begins, self._a_storm(draw))
        for worker in WORKERS if weather.jump_s else ():
            for _ in range(4):
                skew = timedelta(seconds=draw.uniform(-weather.jump_s, weather.jump_s))
                self._jumps(worker, skew, draw.uniform(0, ROUGH_DAYS * DAY_S))

    def _jumps(self, worker: str, skew: timedelta, seconds: float) -> None:
        def jump() -> None:
            self._home.skews[worker] = skew

        self._schedule.after(seconds, jump)

    def _a_storm(self, draw: random.Random) -> Callable[[], None]:
        lasts, away = draw.uniform(600, LONGEST_STOP_S), draw.uniform(600, LONGEST_AWAY_S)
        return draw.choice(
            (
                lambda: self._stripe_is_down(away),
                lambda: self._home.stop_for(lasts),
                self._home.doorbell.queue.forget,
            )
        )

    def _stripe_is_down(self, seconds: float) -> None:
        self._home.network.is_down = True

        def back() -> None:
            self._home.network.is_down = False

        self._schedule.after(seconds, back)

    def _calm_down(self) -> None:
        self._schedule.calm_down()
        self._home.skews.clear()

    # When nothing is left to happen.
    def _judge(self) -> None:
        world = self._home.world
        turns = [held.turn for held in world.inbox.values()]
        turns += [held.turn for held in world.actions.values()]
        dead = [turn.error for turn in turns if turn.dead_at is not None]
        demand(not dead, "nothing is dead", *dead)
        waiting = [held.ref.event_id for held in self._home.unhandled()]
        demand(not waiting, "every event is handled", waiting)
        demand(not world.actions, "nothing is left to do", list(world.actions))
        self._webhooks.check()
        for held in world.cases.values():
            demand(not held.state.is_open, "every case ends", held.state.invoice_id)
            demand(replay(held.events) == held.state, "replay equals the row")
            debt = self._stripe.debts[held.state.account, held.state.invoice_id]
            self._agrees(held.state, debt)

    def _agrees(self, case: RecoveryCase, debt: Debt) -> None:
        """Whatever came in whatever order: what we say of the money is what the bank says."""
        invoice = self._stripe.show(debt.account, debt.invoice_id)
        assert invoice is not None
        taken = sum(one.amount_minor for one in debt.captured)
        demand(case.recovered_minor == taken, "we know of all money", case.invoice_id, taken)
        if case.phase is Phase.RECOVERED:
            demand(invoice.status is InvoiceStatus.PAID, "recovered is paid", case.invoice_id)
        if invoice.status is InvoiceStatus.VOID:
            demand(case.phase is not Phase.RECOVERED, "void is not paid", case.invoice_id)

    def _say_everything_again(self) -> None:
        """All the news once more, in another order and under new ids: nothing may come of it."""
        before = {key: held.state for key, held in self._home.world.cases.items()}
        charges, letters = len(self._stripe.book), len(self._home.letters)
        told = list(self._webhooks.told)
        self._chance.of("again").shuffle(told)
        for account, signal in told:
            self._webhooks.tell(account, signal)
        self._schedule.run()
        after = {key: held.state for key, held in self._home.world.cases.items()}
        demand(after == before, "old news changes nothing")
        same = (len(self._stripe.book), len(self._home.letters)) == (charges, letters)
        demand(same, "old news moves nothing")
        self._judge()
