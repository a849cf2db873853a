"""Customers who ask for a fresh link, in memory."""

from adapters.memory.everyday_stores import MemoryStore
from application.ports.link_requests import LinkRequest, RequestState


class MemoryLinkRequestStore(MemoryStore):
    """Those of one merchant."""

    async def ask(self, request: LinkRequest) -> bool:
        key = (self.merchant_id, request.case_id, request.asked_on)
        if key in self.world.link_requests:
            return False
        self.journal.put(self.world.link_requests, key, (request, RequestState.WAITING))
        return True

    async def waiting(self, account: str) -> LinkRequest | None:
        waiting = [
            request
            for (merchant_id, _, _), (request, state) in self.world.link_requests.items()
            if merchant_id == self.merchant_id
            and request.account == account
            and state is RequestState.WAITING
        ]
        return min(waiting, key=lambda each: (each.asked_at, each.case_id), default=None)

    async def move(self, request: LinkRequest, to: RequestState) -> bool:
        key = (self.merchant_id, request.case_id, request.asked_on)
        held, state = self.world.link_requests[key]
        if state is to:
            return False
        self.journal.put(self.world.link_requests, key, (held, to))
        return True
