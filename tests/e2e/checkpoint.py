"""A checkpoint between the product and its Stripe: whatever passes is held to the specs.

Towards Stripe: the call exists, with just such parameters; it says its version; whatever changes
something carries a key that is made the same way each time. Back: the answer is as described, or
an error as described. Towards us: the event, and the object in it, in the shape of its version.
Nothing is changed on the way, and nothing is held back.
"""

import re
from collections import Counter
from typing import Any, Final
from urllib.parse import parse_qsl

import aiohttp
import msgspec
from aiohttp import hdrs, web

from rehearsal.stripe_double import forms
from tests.rehearsal import openapi

# A case's id and what is done to it; a subscription and the card that it is given; the page of a
# minute; or what connecting does once to an account.
OUR_KEY: Final = re.compile(
    r"cc:[0-9a-f-]{36}:[A-Za-z0-9:_-]+|cc:sub_\w+:slot:pm_\w+|cc:card-page:[0-9a-f]{64}"
    r"|(endpoint|permission/[a-z_]+)/[0-9a-f]{16,64}"
)
NOT_FORWARDED: Final = {"host", "content-length", "transfer-encoding", "connection", "date"}
NOT_RETURNED: Final = {*NOT_FORWARDED, "content-encoding", "server"}
# No specification describes these; the trimmed ones leave out the calls about disputes.
PASSES_UNREAD: Final = ("/_double/", "/oauth/", "/v1/disputes")


class Checkpoint:
    """Listens on `url`; `problems` is what was wrong, `seen` what passed and how often.

    `stripe` and `product` are the addresses of the two sides.
    """

    def __init__(self, product: str) -> None:
        self.problems: list[str] = []
        self.seen: Counter[str] = Counter()
        self.url = ""
        self.stripe, self._product = "", product
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Where it listens."""
        app = web.Application(client_max_size=4 << 20)
        app.add_routes([web.route(hdrs.METH_ANY, "/{rest:.*}", self._pass)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._session = aiohttp.ClientSession(auto_decompress=False)
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _pass(self, request: web.Request) -> web.Response:
        body = await request.read()
        inward = request.path.startswith("/webhooks/")
        with self._noted(f"{request.method} {request.path}"):
            if inward:
                self._event(body)
            else:
                self._request(request, body)
        answer = await self._forwarded(self._product if inward else self.stripe, request, body)
        with self._noted(f"{request.method} {request.path} answered {answer.status}"):
            if not inward:
                self._answer(request, answer)
        return answer

    async def _forwarded(self, base: str, request: web.Request, body: bytes) -> web.Response:
        assert self._session is not None
        headers = {k: v for k, v in request.headers.items() if k.lower() not in NOT_FORWARDED}
        try:
            async with self._session.request(
                request.method,
                base + request.path_qs,
                data=body,
                headers=headers,
                allow_redirects=False,
            ) as answer:
                said = await answer.read()
                kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in NOT_RETURNED]
                return web.Response(status=answer.status, body=said, headers=kept)
        except aiohttp.ClientError:
            return web.Response(status=502)  # the other side is starting or has gone

    def _request(self, request: web.Request, body: bytes) -> None:
        if request.path.startswith(PASSES_UNREAD):
            return
        params = forms.nest([*parse_qsl(request.query_string), *parse_qsl(body.decode())])
        name = openapi.check_request(request.method, request.path, params)
        self.seen[name] += 1
        if not request.headers.get("Stripe-Version"):
            raise openapi.NotAsDescribed("says no version")
        key = request.headers.get("Idempotency-Key", "")
        if request.method == "POST" and not OUR_KEY.fullmatch(key):
            raise openapi.NotAsDescribed(f"its key is not one of ours: {key!r}")

    def _answer(self, request: web.Request, answer: web.Response) -> None:
        if request.path.startswith(PASSES_UNREAD) or answer.status >= 500:
            return
        assert isinstance(answer.body, bytes)
        said: dict[str, Any] = msgspec.json.decode(answer.body)
        if answer.status == 200:
            openapi.check_answer(request.method, request.path, said, old=False)
        else:
            openapi.check_error(said, old=False)

    def _event(self, body: bytes) -> None:
        event: dict[str, Any] = msgspec.json.decode(body)
        old = event["api_version"] < "2025-03-31"
        openapi.check_event(event, old=old)
        self.seen[f"{event['type']} ({'old' if old else 'new'} shape)"] += 1

    def _noted(self, what: str) -> "_Noted":
        return _Noted(self.problems, what)


class _Noted:
    """Whatever is wrong is written down, and lets the traffic pass."""

    def __init__(self, problems: list[str], what: str) -> None:
        self._problems, self._what = problems, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> bool:
        if not isinstance(problem, Exception):
            return False
        self._problems.append(f"{self._what}: {type(problem).__name__}: {problem}")
        return True
