"""The policy protocol: what a program hears from us, case by case."""

import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.holidays.public import public_holidays
from domain.policy import PRESETS
from wiring.policy_decide import decide_lines

OPENED = datetime(2025, 3, 3, 14, 20, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = PRESETS["assertive"]("UTC")


def at(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def refused(
    instant: datetime, code: str | None = "insufficient_funds", **said: Any
) -> dict[str, Any]:
    return {
        "at": at(instant), "outcome": "failed", "decline_code": code,
        "advice_code": None, "network_advice_code": None, **said,
    }  # fmt: skip


def a_case(name: str = "case_1", **changes: Any) -> dict[str, Any]:
    """A US customer's monthly 29 dollars, just refused for lack of money."""
    case = {
        "id": name,
        "merchant": "m_1",
        "amount_minor": 29_00,
        "currency": "USD",
        "country": "US",
        "timezone": "America/New_York",
        "card": {
            "brand": "visa", "funding": "debit", "country": "US",
            "exp_month": 4, "exp_year": 2027, "updated_at": None,
        },
        "subscription": {"started_at": "2024-03-03T00:00:00Z", "interval": "month"},
        "billing_reason": "subscription_cycle",
        "collection": "charge_automatically",
        "opened_at": at(OPENED),
        "now": at(OPENED),
        "attempts": [refused(OPENED)],
        "messages": [],
    }  # fmt: skip
    return {**case, **changes}


def talk(*lines: dict[str, Any] | str, learns: bool = True) -> list[dict[str, Any]]:
    """What comes back for these lines."""
    out = io.BytesIO()
    raw = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    decide_lines(POLICY, [text.encode() + b"\n" for text in raw], out, learns=learns)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def ask(case: dict[str, Any]) -> dict[str, Any]:
    (answer,) = talk({"op": "decide", "case": case})
    return answer


def play(
    case: dict[str, Any],
    code: str | None = "insufficient_funds",
    *,
    told: Sequence[dict[str, Any]] = (),
    learns: bool = True,
) -> list[dict[str, Any]]:
    """Refuse every charge and ignore every message until the case is over; all its answers."""
    answers: list[dict[str, Any]] = []
    case, out = json.loads(json.dumps(case)), io.BytesIO()

    def lines() -> Iterator[bytes]:
        yield from (json.dumps(line).encode() for line in told)
        while len(answers) < 200:
            yield json.dumps({"op": "decide", "case": case}).encode()
            answers.append(json.loads(out.getvalue().splitlines()[-1]))
            if not _goes_on(case, answers[-1], code):
                return

    decide_lines(POLICY, lines(), out, learns=learns)
    return answers


def _goes_on(case: dict[str, Any], answer: dict[str, Any], code: str | None) -> bool:
    """Carry the answer out; False once the case is over."""
    if answer["action"] == "stop" or datetime.fromisoformat(answer["at"]) > OPENED + 45 * DAY:
        return False
    case["now"] = answer["at"]
    if answer["action"] == "retry":
        case["attempts"].append(refused(datetime.fromisoformat(answer["at"]), code))
    elif answer["action"] == "email":
        sent = {"at": answer["at"], "channel": "email", "template": answer["template"]}
        case["messages"].append(sent)
    return True


def test_a_batch_is_answered_in_one_line_with_its_number_and_each_case_by_its_id() -> None:
    cases = [a_case(f"case_{n}") for n in range(5)]
    (answer,) = talk({"op": "decide", "seq": 17, "cases": cases})
    assert answer["seq"] == 17
    assert {one["id"] for one in answer["answers"]} == {f"case_{n}" for n in range(5)}


def test_a_single_case_is_answered_by_a_step_of_its_own() -> None:
    answer = ask(a_case())
    assert answer["action"] in ("retry", "email", "wait")
    assert datetime.fromisoformat(answer["at"]) >= OPENED


def test_learn_lines_and_unknown_words_are_not_answered() -> None:
    assert talk(
        {"op": "learn", "outcomes": []},
        {"op": "learn", "outcome": {"type": "closed", "case_id": "x", "at": at(OPENED)}},
        {"op": "learn", "outcome": {"type": "unheard_of", "case_id": "x", "at": at(OPENED)}},
        {"op": "dance"},
        {},
        "",
        "not json",
    ) == []  # fmt: skip


@pytest.mark.parametrize("code", ["lost_card", "stolen_card", "pickup_card", "invalid_account",
    "incorrect_number", "stop_payment_order", "revocation_of_authorization",
    "revocation_of_all_authorizations"])  # fmt: skip
def test_a_card_that_said_never_is_never_charged_again(code: str) -> None:
    answers = play(a_case(attempts=[refused(OPENED, code)]), code)
    assert "retry" not in {answer["action"] for answer in answers}


@pytest.mark.parametrize("brand", ["visa", "mastercard", "amex", None])
@pytest.mark.parametrize("advice", ["03", "21"])
def test_the_networks_word_never_counts_whatever_the_brand(brand: str | None, advice: str) -> None:
    card = {**a_case()["card"], "brand": brand}
    first = refused(OPENED, "do_not_honor", network_advice_code=advice)
    answers = play(a_case(attempts=[first], card=card), "do_not_honor")
    assert "retry" not in {answer["action"] for answer in answers}


def test_a_new_card_is_charged_at_once_even_after_one_that_said_never() -> None:
    case = a_case(attempts=[refused(OPENED, "lost_card")])
    later = OPENED + 2 * DAY
    updated = {**case, "now": at(later), "card": {**case["card"], "updated_at": at(later)}}
    _, answer = talk({"op": "decide", "case": case}, {"op": "decide", "case": updated})
    assert (answer["action"], answer["at"]) == ("retry", at(later))


def test_who_was_never_asked_about_a_case_can_be_asked_in_its_middle() -> None:
    """A process that is started again answers as the one before would have."""
    case = a_case(
        now=at(OPENED + 3 * DAY),
        attempts=[refused(OPENED), refused(OPENED + 3 * DAY)],
        messages=[{"at": at(OPENED + DAY), "channel": "email", "template": "payment_failed"}],
    )
    assert datetime.fromisoformat(ask(case)["at"]) >= OPENED + 3 * DAY


@pytest.mark.parametrize(
    ("brand", "month_limit"), [("visa", 15), ("mastercard", 34), ("amex", 8), ("discover", 8)]
)
def test_the_networks_limits_hold_over_a_whole_case(brand: str, month_limit: int) -> None:
    case = a_case(card={**a_case()["card"], "brand": brand}, amount_minor=900_00)
    retries = [
        datetime.fromisoformat(answer["at"]) for answer in play(case) if answer["action"] == "retry"
    ]
    assert retries
    for retry in retries:
        before = [one for one in retries if retry - 30 * DAY < one < retry]
        assert len(before) < month_limit
        assert len([one for one in before if one > retry - DAY]) < 10


def test_every_step_moves_forward_and_within_the_window() -> None:
    for code in ("insufficient_funds", "do_not_honor", "processing_error", "expired_card",
                 "authentication_required", None, "what_is_this"):  # fmt: skip
        answers = play(a_case(attempts=[refused(OPENED, code)]), code)
        instants = [datetime.fromisoformat(answer["at"]) for answer in answers if "at" in answer]
        assert instants == sorted(instants)
        assert len(answers) < 60


@settings(max_examples=60, deadline=None)
@given(
    text=st.none() | st.text(max_size=8),
    amount=st.integers(0, 10**12),
    zone=st.sampled_from([None, "", "Nowhere/Town", "Asia/Tokyo", "Europe/Berlin"]),
    interval=st.sampled_from([None, "week", "year", "day"]),
)
def test_any_text_or_null_is_answered(
    text: str | None, amount: int, zone: str | None, interval: str | None
) -> None:
    case = a_case(
        amount_minor=amount,
        currency=text or "JPY",
        country=text,
        timezone=zone,
        merchant=text,
        collection=text,
        billing_reason=text,
        card={"brand": text, "funding": text, "country": text},
        subscription={"started_at": None, "interval": interval},
        attempts=[refused(OPENED, text, advice_code=text, network_advice_code=text)],
    )
    assert ask(case)["action"] in ("retry", "email", "wait")


def test_a_case_that_cannot_be_read_waits_and_spoils_nothing() -> None:
    broken = {**a_case("broken"), "attempts": "none"}
    (answer,) = talk({"op": "decide", "seq": 1, "cases": [broken, a_case("whole")]})
    by_id = {one["id"]: one for one in answer["answers"]}
    assert (by_id["broken"]["action"], by_id["broken"]["at"]) == ("wait", at(OPENED + DAY))
    assert by_id["whole"]["action"] != "stop"


def test_the_same_questions_get_the_same_answers() -> None:
    assert play(a_case()) == play(a_case())


def test_what_is_told_changes_what_is_answered() -> None:
    """A hundred customers paid on the afternoon of the tenth, and on no other day."""
    told: list[dict[str, Any]] = []
    for n in range(100):
        for day in range(3, 14):
            name, when = f"taught_{n}_{day}", datetime(2025, 3, day, 21, 0, tzinfo=UTC)
            opened = when - timedelta(days=5)
            told.append(
                {"op": "decide", "case": a_case(name, opened_at=at(opened), now=at(opened),
                                                attempts=[refused(opened)])}
            )  # fmt: skip
            outcome = {"type": "attempt", "case_id": name, "at": at(when), "succeeded": day == 10}
            if day != 10:
                outcome |= {"decline_code": "insufficient_funds"}
            told.append({"op": "learn", "outcome": outcome})
    taught, untaught = (play(a_case("asked"), told=told, learns=learns) for learns in (True, False))
    assert taught != untaught


def test_holidays_come_from_the_customers_country() -> None:
    assert date(2025, 7, 4) in public_holidays("US", date(2025, 7, 1), date(2025, 7, 31))
    assert public_holidays("??", date(2025, 7, 1), date(2025, 7, 31)) == ()
