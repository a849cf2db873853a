"""Events: what happened, frozen as it was, in the shape the reader's version asks for."""

import time
from typing import Any, Final

import msgspec

from rehearsal.stripe_double.shapes import is_old, previous, render
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import DAY_S, Cause, World

KEPT_DAYS: Final = 30  # docs.stripe.com/api/events
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


def emit(
    world: World, kind: str, about: Document, cause: Cause, before: Document | None = None
) -> None:
    """Freeze the object and tell whoever listens; silent while the world is being seeded."""
    if world.quiet:
        return
    account = world.store.get("account", about["_account"]) or {}
    event = world.store.insert(
        {
            "id": world.new_id("evt_1"),
            "object": "event",
            "_account": about["_account"],
            "_snapshot": _encode(about).decode(),
            "_about": about["id"],
            "_wall": time.time(),
            "_previous": before,
            "_delivered": None,
            "api_version": account.get("_api_version"),
            "created": world.now(),
            "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
            "pending_webhooks": 0,
            "type": kind,
        }
    )
    for listener in world.on_event:
        listener(event)


def changed(before: Document, now: Document) -> Document:
    """What an update changed, as it was before: Stripe's `previous_attributes`."""
    return {name: old for name, old in before.items() if old != now[name]}


def body(event: Document, version: str | None = None, connected: bool = False) -> dict[str, Any]:
    """The event as sent: in `version` (an endpoint's), else in the version of its creation."""
    shape = version or event["api_version"]
    data: dict[str, Any] = {"object": render(_decode(event["_snapshot"]), is_old(shape))}
    if event["_previous"] is not None:
        kind = data["object"]["object"]
        data["previous_attributes"] = previous(kind, event["_previous"], is_old(shape))
    about = {"account": event["_account"]} if connected else {}
    return {
        "id": event["id"], "object": "event", **about, "api_version": shape,
        "created": event["created"], "data": data, "livemode": False,
        "pending_webhooks": event["pending_webhooks"], "request": event["request"],
        "type": event["type"],
    }  # fmt: skip


def forget_old(world: World) -> int:
    """Drop events past their thirty days with their deliveries; answers how many."""
    limit = world.now() - KEPT_DAYS * DAY_S
    old = [event for event in world.store.all("event") if event["created"] < limit]
    gone = {event["id"] for event in old}
    for document in [*old, *world.store.all("delivery")]:
        if document["object"] == "event" or document["event"] in gone:
            world.store.drop(document)
    return len(old)
