"""What the installation knows across merchants, in memory."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.mail_room import MemoryMailRoom
from adapters.memory.world import Journal, MemoryWorld
from application.errors import NotFound
from application.ports.chores import ChoreKind
from application.ports.link_requests import OLDEST
from application.ports.mail_limits import LastHour
from application.ports.mail_news import LetterOf
from application.ports.registry import (
    MOST_TEXTED,
    ConnectedAccount,
    MailHealth,
    MerchantProfile,
    TextedCase,
)
from application.ports.stores import CardLink, LinkTarget
from application.views import Installation
from domain.brand import Brand
from domain.recovery.transitions import Phase


class MemoryRegistry:
    """`clock` says which links have expired and what is due."""

    def __init__(self, world: MemoryWorld, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock

    async def accounts(self) -> tuple[ConnectedAccount, ...]:
        return tuple(self._world.accounts[key] for key in sorted(self._world.accounts))

    async def merchant(self, merchant_id: UUID) -> MerchantProfile:
        if merchant_id not in self._world.merchants:
            raise NotFound("merchant")
        brand = self._world.brands.get(merchant_id, Brand())
        return replace(self._world.merchants[merchant_id], brand=brand)

    async def logo(self, merchant_id: UUID, digest: str) -> bytes | None:
        held = self._world.logos.get((merchant_id, digest))
        return held.made.picture if held else None

    async def link(self, token_hash: bytes) -> LinkTarget | CardLink | None:
        if token_hash not in self._world.links:
            return self._of_notice(token_hash)
        return self._of_case(token_hash, self._clock())

    async def old_link(self, token_hash: bytes) -> LinkTarget | None:
        return self._of_case(token_hash, self._clock() - OLDEST)

    def _of_case(self, token_hash: bytes, at: datetime) -> LinkTarget | None:
        link = self._world.links.get(token_hash)
        if link is None or link.expires_at <= at:
            return None
        return LinkTarget(
            merchant_id=link.merchant_id, case_id=link.case_id, address_hash=link.address_hash
        )

    def _of_notice(self, token_hash: bytes) -> CardLink | None:
        for (merchant_id, _), held in self._world.notices.items():
            notice = held.notice
            if notice.token_hash == token_hash and notice.link_until > self._clock():
                return CardLink(
                    merchant_id=merchant_id,
                    account=notice.account,
                    customer_id=notice.customer_id,
                    subscription_id=notice.subscription_id,
                    address_hash=notice.address_hash,
                    begun_at=notice.begun_at,
                )
        return None

    async def texted(self, number_hash: bytes) -> tuple[TextedCase, ...]:
        found = [
            TextedCase(merchant_id=merchant_id, case_id=case_id)
            for (merchant_id, case_id), held in self._world.text_consents.items()
            if any(each.number_hash == number_hash for each in held)
        ]
        return tuple(reversed(found))[:MOST_TEXTED]

    async def letter(self, message_id: str) -> LetterOf | None:
        for (owner, case_id, _), held in self._world.messages.items():
            if held.message.message_id == message_id:
                address = held.message.address_hash
                return LetterOf(merchant_id=owner, subject=f"case:{case_id}", address_hash=address)
        for (owner, notice_id), noticed in self._world.notices.items():
            if message_id.partition("@")[0] == str(notice_id):
                address = noticed.notice.address_hash
                about = f"notice:{notice_id}"
                return LetterOf(merchant_id=owner, subject=about, address_hash=address)
        return self._of_thread(message_id)

    def _of_thread(self, message_id: str) -> LetterOf | None:
        """By the case that stands first in it, `case@` or, for a fresh link, `case.day@`."""
        local, at, _ = message_id.partition("@")
        named = re.fullmatch(r"([0-9a-f-]{36})([.][0-9-]{10})?", local) if at else None
        for owner, case_id in self._world.cases:
            if named and named[1] == str(case_id):
                return LetterOf(merchant_id=owner, subject=f"case:{case_id}", address_hash=None)
        return None

    async def mail(self) -> MailHealth:
        now = self._clock()
        rooms = [MemoryMailRoom(self._world, Journal(), each) for each in self._world.merchants]
        hours = {room.merchant_id: await room.last_hour(now) for room in rooms}
        return MailHealth(
            all=LastHour(
                went=sum(hour.went for hour in hours.values()),
                dead=sum(hour.dead for hour in hours.values()),
                complained=sum(hour.complained for hour in hours.values()),
            ),
            merchants=tuple(hour for hour in hours.values() if hour.dead + hour.complained),
        )

    async def standing(self) -> Installation:
        now = self._clock()
        cases = {key: held.state for key, held in self._world.cases.items()}
        phases = [case.phase for case in cases.values()]
        events = [held for held in self._world.inbox.values() if not held.handled]
        actions = list(self._world.actions.values())
        turns = [held.turn for held in events] + [held.turn for held in actions]
        waiting = [held.received_at for held in events if held.turn.dead_at is None]
        due = [
            held.action.due_at
            for held in actions
            if held.turn.dead_at is None and held.action.due_at <= now
        ]
        idle = [
            key for key, case in cases.items() if case.is_open and key not in self._world.actions
        ]
        chores = [held.chore for held in self._world.chores.values()]
        running = [chore for chore in chores if chore.finished_at is None]
        reconciled = [
            chore.last_ok_at or chore.put_at
            for chore in running
            if chore.ref.kind is ChoreKind.RECONCILE
        ]
        return Installation(
            open=sum(case.is_open for case in cases.values()),
            recovered=phases.count(Phase.RECOVERED),
            lost=phases.count(Phase.LOST),
            stopped=phases.count(Phase.STOPPED),
            events_waiting=len(waiting),
            events_lag_s=_lag_s(waiting, self._world.wall()),
            actions_due=len(due),
            actions_lag_s=_lag_s(due, now),
            dead=sum(turn.dead_at is not None for turn in turns),
            open_without_next_action=len(idle),
            chores_due=sum(chore.due_at <= now for chore in running),
            chores_failing=sum(chore.tries > 0 for chore in running),
            reconciled_lag_s=_lag_s(reconciled, now),
        )


def _lag_s(instants: Sequence[datetime], now: datetime) -> float:
    return (now - min(instants)).total_seconds() if instants else 0.0
