"""Texts without logic: what a merchant may write, what is refused, and that nothing is obeyed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.letters import (
    BLOCKS,
    OURS,
    Field,
    InUse,
    LetterKind,
    LetterText,
    Span,
    TextFault,
    compose,
    faults_of,
    kind_of,
    message_of,
    plain,
)
from domain.policy import Template

VALUES = {Field.MERCHANT: "Nordlicht", Field.AMOUNT: "29,00 €"}


def a_letter(**blocks: str) -> LetterText:
    return LetterText(**{"subject": "Hello", "preview": "", "opening": "Hello.", **blocks})


def said(text: str, **values: str) -> str:
    return plain(compose(text, VALUES | {Field(name): value for name, value in values.items()}))


def places(**blocks: str) -> list[tuple[str, int, int]]:
    return [(fault.block, fault.line, fault.column) for fault in faults_of(a_letter(**blocks))]


def test_names_are_filled_in() -> None:
    assert said("{{amount}} to {{ merchant }}.") == "29,00 € to Nordlicht."


def test_a_line_whose_name_has_no_value_is_left_out() -> None:
    assert said("Paid.\nBy the card {{last4}}.\nThanks.") == "Paid. Thanks."
    assert said("Paid.\nBy the card {{last4}}.", last4="") == "Paid."
    assert said("{{last4}}") == ""


def test_the_next_line_stands_in_for_it() -> None:
    either = "By the card {{last4}}.\n| By a card of {{customer}}.\n| By card.\nThanks."
    assert said(either, last4="4242") == "By the card 4242. Thanks."
    assert said(either, customer="Anna") == "By a card of Anna. Thanks."
    assert said(either) == "By card. Thanks."


def test_an_empty_line_begins_a_paragraph_and_an_empty_paragraph_is_none() -> None:
    assert said("One.\nTwo.\n\n\n{{last4}}\n\nThree.") == "One. Two.\n\nThree."


def test_japanese_lines_are_joined_without_a_space() -> None:
    assert said("一つ。\n二つ。") == "一つ。二つ。"


def test_what_was_filled_in_is_told_from_the_writers_words() -> None:
    (paragraph,) = compose("To {{merchant}}!", VALUES)
    assert paragraph == (Span("To "), Span("Nordlicht", is_value=True), Span("!"))


def test_what_is_no_name_of_a_field_stays_as_it_is_written() -> None:
    assert said("{{total}} of {{merchant}}, {{7*7}}") == "{{total}} of Nordlicht, {{7*7}}"


def test_a_value_is_never_read_again() -> None:
    assert said("{{customer}}", customer="{{amount}} | {{last4}}") == "{{amount}} | {{last4}}"


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("Hello {{merchnat}}", (1, 7), "Did you mean {{merchant}}?"),
        ("Hello\n{{ zzz }}", (2, 1), "There are: merchant,"),
        ("{{amount", (1, 1), "{{ belongs to a name"),
        ("amount}}", (1, 7), "}} belongs to a name"),
        ("{{Amount}}", (1, 1), "{{ belongs to a name"),
        ("{{amount.__class__}}", (1, 1), "{{ belongs to a name"),
        ("{{7*7}}", (1, 1), "{{ belongs to a name"),
        ("a\x00b", (1, 2), "U+0000"),
        ("a\u202eb", (1, 2), "U+202E"),
        ("| Hello", (1, 1), "no line before it"),
        ("Hello\n\n| Hello", (3, 1), "no line before it"),
        ("", (1, 1), "Something must be written"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, at: tuple[int, int], words: str) -> None:
    first = faults_of(a_letter(opening=text))[0]
    assert (first.line, first.column) == at
    assert words in first.words


def test_a_heading_is_one_line_and_what_stands_in_for_it() -> None:
    assert places(subject="{{last4}}\n| Hello") == []
    assert places(subject="Hello\nBcc: all@example.com") == [("subject", 2, 1)]
    assert places(button="Pay\nnow") == [("button", 2, 1)]


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_has_a_length(block: str) -> None:
    assert places(**{block: "a" * BLOCKS[block]}) == []
    assert faults_of(a_letter(**{block: "a" * (BLOCKS[block] + 1)})) == (
        TextFault(
            block=block,
            line=1,
            column=1,
            words=f"At most {BLOCKS[block]} characters; these are {BLOCKS[block] + 1}.",
        ),
    )


@pytest.mark.parametrize("template", Template)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("is_bill", [True, False])
def test_every_message_has_its_letter(template: Template, first: bool, is_bill: bool) -> None:
    kind = kind_of(template, first=first, is_bill=is_bill)
    assert kind.value.startswith(template.value) or kind is LetterKind.FINAL_BILL


# Of what injections are made, and of what texts are.
PIECES = st.sampled_from(
    ["{{", "}}", "{", "}", "{%", "%}", "{{amount}}", "{{last4}}", "{{merchant}}", "|", "\n", "\n\n",
     " ", "${7*7}", "{{7*7}}", "#{1}", "<script>", "__class__", "Hello", "\u202e", "%s", "。"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map("".join))
GIVEN: Any = st.dictionaries(st.sampled_from(Field), TEXTS, max_size=6)


@given(TEXTS, GIVEN)
def test_any_text_is_composed_and_what_is_filled_in_stays_whole(
    text: str, values: dict[Field, str]
) -> None:
    paragraphs = compose(text, values)
    for paragraph in paragraphs:
        assert paragraph
        for span in paragraph:
            assert span.text
            if span.is_value:
                assert span.text in values.values()
            else:
                assert span.text == " " or span.text in text


@given(TEXTS, GIVEN)
def test_the_writers_words_do_not_depend_on_what_is_filled_in(
    text: str, values: dict[Field, str]
) -> None:
    """Only on whether there is something."""
    there = {field: value for field, value in values.items() if value}
    other = dict.fromkeys(there, "x")
    of_others, of_these = compose(text, other), compose(text, there)
    words = [[span for span in paragraph if not span.is_value] for paragraph in of_others]
    unspaced = [[span for span in line if span.text != " "] for line in words]
    assert unspaced == [
        [span for span in paragraph if not span.is_value and span.text != " "]
        for paragraph in of_these
    ]


@given(TEXTS)
def test_a_text_without_faults_leaves_no_brace_behind(text: str) -> None:
    if not [fault for fault in faults_of(a_letter(body=text)) if fault.block == "body"]:
        filled = plain(compose(text, dict.fromkeys(Field, "x")))
        assert "{{" not in filled
        assert "}}" not in filled


def test_ten_thousand_braces_are_a_fault_and_no_bomb() -> None:
    bomb = "{{" * 10_000 + "}}" * 10_000
    assert faults_of(a_letter(body=bomb))
    assert plain(compose(bomb, VALUES)) == bomb


@pytest.mark.parametrize("kind", LetterKind)
def test_a_kind_and_its_message_belong_together(kind: LetterKind) -> None:
    message = message_of(kind)
    if message is None:
        assert kind in (LetterKind.FRESH_LINK, LetterKind.CARD_EXPIRING, LetterKind.CARD_EXPIRED)
    else:
        template, step, is_bill = message
        assert kind_of(template, first=step == 1, is_bill=is_bill) is kind


def test_of_a_kind_more_is_asked() -> None:
    def of(kind: LetterKind, **blocks: str) -> list[str]:
        letter = a_letter(**{"button": "Pay", **blocks})
        return [f"{fault.block}: {fault.words}" for fault in faults_of(letter, kind)]

    assert of(LetterKind.PAYMENT_FAILED) == []
    assert "never known" in of(LetterKind.PAYMENT_FAILED, body="On {{renews_on}}.")[0]
    assert "stays in every letter" in of(LetterKind.PAYMENT_FAILED, button=" ")[0]
    assert "it has no button" in of(LetterKind.RECOVERED)[0]
    assert of(LetterKind.RECOVERED, button="") == []
    assert "Nothing is left" in of(LetterKind.UPDATE_CARD, subject="Card {{last4}}")[0]
    assert of(LetterKind.UPDATE_CARD, subject="Card {{last4}}\n| Your card") == []
    assert of(LetterKind.CARD_EXPIRED, subject="Before {{renews_on}}") == []


PEOPLE = [f"cus_{number}" for number in range(4000)]


def test_who_reads_which_version_is_chance_and_stays_so() -> None:
    test = InUse(use=3, version=2, rival=5, rival_percent=30)
    drawn = [test.drawn("payment_failed/en", person) for person in PEOPLE]
    assert drawn == [test.drawn("payment_failed/en", person) for person in PEOPLE]
    assert set(drawn) == {2, 5}
    assert 0.27 < drawn.count(5) / len(drawn) < 0.33


def test_another_comparison_and_another_letter_draw_anew() -> None:
    def apart(one: list[int], other: list[int]) -> float:
        return sum(a != b for a, b in zip(one, other, strict=True)) / len(one)

    test = InUse(use=3, version=2, rival=5, rival_percent=50)
    again = InUse(use=4, version=2, rival=5, rival_percent=50)
    first = [test.drawn("payment_failed/en", person) for person in PEOPLE]
    assert 0.45 < apart(first, [again.drawn("payment_failed/en", p) for p in PEOPLE]) < 0.55
    assert 0.45 < apart(first, [test.drawn("payment_failed/de", p) for p in PEOPLE]) < 0.55


def test_a_larger_share_only_adds_people() -> None:
    some, more = (InUse(use=1, version=1, rival=2, rival_percent=share) for share in (20, 40))
    for person in PEOPLE:
        assert some.drawn("x", person) == 1 or more.drawn("x", person) == 2


def test_who_has_decided_nothing_reads_ours() -> None:
    assert {InUse().drawn("x", person) for person in PEOPLE} == {OURS}
