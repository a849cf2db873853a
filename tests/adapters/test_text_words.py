"""The words of text messages: nine languages, one segment each where the alphabet lets them."""

from itertools import product

import pytest

from adapters.email.brief import LONGEST_MERCHANT, BriefTexts
from adapters.email.words import LANGUAGES, language
from application.ports.letters import RenderedText, TextAbout
from domain.letters import TextKind, fits_gsm
from domain.policy import Template

LINK = "https://pay.bakery.example/r/" + "x" * 43
MONEY = {"en": "usd", "pl": "pln", "ja": "jpy", "pt-BR": "brl"}
TEMPLATES = [each for each in Template if each is not Template.RECOVERED]
words = BriefTexts()


def about(tag: str, template: Template, **changes: object) -> RenderedText:
    given = {
        "merchant_name": "The Bakery",
        "amount_minor": 1_299_00,
        "currency": MONEY.get(tag, "eur"),
        "template": template,
        "is_bill": template in (Template.INVOICE_DUE, Template.INVOICE_OVERDUE),
        "link": LINK,
        "locale": tag,
    }
    return words.text(TextAbout(**{**given, **changes}))  # type: ignore[arg-type]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_language_has_every_text(tag: str) -> None:
    told = language(tag).texts
    assert set(told) == {*TextKind, "help", "stop"}
    assert "STOP" in told["stop"]
    for kind in TextKind:
        assert told[kind].count("{{amount}}") == 1
    for name in ("help", "stop"):
        assert "{{" not in told[name]


@pytest.mark.parametrize(("tag", "template"), product(LANGUAGES, TEMPLATES))
def test_the_merchant_is_first_then_amount_link_and_how_to_stop(
    tag: str, template: Template
) -> None:
    text = about(tag, template)
    assert text.body.startswith("The Bakery: ")
    digits = "129" if tag == "ja" else "299"
    assert digits in text.told
    assert LINK not in text.told
    places = [text.body.index(part) for part in ("The Bakery", digits, LINK, "STOP")]
    assert places == sorted(places)
    assert "{{" not in text.body
    assert "\n" not in text.body
    assert text.segments == (2 if tag == "ja" else 1)
    assert fits_gsm(text.body) is (tag != "ja")


@pytest.mark.parametrize("tag", LANGUAGES)
def test_nothing_of_why_is_said(tag: str) -> None:
    """Whoever looks at the screen of a phone learns of no lack of money and no stolen card."""
    said = {about(tag, template).told for template in TEMPLATES}
    assert len(said) == len(TextKind)
    for reason in language(tag).reasons.values():
        assert all(reason not in each for each in said)


def test_a_long_name_is_cut_and_costs_no_second_segment() -> None:
    text = about("en", Template.UPDATE_CARD, merchant_name="A very long name of a merchant " * 9)
    assert text.segments == 1
    assert len(text.body.split(":")[0]) <= LONGEST_MERCHANT


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("{{amount}}", "{{amount}}"),
        ("Joe\u2019s \u2013 Caf\u00e9", "Joe's - Caf\u00e9"),
        ("a\nb\u202e", "a b"),
        ("", "-"),
        ("\u200b", "-"),
    ],
)
def test_a_name_is_only_a_name(name: str, shown: str) -> None:
    assert about("en", Template.PAYMENT_FAILED, merchant_name=name).body.startswith(f"{shown}: ")


@pytest.mark.parametrize(
    ("tag", "currency", "minor", "shown"),
    [
        ("de", "eur", 29_00, "29,00 \u20ac"),
        ("fr", "eur", 1_299_00, "1 299,00 \u20ac"),
        ("pl", "pln", 29_00, "29,00 PLN"),
        ("en", "inr", 29_00, "INR29.00"),
        ("en", "kwd", 5_700, "KWD 5.700"),
        ("en", "jpy", 2_850, "\u00a52,850"),
    ],
)
def test_amounts_cost_no_second_segment(tag: str, currency: str, minor: int, shown: str) -> None:
    text = about(tag, Template.PAYMENT_FAILED, currency=currency, amount_minor=minor)
    assert shown in text.told
    assert text.segments == 1


@pytest.mark.parametrize("tag", LANGUAGES)
def test_help_says_who_texts_whom_to_ask_and_how_to_stop(tag: str) -> None:
    told = words.help("The Bakery", "bread@bakery.example", tag)
    assert told.startswith("The Bakery: ")
    assert "bread@bakery.example" in told
    assert "STOP" in told
    assert "STOP" in words.help("The Bakery", None, tag)
