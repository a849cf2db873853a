"""Who calls, for which account, and what the request says; everything else is refused here."""

import contextlib
import time
from base64 import b64decode
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from rehearsal.stripe_double import errors, forms, keyrights, ledger
from rehearsal.stripe_double.api import Call
from rehearsal.stripe_double.renewals import Renewals
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause, World

MAX_BODY: Final = 1_048_576


class Gate:
    """Turns an HTTP request into a Call; raises StripeError (400, 401, 403, 429) instead."""

    def __init__(self, world: World, renewals: Renewals) -> None:
        self._world = world
        self._renewals = renewals
        self._spent: dict[str, tuple[int, int]] = {}

    async def admit(self, request: web.Request, request_id: str) -> Call:
        """Authenticate and parse."""
        key = request.headers.get("Idempotency-Key")
        cause = Cause("api", request_id, key)
        merchant = self._authenticate(request, cause)
        pairs = [*_pairs(request.query_string), *_pairs(await _body(request))]
        return Call(
            world=self._world,
            renewals=self._renewals,
            merchant=merchant,
            cause=cause,
            method=request.method,
            path=request.path,
            at=dict(request.match_info),
            params=forms.nest(pairs),
            version=request.headers.get("Stripe-Version"),
        )

    def check_rate(self, merchant: Document) -> None:
        """Count the call against the account's limit per second of wall time, if it has one."""
        limit = merchant["_rate_limit"]
        second = int(time.time())
        started, spent = self._spent.get(merchant["id"], (second, 0))
        spent = spent + 1 if started == second else 1
        self._spent[merchant["id"]] = (second, spent)
        if limit and spent > limit:
            raise errors.rate_limited()

    def _authenticate(self, request: web.Request, cause: Cause) -> Document:
        key = api_key(request.headers.get("Authorization", ""))
        if not key:
            raise errors.unauthorized(
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth."
            )
        accounts = self._world.store.all("account")
        own = next(
            (each for each in accounts if key in {each["_api_key"], *_restricted(each)}), None
        )
        if own is None:
            raise errors.unauthorized(f"Invalid API Key provided: {key[:8]}****")
        allowed = _restricted(own).get(key)
        if allowed is not None:
            keyrights.check(request.method, request.path, key, own["id"], allowed)
        wanted = request.headers.get("Stripe-Account") or own["id"]
        account = self._world.store.get("account", wanted)
        if account is None or own["id"] not in {account["id"], account["_platform"]}:
            if account is not None and account.get("_left") == own["id"]:
                self._note_revoked(request, account, cause)
            raise errors.account_invalid(wanted)
        if account["_revoked"]:
            self._note_revoked(request, account, cause)
            raise errors.account_invalid(wanted)
        if own is not account:
            self._check_foreign(request, account)
        return account

    def _check_foreign(self, request: web.Request, account: Document) -> None:
        """Reported of Connect, and to be checked: a platform may not change a subscription that it
        did not create. The account's setting `foreign_subscriptions` says whether it may here."""
        if account.get("_foreign_subscriptions", True) or request.method == "GET":
            return
        if request.path.startswith("/v1/subscriptions/") and self._world.store.get(
            "subscription", request.match_info.get("id")
        ):
            raise errors.not_created_by_platform("subscription")

    def _note_revoked(self, request: web.Request, account: Document, cause: Cause) -> None:
        """An attempt to charge for a merchant who has left is a grave mistake of the caller's."""
        billed = self._world.store.get("invoice", request.match_info.get("id"))
        mine = billed is not None and billed["_account"] == account["id"]
        if billed and mine and request.path.endswith("/pay"):
            ledger.record(self._world, cause, billed, outcome="account_revoked", http_status=403)


def _restricted(account: Document) -> dict[str, list[str]]:
    """The account's restricted keys and what each may do; a kept world of before had none."""
    keys: dict[str, list[str]] = account.get("_restricted_keys", {})
    return keys


def api_key(header: str) -> str:
    """The key of Bearer authentication, or of Basic where it stands as the user name."""
    scheme, _, key = header.partition(" ")
    if scheme == "Basic":
        with contextlib.suppress(ValueError):
            return b64decode(key).decode("latin-1").partition(":")[0]
    return key


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=forms.MAX_FIELDS)
    except ValueError:
        raise errors.invalid("Too many parameters.") from None


async def _body(request: web.Request) -> str:
    raw = bytearray()
    while not request.content.at_eof():
        raw += await request.content.read(MAX_BODY + 1 - len(raw))
        if len(raw) > MAX_BODY:
            raise errors.invalid("The request body is too large.")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise errors.invalid("The request body is not UTF-8.") from None
