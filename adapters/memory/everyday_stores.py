"""The smaller stores of one merchant in memory."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.world import HeldAction, HeldLink, HeldMessage, Journal, MemoryWorld
from application.auditing import activation
from application.errors import NotFound
from application.ports.stores import ActionRef, AuditEntry, ConcurrentWrite, EventRef, NewMessage
from application.ports.suppressions import hash_of
from domain.invoice import Customer
from domain.policy import Policy
from domain.recovery.actions import Action
from domain.recovery.explain import Decision


@dataclass(frozen=True, slots=True)
class MemoryStore:
    """What a store of one merchant stands on, inside one unit of work."""

    world: MemoryWorld
    journal: Journal
    merchant_id: UUID


class MemoryActionStore(MemoryStore):
    """The one next action of each open case."""

    async def put(self, case_id: UUID, action: Action | None) -> None:
        key = (self.merchant_id, case_id)
        old = self.world.actions.get(key)
        if old is not None:
            self.journal.drop(self.world.actions, key)
            self.journal.drop(self.world.cases_of_actions, old.ref)
        if action is None:
            return
        case = self.world.cases.get(key)
        if case is None:
            raise LookupError(f"no case {case_id}")
        ref = ActionRef(self.merchant_id, self.world.new_id())
        held = HeldAction(ref=ref, case_id=case_id, account=case.state.account, action=action)
        self.journal.put(self.world.actions, key, held)
        self.journal.put(self.world.cases_of_actions, ref, case_id)


class MemoryDecisionLog(MemoryStore):
    """What each change was decided on."""

    async def add(self, case_id: UUID, decision: Decision) -> None:
        key = (self.merchant_id, case_id)
        before = self.world.decisions.get(key, ())
        self.journal.put(self.world.decisions, key, (*before, decision))

    async def of_case(self, case_id: UUID) -> tuple[Decision, ...]:
        return self.world.decisions.get((self.merchant_id, case_id), ())


class MemoryInboxMarks(MemoryStore):
    """Closing inbox rows of one merchant."""

    async def handled(self, event: EventRef) -> bool:
        ref = EventRef(self.merchant_id, event.account, event.event_id)
        held = self.world.inbox.get(ref)
        if held is None or held.handled:
            return False
        self.journal.put(self.world.inbox, ref, replace(held, handled=True))
        return True

    async def unseen(self, account: str, event_ids: tuple[str, ...]) -> frozenset[str]:
        return frozenset(
            event_id
            for event_id in event_ids
            if EventRef(self.merchant_id, account, event_id) not in self.world.inbox
        )


class MemoryCustomerStore(MemoryStore):
    """Whom to write to."""

    async def keep(self, account: str, customer: Customer) -> bytes | None:
        customer = replace(customer, phone=None, texts_agreed_on=None)  # kept with the word alone
        key = (self.merchant_id, account, customer.customer_id)
        known = self.world.customers.get(key)
        self.journal.put(self.world.customers, key, customer)
        before, now = (each and each.email and hash_of(each.email) for each in (known, customer))
        return (before or None) if before != now else None

    async def find(self, account: str, customer_id: str) -> Customer | None:
        return self.world.customers.get((self.merchant_id, account, customer_id))


class MemoryPolicyStore(MemoryStore):
    """Policies, one immutable version each."""

    async def active(self) -> Policy:
        mine = [version for owner, version in self.world.policies if owner == self.merchant_id]
        return await self.version(max(mine, default=0))

    async def version(self, version: int) -> Policy:
        policy = self.world.policies.get((self.merchant_id, version))
        if policy is None:
            raise NotFound("policy")
        return policy

    async def activate(self, policy: Policy, actor: str, at: datetime) -> int:
        mine = [version for owner, version in self.world.policies if owner == self.merchant_id]
        before = max(mine, default=0)
        new = replace(policy, version=before + 1)
        self.journal.put(self.world.policies, (self.merchant_id, new.version), new)
        log = MemoryAuditLog(self.world, self.journal, self.merchant_id)
        await log.add(activation(before, new, actor, at))
        return new.version


class MemoryAuditLog(MemoryStore):
    """Append-only."""

    async def add(self, entry: AuditEntry) -> None:
        self.journal.put(self.world.audit, (self.merchant_id, len(self.world.audit)), entry)


class MemoryLinkStore(MemoryStore):
    """Customers' links."""

    async def keep(
        self,
        token_hash: bytes,
        case_id: UUID,
        expires_at: datetime,
        address_hash: bytes | None = None,
    ) -> None:
        link = HeldLink(
            merchant_id=self.merchant_id,
            case_id=case_id,
            expires_at=expires_at,
            address_hash=address_hash,
        )
        self.journal.put(self.world.links, token_hash, link)


class MemoryMessageStore(MemoryStore):
    """What was sent to customers."""

    async def begin(self, case_id: UUID, message: NewMessage) -> None:
        key = (self.merchant_id, case_id, message.step)
        held = self.world.messages.get(key)
        if held is not None and held.sent_at is not None:
            raise ConcurrentWrite
        case = self.world.cases[self.merchant_id, case_id].state
        begun = HeldMessage(message=message, account=case.account, customer_id=case.customer_id)
        self.journal.put(self.world.messages, key, begun)

    async def sent(self, message_id: str, at: datetime, *, answered: bool = True) -> None:
        self._mark(message_id, sent_at=at, answered=answered)

    async def visited(self, token_hash: bytes, at: datetime) -> None:
        for key, held in list(self.world.messages.items()):
            mine = key[0] == self.merchant_id and held.message.token_hash == token_hash
            if mine and held.visited_at is None:
                self.journal.put(self.world.messages, key, replace(held, visited_at=at))

    async def failed(self, message_id: str) -> None:
        self._mark(message_id, failed=True)

    async def undelivered(self, case_id: UUID, step: int) -> None:
        key = (self.merchant_id, case_id, step)
        held = self.world.messages.get(key)
        if held is not None:
            self.journal.put(self.world.messages, key, replace(held, failed=True))

    def _mark(self, message_id: str, **marks: Any) -> None:
        for key, held in list(self.world.messages.items()):
            if key[0] == self.merchant_id and held.message.message_id == message_id:
                self.journal.put(self.world.messages, key, replace(held, **marks))
