"""Lets the trained assistant read judged texts, the way `tingsu classify` does."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

from bot.commands.classify import classify
from bot.evaluation.judged import Judged
from bot.evaluation.measures import Understood
from bot.settings import Settings


def understand(config: Settings, judged: Sequence[Judged], model: Path | None = None) -> list[Understood]:
    """What the trained assistant makes of texts, in their order.

    Args:
        model: another model than the assistant's own.

    Raises:
        ClassifierEnded: the reading process died.
        ValueError: a text could not be read.
    """
    answers = io.StringIO()
    classify(config, (json.dumps({"id": one.id, "text": one.text}) for one in judged), answers, model)
    return [_understood(json.loads(line)) for line in answers.getvalue().splitlines()]


def _understood(labels: dict[str, object]) -> Understood:
    if "error" in labels:
        raise ValueError(f"text {labels['id']}: {labels['error']}")
    signals = labels.pop("signals")
    assert isinstance(signals, list)
    known = {name: labels[name] for name in ("kind", "product", "cause", "emotion", "tier", "confidence")}
    return Understood(signals=frozenset(signal["name"] for signal in signals), **known)  # type: ignore[arg-type]
