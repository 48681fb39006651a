"""What browsers send, as what the desk works with: whatever is something else is nothing."""

import uuid
from typing import Any

LARGEST_ID = 2**63 - 1


def given_text(value: Any) -> str:
    """A text, without the character that PostgreSQL cannot keep and without space around it."""
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""


def given_number(value: Any) -> int:
    """The number of a row; 0, which nothing has, if it is none."""
    return value if isinstance(value, int) and 0 < value <= LARGEST_ID else 0


def given_id(value: Any) -> uuid.UUID | None:
    """A person's, a conversation's or a complaint's id."""
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None


def given_act(value: Any) -> tuple[uuid.UUID | None, Any]:
    """What a person did, and in which conversation; without one it is whichever is open."""
    if isinstance(value, dict) and "of" in value:
        return given_id(value["of"]), value.get("what")
    return None, value


def given_wish(value: Any) -> dict[str, Any]:
    """Several values by name."""
    return value if isinstance(value, dict) else {}
