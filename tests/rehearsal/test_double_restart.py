"""A double that is stopped, or killed, goes on where it was."""

import asyncio
import os
import signal
import socket
import sys
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp

from rehearsal.stripe_double import DoubleOptions, StripeDouble
from tests.rehearsal.driving import START, receiving, running, standing_clock, until

_PROGRAM = """
import asyncio, sys
from rehearsal.stripe_double import DoubleOptions, serve
asyncio.run(serve(DoubleOptions(port=int(sys.argv[1]), data_file=sys.argv[2])))
"""


async def test_a_restart_keeps_objects_keys_ledger_and_what_is_due(tmp_path: Path) -> None:
    path = str(tmp_path / "double.sqlite")
    async with running(data_file=path) as driver:
        buyer = await driver.customer("pm_card_chargeCustomerFail")
        good = await driver.post(
            "/v1/payment_methods/pm_card_visa/attach", {"customer": buyer["id"]}
        )
        settings = {"invoice_settings": {"default_payment_method": good["id"]}}
        await driver.post(f"/v1/customers/{buyer['id']}", settings)
        subscription = await driver.subscription(buyer["id"])
        one = await driver.open_invoice(buyer["id"])
        pay = f"/v1/invoices/{one['id']}/pay"
        await driver.send("POST", pay, Idempotency_Key="k")
        before = driver.double.ledger()
    async with running(data_file=path, clock=standing_clock(START + timedelta(days=1))) as driver:
        assert driver.double.ledger() == before
        assert await driver.get(f"/v1/customers/{buyer['id']}")
        _, _, headers = await driver.send("POST", pay, Idempotency_Key="k")
        assert headers["Idempotent-Replayed"] == "true"
        await driver.advance(days=35)
        found = await driver.get(f"/v1/invoices?subscription={subscription['id']}")
        assert len(found["data"]) == 2


async def test_a_pending_delivery_and_a_planned_retry_survive_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "double.sqlite")
    async with receiving() as inbox:
        inbox.answers = [500] * 1_000
        async with running(data_file=path, webhook_url=inbox.url) as driver:
            buyer = await driver.customer("pm_card_chargeCustomerFail")
            await driver.post("/v1/customers", {"name": "Ada"})
            made = await driver.open_invoice(buyer["id"])
            await driver.post(f"/v1/invoices/{made['id']}", {"auto_advance": True})
            await driver.send("POST", f"/v1/invoices/{made['id']}/pay")
            store = driver.double.world.store
            await until(lambda: any(each["attempts"] for each in store.all("delivery")))
        inbox.answers, inbox.got = [], []
        async with running(data_file=path, webhook_url=inbox.url) as driver:
            await driver.advance(days=2, hours=1)
            after = await driver.get(f"/v1/invoices/{made['id']}")
            assert after["attempt_count"] == 4
            store = driver.double.world.store
            await until(lambda: {each["state"] for each in store.all("delivery")} == {"delivered"})
            assert len(inbox.got) >= 8


async def test_the_clock_goes_on_from_where_it_stopped(tmp_path: Path) -> None:
    path = str(tmp_path / "double.sqlite")
    async with running(data_file=path, clock=standing_clock()):
        pass
    async with running(data_file=path, clock=None) as driver:
        now = datetime.fromisoformat((await driver.control("GET", "clock"))["now"])
        assert timedelta() <= now - START < timedelta(minutes=1)


async def test_a_scene_is_seeded_once(tmp_path: Path) -> None:
    path = str(tmp_path / "double.sqlite")
    for _ in range(2):
        double = StripeDouble(
            DoubleOptions(data_file=path, scene="demo", scene_size=12, clock=standing_clock())
        )
        await double.start()
        assert double.world.store.count("person") == 12
        await double.stop()


async def test_a_killed_double_has_lost_no_line_of_a_payment_it_answered(tmp_path: Path) -> None:
    path = str(tmp_path / "double.sqlite")
    port = _free_port()
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, str(port), path, env={**os.environ, "PYTHONPATH": "."}
    )
    url = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer sk_test_rehearsal"}) as http:
        await _alive(http, url)
        scene = {"scene": "burst", "n": 5, "mix": {"reliable": 1}}
        await (await http.post(f"{url}/_double/seed", json=scene)).read()
        await (await http.post(f"{url}/_double/clock", json={"advance": 5})).read()
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
    async with running(data_file=path, clock=None) as driver:
        assert driver.double.verdict()["money_moved"] == 5


async def _alive(http: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(15):
        while True:
            try:
                await (await http.get(f"{url}/_double/health")).read()
                return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


def _free_port() -> int:

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port
