"""Idempotency keys as Stripe keeps them (docs.stripe.com/api/idempotent_requests).

The first status and body are kept for 24 hours once the endpoint began executing, declines and
500s included; other parameters under the same key are refused; a refused request keeps nothing.
"""

from hashlib import sha256
from typing import Any, Final

import msgspec

from rehearsal.stripe_double.api import Call
from rehearsal.stripe_double.errors import StripeError, invalid
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import DAY_S, World

MAX_KEY: Final = 255


class Keys:
    """The keys of all accounts; what is still running lives in memory only."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._running: set[str] = set()

    def begin(self, call: Call) -> Document | None:
        """Claim the call's key: None to execute, a kept answer to replay, or StripeError."""
        key = call.cause.idempotency_key
        if key is None or call.method != "POST":
            return None
        if len(key) > MAX_KEY:
            raise invalid("Idempotency-Key is too long: at most 255 characters are allowed.")
        name = f"{call.account}:{key}"
        kept = self._kept(name)
        if kept is not None:
            self._same_request(call, kept["fingerprint"], key)
            return kept
        if name in self._running:
            raise StripeError(
                409,
                "idempotency_error",
                f"There is currently another in-progress request using this Idempotent Key ({key})."
                " Please try again later.",
                code="idempotency_key_in_use",
            )
        self._running.add(name)
        return None

    def finish(self, call: Call, status: int, answer: bytes) -> None:
        """Keep what the executed call answered, however it came out."""
        key = call.cause.idempotency_key
        if key is None or call.method != "POST":
            return
        name = f"{call.account}:{key}"
        old = self._world.store.get("idempotency", name)
        if old:
            self._world.store.drop(old)
        self._world.store.insert(
            {
                "object": "idempotency",
                "id": name,
                "_account": call.account,
                "created": self._world.now(),
                "fingerprint": _fingerprint(call),
                "status": status,
                "answer": answer.decode(),
                "request_id": call.cause.request_id,
            }
        )

    def release(self, call: Call) -> None:
        """The call is over, kept or not."""
        self._running.discard(f"{call.account}:{call.cause.idempotency_key}")

    def forget_old(self) -> None:
        """Drop keys past their day."""
        limit = self._world.now() - DAY_S
        for kept in self._world.store.all("idempotency"):
            if kept["created"] < limit:
                self._world.store.drop(kept)

    def _kept(self, name: str) -> Document | None:
        kept = self._world.store.get("idempotency", name)
        fresh = kept is not None and kept["created"] >= self._world.now() - DAY_S
        return kept if fresh else None

    def _same_request(self, call: Call, fingerprint: str, key: str) -> None:
        if fingerprint != _fingerprint(call):
            raise StripeError(
                400,
                "idempotency_error",
                f"Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key}' if you meant to execute a "
                "different request.",
            )


def _fingerprint(call: Call) -> str:
    said: Any = [call.method, call.path, call.params]
    return sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()
