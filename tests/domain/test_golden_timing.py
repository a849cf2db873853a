"""What the model looks at, and what it chooses and weighs before it learned anything.

Word for word in golden files (see `golden_files`): the buckets with their names, so that whoever
renames one sees whose experience is lost, and the choices, so that a changed prior shows what it
does. Chances are whole percents: no platform's last digit shows.
"""

from datetime import date, timedelta
from itertools import cycle
from typing import Final

from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.policy.shapes import Channel, Economics, Template
from domain.timing.choice import Choice, choose, weigh_message
from domain.timing.features import Key, charge_keys, message_keys, quiet_keys, week_of
from domain.timing.knowledge import Knowledge
from domain.timing.lessons import ChargeLesson
from domain.timing.situation import Situation
from domain.timing.wording import phrase
from tests.domain.golden_files import assert_golden
from tests.domain.timing_cases import DAY, HOUR, MONDAY, situation, span

NOBODY: Final = Situation(
    family=DeclineFamily.UNKNOWN, failed_at=MONDAY - 20 * DAY, last_try_at=MONDAY - 9 * DAY, tries=3
)
CASES: Final[dict[str, Situation]] = {
    "an American debit card without money": situation(),
    "a German credit card after four tries and two letters": situation(
        failed_at=MONDAY - 9 * DAY,
        last_try_at=MONDAY - 2 * DAY,
        tries=4,
        month_tries=5,
        messages=2,
        last_message_at=MONDAY - DAY,
        brand="mastercard",
        funding="credit",
        country="DE",
        timezone="Europe/Berlin",
        amount_cents=250_00,
        monthly_cents=20_83,
        interval="year",
        tenure_days=400,
    ),
    "an issuer that stumbled": situation(
        family=DeclineFamily.TEMPORARY, code="processing_error", tenure_days=0, amount_cents=5_00
    ),
    "a lost card": situation(
        family=DeclineFamily.NEEDS_NEW_CARD, code="lost_card", asked=True, messages=9
    ),
    "a new card": situation(
        new_card=True, family=DeclineFamily.NEEDS_NEW_CARD, asked=True, interval="week"
    ),
    "a case of which little is known": NOBODY,
}
# A Friday before a holiday, a night, the first and the last of a month, far ahead.
INSTANTS: Final = (
    MONDAY + 2 * HOUR,
    MONDAY + 4 * DAY,
    MONDAY + 12 * DAY + 14 * HOUR,
    MONDAY + 22 * DAY,
    MONDAY + 23 * DAY + timedelta(minutes=59),
    MONDAY + 40 * DAY,
)
HOLIDAYS: Final = (date(2026, 3, 13), date(2026, 3, 31))
WEIGHED: Final = Economics(
    attempt_cents=10, message_cents=1, cancelled_months=3, exploration_percent=30
)


def _named(keys: list[Key]) -> str:
    """Those that stand in explanations bear a name beside them."""
    return "\n".join(f"  {key!r}: {' | '.join(phrase(key))}" for key in keys)


def test_the_buckets_are_what_their_golden_file_says() -> None:
    lines = []
    for name, case in CASES.items():
        for at in INSTANTS:
            keys = charge_keys(case, at, HOLIDAYS)
            told = keys if at == INSTANTS[0] else keys[14:]  # those before are the same
            lines += [f"# {name}, charged at {at:%a %d %b %H:%M}", _named(told)]
        for template, channel in zip(Template, cycle(Channel), strict=False):
            act, leave = message_keys(case, template, channel)
            lines += [f"# {name}, told {template} by {channel}", _named([*act, *leave])]
        for week in (0, week_of(case, INSTANTS[-1]), 9):
            act, leave = quiet_keys(case, week)
            lines += [
                f"# {name}, left alone in week {week}",
                *(f"  {key!r}" for key in act + leave),
            ]
    assert_golden("timing/buckets.txt", "\n".join((*lines, "")))


def test_the_choices_are_what_their_golden_file_says() -> None:
    lines = []
    for name, case in CASES.items():
        for draw in (0.0, 0.5, 0.9):
            within = span(gap=20 * HOUR, holidays=HOLIDAYS)
            choice = choose(case, within, Knowledge(), WEIGHED, draw)
            lines += [f"# {name}, draw {draw}", _told(choice)]
    assert_golden("timing/choices.txt", "\n".join((*lines, "")))


def _told(choice: Choice) -> str:
    at = f"{choice.at:%a %d %b %H:%M}" if choice.at else "never"
    considered = [
        f"  not {option.at:%a %d %b %H:%M} {option.chance_percent} %: {option.rejected}"
        for option in choice.considered
    ]
    head = f"  {at} {choice.chance_percent} %, in the end {choice.later_percent} %"
    return "\n".join((head, *considered))


def test_the_worth_of_messages_is_what_its_golden_file_says() -> None:
    lines = []
    for name, case in CASES.items():
        for template, channel in zip(Template, cycle(Channel), strict=False):
            for later in (0, 60):
                dear = replace(case, amount_cents=100 * case.amount_cents)
                worth = weigh_message(
                    dear, template, MONDAY + 8 * DAY, Knowledge(), WEIGHED, later, channel
                )
                verdict = "worth it" if worth.worthwhile else "not worth it"
                lines.append(
                    f"{name}, {template} by {channel}, {later} % anyway: "
                    f"brings {worth.brings_cents}, risks {worth.risks_cents}, {verdict}"
                )
    assert_golden("timing/messages.txt", "\n".join((*lines, "")))


def test_the_evidence_of_a_choice_is_what_its_golden_file_says() -> None:
    knowledge = Knowledge()
    for number in range(300):
        at = MONDAY - 60 * DAY + number * 7 * HOUR
        case = situation(failed_at=at - 2 * DAY, last_try_at=at - DAY)
        knowledge.learn(ChargeLesson(situation=case, at=at, succeeded=at.hour == 22))
    choice = choose(situation(), span(holidays=HOLIDAYS), knowledge, WEIGHED, 0.5)
    lines = [
        f"  {family}, {what}: {won} of {tries}" for family, what, tries, won in choice.evidence
    ]
    assert_golden("timing/evidence.txt", "\n".join((_told(choice), *lines, "")))
