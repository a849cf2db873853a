"""The double as one running thing, started in a test or by the command line."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from msgspec import Struct

from rehearsal.clock import ClockSpec, RehearsalClock
from rehearsal.stripe_double import (
    bills,
    challenge,
    checkout,
    debits,
    events,
    hosted,
    ledger,
    pausing,
    portal,
    upcoming,
)
from rehearsal.stripe_double.app import Api
from rehearsal.stripe_double.control import Control
from rehearsal.stripe_double.faults import Faults
from rehearsal.stripe_double.invoicing import finalize_due, retry
from rehearsal.stripe_double.oauth import OAuth
from rehearsal.stripe_double.objects import account as build_account
from rehearsal.stripe_double.objects import webhook_endpoint
from rehearsal.stripe_double.renewals import FIRST_PAYMENT_S, Renewals
from rehearsal.stripe_double.scenes import Scene, SceneName, Scenes
from rehearsal.stripe_double.standing import ENDED
from rehearsal.stripe_double.store import Document, Store
from rehearsal.stripe_double.verdict import judge
from rehearsal.stripe_double.webhooks import Deliveries
from rehearsal.stripe_double.world import World

FLUSH_EVERY_S: Final = 0.05
TIDY_EVERY_S: Final = 30.0
LONGEST_SLEEP_S: Final = 1.0
_LOG: Final = logging.getLogger("rehearsal.stripe_double")


class DoubleOptions(Struct, frozen=True, kw_only=True):
    """How to start: on which port (0: any free one), from which file, with whom.

    `clock` is a RehearsalClock specification; without one the clock goes on from where the data
    file stopped, else it is the wall clock. The scene is seeded only into an empty world.
    """

    port: int = 0
    data_file: str | None = None
    seed: int = 1
    clock: str | None = None
    scene: SceneName = "empty"
    scene_size: int = 60
    api_key: str = "sk_test_rehearsal"
    account_id: str = "acct_rehearsal"
    account_name: str = "Rehearsal Ltd"
    webhook_url: str | None = None
    webhook_secret: str | None = None
    webhook_api_version: str | None = None
    log: bool = False


class StripeDouble:
    """A Stripe on this machine; `base_url` is where it listens once started."""

    def __init__(self, options: DoubleOptions | None = None) -> None:
        self.options = options or DoubleOptions()
        path = Path(self.options.data_file) if self.options.data_file else None
        self._store = Store(path)
        self.world = World(self._store, self._clock(), self.options.seed)
        self.faults = Faults(self.options.seed)
        self.world.skew = self.faults.skew
        self.renewals = Renewals(self.world)
        self.deliveries = Deliveries(self.world, self.options.seed)
        self.scenes = Scenes(self.world, self.renewals)
        self.api = Api(self.world, self.renewals, self.faults)
        self.world.on_due["finalize"] = lambda key: finalize_due(
            self.world, key, self.renewals.base_url
        )
        self.world.on_due["resumption_over"] = lambda key: pausing.give_up(self.world, key)
        self.world.on_due["upcoming"] = lambda key: upcoming.tell(self.world, key)
        self.world.on_due["bill_due"] = lambda key: bills.will_be_due(self.world, key)
        self.world.on_due["bill_overdue"] = lambda key: bills.overdue(self.world, key)
        self.world.on_due["session_over"] = lambda key: checkout.run_out(self.world, key)
        self.world.on_due["debit"] = lambda key: debits.conclude(self.world, key)
        self.world.on_due["retry"] = lambda key: retry(self.world, key)
        self.base_url = ""
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None

    def _clock(self) -> RehearsalClock:
        if self.options.clock:
            return RehearsalClock.parse(self.options.clock)
        meta = self._store.get("meta", "meta") or {}
        stopped = meta.get("virtual", time.time())
        return RehearsalClock(ClockSpec(time.time(), stopped))

    async def start(self, host: str = "127.0.0.1", port: int | None = None) -> str:
        """Listen, seed what is missing, take up what was pending; answers the base URL.

        Raises ValueError for a host that others could reach, OSError when the port is taken.
        """
        if not ip_address(host).is_loopback:
            raise ValueError(f"the rehearsal Stripe listens on this machine only, not on {host}")
        app = web.Application(client_max_size=1_048_576)
        control = Control(
            self.api, self.faults, self.deliveries, self.scenes, self.options.account_id
        )
        app.add_routes([*self.api.routes(), *control.routes(), *hosted.routes(self.world)])
        app.add_routes(OAuth(self.world, self.options.account_id).routes())
        app.add_routes([*portal.routes(self.world), *checkout.routes(self.world, self.renewals)])
        app.add_routes(challenge.routes(self.world))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, self.options.port if port is None else port)
        await site.start()
        address: Any = self._runner.addresses[0]
        self.base_url = f"http://{host}:{address[1]}"
        self.renewals.base_url = self.base_url
        self._furnish()
        self._take_up()
        self.world.woken = self._woken.set
        await self.deliveries.start()
        self._tasks = [
            asyncio.create_task(self._play()),
            asyncio.create_task(self._write()),
        ]
        return self.base_url

    async def stop(self) -> None:
        """Stop listening and delivering; everything is in the file when this returns."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.deliveries.stop()
        if self._runner:
            await self._runner.cleanup()
        self.world.meta["virtual"] = self.world.true_seconds()
        self._store.touch(self.world.meta)
        self._store.close()

    def ledger(self) -> list[Document]:
        """The ledger so far."""
        return ledger.lines(self.world)

    def verdict(self) -> dict[str, Any]:
        """The judgement over it."""
        return judge(self.ledger(), self.api.open_calls)

    def _furnish(self) -> None:
        """The own account, its webhook endpoint and the scene, where they are not there yet."""
        options, store = self.options, self._store
        if store.get("account", options.account_id) is None:
            store.insert(build_account(options.account_id, options.account_name, options.api_key))
            scene = Scene(scene=options.scene, n=options.scene_size, seed=options.seed)
            self.scenes.seed(scene, options.account_id)
        if options.webhook_url:
            self._furnish_endpoint(options.webhook_url)
        store.flush()

    def _furnish_endpoint(self, url: str) -> None:
        options = self.options
        known = self._store.all("webhook_endpoint")
        endpoint = next((each for each in known if each.get("_own")), None)
        if endpoint is None:
            made = webhook_endpoint(self.world, options.account_id, url, ["*"])
            endpoint = self._store.insert({**made, "_own": True})
        endpoint.update(url=url, api_version=options.webhook_api_version)
        if options.webhook_secret:
            endpoint["_secrets"] = [options.webhook_secret]
        self._store.touch(endpoint)

    def _take_up(self) -> None:
        """Put everything that waits for an instant back on the clock."""
        for each in self._store.all("subscription"):
            if each["status"] not in ENDED:
                self.renewals.plan(each)
            pausing.wait_for(self.world, each)
            if each["status"] == "incomplete":
                self.world.at(each["created"] + FIRST_PAYMENT_S, "expire", each["id"])
            if each["pause_collection"] and each["pause_collection"]["resumes_at"]:
                self.world.at(each["pause_collection"]["resumes_at"], "resume", each["id"])
        for each in self._store.all("invoice"):
            self._at_home(each)
            if each["status"] == "draft" and each["automatically_finalizes_at"]:
                self.world.at(each["automatically_finalizes_at"], "finalize", each["id"])
            bills.wait_for(self.world, each)
            if each["next_payment_attempt"]:
                self.world.at(each["next_payment_attempt"], "retry", each["id"])
        for each in self._store.all("charge"):
            if each["status"] == "pending":
                debits.wait_for(self.world, each)
        for each in self._store.all("checkout.session"):
            checkout.at_home(self.world, each, self.base_url)
            checkout.wait_for(self.world, each)
        challenge.at_home(self.world, self.base_url)
        self.scenes.wake()

    def _at_home(self, billed: Document) -> None:
        """The invoice's page moves along when the double listens on another port than last time."""
        page = f"{self.base_url}/i/{billed['_account']}/{billed['_token']}"
        if billed["hosted_invoice_url"] not in {None, page}:
            billed.update(hosted_invoice_url=page, invoice_pdf=f"{page}/pdf")
            self._store.touch(billed)

    async def _play(self) -> None:
        """Do what falls due, for as long as the double runs."""
        while True:
            self._woken.clear()
            done = 0
            try:
                done = self.world.run_due(self.world.seconds())
            except Exception:
                _LOG.exception("something due could not be done")
            if done:
                await asyncio.sleep(0)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._until_next()):
                    await self._woken.wait()

    def _until_next(self) -> float:
        due = self.world.next_due()
        if due is None:
            return LONGEST_SLEEP_S
        wait = self.world.clock.wall_of(due - self.world.skew()) - time.time()
        return min(max(wait, 0.001), LONGEST_SLEEP_S)

    async def _write(self) -> None:
        """Write through in batches, and tidy what Stripe forgets too."""
        tidy_at = time.monotonic() + TIDY_EVERY_S
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            self.world.meta["virtual"] = self.world.true_seconds()
            if time.monotonic() > tidy_at:
                tidy_at = time.monotonic() + TIDY_EVERY_S
                events.forget_old(self.world)
                self.api.keys.forget_old()
            self._store.flush()


async def serve(
    options: DoubleOptions, on_ready: Callable[[str], None] = lambda _url: None
) -> None:
    """Run until SIGINT or SIGTERM; raises OSError when the port is taken.

    `on_ready` is told the address once it answers.
    """
    if options.log:
        logging.basicConfig(level=logging.INFO)
    double = StripeDouble(options)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    url = await double.start()
    _LOG.info("the rehearsal Stripe listens on %s", url)
    on_ready(url)
    try:
        await stopped.wait()
    finally:
        await double.stop()
