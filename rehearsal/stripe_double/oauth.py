"""Connect's OAuth: a page on which an account agrees, the token, and both ways of parting again.

Which accounts a platform's key reaches is the account's `_platform`. Sources:
docs.stripe.com/connect/oauth-reference, docs.stripe.com/connect/oauth-standard-accounts.
"""

from html import escape
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
from aiohttp import web

from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.frame import framed
from rehearsal.stripe_double.gate import api_key
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause, World

CODE_LASTS_S: Final = 300
SCOPES: Final = ("read_only", "read_write")
_BY_MERCHANT: Final = Cause("dashboard")
_ASKS: Final = {
    "read_only": "read your payments",
    "read_write": "read your payments, and to change and charge them",
}


class OAuthError(Exception):
    """A refusal in OAuth's shape: `error` is a code, `error_description` words."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code, self.status = code, status

    def answer(self) -> web.Response:
        """As the endpoints of connect.stripe.com answer it."""
        said = {"error": self.code, "error_description": str(self)}
        return web.json_response(said, status=self.status)


class OAuth:
    """The three endpoints, and what the control API needs of them. `home` is the own account."""

    def __init__(self, world: World, home: str) -> None:
        self._world, self._home = world, home

    def routes(self) -> list[web.RouteDef]:
        """GET and POST of the page, the token, the parting."""
        return [
            web.get("/oauth/authorize", self.page),
            web.post("/oauth/authorize", self.decide),
            web.post("/oauth/token", self.token),
            web.post("/oauth/deauthorize", self.deauthorize),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """Who asks, for what, and for which account."""
        try:
            platform, _ = self._asked(request)
        except OAuthError as refusal:
            return refusal.answer()
        app, scope = platform["_oauth"], _scope(request)
        rows = "\n".join(
            f'<label><input type="radio" name="account" value="{escape(each["id"])}" required> '
            f"{escape(each['settings']['dashboard']['display_name'])} "
            f"({escape(each['id'])})</label>"
            for each in self._free(platform)
        )
        body = (
            f"<h1>{escape(app['name'])} wants access to your Stripe account</h1>"
            f'<p class="dim">It asks to {_ASKS[scope]}. You can take it back at any time.</p>'
            f'<form method="post"><fieldset><legend class="dim">Account</legend>{rows}</fieldset>'
            '<button name="decision" value="connect">Connect</button>'
            '<button class="plain" name="decision" value="cancel" formnovalidate>Cancel</button>'
            "</form>"
        )
        return framed(f"Connect {app['name']}", body, small="nobody has to sign in.")

    async def decide(self, request: web.Request) -> web.Response:
        """Back to the platform: with a code, or with `access_denied`."""
        try:
            platform, back = self._asked(request)
            form = await request.post()
            if form.get("decision") != "connect":
                denied = "The user denied your request"
                said = {"error": "access_denied", "error_description": denied}
            else:
                account = self._chosen(platform, str(form.get("account", "")))
                code = self._new_code(platform, account, _scope(request))
                said = {"scope": _scope(request), "code": code}
        except OAuthError as refusal:
            return refusal.answer()
        self._world.store.flush()
        if "state" in request.query:
            said["state"] = request.query["state"]
        joint = "&" if urlsplit(back).query else "?"
        return web.Response(status=303, headers={"Location": f"{back}{joint}{urlencode(said)}"})

    async def token(self, request: web.Request) -> web.Response:
        """A code becomes access, once and within five minutes."""
        form = await request.post()
        try:
            platform = self._platform_of(request, form)
            account, code = self._redeemed(platform, form)
        except OAuthError as refusal:
            return refusal.answer()
        finally:
            self._world.store.flush()
        mode = "live" if platform["_oauth"]["livemode"] else "test"
        return web.json_response(
            {
                "access_token": f"sk_{mode}_{self._world.new_id('', 24)}",
                "livemode": mode == "live",
                "refresh_token": f"rt_{self._world.new_id('', 24)}",
                "token_type": "bearer",
                "stripe_publishable_key": f"pk_{mode}_{self._world.new_id('', 24)}",
                "stripe_user_id": account["id"],
                "scope": code["scope"],
            }
        )

    async def deauthorize(self, request: web.Request) -> web.Response:
        """The platform's own way out."""
        form = await request.post()
        try:
            platform = self._platform_of(request, form)
            if form.get("client_id") != platform["_oauth"]["client_id"]:
                raise OAuthError("invalid_client", "No such application for this key.", 401)
            wanted = str(form.get("stripe_user_id", ""))
            account = self._world.store.get("account", wanted)
            if account is None or account["_platform"] != platform["id"]:
                raise OAuthError(
                    "invalid_client",
                    f"This application is not connected to stripe account {wanted}, or that "
                    "account does not exist.",
                    401,
                )
        except OAuthError as refusal:
            return refusal.answer()
        self.part(account, Cause("api", self._world.new_id("req_", 14)))
        return web.json_response({"stripe_user_id": account["id"]})

    async def register(self, request: web.Request) -> web.Response:
        """Control: make an account a platform. `{"client_id": "ca_…", "redirect_uris": […]}`, with
        `account` for another than the own, `name`, and `livemode` for a token of the other mode."""
        wanted = msgspec.json.decode(await request.read(), type=Registration)
        platform = self._world.store.get("account", wanted.account or self._home)
        if platform is None:
            return web.json_response({"error": "no such account"}, status=404)
        platform["_oauth"] = msgspec.to_builtins(wanted)
        self._world.store.touch(platform)
        self._world.store.flush()
        return web.json_response(platform["_oauth"])

    async def revoke(self, request: web.Request) -> web.Response:
        """Control: `{"account": "acct_…"}` takes its agreement back in its own dashboard."""
        wanted: dict[str, Any] = msgspec.json.decode(await request.read())
        account = self._world.store.get("account", str(wanted.get("account")))
        if account is None or not account["_platform"]:
            return web.json_response({"error": "no such account, or not connected"}, status=404)
        self.part(account, _BY_MERCHANT)
        return web.json_response({"account": account["id"]})

    def part(self, account: Document, cause: Cause) -> None:
        """The platform is told by its Connect endpoints, and reaches the account no more."""
        platform = self._world.store.get("account", account["_platform"])
        self._tell("deauthorized", platform, account, cause)
        account["_left"] = account["_platform"]
        account["_platform"] = None
        self._world.store.touch(account)
        self._world.store.flush()

    def _asked(self, request: web.Request) -> tuple[Document, str]:
        """The platform, and where to go back to. Never to an address that it has not named."""
        platform = self._by_client(request.query.get("client_id", ""))
        if platform is None:
            raise OAuthError("invalid_client", "No application matches the supplied client.", 401)
        named = platform["_oauth"]["redirect_uris"]
        back = request.query.get("redirect_uri") or named[0]
        if back not in named:
            raise OAuthError("invalid_redirect_uri", "Invalid redirect URI.")
        if request.query.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "response_type must be code.")
        if _scope(request) not in SCOPES:
            raise OAuthError("invalid_scope", "scope must be read_only or read_write.")
        return platform, back

    def _by_client(self, client_id: str) -> Document | None:
        known = self._world.store.all("account")
        return next(
            (each for each in known if each.get("_oauth", {}).get("client_id") == client_id), None
        )

    def _free(self, platform: Document) -> list[Document]:
        """Accounts that may agree: none that another platform holds already."""
        return [
            each
            for each in self._world.store.all("account")
            if each is not platform and each["_platform"] in {None, "", platform["id"]}
        ]

    def _chosen(self, platform: Document, account: str) -> Document:
        found = next((each for each in self._free(platform) if each["id"] == account), None)
        if found is None:
            raise OAuthError("invalid_request", "Choose one of the accounts.")
        return found

    def _new_code(self, platform: Document, account: Document, scope: str) -> str:
        made = {
            "object": "oauth_code", "id": self._world.new_id("ac_"), "_account": account["id"],
            "platform": platform["id"], "scope": scope, "used": False,
            "expires": self._world.seconds() + CODE_LASTS_S,
        }  # fmt: skip
        return str(self._world.store.insert(made)["id"])

    def _platform_of(self, request: web.Request, form: Any) -> Document:
        """Whose secret key it is; it may stand in the form, too."""
        key = api_key(request.headers.get("Authorization", "")) or form.get("client_secret")
        known = self._world.store.all("account")
        found = next((each for each in known if key and each["_api_key"] == key), None)
        if found is None or "_oauth" not in found:
            raise OAuthError("invalid_client", "No such API key, or it has no application.", 401)
        return found

    def _redeemed(self, platform: Document, form: Any) -> tuple[Document, Document]:
        if form.get("grant_type") != "authorization_code":
            raise OAuthError("unsupported_grant_type", "grant_type must be authorization_code.")
        given = str(form.get("code", ""))
        code = self._world.store.get("oauth_code", given)
        if code is None:
            raise OAuthError("invalid_grant", f"Authorization code does not exist: {given}")
        if code["platform"] != platform["id"]:
            raise OAuthError("invalid_grant", "Authorization code provided does not belong to you")
        account = self._world.store.get("account", code["_account"])
        assert account is not None, "an account is never forgotten"
        if code["used"]:
            raise OAuthError("invalid_grant", f"This authorization code was used already: {given}")
        if code["expires"] < self._world.seconds():
            raise OAuthError("invalid_grant", f"Authorization code expired: {given}")
        code["used"] = True
        self._world.store.touch(code)
        self._join(platform, account)
        return account, code

    def _join(self, platform: Document, account: Document) -> None:
        known = account["_platform"] == platform["id"]
        account["_platform"] = platform["id"]
        account.pop("_left", None)
        self._world.store.touch(account)
        if not known:
            self._tell("authorized", platform, account, _BY_MERCHANT)

    def _tell(self, what: str, platform: Document | None, account: Document, cause: Cause) -> None:
        known = (platform or {}).get("_oauth") or {"client_id": "ca_rehearsal", "name": "Rehearsal"}
        about = {
            "id": known["client_id"], "object": "application", "name": known["name"],
            "_account": account["id"],
        }  # fmt: skip
        emit(self._world, f"account.application.{what}", about, cause)


class Registration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a platform has told Stripe of itself."""

    client_id: str
    redirect_uris: list[str]
    account: str | None = None
    name: str = "ChargeChase"
    livemode: bool = False


def _scope(request: web.Request) -> str:
    """Stripe's default is to read only."""
    return request.query.get("scope") or SCOPES[0]
