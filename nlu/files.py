"""Files that components learn from, besides the training data."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest_of(path: str) -> str:
    """A digest of the file's content, `missing` without one."""
    file = Path(path)
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else "missing"
