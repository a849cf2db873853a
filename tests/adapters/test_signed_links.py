"""Links that sign for themselves: they open what they say, on their days, under our keys alone."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from adapters.secrets.signed_links import LETTERS, SignedLinks
from application.ports.in_app import LINK_DAYS
from application.ports.stores import LinkTarget

OLD, NEW = "0123456789abcdef" * 4, "fedcba9876543210" * 4
MERCHANT, CASE = UUID(int=7), UUID(int=8)
NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TARGET = LinkTarget(merchant_id=MERCHANT, case_id=CASE)
LINKS = SignedLinks((NEW,))
TOKEN = LINKS.sign(MERCHANT, CASE, NOON)


@given(st.uuids(), st.uuids())
def test_a_link_opens_what_it_was_signed_for(merchant: UUID, case: UUID) -> None:
    token = LINKS.sign(merchant, case, NOON)
    assert LINKS.read(token, NOON) == LinkTarget(merchant_id=merchant, case_id=case)
    assert len(token) == LETTERS


def test_it_is_the_same_all_day_and_another_tomorrow() -> None:
    morning, night = NOON.replace(hour=0), NOON.replace(hour=23, minute=59)
    assert {LINKS.sign(MERCHANT, CASE, at) for at in (morning, NOON, night)} == {TOKEN}
    assert LINKS.sign(MERCHANT, CASE, NOON + DAY) != TOKEN


def test_it_opens_on_its_days_and_no_longer() -> None:
    last = NOON.replace(hour=23, minute=59) + (LINK_DAYS - 1) * DAY
    assert LINKS.read(TOKEN, last) == TARGET
    assert LINKS.read(TOKEN, last + timedelta(minutes=1)) is None


def test_what_an_older_key_signed_opens_while_that_key_is_set() -> None:
    token = SignedLinks((OLD,)).sign(MERCHANT, CASE, NOON)
    both = SignedLinks((NEW, OLD))
    assert both.read(token, NOON) == TARGET
    assert both.sign(MERCHANT, CASE, NOON) == TOKEN
    assert LINKS.read(token, NOON) is None


@given(st.integers(0, 68), st.integers(1, 255))
def test_one_changed_byte_opens_nothing(place: int, change: int) -> None:
    raw = bytearray(urlsafe_b64decode(TOKEN))
    raw[place] ^= change
    assert LINKS.read(urlsafe_b64encode(raw).decode(), NOON) is None


@given(st.text(max_size=LETTERS + 5) | st.text("ABC_-=+/ \n", min_size=LETTERS, max_size=LETTERS))
def test_no_other_text_opens_anything(text: str) -> None:
    assert LINKS.read(text, NOON) is None


def test_the_same_link_written_in_another_way_is_none() -> None:
    assert LINKS.read(TOKEN[:40] + "!" + TOKEN[40:], NOON) is None
    assert LINKS.read(TOKEN + "=", NOON) is None
