"""The HTTP side of the API: admission, faults, idempotency, execution, rendering, in that order."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from rehearsal.stripe_double import (
    challenge,
    checkout,
    customers,
    disputes,
    endpoints,
    errors,
    forms,
    invoices,
    ledger,
    pausing,
    payment_methods,
    payments,
    portal,
    setups,
    subscriptions,
)
from rehearsal.stripe_double.answers import (
    Answer,
    connected,
    encode,
    send,
    server_error,
    strike_before,
)
from rehearsal.stripe_double.api import Call, Route, check_params
from rehearsal.stripe_double.errors import StripeError
from rehearsal.stripe_double.expansion import Expansion
from rehearsal.stripe_double.faults import AFTER_EFFECT, Fault, Faults
from rehearsal.stripe_double.gate import Gate
from rehearsal.stripe_double.idempotency import Keys
from rehearsal.stripe_double.renewals import Renewals
from rehearsal.stripe_double.shapes import is_old, render
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import World

# Another group of endpoints joins as one module with its ROUTES.
MODULES: Final = (
    customers,
    payment_methods,
    invoices,
    payments,
    challenge,
    subscriptions,
    pausing,
    endpoints,
    disputes,
    portal,
    setups,
    checkout,
)
_LOG: Final = logging.getLogger("rehearsal.stripe_double")


class Api:
    """Serves every route of the endpoint modules."""

    def __init__(self, world: World, renewals: Renewals, faults: Faults) -> None:
        self.world = world
        self.keys = Keys(world)
        self._gate = Gate(world, renewals)
        self._faults = faults
        self._open: dict[str, list[tuple[web.Request, str | None]]] = defaultdict(list)
        self._busy: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """One aiohttp route for each endpoint, and Stripe's 404 for all else under /v1."""
        known = [
            web.route(each.method, each.path, self._handler(each))
            for module in MODULES
            for each in module.ROUTES
        ]
        return [*known, web.route(hdrs.METH_ANY, "/v1/{rest:.*}", self._unknown)]

    @property
    def open_calls(self) -> int:
        """Calls that ask for money and have not been answered yet."""
        return sum(len(calls) for calls in self._open.values())

    def _handler(self, each: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            answer = await self._answer(request, each)
            return await send(request, answer, self.world)

        async def handle_collecting(request: web.Request) -> web.StreamResponse:
            invoice = self._invoice_of(request.match_info["id"])
            key = request.headers.get("Idempotency-Key")
            calls = self._open[invoice]
            overlapped = any(other != key and connected(call) for call, other in calls)
            calls.append((request, key))
            try:
                answer = await self._answer(request, each)
                self._mark(answer, overlapped)
                return await send(request, answer, self.world)
            finally:
                calls.remove((request, key))
                if not calls:
                    self._open.pop(invoice, None)

        return handle_collecting if each.collects else handle

    def _invoice_of(self, key: str) -> str:
        """A payment intent and its invoice are one thing to collect."""
        intent = self.world.store.get("payment_intent", key)
        return str(intent["_invoice"]) if intent else key

    def _mark(self, answer: Answer, overlapped: bool) -> None:
        """A second call on an invoice, with a key of its own, while the first is unanswered."""
        for line in answer.lines if overlapped else ():
            line["overlapped"] = True
            self.world.store.touch(line)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        said = f"Unrecognized request URL ({request.method}: {request.path})."
        refusal = StripeError(404, "invalid_request_error", said)
        request_id = self.world.new_id("req_", 14)
        try:
            await self._gate.admit(request, request_id)
        except StripeError as sooner:
            refusal = sooner
        answer = _refusal(refusal, request_id)
        return await send(request, answer, self.world)

    async def _answer(self, request: web.Request, each: Route) -> Answer:
        request_id = self.world.new_id("req_", 14)
        try:
            call = await self._gate.admit(request, request_id)
        except StripeError as refusal:
            return _refusal(refusal, request_id)
        fault = self._faults.draw(call.method, call.path, call.account, time.time())
        if fault and fault.do not in AFTER_EFFECT:
            struck = await strike_before(request, fault, request_id)
            if struck:
                return struck
        answer = await self._once(each, call, fault)
        answer.fault = fault if fault and fault.do in AFTER_EFFECT else None
        return answer

    async def _once(self, each: Route, call: Call, fault: Fault | None) -> Answer:
        """Check, replay what the key has kept, or execute."""
        request_id = call.cause.request_id or ""
        try:
            self._gate.check_rate(call.merchant)
            check_params(call, each.accepts)
            kept = self.keys.begin(call)
        except StripeError as refusal:
            return _refusal(refusal, request_id)
        if kept:
            lines = self._note(each, call, replayed=True, outcome="replayed", status=kept["status"])
            body = kept["answer"].encode()
            return Answer(kept["status"], body, kept["request_id"], replayed=True, lines=lines)
        try:
            return await self._execute(each, call, fault)
        finally:
            self.keys.release(call)
            self.world.store.flush()

    async def _execute(self, each: Route, call: Call, fault: Fault | None) -> Answer:
        """Run the handler; one writing call at a time on an object, as Stripe's lock has it."""
        request_id = call.cause.request_id or ""
        lock = self._invoice_of(call.at.get("id", "")) if call.method == "POST" else None
        if lock in self._busy:
            lines = self._note(each, call, outcome="lock_timeout", status=429)
            answer = _refusal(errors.lock_timeout(), request_id)
            answer.lines = lines
            return answer
        if lock:
            self._busy.add(lock)
        try:
            if call.merchant["_latency_s"]:
                await asyncio.sleep(call.merchant["_latency_s"])
            status, body = self._outcome(each, call, fault)
        finally:
            self._busy.discard(lock or "")
        return Answer(status, body, request_id, lines=tuple(self.world.noted))

    def _outcome(self, each: Route, call: Call, fault: Fault | None) -> tuple[int, bytes]:
        """What the handler answers, kept under the key once it began to act."""
        request_id = call.cause.request_id or ""
        self.world.noted.clear()
        try:
            document = self._stale(call, fault) or each.handler(call)
            status, body = 200, encode(self._rendered(call, document))
        except StripeError as refusal:
            status, body = refusal.status, encode(_rerendered(call, refusal.body(request_id)))
            if not refusal.stored:
                return status, body
        except Exception:
            _LOG.exception("%s %s failed", call.method, call.path)
            status, body = 500, encode(server_error().body(request_id))
        if fault and fault.do == "500_after_effect":
            status, body = 500, encode(server_error().body(request_id))
        self.keys.finish(call, status, body)
        return status, body

    def _rendered(self, call: Call, document: Document) -> dict[str, Any]:
        old = is_old(call.version)
        answer = render(document, old)
        wanted = forms.many(call.params, "expand")
        try:
            return Expansion(self.world, call.account, old).apply(answer, wanted)
        except StripeError as refusal:
            refusal.stored = True  # the call has acted by now
            raise

    def _stale(self, call: Call, fault: Fault | None) -> Document | None:
        """The object as its events last showed it before a planted lag."""
        if fault is None or fault.do != "stale_read" or call.method != "GET":
            return None
        before = time.time() - (fault.seconds or 5.0)
        found = self.world.store.newest_first("event", call.account, "_about", call.at.get("id"))
        seen = next((event for event in found if event["_wall"] <= before), None)
        return msgspec.json.decode(seen["_snapshot"], type=Document) if seen else None

    def _note(
        self, each: Route, call: Call, *, outcome: str, status: int, replayed: bool = False
    ) -> tuple[Document, ...]:
        """A ledger line for a call for money that did not get to execute."""
        billed = self.world.store.get("invoice", self._invoice_of(call.at.get("id", "")))
        if not each.collects or billed is None:
            return ()
        seen = {"outcome": outcome, "http_status": status, "replayed": replayed}
        return (ledger.record(self.world, call.cause, billed, **seen),)


def _refusal(refusal: StripeError, request_id: str) -> Answer:
    return Answer(refusal.status, encode(refusal.body(request_id)), request_id)


def _rerendered(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    """A decline's payment intent in the shape the caller asked for."""
    intent = answer["error"].get("payment_intent")
    kept = call.world.store.get("payment_intent", intent["id"]) if intent else None
    if kept:
        answer["error"]["payment_intent"] = render(kept, is_old(call.version))
    return answer
