"""Reading a Telegram message: its words, whatever its kind, and the file that came with it."""

import re
from dataclasses import dataclass

import telegram

from bot.conversations.inbound import storable

COMMAND = re.compile(r"/(\w+)(?:@\w+)?(?:\s|$)", re.ASCII)
COMMAND_WORDS = {
    "start": {"zh": "你好", "en": "hello"},
    "help": {"zh": "你能做什么", "en": "what can you do"},
    "human": {"zh": "人工", "en": "human"},
}
"""What a customer who picks a command from the menu would have written."""

PLACEHOLDERS = {
    "sticker": {"zh": "[贴纸]", "en": "[sticker]"},
    "animation": {"zh": "[动图]", "en": "[animation]"},
    "location": {"zh": "[位置]", "en": "[location]"},
    "poll": {"zh": "[投票]", "en": "[poll]"},
    "dice": {"zh": "[骰子]", "en": "[dice]"},
    "game": {"zh": "[游戏]", "en": "[game]"},
    "story": {"zh": "[动态]", "en": "[story]"},
    "checklist": {"zh": "[清单]", "en": "[checklist]"},
    "paid_media": {"zh": "[付费内容]", "en": "[paid media]"},
}
"""What stands in the conversation for a message without words, by its field in Telegram's `Message`."""

FILE_PLACEHOLDER = {"zh": "[文件]", "en": "[file]"}
UNREADABLE_PLACEHOLDER = {"zh": "[未能读取的消息]", "en": "[unreadable message]"}
LONGEST_NAME = 100


@dataclass(frozen=True)
class AttachedFile:
    """A file that came with a message, not fetched yet.

    Attributes:
        size: bytes, if Telegram says so.
        name: the sender's name for it, if it has one.
    """

    file_id: str
    size: int | None
    name: str | None


def language_of(user: telegram.User | None) -> str | None:
    """The language of the customer's Telegram: Chinese, or English for every other; `None` if it does not say."""
    if user is None or not user.language_code:
        return None
    return "zh" if user.language_code.lower().startswith("zh") else "en"


def name_of(user: telegram.User | None) -> str | None:
    """The customer's name as Telegram shows it."""
    return storable(user.full_name)[:LONGEST_NAME] if user is not None else None


def words_of(message: telegram.Message, language: str) -> str | None:
    """What the message says: its text or caption, or a short placeholder for a message without words.

    Args:
        language: `zh` or `en`, for commands and placeholders.

    Returns:
        Nothing for Telegram's own notes («pinned a message»); an empty text for a file without a caption. Never a text
        with a slash in front, which would be rasa's notation.
    """
    written = message.text if message.text is not None else message.caption
    if written is not None:
        return without_command(storable(written), language)
    if message.contact is not None:
        return phone_number(message.contact)
    if message.venue is not None:
        place = PLACEHOLDERS["location"][language]
        return storable(f"{place} {message.venue.title} {message.venue.address}".strip())
    for field, placeholder in PLACEHOLDERS.items():
        if getattr(message, field) is not None:
            return placeholder[language]
    return "" if has_file(message) else None


def without_command(text: str, language: str) -> str:
    """The text; for a command of the menu, the words it stands for."""
    if not text.lstrip().startswith("/"):
        return text
    command = COMMAND.match(text.lstrip())
    if command is not None and command[1].lower() in COMMAND_WORDS:
        return COMMAND_WORDS[command[1].lower()][language]
    return text.lstrip("/ \t\r\n\u3000") or COMMAND_WORDS["help"][language]


def phone_number(contact: telegram.Contact) -> str:
    """A shared contact's number as people in China write it, so that it answers the question where to call."""
    digits = re.sub(r"[^\d+]", "", contact.phone_number)
    return re.sub(r"^\+?86(?=1\d{10}$)", "", digits)


def has_file(message: telegram.Message) -> bool:
    """Whether the message carries a file: one of those we keep, or a film."""
    return (
        bool(message.photo)
        or is_video(message)
        or any(file is not None for file in (message.document, message.voice, message.audio))
    )


def is_video(message: telegram.Message) -> bool:
    """Whether the message is a film, which we don't keep."""
    return message.video is not None or message.video_note is not None


def attached_file(message: telegram.Message, *, largest: int) -> AttachedFile | None:
    """The photo, document or recording of a message.

    Args:
        largest: bytes; of a photo's sizes, the largest one within this is taken.
    """
    if message.animation is not None:
        return None  # Telegram gives a moving sticker as a document too
    if message.photo:
        sizes = sorted(message.photo, key=lambda size: size.width * size.height)
        fitting = [size for size in sizes if (size.file_size or 0) <= largest] or sizes[:1]
        return AttachedFile(fitting[-1].file_id, fitting[-1].file_size, None)
    file = message.document or message.voice or message.audio
    if file is None:
        return None
    return AttachedFile(file.file_id, file.file_size, getattr(file, "file_name", None))
