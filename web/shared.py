"""What routes share: made once for an app, and found by each request at the app it came to."""

import time
from dataclasses import dataclass, fields
from typing import Any

from litestar import Request, Response
from litestar.di import Provide

from web.accounts import Door
from web.api import Gate
from web.assets import Assets
from web.attempts import AttemptLimiter, WrongLinks
from web.errors import Handler, error_handler
from web.live import Watches
from web.parts import WebParts
from web.rendering import Renderer, build_renderer
from web.security import Check, FormTokens, customers_check, form_check, host_check
from web.sessions import CookieNames, Sessions, admit
from web.snippet import Desk

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What routes may ask for, by these names."""

    parts: WebParts
    sessions: Sessions
    assets: Assets
    renderer: Renderer
    door: Door
    watches: Watches
    wrong_links: WrongLinks
    gate: Gate
    desk: Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Dependencies, and what is asked before and after routes."""

    dependencies: Dependencies
    check_form: Check
    check_customer: Check
    check_host: Check
    on_error: Handler


def share(parts: WebParts) -> Shared:
    """All that an app makes out of what it was given."""
    sessions = Sessions(parts, CookieNames.of(parts))
    tokens = FormTokens(parts.secret, sessions)
    assets = Assets()
    renderer = build_renderer(parts, assets, tokens)
    return Shared(
        dependencies=Dependencies(
            parts=parts,
            sessions=sessions,
            assets=assets,
            renderer=renderer,
            door=Door(parts),
            watches=Watches(parts),
            wrong_links=WrongLinks(AttemptLimiter(time.monotonic)),
            gate=Gate(parts),
            desk=Desk(parts),
        ),
        check_form=form_check(parts, tokens),
        check_customer=customers_check(parts),
        check_host=host_check(parts),
        on_error=error_handler(parts, renderer),
    )


def shared_dependencies() -> dict[str, Provide]:
    """Each dependency under its name."""
    return {field.name: _provide(field.name) for field in fields(Dependencies)}


async def check_team(request: AnyRequest) -> None:
    """Before a page of the team's. Raises as `form_check` and `admit` say."""
    await check_form(request)
    await admit(request, _shared(request).dependencies.sessions)


async def check_form(request: AnyRequest) -> None:
    """Before the door. Raises as `form_check` says."""
    await _shared(request).check_form(request)


async def check_customer(request: AnyRequest) -> None:
    """Before a customer's page. Raises as `customers_check` says."""
    await _shared(request).check_customer(request)


async def check_host(request: AnyRequest) -> None:
    """Before what programs read. Raises as `host_check` says."""
    await _shared(request).check_host(request)


def answer_fault(request: AnyRequest, fault: Exception) -> Response[Any]:
    """Instead of what a route could not answer."""
    return _shared(request).on_error(request, fault)


def _provide(name: str) -> Provide:
    def find(request: AnyRequest) -> Any:
        return getattr(_shared(request).dependencies, name)

    return Provide(find, sync_to_thread=False)


def _shared(request: AnyRequest) -> Shared:
    shared: Shared = request.app.state.shared
    return shared
