"""The worlds, one readable row each. They differ so much that no constant suits them all."""

from typing import Final

from rehearsal.worlds.shapes import Land, Manners, Temper, World

_AMERICA: Final = Land(
    country="US", currency="usd",
    zones=("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
    pay={"biweekly": 0.4, "weekly": 0.2, "semi": 0.14, "first_15th": 0.08, "month_end": 0.06,
         "none": 0.12},
    posting=(0.5, 3.0, 6.0, 8.0),
)  # fmt: skip
_CANADA: Final = Land(
    country="CA", currency="cad", zones=("America/Toronto", "America/Vancouver"),
    pay={"biweekly": 0.6, "semi": 0.25, "none": 0.15}, posting=(1.0, 4.0),
)  # fmt: skip
_BRITAIN: Final = Land(
    country="GB", currency="gbp", zones=("Europe/London",),
    pay={"month_end": 0.45, "day_25": 0.15, "day_28": 0.15, "weekly": 0.13, "none": 0.12},
    posting=(0.1, 2.0, 6.0),
)  # fmt: skip
_GERMANY: Final = Land(
    country="DE", currency="eur", zones=("Europe/Berlin",),
    pay={"month_end": 0.5, "first_15th": 0.08, "day_15": 0.1, "day_25": 0.17, "none": 0.15},
    posting=(6.0, 9.0, 13.0),
)  # fmt: skip
_FRANCE: Final = Land(
    country="FR", currency="eur", zones=("Europe/Paris",),
    pay={"month_end": 0.6, "day_5": 0.15, "none": 0.25}, posting=(7.0, 10.0),
)  # fmt: skip
_SPAIN: Final = Land(
    country="ES", currency="eur", zones=("Europe/Madrid", "Atlantic/Canary"),
    pay={"month_end": 0.5, "day_25": 0.2, "day_10": 0.1, "none": 0.2}, posting=(5.0, 9.0),
)  # fmt: skip
_SWEDEN: Final = Land(
    country="SE", currency="sek", zones=("Europe/Stockholm",),
    pay={"day_25": 0.85, "none": 0.15}, posting=(0.5, 6.0),
)  # fmt: skip
_JAPAN: Final = Land(
    country="JP", currency="jpy", zones=("Asia/Tokyo",),
    pay={"day_25": 0.65, "month_end": 0.15, "day_15": 0.1, "none": 0.1}, posting=(9.0,),
)  # fmt: skip
_KOREA: Final = Land(
    country="KR", currency="krw", zones=("Asia/Seoul",),
    pay={"day_25": 0.5, "day_10": 0.3, "none": 0.2}, posting=(8.0,),
)  # fmt: skip
_INDONESIA: Final = Land(
    country="ID", currency="idr", zones=("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"),
    pay={"day_25": 0.5, "month_end": 0.25, "none": 0.25}, posting=(8.0, 10.0),
)  # fmt: skip
_AUSTRALIA: Final = Land(
    country="AU", currency="aud",
    zones=("Australia/Sydney", "Australia/Adelaide", "Australia/Perth"),
    pay={"biweekly": 0.45, "weekly": 0.3, "day_15": 0.1, "none": 0.15}, posting=(1.0, 5.0),
)  # fmt: skip
_BRAZIL: Final = Land(
    country="BR", currency="brl", zones=("America/Sao_Paulo", "America/Manaus"),
    pay={"day_5": 0.5, "day_20": 0.2, "none": 0.3}, posting=(6.0, 12.0),
)  # fmt: skip
_MEXICO: Final = Land(
    country="MX", currency="mxn", zones=("America/Mexico_City", "America/Tijuana"),
    pay={"semi": 0.6, "weekly": 0.2, "none": 0.2}, posting=(6.0, 12.0),
)  # fmt: skip

_MONTHLY: Final = {"month": 0.82, "year": 0.13, "week": 0.05}
_PRICES: Final = {"week": 700.0, "month": 2200.0, "year": 11000.0}
_WESTERN: Final = {"visa": 0.52, "mastercard": 0.34, "amex": 0.09, "discover": 0.05}
_EUROPEAN: Final = {"visa": 0.5, "mastercard": 0.46, "amex": 0.04}
_CARDS: Final = {"debit": 0.55, "credit": 0.38, "prepaid": 0.07}
_WALLETS: Final = {"comfortable": 0.15, "usual": 0.34, "tight": 0.33, "broke": 0.18}
_OFFICE_HOURS: Final = (0.12,) * 7 + (0.5,) + (1.0,) * 9 + (0.6, 0.4) + (0.2,) * 5

_ALL: Final = (
    World(
        name="us_consumers",
        about="debit cards, fortnightly pay, vague codes, much of it short of money",
        lands=((_AMERICA, 0.9), (_CANADA, 0.1)),
        causes={"funds": 0.44, "trouble": 0.1, "limit": 0.06, "expired": 0.1, "dead": 0.1,
                "refused": 0.05, "authentication": 0.02, "risk": 0.13},
        intervals=_MONTHLY, median_cents=_PRICES, brands=_WESTERN, funding=_CARDS, wealth=_WALLETS,
    ),
    World(
        name="eu_consumers",
        about="month-end pay, authentication, clearer codes; summer time changes in the middle",
        lands=((_GERMANY, 0.35), (_FRANCE, 0.25), (_BRITAIN, 0.2), (_SPAIN, 0.12), (_SWEDEN, 0.08)),
        causes={"funds": 0.36, "trouble": 0.08, "limit": 0.06, "expired": 0.12, "dead": 0.09,
                "refused": 0.05, "authentication": 0.15, "risk": 0.09},
        intervals=_MONTHLY, median_cents=_PRICES, brands=_EUROPEAN,
        funding={"debit": 0.65, "credit": 0.27, "prepaid": 0.08}, wealth=_WALLETS,
        vague=0.2, wrong=0.03, upper_currency=True, updater=0.35,
        temper=Temper(suspicion=0.05), manners=Manners(leaves=0.07),
    ),
    World(
        name="b2b",
        about="large amounts, credit cards with limits, people at work, hardly short of money",
        lands=((_AMERICA, 0.6), (_GERMANY, 0.2), (_BRITAIN, 0.2)),
        causes={"funds": 0.14, "trouble": 0.1, "limit": 0.22, "expired": 0.2, "dead": 0.1,
                "refused": 0.05, "authentication": 0.07, "risk": 0.12},
        intervals={"month": 0.62, "year": 0.38},
        median_cents={"month": 14000.0, "year": 110000.0}, amount_spread=1.1,
        brands={"visa": 0.42, "mastercard": 0.32, "amex": 0.26},
        funding={"debit": 0.15, "credit": 0.85},
        wealth={"comfortable": 0.4, "usual": 0.4, "tight": 0.2},
        vague=0.35, updater=0.6, retry_fee_cents=10.0,
        manners=Manners(answers=0.5, deaf=0.45, tolerance=14.0, fixes=1.5, leaves=0.05),
    ),
    World(
        name="no_pay_days",
        about="money comes at any time: the calendar says nothing",
        lands=((Land(country="US", currency="usd", zones=_AMERICA.zones, pay={"none": 1.0}), 1.0),),
        causes={"funds": 0.55, "trouble": 0.1, "limit": 0.05, "expired": 0.08, "dead": 0.08,
                "refused": 0.03, "authentication": 0.02, "risk": 0.09},
        intervals={"month": 0.7, "week": 0.3}, median_cents=_PRICES, brands=_WESTERN,
        funding=_CARDS, wealth=_WALLETS, side_incomes=3.0, advice=0.2, network_advice=0.3,
        temper=Temper(approval=(0.5, 0.95), redraw_hours=4),
    ),
    World(
        name="harsh_issuers",
        about="each failed retry makes the issuer say no for days; retries are dear",
        lands=((_AMERICA, 0.5), (_BRAZIL, 0.3), (_MEXICO, 0.2)),
        causes={"funds": 0.36, "trouble": 0.12, "limit": 0.08, "expired": 0.08, "dead": 0.08,
                "refused": 0.05, "authentication": 0.03, "risk": 0.2},
        intervals=_MONTHLY, median_cents=_PRICES, brands=_WESTERN, funding=_CARDS, wealth=_WALLETS,
        vague=0.4, retry_fee_cents=25.0,
        temper=Temper(approval=(0.6, 0.95), suspicion=0.55, suspicion_days=7.0),
    ),
    World(
        name="annoyed_customers",
        about="a second mail can cost the subscription; cheap retries, yearly plans",
        lands=((_AMERICA, 0.4), (_BRITAIN, 0.3), (_FRANCE, 0.3)),
        causes={"funds": 0.34, "trouble": 0.1, "limit": 0.06, "expired": 0.14, "dead": 0.12,
                "refused": 0.06, "authentication": 0.06, "risk": 0.12},
        intervals={"month": 0.75, "year": 0.2, "week": 0.05}, median_cents=_PRICES,
        brands=_WESTERN, funding=_CARDS, wealth=_WALLETS, retry_fee_cents=2.0,
        manners=Manners(answers=0.4, fatigue=0.5, tolerance=3.6, tolerance_spread=0.5, fixes=1.6,
                        leaves=0.15),
    ),
    World(
        name="sleepy_issuers",
        about="issuers approve in office hours; many shown zones are wrong",
        lands=((_SPAIN, 0.3), (_AMERICA, 0.4), (_INDONESIA, 0.3)),
        causes={"funds": 0.3, "trouble": 0.14, "limit": 0.08, "expired": 0.08, "dead": 0.08,
                "refused": 0.04, "authentication": 0.04, "risk": 0.24},
        intervals=_MONTHLY, median_cents=_PRICES, brands=_WESTERN, funding=_CARDS, wealth=_WALLETS,
        vague=0.5, zone_wrong=0.4, trouble_hours=20.0,
        temper=Temper(approval=(0.7, 1.0), suspicion=0.1, hours=_OFFICE_HOURS),
    ),
    World(
        name="apac_25th",
        about="pay on the 25th or 10th, zero-decimal money, zones of half hours, quiet customers",
        lands=((_JAPAN, 0.4), (_KOREA, 0.2), (_AUSTRALIA, 0.25), (_INDONESIA, 0.15)),
        causes={"funds": 0.4, "trouble": 0.08, "limit": 0.1, "expired": 0.1, "dead": 0.08,
                "refused": 0.08, "authentication": 0.06, "risk": 0.1},
        intervals={"month": 0.88, "year": 0.12}, median_cents=_PRICES,
        brands={"visa": 0.55, "mastercard": 0.4, "amex": 0.05},
        funding={"debit": 0.4, "credit": 0.5, "prepaid": 0.1}, wealth=_WALLETS,
        vague=0.3, advice=0.3, updater=0.15, retry_fee_cents=8.0,
        manners=Manners(answers=0.35, tolerance=8.0, fixes=0.7, leaves=0.05),
    ),
    World(
        name="dead_cards",
        about="cards are the trouble, not money: the message is what brings it back",
        lands=((_AMERICA, 0.5), (_GERMANY, 0.3), (_AUSTRALIA, 0.2)),
        causes={"funds": 0.1, "trouble": 0.05, "limit": 0.03, "expired": 0.27, "dead": 0.25,
                "refused": 0.13, "authentication": 0.12, "risk": 0.05},
        intervals=_MONTHLY, median_cents=_PRICES, brands=_WESTERN,
        funding={"debit": 0.4, "credit": 0.5, "prepaid": 0.1}, wealth=_WALLETS,
        vague=0.45, wrong=0.1, updater=0.1, lenient=0.25,
        manners=Manners(answers=0.65, fatigue=0.85, tolerance=12.0, fixes=0.5),
    ),
)  # fmt: skip

WORLDS: Final[dict[str, World]] = {world.name: world for world in _ALL}
