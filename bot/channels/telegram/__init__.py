"""Telegram: customers' private chats with the bank's bot, by long polling or by webhook, with python-telegram-bot."""

CHANNEL = "telegram"
