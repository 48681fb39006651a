"""Taking Telegram's updates in: read, their files fetched, and handed to the inbox."""

import asyncio
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

import telegram
from sqlalchemy import select
from sqlalchemy.exc import DataError
from telegram.constants import ChatType

from bot.channels.telegram import CHANNEL
from bot.channels.telegram.files import FileNotAccepted, FileNotTaken, checked, fetch
from bot.channels.telegram.reading import (
    FILE_PLACEHOLDER,
    UNREADABLE_PLACEHOLDER,
    attached_file,
    is_video,
    language_of,
    name_of,
    words_of,
)
from bot.conversations.channel import Inbound, InboundAttachment
from bot.conversations.handover import locked
from bot.conversations.inbound import Inbox, find_or_start
from bot.conversations.models import Author, Conversation, Delivery, Message, Turn
from bot.conversations.outbound import say
from bot.database import notify_changed
from bot.logs import logger
from bot.wording import Saying, wording

CHATS_AT_ONCE = 8
DEFAULT_LANGUAGE = "zh"
log = logger(__name__)


class StoreAway(Exception):
    """Nothing can be stored now: nothing is wrong with the update, and it must come again."""


@dataclass(frozen=True)
class Intake:
    """Takes updates in. An update that was taken is committed; only then may it be acknowledged to Telegram.

    Args:
        upload_limit_mib: the largest file that is kept.
        pauses: seconds before each further try, of an update that fails and of a file that does not come.
    """

    bot: telegram.Bot
    inbox: Inbox
    upload_limit_mib: int
    pauses: tuple[float, ...] = (0.5, 2.0, 5.0)

    async def take_all(self, updates: Iterable[telegram.Update]) -> None:
        """Take a batch: each chat in its order, the chats side by side, so that one large photo holds up nobody else.

        Raises:
            StoreAway: some may not have been taken.
        """
        chats: dict[int | None, list[telegram.Update]] = {}
        for update in updates:
            chat = update.effective_chat
            chats.setdefault(chat.id if chat is not None else None, []).append(update)
        places = asyncio.Semaphore(CHATS_AT_ONCE)

        async def take_chat(of_one_chat: list[telegram.Update]) -> None:
            async with places:
                for update in of_one_chat:
                    await self.take(update)

        try:
            async with asyncio.TaskGroup() as tasks:
                for of_one_chat in chats.values():
                    tasks.create_task(take_chat(of_one_chat))
        except ExceptionGroup as group:
            raise group.exceptions[0] from group

    async def take(self, update: telegram.Update) -> None:
        """Take one update. One that fails again and again must not block the others: a placeholder is kept for it.

        Raises:
            StoreAway: not taken.
        """
        for pause in (*self.pauses, None):
            try:
                await self._take(update)
            except Exception as error:
                if not await self.inbox.takes_messages():  # asked after each try: it may come back between two
                    raise StoreAway from error
                if pause is None:
                    log.error("update_failed", update_id=update.update_id, error=type(error).__name__)
                    await self._keep_trace(update)
                    return
                await asyncio.sleep(pause)
            else:
                return

    async def _keep_trace(self, update: telegram.Update) -> None:
        """Keep a placeholder for a message that cannot be taken, so that somebody asks the customer.

        Raises:
            StoreAway: not even that is possible, so the fault is not in this update, and no other is taken either.
        """
        message = update.message or update.edited_message
        if message is None or message.chat.type != ChatType.PRIVATE:
            return
        language = language_of(message.from_user) or DEFAULT_LANGUAGE
        text = UNREADABLE_PLACEHOLDER[language]
        message_id = str(message.message_id)
        if update.edited_message is not None:  # beside the message that was edited
            message_id += f":{update.update_id}"
        try:
            await self.inbox.receive(Inbound(CHANNEL, str(message.chat.id), message_id, text, language=language))
        except DataError:
            log.error("update_skipped", update_id=update.update_id)
        except Exception as error:
            raise StoreAway from error

    async def _take(self, update: telegram.Update) -> None:
        message = update.message or update.edited_message
        if message is None or message.chat.type != ChatType.PRIVATE:
            return
        language = await self._language_so_far(message.chat.id) or language_of(message.from_user)
        words = words_of(message, language or DEFAULT_LANGUAGE)
        if words is None:
            return
        inbound = Inbound(
            channel=CHANNEL,
            channel_key=str(message.chat.id),
            message_id=str(message.message_id),
            text=words,
            customer_name=name_of(message.from_user),
            language=language,
        )
        if update.edited_message is not None:
            if words:
                await self.inbox.edit(inbound)
            return
        try:
            attachment = await self._attachment(message)
        except FileNotTaken as problem:
            await self._tell_file_not_taken(inbound, problem)
            return
        await self.inbox.receive(replace(inbound, attachment=attachment))

    async def _language_so_far(self, chat_id: int) -> str | None:
        """The language of the conversation: a customer with an English phone may well be writing Chinese."""
        async with self.inbox.database.transaction() as session:
            return await session.scalar(
                select(Conversation.language).where(
                    Conversation.channel == CHANNEL,
                    Conversation.channel_key == str(chat_id),
                    Conversation.last_message_at.is_not(None),
                )
            )

    async def _attachment(self, message: telegram.Message) -> InboundAttachment | None:
        if is_video(message):
            raise FileNotAccepted
        largest = self.upload_limit_mib * 1024 * 1024
        file = attached_file(message, largest=largest)
        if file is None:
            return None
        return checked(file.name, await fetch(self.bot, file, largest=largest, pauses=self.pauses))

    async def _tell_file_not_taken(self, inbound: Inbound, problem: FileNotTaken) -> None:
        """Tell the customer that the file was not taken, once; its caption is a message like any other."""
        log.info("file_not_taken", reason=type(problem).__name__)
        if inbound.text:
            received = await self.inbox.receive(inbound)
            if received.is_new:
                async with self.inbox.database.transaction() as session:
                    conversation = await locked(session, received.conversation_id)
                    await say(session, conversation, self._wording(problem, conversation), now=self.inbox.clock())
        else:
            await self._answer_file_alone(inbound, problem)

    async def _answer_file_alone(self, inbound: Inbound, problem: FileNotTaken) -> None:
        """Keep a placeholder for a file that came without words, in a turn whose answer says what is the matter."""
        now = self.inbox.clock()
        async with self.inbox.database.transaction() as session:
            conversation = await find_or_start(
                session, CHANNEL, inbound.channel_key, now=now, language=inbound.language or DEFAULT_LANGUAGE
            )
            known = select(Message.id).where(
                Message.conversation_id == conversation.id, Message.channel_message_id == inbound.message_id
            )
            if await session.scalar(known) is not None:
                return
            conversation.customer_name = inbound.customer_name or conversation.customer_name
            conversation.last_message_at = now
            turn = Turn(
                id=uuid.uuid4(), conversation_id=conversation.id, taken_at=now, answered_at=now, outcome="answered"
            )
            session.add(turn)
            await session.flush()
            session.add(
                Message(
                    conversation_id=conversation.id,
                    author=Author.CUSTOMER,
                    text=FILE_PLACEHOLDER[conversation.language],
                    buttons=[],
                    channel_message_id=inbound.message_id,
                    turn_id=turn.id,
                    delivery=Delivery.RECEIVED,
                    sent_at=now,
                    masked=[],
                )
            )
            await say(session, conversation, self._wording(problem, conversation), now=now, turn_id=turn.id)
            await notify_changed(session, conversation.id)

    def _wording(self, problem: FileNotTaken, conversation: Conversation) -> Saying:
        return wording().say(problem.wording, conversation.language, limit=self.upload_limit_mib)
