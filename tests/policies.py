"""Random policies that are valid: for laws that must hold for any."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from domain.decline import DeclineFamily, may_sort
from domain.policy import (
    Arm,
    Channel,
    ContactBudget,
    Economics,
    EndAction,
    FixedWaits,
    Learned,
    Match,
    PayDays,
    Plan,
    Policy,
    Segment,
    Since,
    Step,
    StripeRetries,
    Template,
)
from domain.policy.faults import EARLIEST_TEXT, LATEST_TEXT, MOST_TEXTS
from domain.policy.plan_faults import MOST_STEPS, MOST_TRIES, NOT_CHARGED, OF_BILLS, OF_BILLS_ALONE

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]
NAMES = st.text("abc ÄÖ☂\"'\\#=[]{}.,-_%0123456789", min_size=1, max_size=20).filter(
    lambda name: name == name.strip()
)
CENTS = st.integers(0, 100_000)


def lasting(least: timedelta, most: timedelta) -> st.SearchStrategy[timedelta]:
    """Whole seconds between two durations, both included."""
    seconds = st.integers(least // timedelta(seconds=1), most // timedelta(seconds=1))
    return seconds.map(lambda count: timedelta(seconds=count))


# Windows are 20 days and more; fixed waits add up to at most 19 days, gaps to at most 20.
WINDOWS = lasting(20 * DAY, 60 * DAY)
RETRIES = st.one_of(
    st.builds(
        FixedWaits, waits=st.lists(lasting(HOUR / 60, 3 * DAY), min_size=1, max_size=6).map(tuple)
    ),
    st.builds(PayDays, tries=st.integers(1, MOST_TRIES), gap=lasting(HOUR, 20 * DAY)),
    st.builds(Learned, tries=st.integers(1, MOST_TRIES), gap=lasting(HOUR, 20 * DAY)),
)


def _steps(since: Since, templates: tuple[Template, ...]) -> st.SearchStrategy[list[Step]]:
    """At most four steps since one thing, in an order that makes sense."""
    waits = st.lists(lasting(HOUR, 19 * DAY), max_size=4, unique=True)
    step = st.fixed_dictionaries(
        {
            "template": st.sampled_from(templates),
            "channel": st.sampled_from(Channel),
            "at_least_cents": CENTS,
            "if_worthwhile": st.booleans(),
        }
    )

    def built(parts: tuple[list[timedelta], list[dict[str, Any]]]) -> list[Step]:
        ordered = sorted(parts[0], reverse=since is Since.END)
        return [
            Step(since=since, after=wait, **rest)
            for wait, rest in zip(ordered, parts[1], strict=False)
        ]

    return st.tuples(waits, st.lists(step, max_size=4)).map(built)


def _campaigns(
    templates: tuple[Template, ...], *clocks: Since
) -> st.SearchStrategy[tuple[Step, ...]]:
    """Steps since one thing after the other, no more than a campaign may have."""
    return st.tuples(*(_steps(since, templates) for since in clocks)).map(
        lambda parts: tuple(step for part in parts for step in part)[:MOST_STEPS]
    )


CAMPAIGNS = _campaigns(
    tuple(
        template for template in Template if template not in (*OF_BILLS_ALONE, Template.RECOVERED)
    ),
    Since.OPENED,
    Since.ASKED,
    Since.END,
)
CAMPAIGNS_OF_BILLS = _campaigns(OF_BILLS, *Since)


@st.composite
def plans(draw: st.DrawFn) -> dict[DeclineFamily, Plan]:
    """Plans of some families; the asking ones without retries."""
    families = draw(st.lists(st.sampled_from(DeclineFamily), unique=True))
    return {
        family: Plan(
            retries=None if family in NOT_CHARGED else draw(st.none() | RETRIES),
            campaign=draw(CAMPAIGNS_OF_BILLS if family is DeclineFamily.OUTSTANDING else CAMPAIGNS),
        )
        for family in families
    }


@st.composite
def matches(draw: st.DrawFn) -> Match:
    """What cases may be asked for; never nothing."""
    least, below = sorted(draw(st.lists(CENTS, min_size=2, max_size=2, unique=True)))
    old, older = sorted(
        draw(st.lists(lasting(timedelta(), 900 * DAY), min_size=2, max_size=2, unique=True))
    )
    return Match(
        currencies=(draw(st.sampled_from(["eur", "usd", "jpy"])),),
        countries=tuple(draw(st.lists(st.sampled_from(["DE", "US", "JP"]), unique=True))),
        intervals=tuple(draw(st.lists(st.sampled_from(["week", "month", "year"]), unique=True))),
        prices=tuple(draw(st.lists(st.sampled_from(["price_a", "plan-b.c"]), unique=True))),
        collections=tuple(
            draw(st.lists(st.sampled_from(["charge_automatically", "send_invoice"]), unique=True))
        ),
        at_least_minor=draw(st.sampled_from([None, least])),
        below_minor=draw(st.sampled_from([None, below])),
        tenure_at_least=draw(st.sampled_from([None, old])),
        tenure_below=draw(st.sampled_from([None, older])),
    )


@st.composite
def contact_budgets(draw: st.DrawFn) -> ContactBudget:
    """A day's count is at most a week's, a week's at most a month's."""
    per_day = draw(st.integers(1, 4))
    per_week = draw(st.integers(per_day, 10))
    return ContactBudget(
        gap=draw(lasting(HOUR, 10 * DAY)),
        per_day=per_day,
        per_week=per_week,
        per_month=draw(st.integers(per_week, 20)),
    )


ECONOMICS = st.builds(
    Economics,
    attempt_cents=CENTS,
    message_cents=CENTS,
    cancelled_months=st.integers(0, 24),
    exploration_percent=st.integers(0, 100),
)
CODES = st.sampled_from(
    ["do_not_honor", "expired_card", "lost_card", "fraudulent", "quite new", 'a"b.c', "ü"]
)
BRANDS = st.sampled_from(["visa", "mastercard", "amex", "eftpos_au"])


def _families() -> st.SearchStrategy[dict[str, DeclineFamily]]:
    pairs = st.tuples(CODES, st.sampled_from(DeclineFamily)).filter(lambda pair: may_sort(*pair))
    return st.lists(pairs, max_size=4).map(dict)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that is valid, within what is usual."""
    names = draw(st.lists(NAMES, max_size=4, unique=True))
    last = draw(st.integers(9, 24))
    first = draw(st.integers(0, min(20, last - 1)))
    hour = draw(st.integers(max(first, EARLIEST_TEXT), min(last, LATEST_TEXT) - 1))
    a_month = draw(st.integers(1, 35))
    return Policy(
        version=draw(st.integers(1, 10_000)),
        name=draw(NAMES),
        plans=draw(plans()),
        window=draw(WINDOWS),
        timezone=draw(st.sampled_from(ZONES)),
        charge_hour=draw(st.integers(0, 23)),
        first_mail_hour=first,
        last_mail_hour=last,
        most_texts=draw(st.integers(0, MOST_TEXTS)),
        first_text_hour=draw(st.integers(EARLIEST_TEXT, hour)),
        last_text_hour=draw(st.integers(hour + 1, LATEST_TEXT)),
        contacts=draw(contact_budgets()),
        card_month_limit=a_month,
        brand_month_limits=draw(st.dictionaries(BRANDS, st.integers(1, a_month), max_size=3)),
        card_day_limit=draw(st.integers(1, 10)),
        stripe_retries=draw(st.sampled_from(StripeRetries)),
        economics=draw(ECONOMICS),
        end=draw(st.sampled_from(EndAction)),
        confirm_end=draw(st.booleans()),
        segments=tuple(
            Segment(
                name=name,
                when=draw(matches()),
                plans=draw(plans()),
                window=draw(st.none() | WINDOWS),
            )
            for name in names[:2]
        ),
        arms=tuple(
            Arm(
                name=name,
                weight=draw(st.integers(1, 1000)),
                plans=draw(plans()),
                window=draw(st.none() | WINDOWS),
            )
            for name in names[2:]
        ),
        hold_out_percent=draw(st.integers(0, 50)),
        receipt=draw(st.booleans()),
        use_backup=draw(st.booleans()),
        expiry_notice=timedelta(days=draw(st.integers(0, 30))),
        families=draw(_families()),
    )
