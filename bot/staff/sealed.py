"""Small secrets that must be read again: encrypted in the store, with a key made from the installation's secret."""

import base64
import hashlib
import hmac
from functools import cache

from cryptography.fernet import Fernet, InvalidToken

from bot.settings import settings


class Unreadable(Exception):
    """What is stored was sealed with another secret key, or has been changed."""


@cache
def _box(purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(bytes.fromhex(settings().derived_secret(purpose))))


def sealed(text: str, *, purpose: str) -> str:
    """The text encrypted, so that nobody reads or changes it without the secret key."""
    return _box(purpose).encrypt(text.encode()).decode()


def opened(stored: str, *, purpose: str, within_seconds: int | None = None) -> str:
    """What was sealed.

    Raises:
        Unreadable: by another key, changed, or longer ago than allowed.
    """
    try:
        return _box(purpose).decrypt(stored.encode(), ttl=within_seconds).decode()
    except (InvalidToken, UnicodeEncodeError) as error:
        raise Unreadable(f"What was sealed for {purpose} cannot be opened with this secret key") from error


def keyed_hash(text: str, *, purpose: str) -> str:
    """What to keep of a short code: useless to whoever has the store but not the secret key."""
    return hmac.new(bytes.fromhex(settings().derived_secret(purpose)), text.encode(), hashlib.sha256).hexdigest()
