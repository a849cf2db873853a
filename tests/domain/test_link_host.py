"""A merchant's host stands by its record and by what answers there, and by nothing less."""

from itertools import product

import pytest

from domain.link_host import Found, HostUnfit, LinkHost, host_of, judged, taken
from domain.records import State, unanswered
from tests.builders import DAY, MONDAY

OURS = "chase.example"
IT = LinkHost(host="pay.shop.example", proof="0123456789abcdef")
RIGHT = Found(texts=("chargechase=0123456789abcdef",), is_ours=True)


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        (" Pay.Shop.Example ", "pay.shop.example"),
        ("shop.example", "shop.example"),
        ("zahlung.bäckerei.example", "zahlung.xn--bckerei-5wa.example"),
        ("merchant.chase.example", "merchant.chase.example"),
    ],
)
def test_a_host_is_kept_as_browsers_name_it(typed: str, host: str) -> None:
    assert host_of(typed, OURS) == host


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "name"),
        ("localhost", "name"),
        ("127.0.0.1", "name"),
        ("[::1]", "name"),
        ("https://pay.shop.example", "name"),
        ("pay.shop.example/r", "name"),
        ("pay.shop.example:8443", "name"),
        ("pay.shop.example.", "name"),
        ("pay shop.example", "name"),
        ("pay.shop.example\r\nX: y", "name"),
        ("pay.\x00shop.example", "name"),
        ("-pay.shop.example", "name"),
        (f"{'a' * 64}.example", "name"),
        ("a." * 120 + "example", "name"),
        ("Chase.example", "ours"),
        ("example.com", "ours"),
    ],
)
def test_what_is_no_host_of_a_merchants_is_refused(typed: str, why: str) -> None:
    with pytest.raises(HostUnfit, match=why):
        host_of(typed, "app.example.com" if typed == "example.com" else OURS)


def test_it_stands_by_its_record_and_our_answer_together() -> None:
    records = {
        State.MISSING: ("v=spf1 -all",),
        State.WRONG: ("chargechase=another",),
        State.RIGHT: ("chargechase=another", " chargechase=0123456789abcdef "),
    }
    pages = {State.MISSING: None, State.WRONG: False, State.RIGHT: True}
    for (record, texts), (page, is_ours) in product(records.items(), pages.items()):
        after = judged(IT, Found(texts=texts, is_ours=is_ours), MONDAY)
        assert (after.record, after.page) == (record, page)
        assert after.stands == (record is State.RIGHT and page is State.RIGHT)


def test_what_is_lost_comes_back_and_was_lost_once() -> None:
    stood = judged(IT, RIGHT, MONDAY)
    lost = judged(stood, Found(), MONDAY + DAY)
    still = judged(lost, Found(), MONDAY + 2 * DAY)
    back = judged(still, RIGHT, MONDAY + 3 * DAY)
    assert [it.stands for it in (stood, lost, still, back)] == [True, False, False, True]
    assert (still.verified_at, still.lost_at) == (MONDAY, MONDAY + DAY)
    assert (back.verified_at, back.lost_at) == (MONDAY, None)


def test_silence_takes_nothing_back_for_three_days() -> None:
    stood = judged(IT, RIGHT, MONDAY)
    assert unanswered(stood, MONDAY + 3 * DAY).stands
    assert not unanswered(stood, MONDAY + 4 * DAY).stands


def test_one_that_another_merchant_uses_does_not_stand() -> None:
    after = taken(IT, judged(IT, RIGHT, MONDAY))
    assert (after.taken, after.stands, after.record) == (True, False, State.RIGHT)
    assert not judged(after, RIGHT, MONDAY + DAY).taken
