"""An endpoint in a merchant's own account: its own secrets, its own account, its own mode."""

import msgspec
import pytest
from msgspec.structs import replace

from adapters.memory.unit_of_work import units_of_work
from application.errors import Unavailable
from application.ports.conveyor import IncomingEvent
from application.ports.stripe_accounts import Access, Endpoint, EndpointOwner, Holder, NewConnection
from tests.web.deliveries import deliver, status
from tests.web.site import ACME, NOW, Site, read_envelope

PATH = "/webhooks/stripe/an-id-that-nobody-guesses"
BODY = b'{"id": "evt_1", "type": "invoice.paid"}'
OLD, NEW = "whsec_before_the_roll", "whsec_after_the_roll"


async def connect(site: Site, *secrets: str) -> None:
    """Acme has our endpoint in its account."""
    endpoint = Endpoint(endpoint_id=PATH.rsplit("/", 1)[-1], stripe_id="we_1", secrets=secrets)
    new = NewConnection(
        holder=Holder(account="acct_acme", livemode=False),
        access=Access.KEY,
        key="rk_test_of_acme",
        endpoint=endpoint,
    )
    async with units_of_work(site.world)(ACME) as work:
        await work.connections.put(new, NOW)


async def answer(site: Site, signed: str, path: str = PATH) -> int:
    return await status(site, BODY, headers={"stripe-signature": signed}, path=path)


def told(**differences: object) -> Site:
    """A site whose deliveries say something else of themselves."""

    def read(raw: bytes) -> IncomingEvent:
        return replace(read_envelope(raw), **differences)

    return Site(read_envelope=read)


async def test_its_events_are_those_of_its_account_though_they_name_none(site: Site) -> None:
    await connect(site, OLD)
    assert await answer(site, OLD) == 200
    assert [event.account for event in site.intake.kept] == ["acct_acme"]


async def test_while_its_secret_is_rolled_both_are_good(site: Site) -> None:
    await connect(site, NEW, OLD)
    assert [await answer(site, each) for each in (OLD, NEW)] == [200, 200]


async def test_the_installations_secret_is_none_of_its(site: Site) -> None:
    await connect(site, OLD)
    assert await answer(site, "good") == 400
    assert await answer(site, OLD, "/webhooks/stripe") == 400
    assert not site.intake.kept


async def test_one_without_a_secret_yet_lets_nothing_in(site: Site) -> None:
    await connect(site)
    assert [await answer(site, each) for each in ("good", "", OLD)] == [400, 400, 400]


@pytest.mark.parametrize("path", [f"{PATH}x", f"{PATH}/x", "/webhooks/stripe/", PATH + "x" * 5000])
async def test_an_address_that_is_none_is_404_and_nothing_is_kept(site: Site, path: str) -> None:
    await connect(site, OLD)
    assert await answer(site, OLD, path) == 404
    assert not site.intake.kept


@pytest.mark.parametrize("differs", [{"account": "acct_other"}, {"livemode": True}])
async def test_an_event_of_another_account_or_of_the_other_mode_is_refused(
    differs: dict[str, object],
) -> None:
    site = told(**differs)
    await connect(site, OLD)
    assert await answer(site, OLD) == 422
    assert not site.intake.kept


async def test_an_event_that_names_its_own_account_is_kept() -> None:
    site = told(account="acct_acme")
    await connect(site, OLD)
    assert await answer(site, OLD) == 200


async def test_while_nobody_can_say_whose_it_is_stripe_is_asked_to_come_again() -> None:
    class Away:
        async def find(self, endpoint_id: str) -> EndpointOwner | None:
            raise Unavailable("postgres")

    site = Site(endpoints=Away())
    assert await answer(site, OLD) == 503


async def test_what_is_observed_and_answered_does_not_name_the_endpoint(site: Site) -> None:
    await connect(site, OLD)
    sent = await deliver(site, BODY, headers={"stripe-signature": OLD}, path=PATH)
    assert PATH not in msgspec.json.encode(site.observed).decode()
    assert b"nobody-guesses" not in b"".join(message.get("body", b"") for message in sent)
