"""On the customer's page: another card of theirs, one sentence each, agreed to and taken back."""

from datetime import timedelta

import httpx
from msgspec.structs import replace

from application.use_cases.backup_cards import choice_of
from domain.invoice import Card
from tests.web.site import ACME, NOW, Site
from tests.web.stories import POLICY, Story
from web.wording import backup
from web.wording.customer import speech_in

TOKEN = "t0ken-of-forty-three-letters-and-more-of-them"
LINK = f"/r/{TOKEN}"
AMEX = Card(payment_method="pm_amex", fingerprint="fp_amex", brand="amex", last4="8431")


async def linked(site: Site, *, used: bool = True) -> None:
    """A customer with an American Express card beside the one on file."""
    site.world.policies[ACME, POLICY.version] = replace(POLICY, use_backup=used)
    story = Story(invoice_id="in_0001", opened_at=NOW - timedelta(days=3))
    await site.link(TOKEN, await site.tell(story))
    site.payments.wallets[story.customer().customer_id] = (AMEX,)


async def test_the_page_offers_the_other_card_in_one_sentence(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    page = (await stranger.get(LINK)).text
    assert "may charge" in page
    assert "American Express ending in 8431" in page
    assert "pm_amex" not in page
    assert page.count(">Agree<") == 1


async def test_where_no_backup_is_used_none_is_spoken_of(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site, used=False)
    assert "8431" not in (await stranger.get(LINK)).text


async def test_opening_the_page_agrees_to_nothing(site: Site, stranger: httpx.AsyncClient) -> None:
    await linked(site)
    for _ in range(3):
        await stranger.get(LINK)
    assert not site.world.consents


async def test_who_agrees_sees_it_and_takes_it_back(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    answer = await stranger.post(f"{LINK}/backup", data={"card": choice_of(AMEX)})
    assert (answer.status_code, answer.headers["location"]) == (303, LINK)
    page = (await stranger.get(LINK)).text
    assert "is charged instead, once" in page
    assert "Take it back" in page
    await stranger.post(f"{LINK}/backup", data={"withdraw": "yes"})
    (held,) = site.world.consents.values()
    assert held.withdrawn_at is not None
    assert "Take it back" not in (await stranger.get(LINK)).text


async def test_a_card_that_is_not_offered_and_a_foreign_link_change_nothing(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    await linked(site)
    await stranger.post(f"{LINK}/backup", data={"card": "0123456789abcdef"})
    gone = await stranger.post("/r/nobodys-token/backup", data={"card": choice_of(AMEX)})
    assert (gone.status_code, gone.headers["location"]) == (303, "/r/nobodys-token")
    elsewhere = {"origin": "https://evil.example"}
    form = {"card": choice_of(AMEX)}
    answer = await stranger.post(f"{LINK}/backup", data=form, headers=elsewhere)
    assert answer.status_code == 403
    assert not site.world.consents


def test_version_one_of_the_words_is_as_it_was_agreed_to() -> None:
    """Another word is another version: change both, and keep this one in the archive of tests."""
    english = speech_in("en")
    assert backup.version(english) == "backup/1/en"
    assert backup.question(english, "Acme Books", "29.00 EUR", AMEX) == (
        "If the card on file is refused, Acme Books may charge 29.00 EUR to your American Express "
        "ending in 8431 instead, once. You can take this back here until then."
    )
