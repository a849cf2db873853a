"""What people ask of our own pages, and what runs by the clock beside the conveyor."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from uuid import UUID

from adapters.memory.learning import MemoryLearners
from adapters.memory.world import MemoryWorld
from application.case_ids import case_id_for
from application.change_case import CaseRef, Cases, Change
from application.errors import Unavailable
from application.ports.stores import ConcurrentWrite
from application.use_cases.activate_policy import ActivatePolicy
from application.use_cases.learn_from_outcomes import LearnFromOutcomes
from domain.policy import Policy
from domain.recovery.commands import Command
from tests.simulation.machines import Machines
from tests.simulation.owners import owner_of
from tests.simulation.schedule import Schedule

WEB: Final = "web"
AGAIN_S: Final = 60.0


class Requests:
    """Each is answered by a process of its own; whoever finds us down goes away."""

    def __init__(  # noqa: PLR0917 - an installation's parts
        self,
        schedule: Schedule,
        machines: Machines,
        cases: Cases,
        world: MemoryWorld,
        is_down: Callable[[], bool],
        hears: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._hear = hears
        self._machines = machines
        self._schedule, self._cases, self._world, self._is_down = schedule, cases, world, is_down
        units, clock = cases.open_uow, cases.clock
        self._activate = ActivatePolicy(open_uow=units, clock=clock)
        self._learn = LearnFromOutcomes(open_uow=units, learners=MemoryLearners(world), clock=clock)

    def learns(self) -> None:
        """What happened becomes what is known, now."""
        if not self._is_down():
            self._schedule.spawn("learns", WEB, self._learns())

    def asks(self, account: str, invoice_id: str, actor: str, command: Command) -> None:
        """Somebody asks something of a case."""
        merchant_id = owner_of(self._world, account)
        ref = CaseRef(merchant_id, case_id_for(account, invoice_id))
        if not self._is_down():
            self._schedule.spawn(f"{actor} asks", WEB, self._asks(ref, actor, command))

    def hears(self, number: str, words: str) -> None:
        """Somebody answers a text; the carrier hands it in again until we have heard."""
        if self._is_down():
            self._schedule.after(AGAIN_S, lambda: self.hears(number, words))
            return
        self._schedule.spawn(f"{number} answers", WEB, self._hears(number, words))

    def activates(self, merchant_id: UUID, policy: Policy) -> None:
        """A merchant puts another policy in force."""
        if not self._is_down():
            self._schedule.spawn("activates", WEB, self._activates(merchant_id, policy))

    async def _learns(self) -> None:
        await self._machines.connect()
        with suppress(Unavailable):  # the next round is soon enough
            await self._learn()

    async def _hears(self, number: str, words: str) -> None:
        try:
            await self._machines.connect()
            await self._hear(number, words)
        except Unavailable:
            self._schedule.after(AGAIN_S, lambda: self.hears(number, words))

    async def _asks(self, ref: CaseRef, actor: str, command: Command) -> None:
        await self._machines.connect()
        change = Change(commands=(command,), actor=actor, at=self._cases.clock())
        with suppress(Unavailable):  # the page says so
            await self._cases.apply(ref, change)

    async def _activates(self, merchant_id: UUID, policy: Policy) -> None:
        await self._machines.connect()
        with suppress(Unavailable, ConcurrentWrite):
            await self._activate(merchant_id, policy, "user:1")
