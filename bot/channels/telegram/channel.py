"""Telegram as a channel of the worker: carries the bank's messages to the customer's chat."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from telegram import Bot, KeyboardButton, LinkPreviewOptions, ReplyKeyboardMarkup, ReplyKeyboardRemove
from telegram.constants import ChatAction, MessageLimit
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError

from bot.channels.telegram import CHANNEL
from bot.channels.telegram.bot_api import waiting_time
from bot.clock import Clock
from bot.conversations.channel import Uncorrectable, Undeliverable
from bot.conversations.models import Author, Conversation, Message
from bot.database import Database
from bot.logs import logger

LONGEST_PART = int(MessageLimit.MAX_TEXT_LENGTH)
"""Telegram's limit for one message, counted in UTF-16 units to be on the safe side: an emoji is two."""

BREAKS = (r"\n\s*\n", r"\n", r"[。！？!?；;]|\.(?=\s)", r"\s")
"""Where a long text may be cut, the best place first: paragraph, line, sentence, word."""

WIDEST_ROW = 24
"""Half-width characters that two buttons side by side may have together on a small phone."""

log = logger(__name__)


class TelegramChannel:
    """Carries messages to Telegram chats.

    Args:
        bot: see `bot_api.telegram_bot`.
        database: where it is kept how far a message of several parts has come.
    """

    name = CHANNEL

    def __init__(self, bot: Bot, database: Database, clock: Clock) -> None:
        self._bot = bot
        self._database = database
        self._clock = clock
        self._not_before: dict[str, datetime] = {}

    async def deliver(self, conversation: Conversation, message: Message) -> None:
        """Carry one message to the customer, in as many parts as it needs; a second try goes on where the first ended.

        Raises:
            Undeliverable: the customer has blocked the bot, or there is no such chat any more.
            telegram.error.RetryAfter: Telegram wants us to wait; `retry_after` says how long.
            telegram.error.TelegramError: Telegram is away; try again.
        """
        self._check_pause(conversation.channel_key)
        parts = text_parts(message.text)
        for position in range(parts_sent(message), len(parts)):
            is_last = position == len(parts) - 1
            sent_as = await self._send(
                conversation.channel_key, parts[position], keyboard_of(message) if is_last else None
            )
            await self._keep_progress(message, sent_as, position + 1)

    async def correct(self, conversation: Conversation, message: Message) -> None:
        """Edit the message in the chat.

        Raises:
            Uncorrectable: it went out in parts or would have to, or Telegram does not edit it any more.
            Undeliverable: the customer has blocked the bot.
            telegram.error.TelegramError: Telegram is away, or wants us to wait; try again.
        """
        sent_as, _, parts_count = (message.channel_message_id or "").partition("/")
        parts = text_parts(message.text)
        if parts_count != "1" or len(parts) != 1:
            raise Uncorrectable("in parts")
        self._check_pause(conversation.channel_key)
        try:
            await self._bot.edit_message_text(
                parts[0],
                conversation.channel_key,
                int(sent_as),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except RetryAfter as error:
            self._not_before[conversation.channel_key] = self._clock() + waiting_time(error)
            raise
        except Forbidden as error:
            raise Undeliverable(error.message) from error
        except BadRequest as error:
            if "not modified" not in error.message.lower():  # a worker that died had already edited it
                raise Uncorrectable(error.message) from error

    async def show_typing(self, conversation: Conversation) -> None:
        """Show «typing…» in the chat for some seconds. Best effort."""
        try:
            await self._bot.send_chat_action(conversation.channel_key, ChatAction.TYPING)
        except TelegramError as error:
            log.debug("typing_not_shown", error=type(error).__name__)

    async def _send(
        self, chat_id: str, text: str, reply_markup: ReplyKeyboardMarkup | ReplyKeyboardRemove | None
    ) -> int:
        try:
            sent = await self._bot.send_message(
                chat_id, text, reply_markup=reply_markup, link_preview_options=LinkPreviewOptions(is_disabled=True)
            )
        except RetryAfter as error:
            self._not_before[chat_id] = self._clock() + waiting_time(error)
            raise
        except (Forbidden, BadRequest, ChatMigrated) as error:
            # A bad request stays one however often it is repeated, and would hold up what comes after it.
            raise Undeliverable(error.message) from error
        return sent.message_id

    def _check_pause(self, chat_id: str) -> None:
        """Ask nothing of Telegram in a chat for which it wants us to wait."""
        now = self._clock()
        not_before = self._not_before.get(chat_id, now)
        if not_before > now:
            raise RetryAfter(not_before - now)
        self._not_before.pop(chat_id, None)

    async def _keep_progress(self, message: Message, sent_as: int, parts_count: int) -> None:
        message.channel_message_id = f"{sent_as}/{parts_count}"
        async with self._database.transaction() as session:
            await session.execute(
                update(Message).where(Message.id == message.id).values(channel_message_id=message.channel_message_id)
            )


def parts_sent(message: Message) -> int:
    """How many parts of a message have arrived: `61/2` is "the second part, Telegram's message 61, was the last"."""
    if message.channel_message_id is None:
        return 0
    return int(message.channel_message_id.partition("/")[2])


def text_parts(text: str, longest: int = LONGEST_PART) -> list[str]:
    """The text in parts that Telegram takes, cut where a reader would pause.

    Args:
        longest: UTF-16 units of one part, at least 2.
    """
    parts = []
    rest = text.strip()
    while utf16_length(rest) > longest:
        end = _best_cut(rest, _reach(rest, longest))
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*parts, rest] if rest else parts


def utf16_length(text: str) -> int:
    """The length of a text as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def _reach(text: str, longest: int) -> int:
    """How many characters of the text have at most this many UTF-16 units."""
    head = text[:longest]
    return len(head.encode("utf-16-le")[: 2 * longest].decode("utf-16-le", errors="ignore"))


def _best_cut(text: str, reach: int) -> int:
    """Where to cut within reach; not in the first half, which would leave crumbs, but in a word before that."""
    for place in BREAKS:
        ends = [found.end() for found in re.finditer(place, text[:reach])]
        if ends and ends[-1] > reach // 2:
            return ends[-1]
    return reach


def keyboard_of(message: Message) -> ReplyKeyboardMarkup | ReplyKeyboardRemove | None:
    """The keyboard below a message. A person's message has none: Telegram edits only messages sent without one.

    An old keyboard is gone by then, with the message that announced the person.
    """
    return None if message.author is Author.STAFF else keyboard(message.buttons)


def keyboard(buttons: Sequence[str]) -> ReplyKeyboardMarkup | ReplyKeyboardRemove:
    """Buttons below the chat that go away when one is pressed, which sends its text; without any, old ones go away."""
    if not buttons:
        return ReplyKeyboardRemove()
    rows: list[list[KeyboardButton]] = []
    for text in buttons:
        fits = rows and len(rows[-1]) == 1 and _width(rows[-1][0].text) + _width(text) <= WIDEST_ROW
        if fits:
            rows[-1].append(KeyboardButton(text))
        else:
            rows.append([KeyboardButton(text)])
    return ReplyKeyboardMarkup(rows, one_time_keyboard=True, resize_keyboard=True)


def _width(text: str) -> int:
    """The width of a text in half-width characters."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
