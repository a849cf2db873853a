"""Money in minor units, as Stripe counts them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import (
    THREE_DECIMAL,
    ZERO_DECIMAL,
    MixedCurrencies,
    Money,
    exponent,
    rough_cents,
)

# Every presentment currency of Stripe. Source: docs.stripe.com/currencies.
STRIPE_CURRENCIES = """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp
    byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip
    gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt
    lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr
    nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd
    std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar
    zmw
""".split()
currencies = st.sampled_from(STRIPE_CURRENCIES)


@pytest.mark.parametrize("currency", STRIPE_CURRENCIES)
def test_every_currency_of_stripe_has_its_decimals(currency: str) -> None:
    assert exponent(currency) == exponent(currency.upper())
    assert exponent(currency) in (0, 2, 3)


def test_no_currency_has_two_kinds_of_decimals_and_all_are_stripes() -> None:
    assert not ZERO_DECIMAL & THREE_DECIMAL
    assert set(STRIPE_CURRENCIES) >= ZERO_DECIMAL | THREE_DECIMAL


@pytest.mark.parametrize(
    ("amount_minor", "currency", "read"),
    [
        (1234, "usd", "12.34"),
        (500, "jpy", "500"),
        (1230, "kwd", "1.230"),
        (5, "eur", "0.05"),
        (-1234, "usd", "-12.34"),
        (100_00, "huf", "100.00"),
        (500_00, "isk", "500.00"),
        (500_00, "ugx", "500.00"),
    ],
)
def test_an_amount_reads_as_people_write_it(amount_minor: int, currency: str, read: str) -> None:
    assert str(Money(amount_minor, currency).to_decimal()) == read


@given(st.integers(-(10**12), 10**12), currencies)
def test_no_cent_is_lost_on_the_way_to_a_reader_and_back(amount_minor: int, currency: str) -> None:
    read = Money(amount_minor, currency).to_decimal()
    assert int(read * Decimal(10) ** exponent(currency)) == amount_minor


@given(st.integers(), st.integers(), currencies)
def test_amounts_of_one_currency_add_up(one: int, other: int, currency: str) -> None:
    assert Money(one, currency) + Money(other, currency) == Money(one + other, currency)


@given(st.integers(), currencies, currencies)
def test_amounts_of_two_currencies_never_do(amount: int, one: str, other: str) -> None:
    if one != other:
        with pytest.raises(MixedCurrencies):
            Money(amount, one) + Money(amount, other)


def test_who_mixes_currencies_is_told_which() -> None:
    with pytest.raises(MixedCurrencies, match=r"^usd and eur$"):
        Money(1, "usd") + Money(1, "eur")


def test_amounts_have_no_order_for_yen_and_dollars_have_none() -> None:
    with pytest.raises(TypeError):
        assert Money(1, "usd") < Money(2, "usd")  # type: ignore[operator]


@pytest.mark.parametrize(
    ("amount_minor", "currency", "cents"),
    [
        (1000, "usd", 1000),
        (900, "EUR", 1000),
        (1500, "jpy", 1000),
        (310, "kwd", 100),
        (7, "zzz", 7),
    ],
)
def test_amounts_of_all_currencies_can_be_weighed_in_rough_cents(
    amount_minor: int, currency: str, cents: int
) -> None:
    assert rough_cents(amount_minor, currency) == cents


@given(st.integers(0, 10**9), st.integers(0, 10**9), currencies)
def test_more_money_never_weighs_less(one: int, other: int, currency: str) -> None:
    low, high = sorted((one, other))
    assert 0 <= rough_cents(low, currency) <= rough_cents(high, currency)
