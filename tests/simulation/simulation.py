"""One seed: a world with its weather, ninety rough days, then quiet until nothing is left to do."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Final

from msgspec import Struct

from tests.simulation.acts import DAY_S
from tests.simulation.chance import CALM, Chance, Weather
from tests.simulation.demands import Broken, demand
from tests.simulation.installation import DISPATCHER, WORKERS, Installation
from tests.simulation.laws import Law
from tests.simulation.people import People
from tests.simulation.requests import WEB
from tests.simulation.schedule import Enough, NeverEnds, Schedule
from tests.simulation.stripe import Stripe
from tests.simulation.webhooks import Webhooks

ROUGH_DAYS: Final = 90.0
ALL_DAYS: Final = 120.0
LONGEST_STOP_S: Final = 30 * 3_600.0  # of all processes: longer than Stripe remembers a key
LONGEST_AWAY_S: Final = 8 * 3_600.0  # Stripe's
JUMPS: Final = 6  # of each machine's own clock
Tell = Callable[[str], None]


def silent(line: str) -> None:
    """No trace wanted."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one seed. `broken` is the law that did not hold, at `steps`."""

    seed: int
    days: float
    steps: int
    charges: int
    cases: int
    letters: int
    happened: tuple[str, ...]  # the kinds of events in all histories
    trace: str
    recovered: tuple[tuple[str, int], ...]  # by invoice, where a case was
    broken: str | None = None


class Simulation:
    """Everything of one seed. `until` stops at a step; `weather` replaces what the seed draws."""

    def __init__(
        self,
        seed: int,
        make: type[Installation] = Installation,
        tell: Tell = silent,
        *,
        until: int | None = None,
        weather: Weather | None = None,
    ) -> None:
        self._seed, self._make, self._chance = seed, make, Chance(seed)
        weather = weather or make.weather(Weather.drawn(self._chance))
        self._schedule = Schedule(self._chance, weather, tell)
        self._schedule.until = until
        self._calm_at = self._schedule.start + timedelta(days=ROUGH_DAYS)
        self._webhooks = Webhooks(self._schedule)
        self._stripe = Stripe(self._schedule, self._webhooks.tell, self._chance)
        with ExitStack() as stack:
            self._plant(stack)
            self._home = make(self._chance, self._schedule, self._stripe)
        self._webhooks.lead_to(self._home)
        self._people = People(self._chance, self._home)
        self._is_rough = weather != CALM
        tell(f"seed {seed}: {weather}")

    def run(self) -> Outcome:
        """Live through it."""
        broken = None
        with ExitStack() as stack:
            self._plant(stack)
            try:
                self._live()
            except Enough:
                pass
            except (Broken, NeverEnds) as fault:
                broken = str(fault)
            except Exception as fault:
                broken = f"{type(fault).__name__}: {fault}"
            finally:
                self._schedule.close()
        return self._outcome(broken)

    def _plant(self, stack: ExitStack) -> None:
        for patch in self._make.patches():
            stack.enter_context(patch)

    def _outcome(self, broken: str | None) -> Outcome:
        world = self._home.world
        kinds = {type(event).__name__ for held in world.cases.values() for event in held.events}
        recovered = {
            held.state.invoice_id: held.state.recovered_minor for held in world.cases.values()
        }
        return Outcome(
            seed=self._seed,
            days=(self._schedule.now - self._schedule.start) / timedelta(days=1),
            steps=self._schedule.steps,
            charges=len(self._stripe.book),
            cases=len(world.cases),
            letters=len(self._home.letters),
            happened=tuple(sorted(kinds)),
            trace=self._schedule.trace,
            recovered=tuple(sorted(recovered.items())),
            broken=broken,
        )

    def _live(self) -> None:
        self._people.move_in()
        self._storms()
        self._schedule.after(ROUGH_DAYS * DAY_S, self._calm_down)
        self._schedule.after(ALL_DAYS * DAY_S, lambda: None)
        self._schedule.run()
        self._judge()
        if self._people.hands_off and self._is_rough:
            self._as_in_calm_weather()
        self._say_everything_again()

    # The weather that is not drawn call by call.
    def _storms(self) -> None:
        draw, weather = self._chance.of("storms"), self._schedule.weather
        for _ in range(weather.outages):
            begins = draw.uniform(0, ROUGH_DAYS * DAY_S)
            self._schedule.after(begins, self._a_storm(draw))
        for process in (*WORKERS, DISPATCHER, WEB) if weather.jump_s else ():
            for _ in range(JUMPS):
                skew = timedelta(seconds=draw.uniform(-weather.jump_s, weather.jump_s))
                self._jumps(process, skew, draw.uniform(0, ROUGH_DAYS * DAY_S))

    def _jumps(self, process: str, skew: timedelta, seconds: float) -> None:
        self._schedule.after(seconds, lambda: self._home.machines.set_wrong(process, skew))

    def _a_storm(self, draw: random.Random) -> Callable[[], None]:
        lasts, away = draw.uniform(600, LONGEST_STOP_S), draw.uniform(600, LONGEST_AWAY_S)
        return draw.choice(
            (
                lambda: self._stripe_is_down(away),
                lambda: self._home.stop_for(lasts),
                self._home.doorbell.queue.forget,
                self._deploy,
            )
        )

    def _stripe_is_down(self, seconds: float) -> None:
        self._home.network.is_down = True

        def back() -> None:
            self._home.network.is_down = False

        self._schedule.after(seconds, back)

    def _deploy(self) -> None:
        """One process after another ends, whatever it is at, and begins anew."""
        for number, process in enumerate((*WORKERS, DISPATCHER)):
            self._schedule.after(5.0 * number, partial(self._schedule.kill, process))

    def _calm_down(self) -> None:
        self._schedule.calm_down()
        self._home.machines.set_right()

    # When nothing is left to happen.
    def _judge(self) -> None:
        self._home.watch.end.look(self._calm_at)
        self._webhooks.check()

    def _as_in_calm_weather(self) -> None:
        """The same world, where nobody waits for what we do, without a fault: the same money.

        A case that rough weather never opened (settled before its event came) is nobody's.
        """
        calm = dict(Simulation(self._seed, self._make, weather=CALM).run().recovered)
        rough = dict(self._outcome(None).recovered)
        both = [name for name in rough if name in calm]
        differ = [(name, rough[name], calm[name]) for name in both if rough[name] != calm[name]]
        demand(not differ, Law.I12, "the same money as in calm weather", differ)
        still_open = {
            name
            for account, name in self._stripe.debts
            if self._stripe.open_invoice(account, name) is not None
        }
        lost = [name for name in calm if name in still_open and name not in rough]
        demand(not lost, Law.I12, "the same cases as in calm weather", lost)

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
        demand(after == before, Law.I12, "old news changes nothing")
        same = (len(self._stripe.book), len(self._home.letters)) == (charges, letters)
        demand(same, Law.I12, "old news moves nothing")
        self._judge()
