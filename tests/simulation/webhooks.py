"""Stripe's webhooks: late, doubled, out of order, lost and sent again until somebody says 2xx."""

from application.ports.conveyor import IncomingEvent
from application.ports.stores import EventRef
from domain.recovery.signals import Signal
from tests.simulation.demands import demand
from tests.simulation.installation import Installation
from tests.simulation.laws import Law
from tests.simulation.owners import owner_of
from tests.simulation.requests import WEB
from tests.simulation.schedule import Schedule, at

PATIENCE_S = 30.0  # Stripe waits so long for an answer
HOUR_S = 3_600.0
LATEST_S = 60 * HOUR_S  # Stripe gives up after three days
MOST_LOST = 3  # deliveries of one event


class Webhooks:
    """Every event is delivered until it is acknowledged; what was, must be kept."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._home: Installation | None = None
        self._sent = 0
        self.acknowledged: dict[IncomingEvent, None] = {}
        self.told: list[tuple[str, Signal]] = []

    def lead_to(self, home: Installation) -> None:
        """Whom to deliver to."""
        self._home = home

    def tell(self, account: str, signal: Signal) -> None:
        """Something happened at Stripe."""
        self.told.append((account, signal))
        schedule, weather = self._schedule, self._schedule.weather
        event = self._event(account, signal)
        self._deliver_after(self._delay(), event)
        if schedule.chance_of(weather.doubled):
            twin = event if schedule.chance_of(0.5) else self._event(account, signal)
            self._deliver_after(self._delay(), twin)

    def check(self) -> None:
        """Every acknowledged event is there."""
        assert self._home is not None
        world = self._home.world
        for event in self.acknowledged:
            account = event.account or ""
            ref = EventRef(owner_of(world, account), account, event.event_id)
            kept = ref in world.inbox or (account, False, event.event_id) in world.orphans
            demand(kept, Law.I11, "an acknowledged event is kept", event.event_id)

    def _event(self, account: str, signal: Signal) -> IncomingEvent:
        assert self._home is not None
        self._sent += 1
        return IncomingEvent(
            event_id=f"evt_{self._sent}",
            account=account,
            livemode=False,
            type=type(signal).__name__,
            raw=self._home.letterbox.put(signal),
        )

    def _delay(self) -> float:
        schedule = self._schedule
        if not schedule.chance_of(schedule.weather.late):
            return schedule.within(0.1, 2)
        return schedule.within(60, LATEST_S) if schedule.chance_of(0.3) else schedule.within(2, 900)

    def _deliver_after(self, seconds: float, event: IncomingEvent, lost: int = 0) -> None:
        self._schedule.after(seconds, lambda: self._deliver(event, lost))

    def _deliver(self, event: IncomingEvent, lost: int) -> None:
        assert self._home is not None
        schedule = self._schedule
        if lost < MOST_LOST and schedule.chance_of(schedule.weather.lost):
            self._deliver_after(schedule.within(60, 4 * HOUR_S), event, lost + 1)
            return
        schedule.spawn(f"web {event.event_id}", WEB, self._keep(event))
        schedule.after(PATIENCE_S, lambda: self._again(event, lost))

    def _again(self, event: IncomingEvent, lost: int) -> None:
        if event not in self.acknowledged:
            self._deliver_after(self._schedule.within(1, HOUR_S), event, lost)

    async def _keep(self, event: IncomingEvent) -> None:
        assert self._home is not None
        await at(f"receives {event.type}")
        await self._home.intake.keep(event)
        self._home.expect(self._schedule.now)
        await at("kept")
        self.acknowledged[event] = None
