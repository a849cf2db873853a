"""What a customer reads: right amounts, kind words, one request, and nothing smuggled in."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.email.money import amount_text, day_text, locale_of
from adapters.email.render import JinjaLetters
from adapters.email.text import LONGEST_NAME, one_line
from adapters.email.words import language
from application.ports.letters import ReminderText, Rendered
from domain.decline.telling import Tellable
from domain.money import Money
from domain.policy import Template

LINK = "https://pay.bakery.example/r/abc?a=1&b=2"
OF_BILLS = (Template.INVOICE_DUE, Template.INVOICE_OVERDUE)
TEMPLATES = [template for template in Template if template is not Template.RECOVERED]
OF_CHARGES = [template for template in TEMPLATES if template not in OF_BILLS]
words = JinjaLetters()


def a_reminder(**changes: Any) -> Rendered:
    given: dict[str, Any] = {
        "merchant_name": "Nordlicht Bakery",
        "customer_name": "Anna Bauer",
        "amount_minor": 29_00,
        "currency": "eur",
        "invoice_number": "BREAD-0001",
        "template": Template.UPDATE_CARD,
        "reason": Tellable.GENERIC,
        "step": 1,
        "next_attempt_on": None,
        "last4": "4242",
        "link": LINK,
        "locale": "en-GB",
    }
    return words.reminder(ReminderText(**{**given, **changes}))


class Seen(HTMLParser):
    """The text and the links of a page, as a reader without images gets them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.links, self.tags = "", [], set[str]()
        self._skips = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._skips = tag in ("style", "title")
        self.links += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self._skips = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._skips else data


def test_thanks_ask_for_nothing_and_lead_nowhere() -> None:
    letter = a_reminder(template=Template.RECOVERED, step=4)
    page = Seen(letter.html)
    assert letter.subject == "Paid, thank you: €29.00 to Nordlicht Bakery"
    assert page.links == []
    for text in (letter.text, page.text):
        assert "has arrived" in text
        assert "€29.00" in text
        assert "There is nothing left to do" in text
        assert "Nordlicht Bakery" in text
        assert LINK not in text
        assert "ignore this message" not in text


@pytest.mark.parametrize("template", OF_CHARGES)
@pytest.mark.parametrize("step", [1, 2, 3, 7])
@pytest.mark.parametrize("retry_on", [None, "2026-07-04"])
def test_every_letter_names_who_how_much_and_the_one_thing_to_do(
    template: Template, step: int, retry_on: str | None
) -> None:
    letter = a_reminder(template=template, step=step, next_attempt_on=retry_on)
    page = Seen(letter.html)
    for text in (letter.text, page.text):
        assert "Nordlicht Bakery" in text
        assert "€29.00" in text
        assert "Hello Anna Bauer," in text
        assert LINK in text
        assert ("Saturday 4\xa0July\xa02026" in text) == (retry_on is not None)
    assert page.links == [LINK]
    assert "Nordlicht Bakery" in letter.subject
    assert "\n" not in letter.subject


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("reason", Tellable)
def test_no_letter_blames_threatens_or_shouts(
    template: Template, step: int, reason: Tellable
) -> None:
    letter = a_reminder(template=template, step=step, reason=reason, next_attempt_on="2026-07-04")
    for text in (letter.subject, letter.text, Seen(letter.html).text):
        assert not re.search(
            r"(?i)!|\burgent|\bimmediately|\bfailed|\bfailure|\boverdue|\byou (did|have) not|"
            r"\bmust\b|\bsuspend|\blast chance|\bfinal|\bsuccessfully|\binsufficient|None",
            text,
        )


@pytest.mark.parametrize("step", [1, 3])
def test_a_customer_who_need_do_nothing_is_told_so(step: int) -> None:
    about = {"template": Template.PAYMENT_FAILED, "next_attempt_on": "2026-07-04"}
    letter = a_reminder(step=step, **about)
    for text in (letter.text, Seen(letter.html).text):
        assert "you need not do anything" in text.lower()
        assert ("That happens" in text) == (step == 1)
        assert ("is still open" in text) == (step > 1)


@pytest.mark.parametrize("template", [each for each in OF_CHARGES if each != "authenticate"])
@pytest.mark.parametrize("retry_on", [None, "2026-07-04"])
def test_a_letter_says_what_the_bank_said_where_a_customer_may_be_told(
    template: Template, retry_on: str | None
) -> None:
    told = a_reminder(template=template, reason=Tellable.EXPIRED, next_attempt_on=retry_on)
    for text in (told.text, Seen(told.html).text):
        assert "The card has expired." in text
    assert "The card has expired." not in a_reminder(template=template).text
    assert "\n\n\n" not in told.text


def test_the_last_letter_says_that_it_is_the_last() -> None:
    letter = a_reminder(template=Template.FINAL_NOTICE, step=4)
    for text in (letter.text, Seen(letter.html).text):
        assert "This is the last time that we write about it." in text
    assert letter.subject == "Still open: your payment of €29.00 to Nordlicht Bakery"


def test_only_the_first_letter_speaks_of_something_new() -> None:
    subjects = [a_reminder(step=step).subject for step in (1, 2, 3)]
    assert subjects == [
        "Another card for your payment to Nordlicht Bakery",
        "Still open: another card for your payment to Nordlicht Bakery",
        "Still open: another card for your payment to Nordlicht Bakery",
    ]


def test_what_is_unknown_is_left_out_without_a_gap() -> None:
    letter = a_reminder(customer_name=None, invoice_number=None, last4=None, locale=None)
    for text in (letter.text, Seen(letter.html).text):
        assert "Hello," in text
        assert "ending in" not in text
        assert "invoice" not in text
        assert " ." not in text
    assert "\n\n\n" not in letter.text


def test_the_html_needs_no_image_no_script_and_keeps_its_rules_for_dark_and_small() -> None:
    html = a_reminder().html
    assert not Seen(html).tags & {"img", "script", "link", "iframe", "form"}
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 480px" in html
    assert re.search(r'class="button"[^>]*style="[^"]*background-color', html)
    assert html.count('class="button"') == 1


HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7*7 }}{% include 'x' %}",
    '" onmouseover="alert(1)',
    "</style><img src=x>",
    "a\r\nBcc: all@example.com",
    "\u202egnp.exe",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", ["merchant_name", "customer_name", "invoice_number", "last4"])
def test_what_others_wrote_is_shown_and_never_obeyed(field: str, name: str) -> None:
    letter, plain = a_reminder(**{field: name}), a_reminder()
    assert Seen(letter.html).tags == Seen(plain.html).tags
    assert Seen(letter.html).links == [LINK]
    assert "49" not in letter.text
    for text in (letter.subject, letter.text, letter.html):
        assert "\u202e" not in text
        assert "\r" not in text
    assert "\n" not in letter.subject


@given(st.text(max_size=200))
def test_any_merchant_name_leaves_one_line_and_the_same_page(name: str) -> None:
    letter = a_reminder(merchant_name=name)
    assert Seen(letter.html).links == [LINK]
    assert len(letter.subject.splitlines()) == 1


@given(st.text())
def test_a_name_becomes_one_visible_short_line_and_stays_it(name: str) -> None:
    line = one_line(name)
    assert len(line) <= LONGEST_NAME
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


@pytest.mark.parametrize("name", ["http://evil.example", "see www.evil.example", "a@evil.example"])
def test_a_customers_name_that_is_a_link_is_not_greeted(name: str) -> None:
    assert "evil" not in a_reminder(customer_name=name).text


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "shown"),
    [
        (29_00, "eur", "de", "29,00\xa0€"),
        (29_00, "eur", "en", "€29.00"),
        (1_234_567, "usd", "en-US", "$12,345.67"),
        (500, "jpy", "en", "¥500"),
        (500, "jpy", "ja-JP", "￥500"),
        (500, "krw", "en", "₩500"),
        (12_345, "kwd", "en", "KWD\xa012.345"),
        (5_000, "isk", "en", "ISK\xa050.00"),
        (5_000, "ugx", "en", "UGX\xa050.00"),
        (-100, "usd", "en", "-$1.00"),
        (123_456, "chf", "de-CH", "CHF\xa01\u2019234.56"),
    ],
)
def test_an_amount_has_the_decimals_that_stripe_counts_in(
    minor: int, currency: str, locale: str, shown: str
) -> None:
    assert amount_text(Money(minor, currency), locale_of(locale)) == shown


@pytest.mark.parametrize("tag", [None, "", "xx", "not a locale", "de_", "../etc", "en-US-x-y-z"])
def test_a_locale_that_nobody_knows_reads_as_english(tag: str | None) -> None:
    words = language("en")
    day = day_text("2026-07-04", words.days, words.tag, locale_of(tag))
    assert day == "Saturday, July\xa04,\xa02026"


BILLS = [Template.INVOICE_DUE, Template.INVOICE_OVERDUE, Template.FINAL_NOTICE]


@pytest.mark.parametrize("template", BILLS)
@pytest.mark.parametrize("due_on", ["2026-03-04", None])
def test_a_letter_about_a_bill_names_amount_and_due_date_and_speaks_of_no_card(
    template: Template, due_on: str | None
) -> None:
    letter = a_reminder(template=template, is_bill=True, due_on=due_on, last4=None, step=2)
    text, page = letter.text, Seen(letter.html)
    for shown in (letter.subject + text, letter.subject + page.text):
        seen = shown.replace("\u00a0", " ")
        assert "29.00" in seen
        assert "card" not in seen.lower()
        assert ("4 March 2026" in seen) == (due_on is not None)
    assert LINK in text
    assert LINK in page.links
    overdue = template is not Template.INVOICE_DUE
    assert ("still open" in text) == overdue
    assert ("last time" in text) == (template is Template.FINAL_NOTICE)
