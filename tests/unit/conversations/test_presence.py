"""Presence is what was heard of late: it ends by itself, and others hear of each change once."""

import uuid
from dataclasses import dataclass

import pytest

from bot.conversations.presence import READING_FOR_SECONDS, TYPING_FOR_SECONDS, Doing, Presences, Present, Sign
from bot.database import Database

CHAT, OTHER_CHAT = uuid.UUID(int=1), uuid.UUID(int=2)
LI, WANG = uuid.UUID(int=11), uuid.UUID(int=12)
PAGE, SECOND_PAGE = uuid.UUID(int=21), uuid.UUID(int=22)


@dataclass
class Seconds:
    """A clock that never goes back."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def presences(seconds: Seconds) -> Presences:
    return Presences(Database("postgresql://nowhere/none"), seconds)


def li(doing: Doing, page: uuid.UUID = PAGE, chat: uuid.UUID = CHAT) -> Sign:
    return Sign(conversation_id=chat, doing=doing, page_id=page, staff_id=LI)


def test_a_page_is_there_until_it_says_nothing_for_a_while(presences: Presences, seconds: Seconds) -> None:
    presences.take(li(Doing.READING))
    assert presences.staff_in(CHAT) == [Present(LI, is_typing=False)]
    assert presences.staff_in(OTHER_CHAT) == []
    seconds.now = READING_FOR_SECONDS
    assert presences.staff_in(CHAT) == []


def test_a_page_that_goes_takes_its_typing_with_it_and_leaves_the_persons_other_page(presences: Presences) -> None:
    presences.take(li(Doing.READING))
    presences.take(li(Doing.READING, SECOND_PAGE))
    presences.take(li(Doing.TYPING))
    assert presences.staff_in(CHAT) == [Present(LI, is_typing=True)]
    presences.take(li(Doing.GONE))
    assert presences.staff_in(CHAT) == [Present(LI, is_typing=False)]
    presences.take(li(Doing.GONE, SECOND_PAGE))
    assert presences.staff_in(CHAT) == []


def test_typing_ends_by_itself_or_with_a_pause_and_reading_goes_on(presences: Presences, seconds: Seconds) -> None:
    presences.take(li(Doing.READING))
    for end in ("time", "pause"):
        presences.take(li(Doing.TYPING))
        assert presences.staff_types(CHAT)
        if end == "time":
            seconds.now += TYPING_FOR_SECONDS
        else:
            presences.take(li(Doing.PAUSING))
        assert not presences.staff_types(CHAT)
        assert presences.staff_in(CHAT) == [Present(LI, is_typing=False)]


def test_the_customer_types_until_the_message_has_come(presences: Presences, seconds: Seconds) -> None:
    sign = Sign(conversation_id=CHAT, doing=Doing.CUSTOMER_TYPING)
    presences.take(sign)
    assert presences.customer_types(CHAT)
    assert not presences.staff_types(CHAT)
    presences.customer_wrote(CHAT)
    assert not presences.customer_types(CHAT)
    presences.take(sign)
    seconds.now = TYPING_FOR_SECONDS
    assert not presences.customer_types(CHAT)


def test_each_change_is_told_once(presences: Presences, seconds: Seconds) -> None:
    told: list[uuid.UUID] = []
    unsubscribe = presences.subscribe(told.append)
    for _ in range(3):
        presences.take(li(Doing.READING))
    presences.take(li(Doing.TYPING, chat=OTHER_CHAT))
    presences.sweep()
    assert told == [CHAT, OTHER_CHAT]
    seconds.now = READING_FOR_SECONDS
    presences.sweep()
    presences.sweep()
    assert told == [CHAT, OTHER_CHAT, CHAT, OTHER_CHAT]
    unsubscribe()
    presences.take(li(Doing.READING))
    assert len(told) == 4
