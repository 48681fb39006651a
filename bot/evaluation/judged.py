"""Texts with what readers decided about them, from two kinds of file.

A judged file is JSON lines: `id`, `text`; `kind`, `product`, `cause`, `emotion`, `tier` (lists of accepted values, the
decided one first, empty where the field does not apply); `signals` that all readers saw, and `signals_or` that only
some of them saw. The hold-out is written like the training data, in `data/holdout/`: one value each.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.commands.examples import Example, read_corpus
from bot.complaints.labels import Cause, Emotion, Kind, Product, Signal, Tier

KIND_OF_INTENT = {
    "complain": Kind.COMPLAINT,
    "enquire": Kind.ENQUIRY,
    "praise": Kind.PRAISE,
    "suggest": Kind.SUGGESTION,
}


class UnreadableFile(Exception):
    """A file of judged texts has a line that cannot be read; the message says which, and why."""


class Judged(BaseModel):
    """One text and the accepted labels, the decided one first."""

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    kind: tuple[Kind, ...]
    product: tuple[Product, ...] = ()
    cause: tuple[Cause, ...] = ()
    emotion: tuple[Emotion, ...] = ()
    tier: tuple[Tier, ...] = ()
    signals: frozenset[Signal] = frozenset()
    signals_or: frozenset[Signal] = frozenset()

    @property
    def is_complaint(self) -> bool:
        """Whether readers decided that it is a complaint."""
        return self.kind[0] is Kind.COMPLAINT


def read_judged(path: Path) -> list[Judged]:
    """Read a judged file.

    Raises:
        UnreadableFile: a line is not what this module's first lines say.
    """
    judged = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.strip():
            try:
                judged.append(Judged.model_validate_json(line))
            except ValidationError as error:
                fault = error.errors()[0]
                where = ".".join(map(str, fault["loc"]))
                raise UnreadableFile(f"{path}, line {number}: {where}: {fault['msg']}") from None
    return judged


def read_holdout(folder: Path) -> list[Judged]:
    """Read the hold-out: texts that no model was trained on."""
    return [judged_example(f"h{number}", example) for number, example in enumerate(read_corpus(folder), start=1)]


def judged_example(identifier: str, example: Example) -> Judged:
    """An example of training data, as a judged text."""
    labels = example.labels
    values = {name: (labels[name],) for name in ("product", "cause", "emotion", "tier") if name in labels}
    kind = KIND_OF_INTENT.get(example.intent, Kind.OTHER)
    return Judged(
        id=identifier, text=example.text, kind=(kind,), signals=frozenset(labels.get("signals", ())), **values
    )
