"""Every address of the team's, from the route table itself, asked in every role; the matrix is the
one that `docs/roles.md` promises."""

import copy
import re
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest
from litestar.routes import HTTPRoute

from application.ports.suppressions import Suppression
from domain.access import ALLOWED, Permission, Role, may
from domain.tasks import TaskKind
from tests.web.site import NOW, Site, form_token, running, sign_in, visitor
from tests.web.stories import Story
from web.app import routed
from web.sessions import NEEDS

DOCUMENT = Path(__file__).parents[2] / "docs" / "roles.md"
# Addresses for whoever comes: each has a check of its own (a key, a signature, a link, a cookie).
FOR_ANYBODY = (
    "/sign-in", "/sign-out", "/r/", "/u/", "/api", "/snippet/", "/webhooks/", "/health/",
    "/metrics", "/static/", "/vendor/", "/brand/", "/tls/ask", "/.well-known/chargechase",
)  # fmt: skip
SUBJECTS = {"uuid": lambda: str(uuid4()), "str": lambda: "nothing", "int": lambda: "7"}


class Address(NamedTuple):
    """A way into the app."""

    method: str
    path: str
    needs: Permission | None

    def filled(self) -> str:
        """With ids that belong to nobody."""
        return re.sub(r"\{\w+:(\w+)\}", lambda found: SUBJECTS[found[1]](), self.path)


def addresses() -> list[Address]:
    return sorted(
        Address(method, route.path, handler.opt.get(NEEDS))
        for route in routed().routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
    )


TEAMS = [each for each in addresses() if each.needs is not None]


@pytest.fixture
async def house() -> AsyncIterator[Site]:
    site = Site(stream_s=0.05)
    await site.open_house()
    async with running(site):
        yield site


def take_role(site: Site, role: str) -> None:
    for place in site.world.roles:
        site.world.roles[place] = role


def held(site: Site) -> dict[str, Any]:
    """All that is kept, but for visits."""
    return {
        field.name: copy.deepcopy(getattr(site.world, field.name))
        for field in fields(site.world)
        if field.name not in {"sessions", "roles"}
    }


def documented() -> dict[Role, set[Permission]]:
    """What the table in the docs promises."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    roles = [Role(cell) for cell in rows[0][1:]]
    promised: dict[Role, set[Permission]] = {role: set() for role in roles}
    for about, *cells in rows[2:]:
        (name,) = re.findall(r"`(\w+)`", about)
        for role, cell in zip(roles, cells, strict=True):
            if cell == "yes":
                promised[role].add(Permission(name))
    return promised


def test_the_matrix_is_the_documented_one() -> None:
    assert documented() == {role: set(allowed) for role, allowed in ALLOWED.items()}


def test_every_address_is_somebodys_or_everybodys() -> None:
    open_to_all = {each.path for each in addresses() if each.needs is None}
    assert {path for path in open_to_all if not path.startswith(FOR_ANYBODY)} == set()
    assert {each.needs for each in TEAMS} == set(Permission)


def test_who_only_looks_changes_nothing_and_settings_are_not_for_whoever_works_on_cases() -> None:
    daily = {Permission.SEE_CASES, Permission.WORK_CASES}
    for each in TEAMS:
        assert each.method == "GET" or each.needs is not Permission.SEE_CASES, each
        assert not each.path.startswith("/settings/") or each.needs not in daily, each


@pytest.mark.parametrize("role", [*Role, "", "Owner", "member"])
async def test_an_address_answers_those_whose_role_allows_it(house: Site, role: str) -> None:
    async with visitor(house) as client:
        await sign_in(client)
        token = form_token((await client.get("/cases")).text)
        take_role(house, role)
        for each in TEAMS:
            before = held(house)
            answer = await ask(client, each, token)
            assert each.needs is not None
            if may(role, each.needs):
                assert answer.status_code != 403, (role, each)
            else:
                assert answer.status_code == 403, (role, each)
                assert "Your role in the team" in answer.text
                assert held(house) == before, (role, each)


@pytest.mark.parametrize("address", TEAMS, ids=lambda each: f"{each.method} {each.path}")
async def test_who_is_not_signed_in_gets_nowhere(
    stranger: httpx.AsyncClient, address: Address
) -> None:
    answer = await stranger.request(address.method, address.filled())
    assert answer.status_code in {303, 401, 403}
    assert answer.headers.get("location", "/sign-in").startswith("/sign-in")


async def test_a_role_that_is_taken_away_is_gone_at_the_next_click(house: Site) -> None:
    async with visitor(house) as client:
        await sign_in(client)
        assert (await client.get("/settings/brand")).status_code == 200
        take_role(house, Role.VIEWER)
        assert (await client.get("/settings/brand")).status_code == 403
        assert (await client.get("/cases")).status_code == 200


@pytest.mark.parametrize("role", Role)
async def test_nobody_is_shown_a_button_that_would_be_refused(house: Site, role: Role) -> None:
    async with visitor(house) as client:
        await sign_in(client)
        story = Story(invoice_id="in_1", opened_at=NOW - timedelta(days=3))
        case_id = await house.tell(story)
        await house.ask(TaskKind.LARGE_AMOUNT, case_id)
        await house.silence("ines@example.com", Suppression.BOUNCED)
        take_role(house, role)
        for path in ("/tasks", "/tasks/at-risk", f"/cases/{case_id}"):
            page = (await client.get(path)).text
            assert "Ines Blume" in page
            forms = set(re.findall(r'<form[^>]* action="([^"]+)"', page)) - {"/sign-out"}
            assert bool(forms) == may(role, Permission.WORK_CASES), path


async def ask(client: httpx.AsyncClient, address: Address, token: str) -> httpx.Response:
    if address.method == "GET":
        return await client.get(address.filled())
    return await client.request(address.method, address.filled(), data={"form_token": token})
