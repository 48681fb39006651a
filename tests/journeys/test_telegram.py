"""A complaint told in Telegram is answered there."""

import re

from tests.integration.telegram.bot_api_server import CUSTOMER
from tests.journeys.conftest import CASE_NUMBER, TelegramChat, first_quick_reply
from tests.stack import Stack, wait_for

LATIN_WORDS = re.compile(r"[A-Za-z]{2,}")
NAMES = {"TS", "App", "ATM"}


def test_a_complaint_told_in_telegram_is_registered_there_in_chinese(neighbour: Stack, telegram: TelegramChat) -> None:
    story = "我的银行卡昨天下午在徐东大街支行的取款机里被吞了，机器没有反应"
    heard = telegram.says(story)
    while not any(CASE_NUMBER.search(message["text"]) for message in heard):
        answer = first_quick_reply(heard)
        assert answer is not None, f"no case number, and nothing to touch: {heard[-1]['text']}"
        assert len(telegram.server.sent) < 40
        heard = telegram.says(answer)
    texts = [message["text"] for message in telegram.server.sent]
    assert {message["chat_id"] for message in telegram.server.sent} == {CUSTOMER}
    assert len(set(texts)) == len(texts), "nothing was said twice"
    for text in texts:
        assert set(LATIN_WORDS.findall(text)) <= NAMES
    number = next(found.group() for found in map(CASE_NUMBER.search, texts) if found)
    assert story in neighbour.complaint(number)["story"]
    wait_for(lambda: telegram.server.pending == [], 60, "every update is confirmed")
