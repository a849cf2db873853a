"""A policy as a TOML file: it comes back as it was, and a wrong file says all that is wrong."""

import tomllib
from datetime import timedelta
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.policy_files import from_toml, to_toml
from adapters.policy_files.reading import MOST_CHARACTERS
from domain.decline import DeclineFamily
from domain.policy import PRESETS, Arm, Match, Policy, PolicyInvalid, Segment, balanced
from tests.builders import a_policy
from tests.policies import policies

SLOWLY = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FULL = replace(
    balanced("Europe/Berlin"),
    segments=(Segment(name="s", when=Match(currencies=("eur",), below_minor=5)),),
    arms=(Arm(name="a", weight=1, window=timedelta(days=20)),),
    brand_month_limits={"visa": 5},
    families={"do_not_honor": DeclineFamily.FUNDS},
)


def told(text: str) -> dict[str, str]:
    """What is wrong with a file: sentences by field."""
    with pytest.raises(PolicyInvalid) as caught:
        from_toml(text)
    return {fault.field: fault.message for fault in caught.value.faults}


def with_changes(change: Any, policy: Policy = FULL) -> str:
    """The policy's file after `change` has had its way with the parsed tables."""
    tables = tomllib.loads(to_toml(policy))
    change(tables)
    return tomli_w.dumps(tables)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_comes_back_as_it_was(name: str) -> None:
    preset = PRESETS[name]("Europe/Berlin", version=7)
    assert from_toml(to_toml(preset)) == preset


@SLOWLY
@given(policies())
def test_any_policy_comes_back_as_it_was_and_is_written_the_same_each_time(policy: Policy) -> None:
    text = to_toml(policy)
    again = from_toml(text)
    assert again == policy
    assert to_toml(again) == text


def test_a_file_reads_well() -> None:
    text = to_toml(balanced("Europe/Berlin"))
    assert text.startswith("# A policy of ChargeChase.")
    assert 'window = "28 d"\ntimezone = "Europe/Berlin"\n' in text
    assert '[plans.funds.retries]\ntiming = "learned"\ntries = 8\ngap = "20 h"\n' in text
    assert '  { template = "payment_failed", after = "3 d", if_worthwhile = true },\n' in text
    assert '  { template = "update_card", after = "1 h" },\n' in text
    assert "null" not in text
    assert max(map(len, text.splitlines())) <= 110


def test_limits_of_brands_are_a_table_that_comes_back() -> None:
    limits = {"visa": 5, "eftpos_au": 8, "amex": 1}
    text = to_toml(a_policy(card_month_limit=8, brand_month_limits=limits))
    assert "[brand_month_limits]\nvisa = 5\neftpos_au = 8\namex = 1\n" in text
    assert from_toml(text).brand_month_limits == limits
    assert "brand_month_limits" not in to_toml(a_policy())


def test_what_is_as_usual_may_be_left_out() -> None:
    def bare(tables: dict[str, Any]) -> None:
        for name in ("version", "end", "hold_out_percent", "segments", "arms", "families"):
            tables.pop(name)
        tables.pop("brand_month_limits")

    plain = replace(FULL, version=1, segments=(), arms=(), families={}, brand_month_limits={})
    assert from_toml(with_changes(bare)) == plain


def test_an_empty_file_is_told_of_every_field_that_is_missing() -> None:
    assert set(told("")) == {
        "name",
        "plans",
        "window",
        "timezone",
        "charge_hour",
        "first_mail_hour",
        "last_mail_hour",
        "contacts",
        "card_month_limit",
        "card_day_limit",
        "stripe_retries",
        "economics",
    }


def test_faults_of_shape_and_faults_of_rule_are_told_together_by_their_path() -> None:
    def wrong(tables: dict[str, Any]) -> None:
        tables["windw"] = tables.pop("window")
        tables["charge_hour"] = "nine"
        tables["card_month_limit"] = 99
        tables["brand_month_limits"] = {"visa": "few", "amex": 0, "Amex": 1}
        tables["hold_out_percent"] = True
        tables["stripe_retries"] = "both"
        tables["plans"]["fund"] = {}
        tables["plans"]["funds"]["retries"]["tries"] = 36
        tables["plans"]["funds"]["campaign"][0]["after"] = "soon"
        tables["plans"]["funds"]["campaign"][1]["if_worthwhile"] = "yes"
        tables["plans"]["unknown"]["retries"] = {"timing": "fixed", "waits": ["2 d", 3, "4 d"]}
        tables["plans"]["temporary"]["retries"] = {"timing": "sometimes"}
        tables["plans"]["never"]["retries"] = {"tries": 3}
        tables["plans"]["needs_new_card"] = "none"
        tables["plans"]["needs_authentication"]["retries"] = 3
        tables["plans"]["check"]["campaign"] = {}
        tables["contacts"].pop("gap")
        tables["contacts"]["per_day"] = 9
        tables["economics"] = []
        tables["segments"][0]["when"]["currencies"] = ["eur", 3]
        tables["segments"][0]["when"]["below_minor"] = 1.5
        tables["segments"][0]["window"] = 20
        tables["arms"][0]["weight"] = 0
        tables["arms"].append("b")
        tables["families"] = {"do_not_honor": "fund", "lost_card": "funds"}

    found = told(with_changes(wrong))
    assert set(found) == {
        "windw",
        "window",
        "charge_hour",
        "card_month_limit",
        "brand_month_limits.visa",
        "brand_month_limits.amex",
        "brand_month_limits.Amex",
        "hold_out_percent",
        "stripe_retries",
        "plans.fund",
        "plans.funds.retries.tries",
        "plans.funds.campaign[0].after",
        "plans.funds.campaign[1].if_worthwhile",
        "plans.unknown.retries.waits[1]",
        "plans.temporary.retries.timing",
        "plans.never.retries.timing",
        "plans.needs_new_card",
        "plans.needs_authentication.retries",
        "plans.check.campaign",
        "contacts.gap",
        "contacts.per_day",
        "contacts.per_week",  # fewer than in a day, and that is a fault of its own
        "economics",
        "segments[0].when.currencies[1]",
        "segments[0].when.below_minor",
        "segments[0].window",
        "arms[0].weight",
        "arms[1]",
        "families.do_not_honor",
        "families.lost_card",
    }
    assert found["windw"] == "There is no such field; did you mean window?"
    assert found["charge_hour"] == "Write a whole number."
    assert found["plans.funds.campaign[0].after"].startswith('Write a duration such as "3 d"')
    assert found["plans.temporary.retries.timing"] == "Choose one of fixed, pay_days, learned."
    assert found["stripe_retries"] == "Choose one of take_over, follow, hold_out."
    assert found["card_month_limit"] == "Choose a number from 1 to 35."


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda t: t.update(colour="blue"), "colour"),
        (lambda t: t["contacts"].update(per_year=1), "contacts.per_year"),
        (
            lambda t: t["plans"]["funds"]["retries"].update(waits=["1 d"]),
            "plans.funds.retries.waits",
        ),
        (lambda t: t["plans"]["funds"]["campaign"][0].update(x=1), "plans.funds.campaign[0].x"),
        (lambda t: t["segments"][0]["when"].update(country="DE"), "segments[0].when.country"),
        (lambda t: t["arms"][0].update(when={}), "arms[0].when"),
    ],
)
def test_a_field_that_is_not_known_is_a_fault_wherever_it_stands(change: Any, path: str) -> None:
    found = told(with_changes(change))
    assert set(found) == {path}
    assert found[path].startswith("There is no such field")


def test_a_name_that_is_like_no_field_gets_no_advice() -> None:
    found = told(with_changes(lambda tables: tables.update(zzzzzz=1)))
    assert found == {"zzzzzz": "There is no such field."}


def test_what_only_stands_in_for_an_unreadable_field_breaks_no_rule() -> None:
    def unreadable(tables: dict[str, Any]) -> None:
        tables["window"] = "60 days"
        tables["first_mail_hour"] = "early"
        tables["card_month_limit"] = "many"
        tables["brand_month_limits"] = {"mastercard": 35}
        tables["plans"]["funds"]["retries"] = {"timing": "fixed", "waits": ["29 d", "29 d"]}
        tables["segments"][0]["window"] = "a week"
        tables["arms"] = []

    assert set(told(with_changes(unreadable))) == {
        "window",
        "first_mail_hour",
        "card_month_limit",
        "segments[0].window",
    }


@pytest.mark.parametrize(
    "text",
    [
        "name =",
        "name = 'a'\nname = 'b'",
        "x = " + "9" * 5000,
        "x = " + "[" * 5000 + "]" * 5000,
        "\x00",
    ],
)
def test_what_is_not_toml_is_a_fault_of_the_file(text: str) -> None:
    found = told(text)
    assert set(found) == {"file"}
    assert found["file"].startswith("This is not TOML")


def test_a_file_has_a_longest_size() -> None:
    assert set(told("#" * (MOST_CHARACTERS + 1))) == {"file"}
    text = to_toml(a_policy())
    assert from_toml(text + "#" * (MOST_CHARACTERS - len(text))) == a_policy()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats()
    | st.sampled_from(["3 d", "", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


@SLOWLY
@given(st.data())
def test_whatever_stands_in_a_field_the_answer_is_a_policy_or_its_faults(
    data: st.DataObject,
) -> None:
    tables = tomllib.loads(to_toml(FULL))
    spot: Any = tables
    while True:
        keys: list[Any] = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(spot[key], dict | list) or not spot[key] or data.draw(st.booleans()):
            break
        spot = spot[key]
    value = data.draw(VALUES.filter(lambda value: value is not None))
    spot[key] = value
    try:
        text = tomli_w.dumps(tables)
    except TypeError:  # nothing stands for "nothing" in TOML
        return
    try:
        assert isinstance(from_toml(text), Policy)
    except PolicyInvalid as invalid:
        assert all(fault.field and fault.message for fault in invalid.faults)  # noqa: PT017
