"""Passwords: kept as Argon2id hashes, made once for a new person, and judged before they are taken.

Nothing here touches a database.
"""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.complaints.labels import Label

SHORTEST = 10
LONGEST = 200
"""Characters. Argon2 takes more, but nobody types more, and hashing a book costs time."""

READABLE = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0 o 1 l i, which people mix up when they read a password from paper."""


class PasswordFault(Label):
    """Why a password is not taken."""

    WRONG_CURRENT = "wrong_current", "当前密码不对。", "The current password is not right."
    TOO_SHORT = "too_short", f"新密码至少要 {SHORTEST} 个字符。", f"At least {SHORTEST} characters, please."
    TOO_LONG = "too_long", f"新密码最多 {LONGEST} 个字符。", f"At most {LONGEST} characters, please."
    IS_USERNAME = "is_username", "新密码不能包含用户名。", "The new password must not contain the username."
    TOO_SIMPLE = "too_simple", "新密码里不同的字符太少。", "The new password has too few different characters."
    UNCHANGED = "unchanged", "新密码不能和当前密码一样。", "The new password must differ from the current one."


@cache
def hasher() -> PasswordHasher:
    """Argon2id with the library's parameters, which follow RFC 9106's second recommendation (64 MiB)."""
    return PasswordHasher()


@cache
def nobodys_hash() -> str:
    """A hash to check against when there is nobody of that name, so that both answers take the same time."""
    return hasher().hash(secrets.token_urlsafe(16))


def fits(password_hash: str, password: str) -> bool:
    """Whether this is the password behind the hash. Takes some 50 ms of a processor, by design."""
    try:
        return hasher().verify(password_hash, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


def one_time_password() -> str:
    """A password to be handed over and changed at the first sign-in: 79 bits, in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(4))


def fault_of(new: str, *, username: str, current: str) -> PasswordFault | None:
    """What is wrong with a new password, or None."""
    if len(new) < SHORTEST:
        return PasswordFault.TOO_SHORT
    if len(new) > LONGEST:
        return PasswordFault.TOO_LONG
    if username.casefold() in new.casefold():
        return PasswordFault.IS_USERNAME
    if len(set(new)) < SHORTEST // 2:
        return PasswordFault.TOO_SIMPLE
    if new == current:
        return PasswordFault.UNCHANGED
    return None
