"""Drives a double over HTTP as a merchant's program would, and holds every answer to the schema."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from rehearsal.clock import RehearsalClock
from rehearsal.stripe_double import DoubleOptions, StripeDouble
from rehearsal.stripe_double.webhooks import HUGE_BYTES
from tests.rehearsal import openapi

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
OLD_VERSION = "2023-10-16"
SECRET = "whsec_a_secret_for_tests_0123456789"


def standing_clock(start: datetime = START) -> str:
    """A clock that only moves when it is moved."""
    return RehearsalClock.starting(start, (0.0, None)).spec()


@asynccontextmanager
async def running(**options: Any) -> AsyncIterator["Driver"]:
    """A double with a standing clock (unless told otherwise) and a driver for it."""
    double = StripeDouble(DoubleOptions(**{"clock": standing_clock(), **options}))
    url = await double.start()
    async with aiohttp.ClientSession() as session:
        try:
            yield Driver(double, url, session)
        finally:
            await double.stop()


class Driver:
    """The merchant's program; `old` asks for the shape from before basil."""

    def __init__(self, double: StripeDouble, url: str, session: aiohttp.ClientSession) -> None:
        self.double, self.url, self.old = double, url, False
        self._session = session

    async def get(self, path: str, **headers: str) -> dict[str, Any]:
        """GET that must succeed as described."""
        return await self._good("GET", path, {}, headers)

    async def post(self, path: str, form: Any = None, **headers: str) -> dict[str, Any]:
        """POST that must succeed as described."""
        return await self._good("POST", path, form or {}, headers)

    async def delete(self, path: str) -> dict[str, Any]:
        """DELETE that must succeed as described."""
        return await self._good("DELETE", path, {}, {})

    async def send(
        self, method: str, path: str, form: Any = None, **headers: str
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Any call: status, body and headers, with errors held to their schema."""
        data = urlencode(list(flat(form or {})))
        sent = {"Authorization": "Bearer sk_test_rehearsal", **_dashed(headers)}
        if self.old:
            sent["Stripe-Version"] = OLD_VERSION
        if method == "POST":
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        body = data if method == "POST" else None
        async with self._session.request(
            method, self.url + path, data=body, headers=sent
        ) as answer:
            said = await answer.json()
            if answer.status >= 400:
                openapi.check_error(said, old=self.old)
            return answer.status, said, dict(answer.headers)

    async def control(self, method: str, name: str, body: Any = None) -> Any:
        """The control API; must succeed."""
        async with self._session.request(method, f"{self.url}/_double/{name}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            if answer.content_type == "application/x-ndjson":
                return [line for line in (await answer.text()).splitlines() if line]
            return await answer.json()

    async def control_status(self, name: str, body: Any) -> int:
        """The status that the control API answers a POST with."""
        async with self._session.post(f"{self.url}/_double/{name}", json=body) as answer:
            return answer.status

    async def advance(self, **passed: float) -> None:
        """Let virtual time pass: `days`, `hours`, `seconds`."""
        seconds = (passed.get("days", 0) * 86_400 + passed.get("hours", 0) * 3_600) + passed.get(
            "seconds", 0
        )
        await self.control("POST", "clock", {"advance": seconds})

    async def page(self, url: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """A customer's browser without JavaScript."""
        call = self._session.post(url, data=form) if form else self._session.get(url)
        async with call as answer:
            return answer.status, await answer.text()

    async def redirect(self, url: str, form: dict[str, str]) -> str:
        """Where a form sends the browser."""
        async with self._session.post(url, data=form, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
            return answer.headers["Location"]

    async def customer(self, card: str = "pm_card_visa") -> dict[str, Any]:
        """A customer whose default card is a test card."""
        made = await self.post("/v1/customers", {"email": "ada@example.com", "name": "Ada"})
        attached = await self.post(f"/v1/payment_methods/{card}/attach", {"customer": made["id"]})
        settings = {"invoice_settings": {"default_payment_method": attached["id"]}}
        return await self.post(f"/v1/customers/{made['id']}", settings)

    async def open_invoice(self, customer: str, amount: int = 1900) -> dict[str, Any]:
        """A finalized one-off invoice."""
        item = {"customer": customer, "amount": amount, "currency": "usd"}
        status, _, _ = await self.send("POST", "/v1/invoiceitems", item)
        assert status == 200
        made = await self.post("/v1/invoices", {"customer": customer})
        return await self.post(f"/v1/invoices/{made['id']}/finalize")

    async def subscription(self, customer: str, amount: int = 2900) -> dict[str, Any]:
        """A monthly subscription of that price."""
        price = await self.post(
            "/v1/prices",
            {
                "currency": "usd",
                "unit_amount": amount,
                "recurring": {"interval": "month"},
                "product_data": {"name": "Team"},
            },
        )
        return await self.post(
            "/v1/subscriptions", {"customer": customer, "items": [{"price": price["id"]}]}
        )

    async def _good(
        self, method: str, path: str, form: Any, headers: dict[str, str]
    ) -> dict[str, Any]:
        status, said, _ = await self.send(method, path, form, **headers)
        assert status == 200, said
        openapi.check_answer(method, path, said, old=self.old)
        return said


def flat(value: Any, name: str = "") -> Any:
    """Nested values as Stripe's clients write them: a[b][0]=c."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from flat(inner, f"{name}[{position}]")
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def until(reached: Callable[[], Any]) -> None:
    """Wait for something that is about to be true; fails after five seconds."""
    for _ in range(500):
        if reached():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


class Inbox:
    """A webhook receiver that keeps what came and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.answers: list[int] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        """Keep the raw body with its signature."""
        self.got.append((await request.read(), request.headers["Stripe-Signature"]))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@asynccontextmanager
async def receiving() -> AsyncIterator[Inbox]:
    """An inbox on a free port."""
    inbox = Inbox()
    app = web.Application(client_max_size=2 * HUGE_BYTES)
    app.router.add_post("/hook", inbox.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    inbox.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield inbox
    finally:
        await runner.cleanup()
