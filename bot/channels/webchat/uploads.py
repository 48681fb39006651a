"""A file uploaded through the web chat, checked by size and content."""

from bot.channels.webchat.errors import ChatError
from bot.conversations.attachments import SHOWN_IN_PLACE, UnknownType, content_type_of, safe_file_name
from bot.conversations.channel import InboundAttachment


def checked(name: str, content: bytes, *, limit_mib: int) -> InboundAttachment:
    """An uploaded file as an attachment.

    Raises:
        ChatError: 413 too large, 415 not a type that is taken, 422 empty.
    """
    if not content:
        raise ChatError(422, "empty_file", "The file is empty.")
    if len(content) > limit_mib * 1024 * 1024:
        raise ChatError(413, "file_too_large", f"The file is larger than {limit_mib} MiB.")
    try:
        content_type = content_type_of(content)
    except UnknownType:
        raise ChatError(
            415,
            "unsupported_file",
            "Only photos (JPEG, PNG, WebP, GIF, HEIC), PDF, Word, Excel and text files are taken.",
        ) from None
    kind = "photo" if content_type in SHOWN_IN_PLACE else "document"
    return InboundAttachment(kind, content_type, safe_file_name(name, content_type), content)
