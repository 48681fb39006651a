"""The texts a model learns from and those it is asked about, parted by a hash, so that every run parts them alike.

Only texts that our tuned transformer was never shown can be held out.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nlu.kept_back import is_kept_back

THIRDS = 2
"""Of the texts kept back from the transformer, three in twenty: so a tenth of all is held out."""


@dataclass(frozen=True)
class Labelled:
    """A customer's text and what it means."""

    text: str
    intent: str


def hold_out(sources: list[Path], learned_from: Path) -> list[Labelled]:
    """Write the training data without the texts that are held out.

    Args:
        sources: folders of rasa's NLU files.
        learned_from: folder to write to.

    Returns:
        The texts held out.
    """
    held_out: list[Labelled] = []
    for path in sorted(path for source in sources for path in source.glob("*.yml")):
        intents = []
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            examples = list(_examples(block["examples"]))
            held_out += [Labelled(e["text"], block["intent"]) for e in examples if _is_held_out(e["text"])]
            intents.append(
                {"intent": block["intent"], "examples": [e for e in examples if not _is_held_out(e["text"])]}
            )
        # JSON is YAML that rasa and PyYAML read alike; but rasa knows a file by a line that begins with `nlu:`.
        content = f'version: "3.1"\nnlu: {json.dumps(intents, ensure_ascii=False)}\n'
        (learned_from / f"{path.parent.name}_{path.name}").write_text(content, encoding="utf-8")
    return held_out


def _examples(written: str | list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if isinstance(written, str):
        yield from ({"text": line[1:].strip()} for line in written.splitlines() if line.startswith("-"))
        return
    yield from ({**example, "text": example["text"].strip()} for example in written)


def _is_held_out(text: str) -> bool:
    return is_kept_back(text) and int(hashlib.sha256(text.encode()).hexdigest(), 16) % 3 < THIRDS
