"""The control API's part about money that moves without us: mandates, disputes, refunds.

POST /_double/mandates {"payment_method": "pm_…"}: the bank ends the mandate.
POST /_double/disputes {"charge": "ch_…", "do": "open" | "respond" | "win" | "lose" | "warn"}.
POST /_double/refunds {"refund": "re_…", "status": "failed" | "canceled"}: the bank sends it back.
"""

from typing import Any, Literal

import msgspec
from aiohttp import web
from msgspec import Struct

from rehearsal.stripe_double import debits, disputes
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import World


class Revoking(Struct, forbid_unknown_fields=True):
    """Whose mandate ends."""

    payment_method: str


class Disputing(Struct, forbid_unknown_fields=True):
    """What happens to which charge; `amount` and `reason` of a dispute that opens."""

    charge: str
    do: Literal["open", "respond", "win", "lose", "warn"] = "open"
    reason: str = "fraudulent"
    amount: int | None = None


class Returning(Struct, forbid_unknown_fields=True):
    """Which refund did not arrive."""

    refund: str
    status: Literal["failed", "canceled"] = "failed"


class MoneyControl:
    """Mandates, disputes and refunds."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def mandate(self, request: web.Request) -> web.Response:
        """End a mandate."""
        wanted = msgspec.json.decode(await request.read(), type=Revoking)
        method = self._world.store.get("payment_method", wanted.payment_method)
        if method is None or not debits.revoke(self._world, method):
            return _json({"error": "no such active mandate"}, 404)
        return _json({"mandate": method["_mandate"]})

    async def dispute(self, request: web.Request) -> web.Response:
        """Open a dispute, carry it on, or warn of fraud."""
        wanted = msgspec.json.decode(await request.read(), type=Disputing)
        charged = self._world.store.get("charge", wanted.charge)
        if charged is None or not charged["paid"]:
            return _json({"error": "no such paid charge"}, 404)
        match wanted.do:
            case "open":
                amount = wanted.amount or charged["amount"]
                made: Document | None = disputes.open_one(
                    self._world, charged, amount, wanted.reason
                )
            case "warn":
                made = disputes.warn(self._world, charged)
            case _:
                made = disputes.carry_on(self._world, charged, wanted.do)
        if made is None:
            return _json({"error": "no dispute of the charge is open"}, 409)
        self._world.store.flush()
        return _json({"id": made["id"]})

    async def refund(self, request: web.Request) -> web.Response:
        """A refund comes back."""
        wanted = msgspec.json.decode(await request.read(), type=Returning)
        made = self._world.store.get("refund", wanted.refund)
        if made is None or made["status"] != "succeeded":
            return _json({"error": "no such refund"}, 404)
        disputes.send_back(self._world, made, wanted.status)
        return _json({"id": made["id"], "status": made["status"]})


def _json(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status)
