"""Which channels there are, by the settings."""

from bot.channels.telegram.bot_api import telegram_bot
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.webchat.channel import WebChat
from bot.clock import Clock
from bot.conversations.channel import Channel
from bot.database import Database
from bot.settings import Settings


def channels_by_name(config: Settings, database: Database, clock: Clock) -> dict[str, Channel]:
    """Every channel that can carry messages, by its name."""
    channels: list[Channel] = [WebChat()]
    if config.telegram_token is not None:
        channels.append(TelegramChannel(telegram_bot(config), database, clock))
    return {channel.name: channel for channel in channels}
