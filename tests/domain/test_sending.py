"""What the records of a sending domain must say, and what follows."""

import pytest

from domain.records import State, unanswered
from domain.sending import (
    AddressUnfit,
    DkimKey,
    Records,
    SendingDomain,
    address_of,
    dmarc_places,
    dmarc_state,
    judged,
    next_selector,
)
from tests.builders import DAY, HOUR, MONDAY

KEY = DkimKey(selector="cc1", public_key="MIIBIjAN", made_at=MONDAY)
NEXT = DkimKey(selector="cc2", public_key="MIIBOTHER", made_at=MONDAY + DAY)
IT = SendingDomain(domain="shop.example", local_part="billing", keys=(KEY,))
DMARC = ("v=DMARC1; p=none",)


def found(*dkim: str, dmarc: tuple[str, ...] = DMARC) -> Records:
    return Records(dkim={"cc1": dkim}, dmarc=dmarc)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (" Billing@Shop.Example ", ("billing", "shop.example")),
        ("a.b+c@mail.müller.example", ("a.b+c", "mail.xn--mller-kva.example")),
    ],
)
def test_an_address_is_read_in_ascii_and_lower_case(text: str, parts: tuple[str, str]) -> None:
    assert address_of(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "", "shop.example", "@shop.example", "billing@", "billing@localhost", "a b@shop.example",
        "jürgen@shop.example", ".a@shop.example", "a@127.0.0.1", "a@shop..example",
        "a@-shop.example", "a@shop.example\r\nBcc: b@shop.example", "a" * 65 + "@shop.example",
        "a@" + "x" * 70 + ".example", "a@" + "x." * 120 + "example", "a@b@[shop.example]",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_domain_is_refused(text: str) -> None:
    with pytest.raises(AddressUnfit):
        address_of(text)


@pytest.mark.parametrize(
    ("records", "state"),
    [
        (("v=DKIM1; k=rsa; p=MIIBIjAN",), State.RIGHT),
        (("p=MIIB IjAN",), State.RIGHT),
        (("k=rsa;p=MIIBIjAN;t=s",), State.RIGHT),
        ((), State.MISSING),
        (("google-site-verification=1",), State.MISSING),
        (("v=DKIM1; p=MIIBelse",), State.WRONG),
        (("v=DKIM1; p=",), State.WRONG),
        (("v=DKIM1; p=MIIBIjAN; t=y",), State.WRONG),
        (("v=DKIM1; k=ed25519; p=MIIBIjAN",), State.WRONG),
        (("v=DKIM1; p=MIIBIjAN", "v=DKIM1; p=MIIBelse"), State.WRONG),
    ],
)
def test_a_dkim_record_holds_this_key_and_no_other(records: tuple[str, ...], state: State) -> None:
    after = judged(IT, found(*records), MONDAY)
    assert after.dkim is state
    assert after.keys[0].found is (state is State.RIGHT)
    assert after.stands is (state is State.RIGHT)


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        (("v=DMARC1; p=reject; rua=mailto:a@shop.example",), State.RIGHT),
        (("v=spf1 -all", "v=DMARC1;p=none"), State.RIGHT),
        ((), State.MISSING),
        (("v=spf1 -all",), State.MISSING),
        (("v=DMARC1",), State.WRONG),
        (("v=DMARC1; p=none", "v=DMARC1; p=none"), State.WRONG),
    ],
)
def test_there_is_one_dmarc_record_with_a_policy(texts: tuple[str, ...], state: State) -> None:
    assert dmarc_state(texts) is state
    assert judged(IT, found(KEY.record, dmarc=texts), MONDAY).stands is (state is State.RIGHT)


def test_the_record_may_stand_at_a_parent() -> None:
    assert dmarc_places("mail.shop.example") == ("_dmarc.mail.shop.example", "_dmarc.shop.example")


def test_records_that_vanish_are_noticed_and_those_that_come_back_too() -> None:
    stood = judged(IT, found(KEY.record), MONDAY)
    lost = judged(stood, found(), MONDAY + DAY)
    assert (lost.stands, lost.lost_at) == (False, MONDAY + DAY)
    still = judged(lost, found(), MONDAY + 2 * DAY)
    assert still.lost_at == MONDAY + DAY
    back = judged(still, found(KEY.record), MONDAY + 3 * DAY)
    assert (back.stands, back.verified_at) == (True, MONDAY)


def test_a_bad_day_of_the_name_servers_changes_nothing_and_three_do() -> None:
    stood = judged(IT, found(KEY.record), MONDAY)
    after = unanswered(stood, MONDAY + DAY)
    assert (after.stands, after.tried_at) == (True, MONDAY + DAY)
    assert unanswered(after, MONDAY + 3 * DAY).stands
    assert not unanswered(after, MONDAY + 3 * DAY + HOUR).stands


def test_one_key_of_two_is_enough() -> None:
    two = judged(SendingDomain(domain="a.example", local_part="b", keys=(KEY, NEXT)),
                 Records(dkim={"cc1": (KEY.record,), "cc2": ()}, dmarc=DMARC), MONDAY)  # fmt: skip
    assert (two.stands, [key.found for key in two.keys]) == (True, [True, False])
    assert next_selector(two.keys) == "cc1"
    assert next_selector((KEY,)) == "cc2"
    assert next_selector(()) == "cc1"
