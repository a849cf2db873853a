"""Where one can go: all places are there, the open one is marked, and nobody sees what is not
theirs."""

import re

import httpx
import pytest

from domain.access import Role, may
from tests.web.site import ACME, TEAMLESS, Site, running, sign_in, visitor
from tests.web.test_stripe_account import Desk
from web.places import DAILY, HOME, SENDING, SETTINGS, STRIPE, Guide

ALL = (*DAILY, HOME, *(place for group in SETTINGS for place in group.places))
CURRENT = re.compile(r'href="([^"]+)" aria-current="(page|true)"')


def rail(page: str) -> str:
    return page.split('<nav class="rail"')[1].split("</nav>", maxsplit=1)[0]


def test_no_two_places_are_one() -> None:
    assert len({place.url for place in ALL}) == len({place.name for place in ALL}) == len(ALL)


async def test_every_place_opens_and_marks_itself(site: Site, mara: httpx.AsyncClient) -> None:
    for place in ALL:
        page = await mara.get(place.url)
        if place in {STRIPE, SENDING}:
            assert page.status_code == 404
            continue
        marked = dict(CURRENT.findall(rail(page.text)))
        assert marked[place.url] == "page"
        assert len(marked) == (2 if place.url.startswith("/settings/") else 1)


async def test_a_page_beneath_a_place_marks_where_it_belongs(mara: httpx.AsyncClient) -> None:
    page = (await mara.get("/settings/letters/payment_failed/de")).text
    assert dict(CURRENT.findall(rail(page))) == {"/settings": "true", "/settings/letters": "true"}


async def test_settings_unfold_where_one_is_in_them_and_fold_elsewhere(
    mara: httpx.AsyncClient,
) -> None:
    assert "/settings/letters" not in rail((await mara.get("/cases")).text)
    home = (await mara.get("/settings")).text
    for group in SETTINGS:
        assert group.name in rail(home)
    assert home.count('href="/settings/brand"') == 2
    assert 'class="crumb up"' not in home
    assert 'class="crumb up"' in (await mara.get("/settings/brand")).text


@pytest.mark.parametrize("role", [*Role, "stranger"])
async def test_nobody_sees_a_place_that_their_role_does_not_open(site: Site, role: str) -> None:
    user = site.world.users[TEAMLESS]
    site.world.roles[ACME, user.user_id] = role
    async with visitor(site) as client:
        await sign_in(client, TEAMLESS)
        home = (await client.get("/settings")).text
        for place in ALL[len(DAILY) + 1 :]:
            opens = may(role, place.needs) and place not in {STRIPE, SENDING}
            assert (f'href="{place.url}"' in home) == opens


async def test_what_an_installation_has_not_is_not_offered() -> None:
    house = Site(stripe_desk=Desk())
    await house.open_house()
    async with running(house), visitor(house) as client:
        await sign_in(client)
        home = (await client.get("/settings")).text
        assert f'href="{STRIPE.url}"' in home
        assert f'href="{SENDING.url}"' not in home


async def test_the_page_of_settings_is_for_members_only(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/settings")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/settings")


@pytest.mark.parametrize("path", ["/", "/tasksx", "/settings-of-mine", "/nothing"])
def test_a_path_that_only_begins_alike_belongs_to_no_place(path: str) -> None:
    guide = Guide.for_("owner", path, frozenset())
    assert not any(guide.mark(place) for place in ALL)
    assert not guide.in_settings
