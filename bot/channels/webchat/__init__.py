"""The web chat: a page a bank can link or embed, and the HTTP API behind it.

The page reads the store: a message is with the customer as soon as it is committed, so there is nothing to carry.
"""

from bot.channels.webchat.channel import WebChat

__all__ = ["WebChat"]
