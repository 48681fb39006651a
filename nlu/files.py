"""Files that components learn from, besides the training data."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Optional


def digest_of(path: Optional[str]) -> str:
    """A digest of the file's content.

    Args:
        path: The file; `None` when rasa asks on behalf of a component whose result it has cached, without its configuration.

    Returns:
        `missing` without a file.
    """
    if path is None or not Path(path).exists():
        return "missing"
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
