"""Whatever a name, a number or an address says: a letter keeps its headers, parts and elements."""

from itertools import product
from typing import Any, Final

import pytest
from msgspec import Struct

from adapters.email.brief import BriefTexts
from adapters.email.render import JinjaLetters
from application.ports.letters import (
    Dress,
    ExpiryText,
    FreshLinkText,
    OtherInvoice,
    ReminderText,
    Rendered,
    TextAbout,
)
from domain.brand import Brand, brand_faults, tidied
from domain.decline.telling import Tellable
from domain.letters import LetterText, faults_of
from domain.policy import Template
from tests.web.injected.mail import Mail, posted
from tests.web.injected.seen import ARITHMETIC, UNSEEN, page_of
from tests.web.injections import tried_on

LINK, STOP = "https://pay.ours.example/r/abc?a=1&b=2", "https://pay.ours.example/u/abc"
DESK: Final = JinjaLetters()
LANGUAGES: Final = ("",)


class About(Struct, frozen=True, kw_only=True):
    """What can be written of a letter."""

    merchant: str = "Anna"
    customer: str | None = "Anna"
    number: str = "Anna"
    last4: str = "4242"
    locale: str | None = "en"
    dress: Dress = Dress()

    @property
    def owed(self) -> dict[str, Any]:
        return {
            **self.people,
            "amount_minor": 29_00,
            "currency": "eur",
            "invoice_number": self.number,
        }

    @property
    def people(self) -> dict[str, Any]:
        return {
            "merchant_name": self.merchant,
            "customer_name": self.customer,
            "link": LINK,
            "stop_link": STOP,
            "locale": self.locale,
            "dress": self.dress,
        }

    def written(self) -> tuple[Rendered, ...]:
        """One of each kind."""
        other = OtherInvoice(amount_minor=1_00, currency="eur", number=self.number)
        told: dict[str, Any] = {
            **self.owed,
            "reason": Tellable.GENERIC,
            "step": 1,
            "next_attempt_on": "2026-07-04",
            "last4": self.last4,
            "others": (other,),
        }
        bill = {**told, "is_bill": True, "next_attempt_on": None, "last4": None}
        expires = {"expires": "2027-03", "is_over": False, "renews_on": "2027-04-01"}
        return (
            DESK.reminder(ReminderText(template=Template.UPDATE_CARD, **told)),
            DESK.reminder(ReminderText(template=Template.INVOICE_DUE, due_on="2026-08-01", **bill)),
            DESK.reminder(ReminderText(template=Template.RECOVERED, **told)),
            DESK.expiry(ExpiryText(last4=self.last4, **expires, **self.people)),
            DESK.fresh_link(FreshLinkText(**self.owed)),
        )


async def _sent(about: About, words: Rendered) -> Mail:
    mail = await posted(
        subject=words.subject,
        text=words.text,
        html=words.html,
        to_name=about.customer,
        sender_name=about.merchant,
    )
    assert mail is not None
    return mail


NAMES: Final = ("merchant", "customer", "number", "last4")
ALIKE: Final = tuple(
    About(**dict(zip(NAMES, said, strict=True))) for said in product(("Anna", ""), repeat=4)
)


def _made(words: Rendered) -> tuple[frozenset[str], int, int]:
    """Its elements, and how many lines its text and its subject have."""
    return page_of(words.html).kinds, len(words.text.split("\n")), len(words.subject.splitlines())


def _faults(words: Rendered) -> list[str]:
    texts = (words.subject, words.text, page_of(words.html).text)
    found = [f"unseen {text[:200]!r}" for text in texts if UNSEEN.search(text)]
    return found + ["it has counted" for text in texts if ARITHMETIC.search(text)]


def test_nothing_comes_through_names_and_numbers_into_a_letter() -> None:
    """Of whatever has nothing to be seen in it, its line is left out."""
    known = [set(map(_made, each)) for each in zip(*(a.written() for a in ALIKE), strict=True)]
    found = []
    for text in tried_on("letters"):
        for made, words in zip(known, About(**dict.fromkeys(NAMES, text)).written(), strict=True):
            found += [(text[:80], fault) for fault in _faults(words)]
            found += [(text[:80], "another letter")] * (_made(words) not in made)
    assert found[:9] == []


async def test_nothing_comes_through_names_and_numbers_into_its_headers() -> None:
    known = [(await _sent(each, each.written()[0])).built for each in ALIKE]
    found = []
    for text in tried_on("headers"):
        about = About(**dict.fromkeys(NAMES, text))
        mail = await _sent(about, about.written()[0])
        found += [(text[:80], fault) for fault in mail.faults()]
        found += [(text[:80], "another letter")] * (mail.built not in known)
    assert found[:9] == []


async def test_a_subject_is_one_header_or_the_letter_does_not_go() -> None:
    like = await posted()
    assert like is not None
    for text in tried_on("subject"):
        mail = await posted(subject=text)
        assert mail is None or mail.built == like.built, text[:80]


def test_a_locale_is_a_language_or_english() -> None:
    like = About().written()
    for text in tried_on("locale"):
        assert About(locale=text).written() == like or text in LANGUAGES, text[:80]


def test_nothing_comes_through_a_brand_or_words_of_the_merchants_own() -> None:
    alike = Brand(footer="Anna", legal_address="Anna", support_url="https://a.example")
    known = page_of(About(dress=Dress(brand=alike)).written()[0].html).kinds
    kept = 0
    for text in tried_on("brand and words"):
        brand = tidied(Brand(footer=text, legal_address=text, support_url="https://a.example"))
        own = LetterText(subject=text, preview=text, opening=text, body=text, button="Pay")
        for dress in (
            Dress(brand=Brand() if brand_faults(brand) else brand),
            Dress(text=None if faults_of(own) else own),
        ):
            kept += dress != Dress()
            words = About(dress=dress).written()[0]
            assert _faults(words) == [], text[:80]
            assert page_of(words.html).kinds <= known, text[:80]
    assert kept > 40


@pytest.mark.parametrize("field", ["to", "reply_to"])
async def test_an_address_is_one_address_or_the_letter_does_not_go(field: str) -> None:
    like = await posted()
    assert like is not None
    went = 0
    for text in tried_on(field):
        for address in (text, f"{text}@ours.example", f"anna@{text}"):
            mail = await posted(**{field: address})
            if mail is not None:
                went += 1
                assert list(mail.faults()) == [], address[:80]
                assert mail.built == like.built, address[:80]
    assert went > 5


def test_a_text_message_is_one_line_with_one_link() -> None:
    texts = BriefTexts()
    for text in tried_on("texts"):
        for field in ("merchant_name", "locale"):
            given: dict[str, Any] = {
                "merchant_name": "Anna", "amount_minor": 29_00, "currency": "eur",
                "template": Template.UPDATE_CARD, "is_bill": False, "link": LINK, "locale": "en",
                field: text,
            }  # fmt: skip
            body = texts.text(TextAbout(**given)).body
            assert not UNSEEN.search(body), (field, text[:80])
            assert not ARITHMETIC.search(body)
            assert len(body.splitlines()) == 1
            assert body.count(LINK) == 1
        answer = texts.help(text, text, "en")
        assert not UNSEEN.search(answer)
        assert len(answer.splitlines()) == 1
