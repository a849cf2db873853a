"""The harness keeps its side of policy protocol 1: one test a sentence."""

import sys
from pathlib import Path
from typing import Any

import pytest

from rehearsal.worlds.game import Game
from rehearsal.worlds.partner import ChildProcess
from rehearsal.worlds.shapes import Fix
from tests.rehearsal.made_worlds import (
    ALWAYS,
    DAY,
    HOUR,
    OPENED_AT,
    PLAIN,
    STOP,
    Scripted,
    after,
    card,
    email,
    in_turn,
    moved_by,
    retry,
    run,
    truth,
    wait,
)


def test_a_case_is_asked_when_it_opens_with_the_first_failure_in_its_attempts() -> None:
    policy = Scripted(in_turn())
    run(policy)
    (case,) = policy.asked
    assert case["now"] == case["opened_at"] == after()
    assert case["attempts"] == [{
        "at": after(), "outcome": "failed", "decline_code": "insufficient_funds",
        "advice_code": None, "network_advice_code": None,
    }]  # fmt: skip
    assert case["card"]["updated_at"] is None


def test_a_case_is_asked_right_after_a_failed_retry() -> None:
    policy = Scripted(in_turn(retry(after(2))))
    run(policy)
    assert [case["now"] for case in policy.asked] == [after(), after(2)]
    assert len(policy.asked[1]["attempts"]) == 2


def test_a_case_is_asked_right_after_a_message_and_sees_it() -> None:
    policy = Scripted(in_turn(email(after(1), channel="sms", template="final_notice")))
    run(policy)
    assert policy.asked[1]["now"] == after(1)
    assert policy.asked[1]["messages"] == [
        {"at": after(1), "channel": "sms", "template": "final_notice"}
    ]


def test_a_case_is_asked_when_a_wait_is_over() -> None:
    policy = Scripted(in_turn(wait(after(3))))
    run(policy)
    assert policy.asked[1]["now"] == after(3)


def test_an_updated_card_drops_the_pending_step_and_asks_at_once() -> None:
    changing = truth(updater=Fix(OPENED_AT + 2 * DAY, card(windows=ALWAYS)))
    policy = Scripted(in_turn(retry(after(5)), retry(after(2))))
    (ending,) = run(policy, changing)
    assert [case["now"] for case in policy.asked] == [after(), after(2)]
    assert policy.asked[1]["card"]["updated_at"] == after(2)
    assert (ending.result, ending.via, ending.retries) == ("recovered", "retry", 1)


def test_a_dropped_step_does_not_happen_when_the_new_answer_is_to_stop() -> None:
    changing = truth(updater=Fix(OPENED_AT + 2 * DAY, card(windows=ALWAYS)))
    (ending,) = run(Scripted(in_turn(retry(after(5)), STOP)), changing)
    assert (ending.result, ending.retries) == ("expired", 0)


def test_a_new_card_is_not_charged_by_itself() -> None:
    changing = truth(updater=Fix(OPENED_AT + DAY, card(windows=ALWAYS)))
    (ending,) = run(Scripted(in_turn(wait(after(30)))), changing)
    assert (ending.result, ending.retries) == ("expired", 0)


def test_a_customer_who_was_moved_by_a_message_changes_the_card() -> None:
    moved = truth(answers=moved_by(0, card(windows=ALWAYS)))
    policy = Scripted(in_turn(email(after()), wait(after(9)), retry(after(hours=1))))
    (ending,) = run(policy, moved)
    assert policy.asked[2]["card"]["updated_at"] == after(hours=1)
    assert ending.result == "recovered"


def test_nothing_is_asked_after_a_stop_but_the_customer_may_pay() -> None:
    paying = truth(
        updater=Fix(OPENED_AT + DAY, card(windows=ALWAYS)), fix=Fix(OPENED_AT + 2 * DAY, None)
    )
    policy = Scripted(in_turn())
    (ending,) = run(policy, paying)
    assert len(policy.asked) == 1
    assert (ending.result, ending.via) == ("recovered", "customer")


def test_nothing_is_recovered_after_giving_up() -> None:
    paying = truth(fix=Fix(OPENED_AT + DAY, None))
    (ending,) = run(Scripted(in_turn({"action": "give_up"})), paying)
    assert (ending.result, ending.recovered_cents) == ("given_up", 0.0)


def test_a_step_after_45_days_does_not_happen() -> None:
    good = truth(card=card(windows=ALWAYS))
    policy = Scripted(in_turn(retry(after(45))))
    (ending,) = run(policy, good)
    assert (ending.result, ending.retries, len(policy.asked)) == ("expired", 0, 1)


def test_a_step_just_within_45_days_happens() -> None:
    good = truth(card=card(windows=ALWAYS))
    (ending,) = run(Scripted(in_turn(retry(after(44.99)))), good)
    assert ending.result == "recovered"


def test_nothing_is_asked_after_success_or_cancellation() -> None:
    leaving = truth(number=1, id="case_1", leaves_at=OPENED_AT + DAY)
    policy = Scripted(lambda case: retry(case["now"]) if case["id"] == "case_0" else wait(after(5)))
    won, left = run(policy, truth(card=card(windows=ALWAYS)), leaving)
    assert [won.result, left.result] == ["recovered", "cancelled"]
    assert len(policy.asked) == 2


@pytest.mark.parametrize(
    "bad",
    [
        None,
        {"action": "charge", "at": after()},
        {"action": "retry"},
        {"action": "retry", "at": "soon"},
        {"action": "retry", "at": "2025-03-04T06:00:00"},
        {"action": "retry", "at": after(seconds=-61)},
        {"action": "wait", "at": after()},
        {"action": "email", "at": after(), "channel": "pigeon"},
        {"action": "email", "at": after(), "template": "hello"},
    ],
)  # fmt: skip
def test_a_fault_is_counted_and_the_case_left_alone_for_a_day(bad: object) -> None:
    policy = Scripted(in_turn(bad))
    (ending,) = run(policy)
    assert ending.faults == 1
    assert [case["now"] for case in policy.asked] == [after(), after(1)]


def test_a_minute_before_now_is_no_fault_and_means_now() -> None:
    (ending,) = run(Scripted(in_turn(retry(after(seconds=-60)))), truth(card=card(windows=ALWAYS)))
    assert (ending.faults, ending.result, ending.ended_at) == (0, "recovered", OPENED_AT)


def test_a_card_updated_during_the_pause_of_a_fault_is_asked_about_after_it() -> None:
    changing = truth(updater=Fix(OPENED_AT + 6 * HOUR, card(windows=ALWAYS)))
    policy = Scripted(in_turn(None))
    run(policy, changing)
    assert [case["now"] for case in policy.asked] == [after(), after(1)]
    assert policy.asked[1]["card"]["updated_at"] == after(hours=6)


def test_the_301st_decision_is_a_fault_and_the_last_question() -> None:
    policy = Scripted(lambda case: email(case["now"]))
    (ending,) = run(policy)
    assert (ending.decisions, ending.faults, ending.messages) == (300, 1, 300)


def test_the_121st_attempt_is_a_fault_and_does_not_happen() -> None:
    policy = Scripted(lambda case: retry(case["now"]))
    (ending,) = run(policy)
    assert (ending.retries, ending.faults) == (119, 1)


def test_cases_of_one_hour_come_in_one_batch_of_at_most_256() -> None:
    policy = Scripted(in_turn(*[{"action": "stop"}] * 400))
    cases = [truth(number=n, id=f"case_{n}", opened_at=OPENED_AT + n) for n in range(300)]
    run(policy, *cases, truth(number=300, id="case_300", opened_at=OPENED_AT + 2 * HOUR))
    sizes = [len(each["cases"]) for each in policy.requests if each["op"] == "decide"]
    assert sizes == [256, 44, 1]


def test_an_event_of_a_case_that_waits_for_its_answer_comes_after_the_answer() -> None:
    changing = truth(updater=Fix(OPENED_AT + 60, card(windows=ALWAYS)))
    policy = Scripted(in_turn(wait(after(3)), retry(after(seconds=60))))
    (ending,) = run(policy, changing)
    assert [case["now"] for case in policy.asked] == [after(), after(seconds=60)]
    assert ending.result == "recovered"


def test_outcomes_come_in_the_order_of_time_and_never_from_the_future() -> None:
    cases = [
        truth(number=n, id=f"case_{n}", opened_at=OPENED_AT + n * 700,
              card=card(windows=((OPENED_AT + 9 * HOUR, 1 << 40),)))
        for n in range(40)
    ]  # fmt: skip

    def decide(case: dict[str, Any]) -> dict[str, Any]:
        tries = len(case["attempts"])
        return retry(case["now"] if tries < 3 else after(1)) if tries < 5 else STOP

    policy = Scripted(decide)
    run(policy, *cases)
    told = [outcome["at"] for outcome in policy.learned]
    assert told == sorted(told)
    latest = ""
    for request in policy.requests:
        if request["op"] == "learn":
            latest = max(outcome["at"] for outcome in request["outcomes"])
        else:
            assert latest <= min(case["now"] for case in request["cases"])


def test_every_attempt_card_and_ending_is_told() -> None:
    changing = truth(updater=Fix(OPENED_AT + 2 * DAY, card(windows=ALWAYS)))
    policy = Scripted(in_turn(retry(after(1)), wait(after(9)), retry(after(2))))
    run(policy, changing)
    failed, updated, won, closed = policy.learned
    assert failed == {
        "type": "attempt", "case_id": "case_0", "at": after(1), "succeeded": False,
        "decline_code": "insufficient_funds", "advice_code": None, "network_advice_code": None,
    }  # fmt: skip
    assert updated == {"type": "card_updated", "case_id": "case_0", "at": after(2)}
    assert won["succeeded"] is True
    assert (closed["result"], closed["via"], closed["recovered_minor"]) == (
        "recovered", "retry", 2000,
    )  # fmt: skip
    assert len(closed["case"]["attempts"]) == 3


def test_an_expired_case_is_told_as_closed() -> None:
    policy = Scripted(in_turn())
    run(policy)
    (closed,) = policy.learned
    assert (closed["at"], closed["result"], closed["via"]) == (after(45), "expired", None)


def test_a_single_request_holds_the_case_and_its_answer_needs_no_id() -> None:
    policy = Scripted(in_turn(retry(after(1))))
    (ending,) = run(policy, truth(card=card(windows=ALWAYS)), batch=False)
    assert ending.result == "recovered"
    assert {frozenset(request) for request in policy.requests} == {
        frozenset({"op", "case"}), frozenset({"op", "outcome"}),
    }  # fmt: skip


def test_what_a_policy_does_to_its_copy_of_a_case_changes_nothing() -> None:
    def spoil(case: dict[str, object]) -> dict[str, object]:
        case["attempts"].clear()  # type: ignore[attr-defined]
        case["card"]["brand"] = "none"  # type: ignore[index]
        return retry(after(1)) if case["now"] == after() else {"action": "stop"}

    policy = Scripted(spoil)
    (ending,) = run(policy)
    assert (ending.retries, ending.faults) == (1, 0)
    closed = policy.learned[-1]["case"]
    assert len(closed["attempts"]) == 2
    assert closed["card"]["brand"] == "visa"


STOPS = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    if request["op"] == "decide":
        answers = [{"id": each["id"], "action": "stop"} for each in request["cases"]]
        print(json.dumps({"seq": request["seq"], "answers": answers}), flush=True)
"""
NO_JSON = "import sys\nfor line in sys.stdin:\n    print('hello', flush=True)\n"
LEAVES = "import sys\nsys.stdin.readline()\n"
SILENT = "import sys\nfor line in sys.stdin: pass\n"


def _program(folder: Path, text: str, **limits: float) -> ChildProcess:
    path = folder / "policy.py"
    path.write_text(text)
    return ChildProcess([sys.executable, str(path)], **limits)


def test_a_program_is_asked_over_its_pipes_and_its_time_is_counted(tmp_path: Path) -> None:
    partner = _program(tmp_path, STOPS)
    cases = [truth(number=n, id=f"case_{n}") for n in range(600)]
    endings = Game(PLAIN, cases, partner).run()
    assert {(ending.faults, ending.result) for ending in endings} == {(0, "expired")}
    assert partner.cpu_s > 0


def test_a_line_that_is_no_json_is_a_fault_and_the_program_goes_on(tmp_path: Path) -> None:
    (ending,) = Game(PLAIN, [truth()], _program(tmp_path, NO_JSON)).run()
    assert ending.faults == 45  # once a day


def test_a_program_that_ends_is_restarted_twice_and_then_all_is_a_fault(tmp_path: Path) -> None:
    count = tmp_path / "count"
    count.touch()
    counting = f"open({str(count)!r}, 'a').write('x')\n{LEAVES}"
    (ending,) = Game(PLAIN, [truth()], _program(tmp_path, counting)).run()
    assert count.read_text() == "xxx"
    assert ending.faults == 45


def test_a_program_that_does_not_answer_in_time_is_a_fault(tmp_path: Path) -> None:
    partner = _program(tmp_path, SILENT, first_s=0.3, answer_s=0.3)
    (ending,) = Game(PLAIN, [truth()], partner).run()
    assert ending.faults == 45
