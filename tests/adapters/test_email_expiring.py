"""A notice of a card that will expire: which, when, one thing to do, and nothing smuggled in."""

from typing import Any

import pytest

from adapters.email.render import JinjaLetters
from application.ports.letters import ExpiryText, Rendered
from tests.adapters.test_email_reminder import LINK, Seen

words = JinjaLetters()


def a_notice(**changes: Any) -> Rendered:
    given: dict[str, Any] = {
        "merchant_name": "Nordlicht Bakery",
        "customer_name": "Anna Bauer",
        "last4": "4242",
        "expires": "2026-06",
        "is_over": False,
        "renews_on": "2026-07-04",
        "link": LINK,
        "locale": "en-GB",
    }
    return words.expiry(ExpiryText(**{**given, **changes}))


@pytest.mark.parametrize("is_over", [True, False])
def test_it_names_the_card_its_end_and_the_next_payment(is_over: bool) -> None:
    letter = a_notice(is_over=is_over)
    page = Seen(letter.html)
    for text in (letter.text, page.text):
        for said in ("Nordlicht Bakery", "Hello Anna Bauer,", "4242", "June\xa02026", LINK):
            assert said in text
        assert "Saturday 4\xa0July\xa02026" in text
        assert ("expired at the end of" in text) is is_over
        assert ("will have expired" in text) is not is_over
        assert "nothing is charged before that day" in text
    assert page.links == [LINK]
    assert letter.subject == "Another card for your next payment to Nordlicht Bakery"


def test_what_is_unknown_is_left_out_without_a_gap() -> None:
    letter = a_notice(last4=None, customer_name=None, locale=None)
    for text in (letter.text, Seen(letter.html).text):
        assert "None" not in text
        assert "ending in" not in text
        assert "Hello," in text


@pytest.mark.parametrize(
    "name", ["<b>Eve</b>", "Eve\r\nBcc: all@example.com", "\u202eEve", "{{7*7}}"]
)
def test_what_others_wrote_is_shown_and_never_obeyed(name: str) -> None:
    letter = a_notice(merchant_name=name, customer_name=name, last4=name)
    assert "\n" not in letter.subject
    assert "<b>" not in letter.html
    assert "\u202e" not in letter.html + letter.text + letter.subject
    assert "49" not in letter.text
