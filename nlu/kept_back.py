"""Which texts the transformer is never shown while it is tuned: by them we see what its answers are worth."""

import hashlib

OF_TWENTY = 3


def is_kept_back(text: str) -> bool:
    """Whether this text is one of the three in twenty; always the same ones."""
    return int(hashlib.sha256(text.strip().encode()).hexdigest()[:4], 16) % 20 < OF_TWENTY
