"""The web chat as a channel of the worker."""

from bot.conversations.models import Conversation, Message

CHANNEL = "webchat"


class WebChat:
    """Carries nothing: the notice that goes out with a message's commit already brings it to the open page."""

    name = CHANNEL

    async def deliver(self, conversation: Conversation, message: Message) -> None:
        """Leave the message where the page reads it."""

    async def correct(self, conversation: Conversation, message: Message) -> None:
        """Nothing to do: the page reads corrections too, see `History.read`."""

    async def show_typing(self, conversation: Conversation) -> None:
        """Nothing to do: the page is told by the same notices, see `History.read`."""
