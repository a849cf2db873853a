"""The control API under /_double/: clock, scripts, faults, webhooks, seeding, ledger, verdict."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct

from rehearsal.stripe_double import ledger
from rehearsal.stripe_double.app import Api
from rehearsal.stripe_double.control_money import MoneyControl
from rehearsal.stripe_double.faults import Faults
from rehearsal.stripe_double.oauth import OAuth
from rehearsal.stripe_double.objects import account as build_account
from rehearsal.stripe_double.scenes import Scene, Scenes
from rehearsal.stripe_double.scripts import set_script
from rehearsal.stripe_double.standing import cancel_all
from rehearsal.stripe_double.verdict import judge
from rehearsal.stripe_double.webhooks import Deliveries, Manners, summary
from rehearsal.stripe_double.world import HOSTED

MAX_ROWS: Final = 200_000
_SETTINGS: Final = {
    "revoked": bool, "retries": bool, "retry_days": list[float], "rate_limit": int,
    "latency_s": float, "after_retries": str, "api_version": str, "api_key": str, "platform": str,
    "foreign_subscriptions": bool, "upcoming_days": int, "reminded_days": int,
}  # fmt: skip


class ClockMove(Struct, forbid_unknown_fields=True):
    """Where to move the clock: to an instant, by some seconds, and how fast it runs from there."""

    set: datetime | None = None
    advance: float | None = None
    speed: float | None = None


class Replay(Struct, forbid_unknown_fields=True):
    """Which event to deliver again, and how many times at once."""

    event: str
    times: int = 1


class Scripting(Struct, forbid_unknown_fields=True):
    """Whose charges the rules decide: a payment method's, a customer's or the account's id."""

    scope: str
    rules: list[Any]
    account: str | None = None


class Control:
    """What tests, the mail-reading customers and the fault campaign steer the double with."""

    def __init__(
        self, api: Api, faults: Faults, deliveries: Deliveries, scenes: Scenes, home: str
    ) -> None:
        self._world = api.world
        self._api = api
        self._faults = faults
        self._deliveries = deliveries
        self._scenes = scenes
        self._home = home

    def routes(self) -> list[web.RouteDef]:
        """All of /_double/."""
        money, oauth = MoneyControl(self._world), OAuth(self._world, self._home)
        table: list[tuple[str, str, Callable[[web.Request], Awaitable[web.Response]]]] = [
            ("GET", "health", self.health),
            ("GET", "clock", self.clock),
            ("POST", "clock", self.move_clock),
            ("GET", "ledger", self.ledger),
            ("GET", "verdict", self.verdict),
            ("GET", "faults", self.faults),
            ("POST", "faults", self.plant),
            ("DELETE", "faults", self.clear_faults),
            ("GET", "webhooks", self.manners),
            ("POST", "webhooks", self.set_manners),
            ("GET", "deliveries", self.deliveries),
            ("POST", "replay", self.replay),
            ("POST", "scripts", self.script),
            ("POST", "seed", self.seed),
            ("GET", "people", self.people),
            ("POST", "cancel", self.cancel),
            ("GET", "accounts", self.accounts),
            ("POST", "accounts", self.account),
            ("POST", "keys", self.restricted_key),
            ("POST", "roll_secret", self.roll_secret),
            ("POST", "oauth", oauth.register),
            ("POST", "revoke", oauth.revoke),
            ("POST", "mandates", money.mandate),
            ("POST", "disputes", money.dispute),
            ("POST", "refunds", money.refund),
        ]
        return [web.route(method, f"/_double/{name}", _guarded(do)) for method, name, do in table]

    async def health(self, _request: web.Request) -> web.Response:
        """That it lives, and how much it holds."""
        kinds = ("customer", "subscription", "invoice", "charge", "event", "ledger_line")
        return _json({"ok": True, **{kind: self._world.store.count(kind) for kind in kinds}})

    async def clock(self, _request: web.Request) -> web.Response:
        """The virtual instant, its speed, and the specification to hand to another process."""
        return _json(self._clock_state())

    async def move_clock(self, request: web.Request) -> web.Response:
        """Step through everything due on the way; answers once it is done."""
        move = msgspec.json.decode(await request.read(), type=ClockMove)
        target = self._world.true_seconds() + (move.advance or 0.0)
        if move.set is not None:
            target = move.set.timestamp()
        done = self._world.step_to(target)
        if move.speed is not None:
            self._world.clock = self._world.clock.moved(time.time(), target, move.speed)
            self._world.woken()
        self._world.store.flush()
        return _json({**self._clock_state(), "done": done})

    def _clock_state(self) -> dict[str, Any]:
        clock = self._world.clock
        return {
            "now": self._world.moment().isoformat(),
            "virtual": self._world.seconds(),
            "speed": clock.speed_at(time.time()),
            "spec": msgspec.json.decode(clock.spec()),
        }

    async def ledger(self, request: web.Request) -> web.Response:
        """JSON lines, oldest first, from `?since=` on, of `?account=`."""
        since = int(request.query.get("since", "0"))
        found = ledger.lines(self._world, since, request.query.get("account"))
        text = "".join(msgspec.json.encode(line).decode() + "\n" for line in found)
        return web.Response(text=text, content_type="application/x-ndjson")

    async def verdict(self, request: web.Request) -> web.Response:
        """The judgement over the whole ledger."""
        found = ledger.lines(self._world, account=request.query.get("account"))
        return _json(judge(found, self._api.open_calls))

    async def faults(self, _request: web.Request) -> web.Response:
        """The faults in force and how often they struck."""
        return _json(self._faults.state())

    async def plant(self, request: web.Request) -> web.Response:
        """Put these faults in the place of all others."""
        self._faults.replace(msgspec.json.decode(await request.read()))
        return _json(self._faults.state())

    async def clear_faults(self, _request: web.Request) -> web.Response:
        """No more faults."""
        self._faults.replace([])
        return _json([])

    async def manners(self, _request: web.Request) -> web.Response:
        """How deliveries behave."""
        return _json(self._deliveries.manners)

    async def set_manners(self, request: web.Request) -> web.Response:
        """How deliveries shall behave; what is not given is as usual."""
        self._deliveries.tune(msgspec.json.decode(await request.read(), type=Manners))
        return _json(self._deliveries.manners)

    async def deliveries(self, request: web.Request) -> web.Response:
        """Deliveries by `?state=` and `?event=`, and how many stand in each state."""
        every = self._world.store.all("delivery")
        counts: dict[str, int] = {}
        for each in every:
            counts[each["state"]] = counts.get(each["state"], 0) + 1
        state, event = request.query.get("state"), request.query.get("event")
        rows = [
            summary(each)
            for each in every
            if state in {None, each["state"]} and event in {None, each["event"]}
        ]
        return _json({"counts": counts, "deliveries": rows[-MAX_ROWS:]})

    async def replay(self, request: web.Request) -> web.Response:
        """Deliver an event again, as from the Dashboard."""
        wanted = msgspec.json.decode(await request.read(), type=Replay)
        event = self._world.store.get("event", wanted.event)
        if event is None:
            return _json({"error": "no such event"}, 404)
        planned = sum(self._deliveries.replay(event) for _ in range(min(wanted.times, 1_000)))
        return _json({"deliveries": planned})

    async def script(self, request: web.Request) -> web.Response:
        """Set the outcome rules of a card, a customer or the account."""
        wanted = msgspec.json.decode(await request.read(), type=Scripting)
        made = set_script(self._world, wanted.account or self._home, wanted.scope, wanted.rules)
        return _json({"scope": wanted.scope, "rules": made["rules"]})

    async def seed(self, request: web.Request) -> web.Response:
        """Add a scene to an account."""
        scene = msgspec.json.decode(await request.read(), type=Scene)
        begun = time.monotonic()
        people = self._scenes.seed(scene, scene.account or self._home)
        self._world.store.flush()
        return _json({"people": people, "seconds": round(time.monotonic() - begun, 3)})

    async def people(self, request: web.Request) -> web.Response:
        """The customers' traits, found by `?email=`, `?phone=` or `?account=`; rules left out."""
        email, account = request.query.get("email"), request.query.get("account")
        phone = request.query.get("phone")
        rows = [
            {"customer": each["id"], "account": each["_account"],
             **{k: v for k, v in each.items() if k[0] != "_" and k not in _NOT_TRAITS}}
            for each in self._world.store.all("person")
            if email in {None, each["email"]} and account in {None, each["_account"]}
            and phone in {None, each.get("phone")}
        ]  # fmt: skip
        return _json(rows)

    async def cancel(self, request: web.Request) -> web.Response:
        """A customer cancels: every running subscription of `customer` ends now."""
        wanted: dict[str, Any] = msgspec.json.decode(await request.read())
        buyer = self._world.store.get("customer", str(wanted.get("customer")))
        if buyer is None:
            return _json({"error": "no such customer"}, 404)
        ended = cancel_all(self._world, buyer, HOSTED)
        self._world.store.flush()
        return _json({"canceled": ended})

    async def accounts(self, _request: web.Request) -> web.Response:
        """All accounts with how the double treats them."""
        return _json(
            [
                {"id": each["id"], **{name: each.get("_" + name) for name in _SETTINGS}}
                for each in self._world.store.all("account")
            ]
        )

    async def account(self, request: web.Request) -> web.Response:
        """Create an account or change how the double treats one (revoked, retries, latency …)."""
        wanted: dict[str, Any] = msgspec.json.decode(await request.read())
        key = str(wanted.pop("id", self._home))
        found = self._world.store.get("account", key)
        if found is None:
            name = str(wanted.pop("name", key))
            made = build_account(key, name, f"sk_test_{key}", _platform=self._home)
            found = self._world.store.insert(made)
        for name, value in wanted.items():
            if name not in _SETTINGS:
                return _json({"error": f"unknown setting {name}", "known": list(_SETTINGS)}, 400)
            found["_" + name] = msgspec.convert(value, _SETTINGS[name])
        self._world.store.touch(found)
        return _json({"id": key, **{name: found.get("_" + name) for name in _SETTINGS}})

    async def restricted_key(self, request: web.Request) -> web.Response:
        """Make or change a key: `{"key": "rk_test_…", "permissions": ["rak_invoice_write", …]}`,
        with `account` for another's; `"permissions": null` takes it back."""
        wanted: dict[str, Any] = msgspec.json.decode(await request.read())
        account = self._world.store.get("account", str(wanted.get("account") or self._home))
        if account is None:
            return _json({"error": "no such account"}, 404)
        key = str(wanted.get("key") or f"rk_test_{self._world.new_id('', 24)}")
        keys = account.setdefault("_restricted_keys", {})
        keys.pop(key, None)
        if wanted.get("permissions") is not None:
            keys[key] = msgspec.convert(wanted["permissions"], list[str])
        self._world.store.touch(account)
        return _json({"account": account["id"], "key": key, "permissions": keys.get(key)})

    async def roll_secret(self, request: web.Request) -> web.Response:
        """Begin (`{"endpoint": …}`) or end (`{"endpoint": …, "done": true}`) a secret's roll."""
        wanted: dict[str, Any] = msgspec.json.decode(await request.read())
        endpoint = self._world.store.get("webhook_endpoint", str(wanted.get("endpoint")))
        if endpoint is None:
            return _json({"error": "no such endpoint"}, 404)
        if wanted.get("done"):
            endpoint["_secrets"] = endpoint["_secrets"][:1]
        else:
            endpoint["_secrets"].insert(0, "whsec_" + self._world.new_id("", 32))
        self._world.store.touch(endpoint)
        return _json({"endpoint": endpoint["id"], "secrets": endpoint["_secrets"]})


_NOT_TRAITS: Final = frozenset({"object", "id", "rules"})


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json"
    )


def _guarded(
    do: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answer a malformed body with 400 and what is wrong with it."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return await do(request)
        except (msgspec.MsgspecError, ValueError) as error:
            return _json({"error": str(error)}, 400)

    return handle
