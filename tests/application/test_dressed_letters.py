"""What customers are sent wears the merchant's brand, says their words, and remembers which."""

import re
from collections import Counter

from msgspec.structs import replace

from application.ports.brands import MadeLogo
from application.ports.wordings import LetterRef, WordsUsed
from domain.brand import Brand, Logo
from domain.letters import OURS, InUse, LetterKind, LetterText
from domain.recovery.actions import ActionKind
from tests.application.bakery import Bakery
from tests.builders import MONDAY, a_customer, declined

CARD = LetterRef(LetterKind.UPDATE_CARD, "de")
LOGO = Logo(digest="ab" * 32, width=480, height=120)
BRAND = Brand(
    colour="#0a6a45",
    display_name="Nordlicht",
    sender_name="Anna of Nordlicht",
    reply_to="anna@nordlicht.example",
    legal_address="Hafenstr. 1\n20457 Hamburg",
    support_url="https://nordlicht.example/help",
    logo=LOGO,
)
WORDS = LetterText(
    subject="{{amount}} for {{merchant}}",
    preview="",
    opening="Dear {{customer}}, {% bread %} costs {{ amount }}.\n| Hello.",
    button="Pay for the bread",
)


async def opened(**invoice: object) -> Bakery:
    return await Bakery().opens(last_failure=declined("expired_card", "ch_first"), **invoice)


async def with_words(bakery: Bakery, use: InUse) -> None:
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.wordings.add(CARD, WORDS, "user:1", MONDAY)
        await uow.wordings.put_in_use(CARD, use, "user:1", MONDAY)


async def test_the_letter_wears_the_brand_and_carries_the_logo_along() -> None:
    bakery = await opened()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.brands.keep_logo(MadeLogo(logo=LOGO, picture=b"png"), MONDAY)
        await uow.brands.put(BRAND, MONDAY)
    assert await bakery.does_what_is_next() is ActionKind.REMINDER
    (letter,) = bakery.mailer.letters
    assert (letter.sender_name, letter.reply_to) == ("Anna of Nordlicht", "anna@nordlicht.example")
    assert letter.picture is not None
    assert letter.picture.png == b"png"
    assert f'src="cid:{letter.picture.cid}"' in letter.html
    assert 'alt="Nordlicht"' in letter.html
    assert "background-color: #0a6a45" in letter.html
    for text in (letter.text, letter.html):
        for line in ("Hafenstr. 1", "20457 Hamburg", "https://nordlicht.example/help"):
            assert line in text
    assert "Nordlicht" in letter.subject
    assert letter.unsubscribe is not None
    assert letter.unsubscribe in letter.text


async def test_who_decided_nothing_sends_what_was_always_sent() -> None:
    bakery = await opened()
    await bakery.does_what_is_next()
    (letter,) = bakery.mailer.letters
    assert (letter.sender_name, letter.reply_to) == ("The Bakery", "bread@example.com")
    assert letter.picture is None
    assert "<img" not in letter.html
    (held,) = bakery.world.messages.values()
    assert held.message.words == WordsUsed(letter=CARD, version=OURS, use=0)


async def test_the_letter_says_the_merchants_words_and_nothing_is_obeyed() -> None:
    bakery = await opened(customer=replace(a_customer(), name="{{amount}} {{ 7*7 }}"))
    await with_words(bakery, InUse(use=1, version=1))
    await bakery.does_what_is_next()
    (letter,) = bakery.mailer.letters
    assert letter.subject == "29,00 € for The Bakery"
    said = "Dear {{amount}} {{ 7*7 }}, {% bread %} costs 29,00\xa0€."
    assert said in letter.text
    assert "Pay for the bread" in letter.html
    assert "49" not in re.sub(r"https:\S+", "", letter.text)  # its links hold random letters
    assert "inzwischen bezahlt" in letter.text
    (held,) = bakery.world.messages.values()
    assert held.message.words == WordsUsed(letter=CARD, version=1, use=1)
    assert held.message.token_hash is not None


async def test_words_that_can_no_longer_be_used_leave_subject_and_button() -> None:
    bakery = await opened()
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        await uow.wordings.add(CARD, LetterText(subject="", preview="", opening="Hi."), "u", MONDAY)
        await uow.wordings.put_in_use(CARD, InUse(use=1, version=1), "u", MONDAY)
    await bakery.does_what_is_next()
    (letter,) = bakery.mailer.letters
    assert letter.subject
    assert "Andere Karte angeben" in letter.html
    assert "/u/" in letter.text


async def test_another_language_has_words_of_its_own() -> None:
    bakery = await opened(customer=replace(a_customer(), locale="fr"))
    await with_words(bakery, InUse(use=1, version=1))
    await bakery.does_what_is_next()
    (letter,) = bakery.mailer.letters
    assert "bread" not in letter.text


async def test_chance_decides_between_two_and_each_message_says_which() -> None:
    read = Counter[int]()
    for number in range(40):
        customer = replace(a_customer(), customer_id=f"cus_{number}")
        bakery = await opened(customer=customer)
        await with_words(bakery, InUse(use=1, version=OURS, rival=1, rival_percent=50))
        await bakery.does_what_is_next()
        (letter,) = bakery.mailer.letters
        (held,) = bakery.world.messages.values()
        assert held.message.words is not None
        version = held.message.words.version
        assert ("{% bread %}" in letter.text) == (version == 1)
        read[version] += 1
    assert set(read) == {OURS, 1}
