"""The ways out of the house: Telegram and e-mail, as thin carriers of one small protocol."""

import asyncio
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Protocol

import aiosmtplib
from telegram import Bot, LinkPreviewOptions
from telegram.error import BadRequest, ChatMigrated, Forbidden

from bot.alarms.models import Way
from bot.alarms.notices import Notice
from bot.clock import Clock
from bot.conversations.channel import Undeliverable
from bot.settings import Settings

PERMANENT_FROM = 500
"""From this reply code on an SMTP server says "never", below it "not now" (RFC 5321, 4.2.1)."""


class Carrier(Protocol):
    """Carries notices to addresses of one kind."""

    async def carry(self, address: str, notice: Notice) -> None:
        """Carry a notice to an address.

        Raises:
            Undeliverable: there is no such address, or it does not want us.
            Exception: anything else; it may be tried again.
        """


class TelegramCarrier:
    """Writes to people's chats with the bank's bot, and to the staff's group.

    Args:
        bot: the bank's bot.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def carry(self, address: str, notice: Notice) -> None:
        """Write the notice into the chat; see `Carrier`."""
        try:
            await self._bot.send_message(
                address, notice.text, link_preview_options=LinkPreviewOptions(is_disabled=True)
            )
        except (Forbidden, BadRequest, ChatMigrated) as error:
            raise Undeliverable(error.message) from error


class MailCarrier:
    """Sends e-mail through the bank's SMTP server.

    Args:
        config: with `smtp_host` and `smtp_from`.
    """

    def __init__(self, config: Settings, clock: Clock) -> None:
        self._config = config
        self._clock = clock

    async def carry(self, address: str, notice: Notice) -> None:
        """Send the notice as a mail; see `Carrier`.

        What the server has against the receiver or the mail is final; what it has against our sign-in or address may be
        mended, and the mail still arrives.

        Raises:
            TimeoutError: the server takes too long.
        """
        config = self._config
        password = config.smtp_password.get_secret_value() if config.smtp_password else None
        async with asyncio.timeout(config.smtp_timeout_seconds):
            try:
                await aiosmtplib.send(
                    self._mail(address, notice),
                    hostname=config.smtp_host,
                    port=config.smtp_port,
                    username=config.smtp_user,
                    password=password,
                    use_tls=config.smtp_security == "tls",
                    start_tls=config.smtp_security == "starttls",
                    timeout=config.smtp_timeout_seconds,
                )
            except aiosmtplib.SMTPRecipientsRefused as error:
                _end_if_permanent(error.recipients[0])
                raise
            except aiosmtplib.SMTPDataError as error:
                _end_if_permanent(error)
                raise

    def _mail(self, address: str, notice: Notice) -> EmailMessage:
        sender = str(self._config.smtp_from)
        mail = EmailMessage()
        mail["From"] = sender
        mail["To"] = address
        mail["Subject"] = notice.title
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"  # nobody's holiday notice answers it (RFC 3834)
        mail.set_content(notice.text + "\n")
        return mail


def _end_if_permanent(error: aiosmtplib.SMTPResponseException) -> None:
    # The server's own words may quote the address, which has no place in a record; its code says enough.
    if error.code >= PERMANENT_FROM:
        raise Undeliverable(f"SMTP {error.code}") from error


def carriers(config: Settings, bot: Bot | None, clock: Clock) -> dict[Way, Carrier]:
    """The ways that the settings open.

    Args:
        bot: the bank's bot, if there is one.
    """
    opened: dict[Way, Carrier] = {}
    if bot is not None:
        opened[Way.TELEGRAM] = TelegramCarrier(bot)
    if config.smtp_host is not None:
        opened[Way.EMAIL] = MailCarrier(config, clock)
    return opened
