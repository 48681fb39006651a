"""Signed tokens that name a web chat session. Whoever holds one reads and writes that one conversation, no other."""

import hashlib
import uuid

from itsdangerous import BadData, URLSafeTimedSerializer

TOKEN_LIFETIME_SECONDS = 400 * 24 * 3600
"""A complaint may take 60 days and its satisfaction is asked later: more than a year keeps the history at hand."""


class InvalidToken(Exception):
    """Not a token of ours, altered, or too old."""


class SessionTokens:
    """Issues and reads tokens.

    Args:
        secret: the signing key.
    """

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(
            secret, salt="webchat-session", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def issue(self, session_id: uuid.UUID) -> str:
        """The token of a session."""
        return str(self._serializer.dumps(session_id.hex))

    def read(self, token: str) -> uuid.UUID:
        """The session that a token names.

        Raises:
            InvalidToken: it names none.
        """
        try:
            return uuid.UUID(self._serializer.loads(token, max_age=TOKEN_LIFETIME_SECONDS))
        except (BadData, ValueError, TypeError, AttributeError) as error:
            raise InvalidToken from error
