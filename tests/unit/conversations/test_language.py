"""The customer's language, told from one message."""

import pytest

from bot.conversations.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("我的卡被吞了", "zh"),
        ("我的卡被吞了 help", "zh"),
        ("ATM吞卡了", "zh"),
        ("POS机显示error", "zh"),
        ("这个app login failed了三次", "zh"),
        ("吞卡", "zh"),
        ("好", "zh"),
        ("銀行亂扣錢", "zh"),
        ("My card was swallowed", "en"),
        ("My card was swallowed at 武昌 branch yesterday", "en"),
        ("hello", "en"),
        ("human", "en"),
        ("I've been charged twice", "en"),
        ("my card [卡号 尾号0128] was swallowed", "en"),
        ("我的卡 [卡号 尾号0128]", "zh"),
    ],
)
def test_a_message_shows_its_language(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text", ["", "   ", "13800138000", "👍", "OK", "ATM", "?", "[卡号 尾号0128]", "2026-11-23", "5"]
)
def test_a_message_that_shows_no_language_leaves_it_as_it_was(text: str) -> None:
    assert detect_language(text) is None
