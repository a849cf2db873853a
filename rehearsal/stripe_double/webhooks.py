"""Signed delivery of events: concurrent, again until 2xx for three virtual days, and unruly."""

import asyncio
import contextlib
import hmac
import logging
import time
from hashlib import sha256
from random import Random
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import Struct

from rehearsal.stripe_double.events import body
from rehearsal.stripe_double.shapes import UNKNOWN_TO_OLD, is_old
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import DAY_S, World

# Stripe publishes no intervals, only "up to three days with exponential back-off".
BACKOFF_S: Final = (360, 1_800, 7_200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200)
GIVE_UP_S: Final = 3 * DAY_S
# A clock that runs at 15,000x must not turn three days into seventeen seconds of patience.
MIN_WALL_WAIT_S: Final = 0.25
MIN_WALL_PATIENCE_S: Final = 600.0
MAX_CONCURRENCY: Final = 64
LONG_AGO_S: Final = 3_600.0  # far past the five minutes for which a signature is good
HUGE_BYTES: Final = 4 * 1_024 * 1_024
_LOG: Final = logging.getLogger("rehearsal.stripe_double")
_encode: Final = msgspec.json.Encoder().encode


class Manners(Struct, frozen=True, forbid_unknown_fields=True):
    """How deliveries misbehave: chances, and wall seconds of delay and of reordering window.

    An old timestamp is an hour old and signed all the same; a huge body is one of `HUGE_BYTES`.
    """

    duplicates: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    drop: float = 0.0
    bad_signature: float = 0.0
    old_timestamp: float = 0.0
    huge_body: float = 0.0
    concurrency: int = 8
    timeout: float = 20.0
    paused: bool = False


class Deliveries:
    """Hands each event to each endpoint that asked for it."""

    def __init__(self, world: World, seed: int) -> None:
        self.manners = Manners()
        self._world = world
        self._random = Random(seed)
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._queued: set[str] = set()
        self._going = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        world.on_event.append(self.plan)
        world.on_due["deliver"] = self._due

    async def start(self) -> None:
        """Open the client and take up what an earlier run left undelivered."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MAX_CONCURRENCY), auto_decompress=False
        )
        for delivery in self._world.store.all("delivery"):
            if delivery["state"] == "pending":
                self._world.at(delivery["due"], "deliver", delivery["id"])
        self.tune(self.manners)

    def tune(self, manners: Manners) -> None:
        """Change how deliveries behave; running ones end as they began, workers with them."""
        self.manners = manners
        if manners.paused:
            self._going.clear()
        else:
            self._going.set()
        for _ in range(self._wanted_workers() - len(self._tasks)):
            self._tasks.add(asyncio.create_task(self._work()))

    def _wanted_workers(self) -> int:
        return max(1, min(self.manners.concurrency, MAX_CONCURRENCY))

    async def stop(self) -> None:
        """End the workers; what is pending stays pending."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._session:
            await self._session.close()

    def plan(self, event: Document) -> None:
        """Write down a delivery for each endpoint that wants the event."""
        for endpoint in self._world.store.all("webhook_endpoint"):
            if self._wanted(endpoint, event):
                event["pending_webhooks"] += 1
                event["_delivered"] = False
                self._new(event, endpoint)

    def replay(self, event: Document) -> int:
        """Deliver an event once more to every endpoint that wants it; answers how many."""
        endpoints = [
            endpoint
            for endpoint in self._world.store.all("webhook_endpoint")
            if self._wanted(endpoint, event)
        ]
        for endpoint in endpoints:
            self._new(event, endpoint)
        return len(endpoints)

    def _wanted(self, endpoint: Document, event: Document) -> bool:
        asked = endpoint["enabled_events"]
        if endpoint["status"] != "enabled" or not ("*" in asked or event["type"] in asked):
            return False
        if is_old(endpoint["api_version"]) and event["type"].partition(".")[0] in UNKNOWN_TO_OLD:
            return False
        if endpoint["_connect"]:
            account = self._world.store.get("account", event["_account"]) or {}
            return bool(account.get("_platform") == endpoint["_account"])
        told_to_platform_alone = event["type"].startswith("account.application.")
        return bool(endpoint["_account"] == event["_account"]) and not told_to_platform_alone

    def _new(self, event: Document, endpoint: Document) -> None:
        copies = 2 if self._random.random() < self.manners.duplicates else 1
        dropped = self._random.random() < self.manners.drop
        for _ in range(copies):
            delivery = self._world.store.insert(
                {
                    "object": "delivery", "id": self._world.new_id("del_", 14),
                    "_account": endpoint["_account"], "event": event["id"],
                    "type": event["type"], "endpoint": endpoint["id"], "attempts": 0,
                    "state": "dropped" if dropped else "pending", "due": self._world.seconds(),
                    "created": self._world.now(), "first_wall": time.time(), "http_status": None,
                }
            )  # fmt: skip
            if not dropped:
                self._world.at(delivery["due"], "deliver", delivery["id"])

    def _due(self, key: str) -> None:
        if key in self._queued:
            return
        self._queued.add(key)
        wait = self.manners.delay + self._random.uniform(0, self.manners.reorder)
        if wait:
            asyncio.get_running_loop().call_later(wait, self._ready.put_nowait, key)
        else:
            self._ready.put_nowait(key)

    async def _work(self) -> None:
        while len(self._tasks) <= self._wanted_workers():
            key = await self._ready.get()
            self._queued.discard(key)
            await self._going.wait()
            delivery = self._world.store.get("delivery", key)
            if delivery is None or delivery["state"] != "pending":
                continue
            try:
                await self._deliver(delivery)
            except Exception:  # one odd delivery must not silence the others
                _LOG.exception("delivery %s failed", key)
        me = asyncio.current_task()
        self._tasks = {task for task in self._tasks if task is not me}

    async def _deliver(self, delivery: Document) -> None:
        event = self._world.store.get("event", delivery["event"])
        endpoint = self._world.store.get("webhook_endpoint", delivery["endpoint"])
        if event is None or endpoint is None:
            delivery["state"] = "canceled"
        else:
            delivery["attempts"] += 1
            delivery["http_status"] = await self._post(event, endpoint)
            delivery["last_wall"] = time.time()
            self._judge(delivery, event)
        self._world.store.touch(delivery)

    def _judge(self, delivery: Document, event: Document) -> None:
        status = delivery["http_status"]
        if status is not None and 200 <= status < 300:
            delivery["state"] = "delivered"
            event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
            event["_delivered"] = event["pending_webhooks"] == 0
            self._world.store.touch(event)
            return
        old = self._world.seconds() - delivery["created"] > GIVE_UP_S
        if old and time.time() - delivery["first_wall"] > MIN_WALL_PATIENCE_S:
            delivery["state"] = "failed"
            return
        wait = BACKOFF_S[min(delivery["attempts"], len(BACKOFF_S)) - 1]
        tries = min(delivery["attempts"], 5)
        floor = self._world.clock.speed_at(time.time()) * MIN_WALL_WAIT_S * tries
        delivery["due"] = self._world.seconds() + max(wait * self._random.uniform(0.9, 1.1), floor)
        self._world.at(delivery["due"], "deliver", delivery["id"])

    def _strikes(self, chance: float) -> bool:
        return chance > 0 and self._random.random() < chance

    async def _post(self, event: Document, endpoint: Document) -> int | None:
        assert self._session is not None
        payload = _encode(body(event, endpoint["api_version"], connected=endpoint["_connect"]))
        if self._strikes(self.manners.huge_body):
            payload = payload.ljust(HUGE_BYTES)
        forged = self._strikes(self.manners.bad_signature)
        secrets = ["whsec_forged"] if forged else endpoint["_secrets"]
        signed_at = time.time() + self._world.skew()
        if self._strikes(self.manners.old_timestamp):
            signed_at -= LONG_AGO_S
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(payload, secrets, int(signed_at)),
        }
        timeout = aiohttp.ClientTimeout(total=self.manners.timeout)
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with self._session.post(
                endpoint["url"], data=payload, headers=headers, timeout=timeout,
                allow_redirects=False,
            ) as answer:  # fmt: skip
                await answer.read()
                return answer.status
        return None


def signature(payload: bytes, secrets: list[str], at: int) -> str:
    """The Stripe-Signature header: one `v1` for each secret in force."""
    signed = f"{at}.".encode() + payload
    marks = [hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


def summary(delivery: Document) -> dict[str, Any]:
    """A delivery as the control API shows it."""
    names = ("id", "event", "type", "endpoint", "attempts", "state", "http_status", "created")
    return {name: delivery[name] for name in names}
