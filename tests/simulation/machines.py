"""Where the processes run: each on a machine whose own clock is set wrong and set again, while the
time goes by that it keeps of the database's, as the product's processes do.
"""

from datetime import UTC, datetime, timedelta

from adapters.postgres.clock import DatabaseTime
from tests.simulation.schedule import Schedule, at


class Machines:
    """One a process. Whoever is no process, such as a test that moves in, sees the true time."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._skews: dict[str, timedelta] = {}
        self._kept: dict[str, DatabaseTime] = {}
        self._connected: set[str] = set()

    def set_wrong(self, process: str, skew: timedelta) -> None:
        """From now on this machine's own clock is ahead by so much."""
        self._skews[process] = skew

    def set_right(self) -> None:
        """All clocks."""
        self._skews.clear()

    def dies(self, process: str) -> None:
        """What it knew of the time is gone with it, and so are its connections."""
        self._kept.pop(process, None)
        self._connected.discard(process)

    def clock(self) -> datetime:
        """The time as the running process believes it."""
        task = self._schedule.current
        if task is None:
            return self._schedule.now
        return datetime.fromtimestamp(self._time_of(task.process).time(), UTC)

    def own_clock(self) -> datetime:
        """The time that the running process' machine shows."""
        task = self._schedule.current
        return self._schedule.now + self._skew_of(task.process if task else "")

    async def connect(self) -> None:
        """A process' first connection tells it the time, before anything else is asked."""
        process = self._process()
        if process not in self._connected:
            await self.ask("connects")
            self._connected.add(process)

    async def ask(self, what: str) -> None:
        """A statement that also tells the time; others run before it arrives, and before the answer
        does."""

        async def question() -> datetime:
            await at(what)
            said = self._schedule.now
            await at("told")
            return said

        await self._time_of(self._process()).ask(question)

    def _process(self) -> str:
        assert self._schedule.current is not None
        return self._schedule.current.process

    def _time_of(self, process: str) -> DatabaseTime:
        if process not in self._kept:

            def own() -> float:
                return (self._schedule.now + self._skew_of(process)).timestamp()

            self._kept[process] = DatabaseTime(wall=own, passed=self._schedule.seconds)
        return self._kept[process]

    def _skew_of(self, process: str) -> timedelta:
        return self._skews.get(process, timedelta())
