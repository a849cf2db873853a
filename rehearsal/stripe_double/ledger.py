"""The append-only truth about each attempt to move money, whatever its caller came to know."""

import time
from typing import Any

from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause, World


def record(world: World, cause: Cause, billed: Document, **seen: Any) -> Document:
    """Write a line for one attempt on an invoice; it stands before any answer is sent.

    `terminal_for_s` is how many wall seconds the invoice had been closed by then, null when open:
    it tells a race that nobody could have won from a call that should not have been made.
    """
    closed = billed["_closed_wall"]
    number = world.store.count("ledger_line") + 1
    line = {
        "object": "ledger_line", "id": str(number), "_account": billed["_account"],
        "seq": number, "virtual_at": world.moment().isoformat(), "virtual": world.seconds(),
        "wall_at": time.time(), "account": billed["_account"], "invoice": billed["id"],
        "payment_intent": billed["_payment_intent"], "charge": None,
        "amount": billed["amount_remaining"], "currency": billed["currency"],
        "payment_method": None, "fingerprint": None, "brand": None, "by": cause.by,
        "idempotency_key": cause.idempotency_key, "replayed": False,
        "request_id": cause.request_id, "outcome": "refused", "decline_code": None,
        "advice_code": None, "http_status": None, "invoice_status": billed["status"],
        "terminal_for_s": closed and round(time.time() - closed, 3),
        "money_moved": False, "response_delivered": False, "overlapped": False,
        "in_flight": False, **seen,
    }  # fmt: skip
    if cause.by == "api":
        world.noted.append(line)
    return world.store.insert(line)


def lines(world: World, since: int = 0, account: str | None = None) -> list[dict[str, Any]]:
    """The ledger from a sequence number on, oldest first."""
    return [
        {key: value for key, value in line.items() if key[0] != "_" and key != "object"}
        for line in world.store.all("ledger_line")
        if line["seq"] > since and account in {None, line["account"]}
    ]


def terminal(billed: Document) -> bool:
    """Whether nothing of ours may charge the invoice any more."""
    return billed["status"] in {"paid", "void", "uncollectible"}
