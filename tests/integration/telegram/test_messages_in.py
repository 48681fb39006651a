"""What customers send on Telegram arrives in the conversation, whatever its kind."""

import asyncio
import io
import zipfile

import pytest
from telegram import Bot, Update

from bot.channels.telegram.intake import Intake
from bot.conversations.models import Author
from bot.database import Database
from bot.wording import wording
from tests.integration.telegram.bot_api_server import CUSTOMER, BotApiServer, Json
from tests.integration.telegram.stored import (
    bank_says,
    messages,
    texts,
    the_attachment,
    the_conversation,
    turns_enqueued,
)

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 500
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
OGG = b"OggS\x00\x02" + b"\x00" * 300
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 300
PROGRAM = b"MZ\x90\x00" + b"\x00" * 300


def word_document() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    return file.getvalue()


def update_of(telegram: BotApiServer, bot: Bot, **content: object) -> Update:
    return Update.de_json(telegram.update(message=telegram.message(**content)), bot)  # type: ignore[arg-type]


async def take(intake: Intake, telegram: BotApiServer, **content: object) -> Update:
    update = update_of(telegram, intake.bot, **content)
    await intake.take(update)
    return update


async def test_a_text_is_stored_with_the_customers_name_and_language_and_a_turn_is_enqueued(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    await take(intake, telegram, text="ATM", language="en-GB")
    conversation = await the_conversation(database)
    assert (conversation.channel, conversation.channel_key) == ("telegram", str(CUSTOMER))
    assert (conversation.customer_name, conversation.language) == ("小雨 周", "en")
    assert await texts(database) == ["ATM"]
    assert await turns_enqueued(database) == 1


async def test_a_text_is_masked_before_it_is_stored(intake: Intake, telegram: BotApiServer, database: Database) -> None:
    await take(intake, telegram, text="我的卡号是6222021234567890128，钱没了")
    [stored] = await messages(database)
    assert "6222021234567890128" not in stored.text


async def test_an_update_that_is_delivered_twice_is_taken_once(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    update = await take(intake, telegram, text="卡被吞了")
    await asyncio.gather(intake.take(update), intake.take(update), intake.take_all([update, update]))
    assert await texts(database) == ["卡被吞了"]
    assert await turns_enqueued(database) == 1


async def test_the_messages_of_a_batch_keep_their_order_in_each_chat(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    said = {chat: [f"{chat} 第{number}句" for number in range(5)] for chat in (1001, 1002, 1003)}
    await intake.take_all(
        update_of(telegram, intake.bot, chat=chat, text=said[chat][number]) for number in range(5) for chat in said
    )
    stored = await texts(database)
    for chat, sentences in said.items():
        assert [text for text in stored if text.startswith(str(chat))] == sentences


@pytest.mark.parametrize(
    ("language", "command", "words"),
    [
        ("zh-hans", "/start", "你好"),
        ("zh-hans", "/start ref_4711", "你好"),
        ("zh-hans", "/help@tingsu_bot", "你能做什么"),
        ("zh-hans", "/human", "人工"),
        ("en", "/start", "hello"),
        ("en", "/help", "what can you do"),
        ("en", "/HUMAN now", "human"),
        (None, "/start", "你好"),
        ("de", "/human", "human"),
        ("zh-hans", "/投诉 卡被吞了", "投诉 卡被吞了"),
        ("zh-hans", '/inform{"outlet": "x"}', 'inform{"outlet": "x"}'),
        ("zh-hans", " //restart", "restart"),
        ("zh-hans", "/", "你能做什么"),
    ],
)
async def test_a_command_arrives_as_the_words_it_stands_for(
    intake: Intake, telegram: BotApiServer, database: Database, language: str | None, command: str, words: str
) -> None:
    await take(intake, telegram, text=command, language=language)
    assert await texts(database) == [words]


async def test_a_command_speaks_the_language_of_the_conversation_rather_than_the_phones(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    await take(intake, telegram, text="卡被吞了，怎么办", language="en")
    await take(intake, telegram, text="/human", language="en")
    assert await texts(database) == ["卡被吞了，怎么办", "人工"]


PHONE = {"phone_number": "+86 138-0013-8000", "first_name": "周"}
PLACE: Json = {"latitude": 30.5, "longitude": 114.3}
STICKER: Json = {
    "file_id": "s",
    "file_unique_id": "us",
    "type": "regular",
    "width": 1,
    "height": 1,
    "is_animated": False,
    "is_video": False,
}
ANIMATION: Json = {"file_id": "a", "file_unique_id": "ua", "width": 1, "height": 1, "duration": 1}


@pytest.mark.parametrize(
    ("content", "chinese", "english"),
    [
        ({"sticker": STICKER}, "[贴纸]", "[sticker]"),
        ({"location": PLACE}, "[位置]", "[location]"),
        (
            {"location": PLACE, "venue": {"location": PLACE, "title": "武昌支行", "address": "中南路1号"}},
            "[位置] 武昌支行 中南路1号",
            "[location] 武昌支行 中南路1号",
        ),
        ({"contact": PHONE}, "13800138000", "13800138000"),
        ({"animation": ANIMATION, "document": ANIMATION}, "[动图]", "[animation]"),
        ({"dice": {"value": 6, "emoji": "🎲"}}, "[骰子]", "[dice]"),
    ],
)
async def test_a_message_without_words_arrives_as_a_short_placeholder(
    intake: Intake, telegram: BotApiServer, database: Database, content: Json, chinese: str, english: str
) -> None:
    await take(intake, telegram, chat=1, language="zh-hans", **content)
    await take(intake, telegram, chat=2, language="en", **content)
    assert await texts(database) == [chinese, english]


async def test_a_photo_is_kept_for_staff_in_its_largest_size_with_its_caption(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    sizes = [
        {**telegram.keep_file(content), "width": width, "height": width}
        for content, width in ((JPEG[:100], 90), (JPEG, 1280), (JPEG + b"\x00" * 1_100_000, 2560))
    ]
    await take(intake, telegram, photo=sizes, caption="凭条在这里")
    kept = await the_attachment(database)
    assert (kept.kind, kept.content_type, kept.content) == ("photo", "image/jpeg", JPEG)
    assert await texts(database) == ["凭条在这里"]


async def test_a_photo_without_a_caption_is_an_empty_text(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    await take(intake, telegram, photo=[{**telegram.keep_file(JPEG), "width": 90, "height": 90}])
    assert await texts(database) == [""]
    assert await turns_enqueued(database) == 1


@pytest.mark.parametrize(
    ("content", "name", "kind", "content_type", "kept_as"),
    [
        (PDF, "../../合同.pdf", "document", "application/pdf", "合同.pdf"),
        (JPEG, "scan.exe", "photo", "image/jpeg", "scan.exe.jpg"),
        (
            word_document(),
            "说明.docx",
            "document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "说明.docx",
        ),
        (OGG, "通话录音.ogg", "voice", "audio/ogg", "voice.ogg"),
        (PDF, None, "document", "application/pdf", "document.pdf"),
    ],
)
async def test_a_document_is_kept_by_what_it_is_and_not_by_what_it_is_called(
    intake: Intake,
    telegram: BotApiServer,
    database: Database,
    content: bytes,
    name: str | None,
    kind: str,
    content_type: str,
    kept_as: str,
) -> None:
    named = {"file_name": name} if name else {}
    await take(intake, telegram, document={**telegram.keep_file(content), **named, "mime_type": "text/html"})
    kept = await the_attachment(database)
    assert (kept.kind, kept.content_type, kept.file_name) == (kind, content_type, kept_as)
    assert kept.content == content


async def test_a_voice_message_is_kept_for_staff(intake: Intake, telegram: BotApiServer, database: Database) -> None:
    await take(intake, telegram, voice={**telegram.keep_file(OGG), "duration": 4})
    kept = await the_attachment(database)
    assert (kept.kind, kept.content_type, kept.size) == ("voice", "audio/ogg", len(OGG))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("content", "claimed_size", "says_size", "response"),
    [
        (PDF, 2_000_000, True, "utter_file_too_large"),
        (PDF, 30_000_000, True, "utter_file_too_large"),
        (PDF + b" " * 1_100_000, None, False, "utter_file_too_large"),
        (PDF + b" " * 1_100_000, 10, True, "utter_file_too_large"),
        (PROGRAM, None, True, "utter_file_not_accepted"),
        (MP4, None, True, "utter_file_not_accepted"),
        (b"", None, True, "utter_file_not_accepted"),
    ],
)
async def test_the_customer_is_told_once_that_a_file_cannot_be_taken(
    intake: Intake,
    telegram: BotApiServer,
    database: Database,
    content: bytes,
    claimed_size: int | None,
    says_size: bool,
    response: str,
    language: str,
) -> None:
    file = telegram.keep_file(content, claimed_size=claimed_size, says_size=says_size)
    update = await take(intake, telegram, document=file, language=language)
    await intake.take(update)
    assert await texts(database) == [{"zh": "[文件]", "en": "[file]"}[language]]
    assert await texts(database, Author.BOT) == [wording().say(response, language, limit=1).text]
    assert await turns_enqueued(database) == 0


async def test_the_caption_of_a_file_that_cannot_be_taken_is_answered_all_the_same(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    update = await take(intake, telegram, document=telegram.keep_file(PROGRAM), caption="柜员让我装这个软件")
    await intake.take(update)
    assert await texts(database) == ["柜员让我装这个软件"]
    assert await texts(database, Author.BOT) == [wording().say("utter_file_not_accepted", "zh").text]
    assert await turns_enqueued(database) == 1


async def test_what_comes_after_a_refused_file_is_a_turn_of_its_own(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    await take(intake, telegram, video={**telegram.keep_file(MP4), "width": 9, "height": 9, "duration": 1})
    await take(intake, telegram, text="柜员态度很差")
    refused, complaint = await messages(database)
    assert refused.turn_id is not None
    assert complaint.turn_id is None


async def test_a_file_that_telegram_gives_at_the_second_try_is_kept(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    telegram.misbehave("getFile", 502)
    telegram.misbehave("download", 0)
    await take(intake, telegram, document=telegram.keep_file(PDF))
    assert (await the_attachment(database)).content == PDF


@pytest.mark.parametrize(("method", "status"), [("getFile", 500), ("getFile", 400), ("download", 404), ("download", 0)])
async def test_the_customer_is_asked_to_send_a_file_again_that_telegram_does_not_give(
    intake: Intake, telegram: BotApiServer, database: Database, method: str, status: int
) -> None:
    telegram.misbehave(method, status, times=99)
    await take(intake, telegram, document=telegram.keep_file(PDF))
    assert await texts(database, Author.BOT) == [wording().say("utter_file_not_received", "zh").text]


async def test_an_edit_changes_the_text_and_keeps_the_first_one(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    first = telegram.message(text="扣了我20元")
    await intake.take(Update.de_json(telegram.update(message=first), intake.bot))
    edit = telegram.update(edited_message={**first, "text": "扣了我200元", "edit_date": first["date"] + 5})
    for _ in range(2):
        await intake.take(Update.de_json(edit, intake.bot))
    [stored] = await messages(database)
    assert (stored.text, stored.earlier_text) == ("扣了我200元", "扣了我20元")
    assert await turns_enqueued(database) == 1


async def test_an_edited_caption_changes_the_caption_and_leaves_the_file(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    first = telegram.message(document=telegram.keep_file(PDF), caption="合同")
    await intake.take(Update.de_json(telegram.update(message=first), intake.bot))
    for caption in ({"caption": "保险合同"}, {"caption": None}):
        edit = telegram.update(edited_message={**first, **caption, "edit_date": first["date"] + 5})
        await intake.take(Update.de_json(edit, intake.bot))
    assert await texts(database) == ["保险合同"]
    assert telegram.calls["download"] == 1


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
async def test_group_chats_are_left_alone(
    intake: Intake, telegram: BotApiServer, database: Database, kind: str
) -> None:
    await take(intake, telegram, chat=-100_5, kind=kind, text="大家好")
    assert await texts(database) == []
    assert telegram.sent == []


async def test_telegrams_own_notes_are_no_messages_of_the_customer(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    await take(intake, telegram, message_auto_delete_timer_changed={"message_auto_delete_time": 86400})
    await take(intake, telegram, pinned_message=telegram.message(text="旧消息"))
    press = {"id": "1", "from": {"id": 1, "is_bot": False, "first_name": "周"}, "chat_instance": "1"}
    await intake.take(Update.de_json(telegram.update(callback_query=press), intake.bot))
    assert await texts(database) == []


async def test_characters_that_cannot_be_stored_are_left_out(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    await take(intake, telegram, text="卡\x00被\ud800吞了")
    await take(intake, telegram, document={**telegram.keep_file(PDF), "file_name": "合\x00同\udfff.pdf"})
    assert await texts(database) == ["卡被吞了", ""]
    assert (await the_attachment(database)).file_name == "合同.pdf"


async def test_a_name_of_any_length_does_no_harm(intake: Intake, telegram: BotApiServer, database: Database) -> None:
    message = telegram.message(text="你好")
    message["from"] |= {"first_name": "长" * 64, "last_name": "名" * 64}
    await intake.take(Update.de_json(telegram.update(message=message), intake.bot))
    assert (await the_conversation(database)).customer_name == "长" * 64 + " " + "名" * 35


async def test_the_answer_of_the_bank_does_not_hide_a_message_with_a_number_like_it(
    intake: Intake, telegram: BotApiServer, database: Database
) -> None:
    await bank_says(database, intake.inbox.clock, "您好")
    await take(intake, telegram, text="你好")
    assert await texts(database) == ["你好"]
