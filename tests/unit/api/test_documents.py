"""What the API takes as words, and how it hides a telephone number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.api.documents import LONGEST_TEXT, Close, Mending, NewComment, shown_phone


@pytest.mark.parametrize("text", ["好", "  a  ", "第一行\n第二行\t。", "<script>", "x" * LONGEST_TEXT])
def test_words_are_taken_as_they_are(text: str) -> None:
    assert NewComment(text=text).text == text


@pytest.mark.parametrize("text", ["", " \n\t", "a\x00b", "a\x1fb", "\x7f", "\ud800", "x" * (LONGEST_TEXT + 1)])
def test_what_cannot_be_stored_or_says_nothing_is_not_taken(text: str) -> None:
    with pytest.raises(ValidationError):
        NewComment(text=text)


@given(st.text(max_size=50))
def test_words_that_are_taken_say_something(text: str) -> None:
    try:
        taken = NewComment(text=text)
    except ValidationError:
        return
    assert taken.text.strip()


@given(st.text(alphabet="0123456789+- ", min_size=1, max_size=20))
def test_no_more_than_four_characters_of_a_number_are_shown(phone: str) -> None:
    hidden = shown_phone(phone, is_personal=False) or ""
    assert len(hidden) == len(phone)
    assert set(hidden[:-4]) <= {"*"}
    if len(phone) <= 4:
        assert set(hidden) == {"*"}


def test_who_may_see_it_sees_the_number() -> None:
    assert shown_phone("13812345678", is_personal=True) == "13812345678"
    assert shown_phone("13812345678", is_personal=False) == "*******5678"
    assert shown_phone(None, is_personal=False) is None


LEARNT = {"step": "close", "root_cause": "system", "is_customer_told": True}
MENDING = {"what": "换读卡器", "unit": "HB-WH-WC-03", "due_on": "2026-12-23"}


def test_a_checklist_needs_no_more_than_the_cause_and_whether_the_customer_knows() -> None:
    assert Close.model_validate(LEARNT | {"rectification": None, "note": None}) == Close.model_validate(LEARNT)


@pytest.mark.parametrize(
    "other",
    [
        {"root_cause": "weather"},
        {"is_customer_told": "yes"},
        {"is_customer_told": 1},
        {"note": ""},
        {"note": "x" * (LONGEST_TEXT + 1)},
        {"rectification": {}},
        {"closed_by": "staff:li"},
    ],
)
def test_a_checklist_that_says_something_else_than_asked_is_not_taken(other: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Close.model_validate(LEARNT | other)


@pytest.mark.parametrize("due_on", ["2026-12-23T00:00:00", "2026-13-01", "23.12.2026", 1798000000, None, ""])
def test_a_day_is_written_as_a_day(due_on: object) -> None:
    with pytest.raises(ValidationError):
        Mending.model_validate(MENDING | {"due_on": due_on})
