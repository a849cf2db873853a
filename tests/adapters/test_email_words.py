"""The letters' own words: nine languages, each with every letter, none with a fault."""

import re
from itertools import product
from typing import Any

import pytest

from adapters.email.money import locale_of
from adapters.email.render import JinjaLetters
from adapters.email.words import LANGUAGES, best_for, language
from application.ports.letters import ExpiryText, FreshLinkText, ReminderText, Rendered
from domain.decline.telling import Tellable
from domain.letters import Field, LetterKind, LetterText, faults_of
from domain.policy import Template
from tests.adapters.test_email_reminder import LINK, Seen

NAME = re.compile(r"\{\{([a-z0-9_]+)\}\}")
STOP = "https://pay.bakery.example/u/abc"
words = JinjaLetters()


def names(letter: LetterText) -> set[str]:
    blocks = (getattr(letter, block) for block in letter.__struct_fields__)
    return {name for text in blocks for name in NAME.findall(text)}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_language_has_every_letter_without_a_fault(tag: str) -> None:
    told = language(tag)
    assert set(told.letters) == set(LetterKind)
    assert set(told.reasons) == set(Tellable) - {Tellable.GENERIC, Tellable.AUTHENTICATE}
    for kind, letter in told.letters.items():
        assert faults_of(letter, kind) == ()
    for line in (*told.reasons.values(), told.common.thanks, told.common.address):
        assert line.strip()
        assert "{{" not in line


@pytest.mark.parametrize(("tag", "kind"), list(product(LANGUAGES[1:], LetterKind)))
def test_a_translation_says_as_much_as_the_english(tag: str, kind: LetterKind) -> None:
    english, other = language("en").letters[kind], language(tag).letters[kind]
    assert names(other) == names(english)
    for block in english.__struct_fields__:
        here, there = getattr(other, block), getattr(english, block)
        assert bool(here) == bool(there), block
        assert here.count("\n\n") == there.count("\n\n"), block


@pytest.mark.parametrize(
    ("locale", "tag"),
    [
        ("de", "de"), ("de-AT", "de"), ("pt", "pt-BR"), ("pt-PT", "pt-BR"), ("pt-BR", "pt-BR"),
        ("fr-CA", "fr"), ("ja-JP", "ja"), ("en-GB", "en"), ("zh-Hans", "en"), ("xx", "en"),
        (None, "en"), ("../etc", "en"), ("sr-Latn", "en"),
    ],
)  # fmt: skip
def test_the_customers_language_or_else_english(locale: str | None, tag: str) -> None:
    assert best_for(locale_of(locale)).tag == tag


def everything(tag: str) -> list[tuple[str, Rendered]]:
    """Every letter that can be written in a language, knowing all that may be or nothing."""
    found = []
    for template, step, full in product(Template, (1, 3), (True, False)):
        bill = template in (Template.INVOICE_DUE, Template.INVOICE_OVERDUE)
        about: dict[str, Any] = {
            "merchant_name": "Nordlicht", "customer_name": "Anna Bauer" if full else None,
            "amount_minor": 29_00, "currency": "eur", "invoice_number": "B-1" if full else None,
            "template": template, "reason": Tellable.FUNDS if full else Tellable.GENERIC,
            "step": step, "next_attempt_on": "2026-07-04" if full else None,
            "last4": "4242" if full and not bill else None, "link": LINK, "locale": tag,
            "is_bill": bill, "due_on": "2026-06-30" if full and bill else None, "stop_link": STOP,
        }  # fmt: skip
        found.append((template.value, words.reminder(ReminderText(**about))))
    for is_over, full in product((True, False), (True, False)):
        notice = ExpiryText(
            merchant_name="Nordlicht", customer_name="Anna Bauer" if full else None,
            last4="4242" if full else None, expires="2026-06", is_over=is_over,
            renews_on="2026-07-04", link=LINK, locale=tag, stop_link=STOP,
        )  # fmt: skip
        found.append(("expiring", words.expiry(notice)))
    asked = FreshLinkText(
        merchant_name="Nordlicht", customer_name=None, amount_minor=29_00, currency="eur",
        invoice_number=None, link=LINK, locale=tag, stop_link=STOP,
    )  # fmt: skip
    found.append(("fresh link", words.fresh_link(asked)))
    return found


@pytest.mark.parametrize(
    ("locale", "amount"),
    [("de-CH", "CHF 49.00"), ("de", "49,00 CHF"), ("ar-KW", "CHF 49.00"), ("zh-Hans", "CHF 49.00")],
)
def test_an_amount_is_written_as_the_letters_language_is_read(locale: str, amount: str) -> None:
    about = ReminderText(
        merchant_name="Nordlicht", customer_name=None, amount_minor=49_00, currency="chf",
        invoice_number=None, template=Template.RECOVERED, reason=Tellable.GENERIC, step=1,
        next_attempt_on=None, last4=None, link=LINK, locale=locale,
    )  # fmt: skip
    assert amount in words.reminder(about).subject


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_letter_is_whole_in_text_and_in_html(tag: str) -> None:
    for name, letter in everything(tag):
        page = Seen(letter.html)
        asks = name != "recovered"
        assert letter.html.count('class="button"') == asks
        assert page.links == [LINK, STOP] * asks
        assert (STOP in letter.text) == asks
        assert letter.stop_link == (STOP if asks else None)
        assert f'<html lang="{tag}">' in letter.html
        assert len(letter.html) < 20_000
        for text in (letter.subject, letter.text, page.text):
            assert "{{" not in text
            assert "|" not in text
            assert "None" not in text
            assert "Nordlicht" in text
        assert "\n\n\n" not in letter.text
        assert (LINK in letter.text) == asks
        assert not re.search(r" [.,;:]", letter.text.replace(" :", ":").replace(" ;", ";"))


@pytest.mark.parametrize(
    ("tag", "day", "month"),
    [
        ("en-GB", "Saturday 4 July 2026", "June 2026"),
        ("en", "Saturday, July 4, 2026", "June 2026"),
        ("de-CH", "Samstag, 4. Juli 2026", "Juni 2026"),
        ("fr", "samedi 4 juillet 2026", "juin 2026"),
        ("es", "sábado, 4 de julio de 2026", "junio de 2026"),
        ("it", "sabato 4 luglio 2026", "giugno 2026"),
        ("pt-BR", "4 de julho de 2026", "junho de 2026"),
        ("nl", "zaterdag 4 juli 2026", "juni 2026"),
        ("pl", "4 lipca 2026", "czerwca 2026"),
        ("ja", "2026年7月4日\uff08土\uff09", "2026年6月"),
    ],
)
def test_days_and_months_are_written_as_in_that_language(tag: str, day: str, month: str) -> None:
    notice = ExpiryText(
        merchant_name="Nordlicht", customer_name=None, last4="4242", expires="2026-06",
        is_over=False, renews_on="2026-07-04", link=LINK, locale=tag,
    )  # fmt: skip
    text = words.expiry(notice).text.replace("\xa0", " ")
    assert day in text
    assert month in text


def test_a_name_for_every_field_stands_somewhere() -> None:
    told = language("en")
    used = set[str]().union(*(names(letter) for letter in told.letters.values()))
    used |= set(NAME.findall(told.common.greeting + told.common.about))
    assert used == set(Field)
