"""What a channel is: a thin adapter that hands messages in, and carries messages out."""

from dataclasses import dataclass, field
from typing import Protocol

from bot.conversations.models import Conversation, Message


class Undeliverable(Exception):
    """The channel said "never": the customer has blocked us, the chat is gone. Anything else is tried again."""


class Uncorrectable(Exception):
    """The channel cannot change what it has carried; the correction has to be a message of its own."""


@dataclass(frozen=True)
class InboundAttachment:
    """A file that came with a message, already checked by size and content.

    Attributes:
        kind: `photo`, `document` or `voice`.
        content_type: found by content, not by what the sender said.
    """

    kind: str
    content_type: str
    file_name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Inbound:
    """A customer's message as a channel hands it in; nothing in it is masked yet.

    Attributes:
        channel: the channel's name.
        channel_key: the channel's own name for the chat.
        message_id: the channel's own name for the message: a second delivery of it is recognised by this.
        language: the language that the channel says the customer uses, if it says so (`zh` or `en`).
    """

    channel: str
    channel_key: str
    message_id: str
    text: str = field(repr=False)
    customer_name: str | None = field(default=None, repr=False)
    language: str | None = None
    attachment: InboundAttachment | None = None


class Channel(Protocol):
    """Carries outbound messages of one channel."""

    name: str

    async def deliver(self, conversation: Conversation, message: Message) -> None:
        """Carry one message to the customer.

        Raises:
            Undeliverable: it can never arrive; any other exception means "try again later".
        """

    async def correct(self, conversation: Conversation, message: Message) -> None:
        """Show a message's present text in place of the one that was delivered.

        Raises:
            Uncorrectable: the channel cannot change it, or no longer.
            Undeliverable: nothing can arrive any more; any other exception means "try again later".
        """

    async def show_typing(self, conversation: Conversation) -> None:
        """Show the customer that an answer is being made. Best effort."""
