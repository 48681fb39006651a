"""A mere "thank you, bye" needs no answer; everything that might say more does."""

import time

import pytest

from bot.conversations.courtesies import is_mere_courtesy


@pytest.mark.parametrize(
    "text",
    [
        "好的谢谢再见",
        "谢谢",
        "谢谢您！",
        "好的，谢谢你们 🙏",
        "嗯嗯，知道了，谢谢",
        "非常感谢，辛苦了",
        "没事了，再见。",
        "那就这样，拜拜",
        "Thanks",
        "ok thank you so much, bye!",
        "Great, thanks for your help. Have a nice day",
        "That's all, thanks",
        "好的 thanks",
    ],
)
def test_thanks_and_farewells_are_courtesies(text: str) -> None:
    assert is_mere_courtesy(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "好的",
        "ok",
        "谢谢，可是卡还没到",
        "谢谢，什么时候到账",
        "谢谢？",
        "感谢你们把我的钱弄丢了",
        "再也不见",
        "不谢谢",
        "好的谢谢，再问一下利息怎么算",
        "thanks for nothing",
        "no thanks",
        "thanks, but my card is still missing",
        "bye, see you in court",
        "thank you. when will it arrive?",
        "谢谢" * 40,
        "不好，再见",
    ],
)
def test_whatever_might_say_more_is_none(text: str) -> None:
    assert not is_mere_courtesy(text)


def test_a_long_text_costs_nothing() -> None:
    began_at = time.perf_counter()
    assert not is_mere_courtesy("嗯" * 55 + "谢谢卡")
    assert not is_mere_courtesy("ok " * 19 + "x")
    assert time.perf_counter() - began_at < 0.1
