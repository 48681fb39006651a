"""What the bank says outside of a rasa turn, from the same place as what it says inside one: `domain.yml`'s responses.

So compliance reads and changes every sentence in one file.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.settings import ROOT


@dataclass(frozen=True)
class Saying:
    """One wording, ready to send: the text, and the quick replies offered with it."""

    text: str
    buttons: tuple[str, ...] = ()


class Wording:
    """The responses of a domain file.

    Args:
        path: the domain file.
    """

    def __init__(self, path: Path) -> None:
        self._responses: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text(encoding="utf-8"))["responses"]

    def say(self, name: str, language: str, **values: object) -> Saying:
        """The first variant of a response for this language, filled in.

        Args:
            name: the response, `utter_…`.
            language: `zh` or `en`; a variant without a condition serves every other language.
            values: what stands in its braces.

        Raises:
            KeyError: no such response, or a value is missing: a fault of ours that a test finds.
        """
        variants = self._responses[name]
        fitting = [variant for variant in variants if _language_of(variant) == language]
        general = [variant for variant in variants if _language_of(variant) is None]
        chosen = (fitting or general)[0]
        buttons = tuple(button["title"] for button in chosen.get("buttons", ()))
        return Saying(chosen["text"].strip().format(**values), buttons)


def _language_of(variant: dict[str, Any]) -> str | None:
    for condition in variant.get("condition", ()):
        if condition["name"] == "language":
            return str(condition["value"])
    return None


@cache
def wording() -> Wording:
    """The wording of this checkout, read once."""
    return Wording(ROOT / "domain.yml")
