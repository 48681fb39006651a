"""What the API takes as words, and how it hides a telephone number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.api.documents import LONGEST_TEXT, NewComment, shown_phone


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
