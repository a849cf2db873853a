"""One app with two merchants, and browsers for it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.web.site import Site, running, sign_in, visitor


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    house = Site()
    await house.open_house()
    async with running(house):
        yield house


@pytest.fixture
async def stranger(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not signed in."""
    async with visitor(site) as client:
        yield client


@pytest.fixture
async def mara(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A member of Acme's team, signed in."""
    async with visitor(site) as client:
        await sign_in(client)
        yield client
