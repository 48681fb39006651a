"""Cross-validation: the corpus in parts, each understood by an assistant that has learned from all the others.

The tuned transformer is not tuned anew for each part, which would take hours; so only texts that it was never shown are
judged.
"""

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.commands.examples import Example
from bot.commands.training import train_to_understand
from bot.complaints.labels import Kind
from bot.evaluation.judged import KIND_OF_INTENT, Judged, judged_example
from bot.evaluation.measures import Understood
from bot.evaluation.reading import understand
from bot.settings import Settings
from nlu.kept_back import is_kept_back

JUDGED_INTENTS = (*KIND_OF_INTENT, Kind.OTHER)
"""A text of these is judged; what answers a question of the assistant («对», «下午三点») is only learned from."""


def cross_validate(config: Settings, examples: Sequence[Example], folds: int) -> Iterator[tuple[Judged, Understood]]:
    """Understand texts with an assistant that has not learned from them.

    Args:
        examples: the corpus.
        folds: into how many parts it is divided; as many assistants are trained, some minutes each.

    Raises:
        TrainingFailed: rasa refused the data; it has said why.
        ClassifierEnded: the reading process died.
    """
    parts = stratified(examples, folds)
    for number, part in enumerate(parts, start=1):
        print(f"Part {number} of {folds}: training on the others.", flush=True)
        judged = [
            judged_example(f"{number}-{row}", one)
            for row, one in enumerate(part, start=1)
            if one.intent in JUDGED_INTENTS and is_kept_back(one.text)
        ]
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "model.tar.gz"
            others = [one for other in parts if other is not part for one in other]
            train_to_understand(config, others, model)
            yield from zip(judged, understand(config, judged, model), strict=True)


def stratified(examples: Sequence[Example], folds: int) -> list[list[Example]]:
    """Divide examples so that every part has its share of each intent, tier and product; the same way each time."""
    alike: dict[tuple[str, ...], list[Example]] = defaultdict(list)
    for one in examples:
        alike[one.intent, one.labels.get("tier", ""), one.labels.get("product", "")].append(one)
    dealt = [one for _, group in sorted(alike.items()) for one in sorted(group, key=_by_chance)]
    return [dealt[part::folds] for part in range(folds)]


def _by_chance(example: Example) -> bytes:
    return hashlib.sha256(example.text.encode()).digest()
