"""Recovery cases in memory."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from adapters.memory.notices import WENT
from adapters.memory.world import CardInFlight, HeldCase, Journal, MemoryWorld, SeenDecline
from application.errors import NetworkLimitReached
from application.ports.stores import ConcurrentWrite, Conversation
from domain.decline import DeclineFamily
from domain.invoice import FailedCharge
from domain.network import BARRING, DAILY_LIMIT, DAY, MONTH, CardUse, monthly_limit
from domain.recovery import events as e
from domain.recovery.state import RecoveryCase

MOST_CASES: Final = 100


class MemoryCaseStore:
    """Cases of one merchant, inside one unit of work."""

    def __init__(self, world: MemoryWorld, journal: Journal, merchant_id: UUID) -> None:
        self._world = world
        self._journal = journal
        self._merchant_id = merchant_id

    async def load(self, case_id: UUID) -> tuple[e.Event, ...]:
        held = self._world.cases.get((self._merchant_id, case_id))
        return held.events if held else ()

    async def append(
        self, case_id: UUID, expected_version: int, events: tuple[e.Event, ...], after: RecoveryCase
    ) -> None:
        key = (self._merchant_id, case_id)
        held = self._world.cases.get(key)
        if (held.state.version if held else 0) != expected_version:
            raise ConcurrentWrite
        invoice = (self._merchant_id, after.account, after.invoice_id)
        if self._world.invoices.get(invoice, case_id) != case_id:
            raise ConcurrentWrite
        self._journal.put(self._world.invoices, invoice, case_id)
        before = held.events if held else ()
        self._journal.put(self._world.cases, key, HeldCase((*before, *events), after))
        for event in events:
            self._follow(case_id, event, after)

    def _follow(self, case_id: UUID, event: e.Event, after: RecoveryCase) -> None:
        key = (self._merchant_id, case_id)
        match event:
            case e.AttemptStarted():
                self._journal.put(self._world.in_flight, key, self._allowed(event, after))
            case e.ChargeDeclined():
                self._decline(event.failure, event.family, None)
            case e.AttemptDeclined():
                self._decline(event.failure, event.family, self._world.in_flight.get(key))
                self._journal.drop(self._world.in_flight, key)
            case e.AttemptAbandoned() | e.CaseRecovered() | e.CaseLost() | e.CaseStopped():
                self._journal.drop(self._world.in_flight, key)
            case _:
                pass

    def _allowed(self, event: e.AttemptStarted, case: RecoveryCase) -> CardInFlight:
        """What the trigger in Postgres refuses, refused here: a charge on its way counts too."""
        card = event.card
        if event.amount_minor <= 0 or card is None or case.closed_at is not None:
            raise NetworkLimitReached("nothing to charge, or no card, or a closed case")
        use = self._use(card.fingerprint, event.amount_minor, event.at)
        flying = [
            flight
            for (merchant_id, _), flight in self._world.in_flight.items()
            if merchant_id == self._merchant_id and flight.fingerprint == card.fingerprint
        ]
        day = [flight for flight in flying if flight.started_at > event.at - DAY]
        month = [
            flight
            for flight in flying
            if flight.started_at > event.at - MONTH and flight.amount_minor == event.amount_minor
        ]
        if (
            use.barred
            or len(use.month) + len(month) >= monthly_limit(card.brand)
            or len(use.day) + len(day) >= DAILY_LIMIT
        ):
            raise NetworkLimitReached("the card's network allows no more")
        return CardInFlight(card.fingerprint, event.amount_minor, event.at)

    def _decline(
        self,
        failure: FailedCharge,
        family: DeclineFamily,
        flight: CardInFlight | None,
    ) -> None:
        """Count a refused charge; Stripe may not say which card it was, but ours we know."""
        fingerprint = failure.card.fingerprint if failure.card else None
        if flight is not None:
            fingerprint = fingerprint or flight.fingerprint
        if fingerprint is None:
            return
        key = (self._merchant_id, fingerprint)
        seen = SeenDecline(failure.charge_id, failure.at, failure.amount_minor, family)
        known = self._world.declines.get(key, ())
        others = [one for one in known if one.charge_id != failure.charge_id]
        ordered = sorted((*others, seen), key=lambda one: one.at)
        self._journal.put(self._world.declines, key, tuple(ordered))

    async def of_customer(self, account: str, customer_id: str) -> tuple[UUID, ...]:
        return self._open_cases(lambda case: (case.account, case.customer_id), account, customer_id)

    async def of_subscription(self, account: str, subscription_id: str) -> tuple[UUID, ...]:
        return self._open_cases(
            lambda case: (case.account, case.subscription_id), account, subscription_id
        )

    async def of_account(self, account: str) -> tuple[UUID, ...]:
        return self._open_cases(lambda case: (case.account, ""), account, "")

    async def open_after(self, account: str, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        mine = sorted(
            case_id
            for (merchant_id, case_id), held in self._world.cases.items()
            if merchant_id == self._merchant_id
            and held.state.is_open
            and held.state.account == account
            and (after is None or case_id > after)
        )
        return tuple(mine[:limit])

    async def known(self, case_ids: tuple[UUID, ...]) -> frozenset[UUID]:
        mine = [case_id for owner, case_id in self._world.cases if owner == self._merchant_id]
        return frozenset(case_ids).intersection(mine)

    def _open_cases(
        self, of: Callable[[RecoveryCase], tuple[str, str | None]], account: str, whose: str
    ) -> tuple[UUID, ...]:
        found = [
            (held.state.opened_at, case_id)
            for (merchant_id, case_id), held in self._world.cases.items()
            if merchant_id == self._merchant_id
            and held.state.is_open
            and of(held.state) == (account, whose)
        ]
        return tuple(case_id for _, case_id in sorted(found)[:MOST_CASES])

    async def card_use(self, fingerprint: str, amount_minor: int, now: datetime) -> CardUse:
        return self._use(fingerprint, amount_minor, now)

    async def conversation(
        self, case_id: UUID, account: str, customer_id: str, now: datetime
    ) -> Conversation:
        said = [
            held.message.at
            for (merchant_id, _, _), held in self._world.messages.items()
            if merchant_id == self._merchant_id
            and (held.account, held.customer_id) == (account, customer_id)
            and held.message.at > now - MONTH
            and not held.failed
        ]
        said += [
            held.notice.begun_at
            for (merchant_id, _), held in self._world.notices.items()
            if merchant_id == self._merchant_id
            and (held.notice.account, held.notice.customer_id) == (account, customer_id)
            and held.notice.begun_at > now - MONTH
            and held.state in WENT
        ]
        mine = self._world.cases.get((self._merchant_id, case_id))
        spoken_for = any(
            _writes_before(held.state, key[1], case_id, mine)
            for key, held in self._world.cases.items()
            if key[0] == self._merchant_id
            and (held.state.account, held.state.customer_id) == (account, customer_id)
        )
        return Conversation(contacts=tuple(sorted(said)), spoken_for=spoken_for)

    def _use(self, fingerprint: str, amount_minor: int, now: datetime) -> CardUse:
        seen = self._world.declines.get((self._merchant_id, fingerprint), ())
        return CardUse(
            month=tuple(
                one.at for one in seen if one.at > now - MONTH and one.amount_minor == amount_minor
            ),
            day=tuple(one.at for one in seen if one.at > now - DAY),
            barred=any(one.family in BARRING for one in seen),
        )


def _writes_before(
    other: RecoveryCase, other_id: UUID, case_id: UUID, mine: HeldCase | None
) -> bool:
    """Whether another open case has a message planned and is the older one."""
    if other_id == case_id or not other.is_open or other.reminder is None:
        return False
    if mine is None:
        return True
    assert other.opened_at is not None
    assert mine.state.opened_at is not None
    return (other.opened_at, other_id) < (mine.state.opened_at, case_id)
