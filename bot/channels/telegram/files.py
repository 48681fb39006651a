"""Fetching a customer's file from Telegram, and checking it by size and content."""

import asyncio
from collections.abc import Sequence

import filetype
from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.channels.telegram.reading import AttachedFile
from bot.conversations.attachments import UnknownType, content_type_of, safe_file_name
from bot.conversations.channel import InboundAttachment
from bot.conversations.inbound import storable

RECORDINGS = {
    "audio/ogg": "voice.ogg",
    "audio/mpeg": "voice.mp3",
    "audio/mp4": "voice.m4a",
    "audio/aac": "voice.aac",
    "audio/amr": "voice.amr",
    "audio/x-wav": "voice.wav",
}
"""The kinds of sound that are kept, each with the name its file gets."""


class FileNotTaken(Exception):
    """The file is not kept, and the customer is told so."""

    wording = "utter_file_not_received"
    """The response in `domain.yml` that tells the customer."""


class FileTooLarge(FileNotTaken):
    """The file is over the limit, ours or Telegram's."""

    wording = "utter_file_too_large"


class FileNotAccepted(FileNotTaken):
    """The content is of no kind that staff can open safely."""

    wording = "utter_file_not_accepted"


async def fetch(bot: Bot, file: AttachedFile, *, largest: int, pauses: Sequence[float]) -> bytes:
    """The content of a file.

    Args:
        largest: bytes.
        pauses: seconds before each further try.

    Raises:
        FileTooLarge: it is larger than that, or than the 20 MB that Telegram gives to bots.
        FileNotTaken: Telegram does not give it.
    """
    if (file.size or 0) > largest:
        raise FileTooLarge
    for pause in (*pauses, None):
        try:
            return await _fetch_once(bot, file.file_id, largest)
        except BadRequest as error:
            raise FileTooLarge if "too big" in error.message.lower() else FileNotTaken from error
        except TelegramError as error:
            if pause is None:
                raise FileNotTaken from error
            await asyncio.sleep(pause)
    raise AssertionError("the last try returns or raises")


async def _fetch_once(bot: Bot, file_id: str, largest: int) -> bytes:
    described = await bot.get_file(file_id)
    if (described.file_size or 0) > largest:
        raise FileTooLarge
    content = bytes(await described.download_as_bytearray())
    if len(content) > largest:
        raise FileTooLarge
    return content


def checked(name: str | None, content: bytes) -> InboundAttachment:
    """A fetched file as an attachment, its type found by its content.

    Raises:
        FileNotAccepted: of none of the types that are kept.
    """
    if not content:
        raise FileNotAccepted
    sound = filetype.guess_mime(content[:8192])
    if sound in RECORDINGS:
        return InboundAttachment("voice", sound, RECORDINGS[sound], content)
    try:
        content_type = content_type_of(content)
    except UnknownType as error:
        raise FileNotAccepted from error
    kind = "photo" if content_type.startswith("image/") else "document"
    return InboundAttachment(kind, content_type, safe_file_name(storable(name or kind), content_type), content)
