"""Scripts: which language, and a plain form whose places are those of the original."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.script import language_of, plain_form


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我的卡被吞了", "zh"),
        ("ATM把我卡吞了", "zh"),
        ("app打不开", "zh"),
        ("我的卡被盜刷了，請幫我處理", "zh-Hant"),
        ("The machine swallowed my card", "en"),
        ("refund please", "en"),
        ("hello", "en"),
        ("my card 被吞了 please help me get it back 谢谢", "mixed"),
        ("12000", None),
        ("👍👍", None),
        ("", None),
        ("。。。", None),
    ],
)
def test_the_language_of_a_message_follows_its_scripts(text: str, language: str | None) -> None:
    assert language_of(text) == language


@given(st.text())
def test_the_plain_form_has_a_character_for_each_character(text: str) -> None:
    assert len(plain_form(text)) == len(text)


def test_the_plain_form_folds_script_width_and_case() -> None:
    assert plain_form("ＡＴＭ把我的錢吞了") == "atm把我的钱吞了"
