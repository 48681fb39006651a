"""Is the corpus fit to learn and to measure with? Wrong labels, duplicates, thin labels, personal data."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bot.commands.examples import Example
from bot.complaints.labels import Cause, Emotion, Label, Product, Signal, Tier
from bot.masking import mask

LABELS: Mapping[str, type[Label]] = {"product": Product, "cause": Cause, "emotion": Emotion, "tier": Tier}
SHINGLE = 4
NEAR = 0.6
"""From this share of common shingles on (Jaccard), two texts are nearly the same."""

TEXTS_A_LABEL = 40
TEXTS_AN_INTENT = 60


def faults_of(learned: Sequence[Example], held_out: Sequence[Example]) -> Iterator[str]:
    """Everything that is wrong with a corpus, one sentence each.

    Args:
        learned: what models are trained on.
        held_out: what they are measured with.
    """
    for example in (*learned, *held_out):
        yield from _wrong_labels(example)
        if kinds := mask(example.text).kinds:
            yield f"{example.opening} has personal data: {', '.join(kinds)}"
    yield from _duplicates(learned)
    yield from _near_duplicates(learned, held_out)
    yield from _thin(learned)


def _wrong_labels(example: Example) -> Iterator[str]:
    if example.intent != "complain":
        return
    for name, values in LABELS.items():
        if example.labels.get(name) not in set(values):
            yield f"{example.opening} has no such {name}: {example.labels.get(name)}"
    for signal in set(example.labels.get("signals", ())) - set(Signal):
        yield f"{example.opening} has no such signal: {signal}"
    if example.labels.get("product") != example.path.stem:
        yield f"{example.opening} is about {example.labels.get('product')}, but in another product's file"


def _duplicates(examples: Sequence[Example]) -> Iterator[str]:
    first: dict[tuple[str, str], Example] = {}
    for example in examples:
        known = first.setdefault((example.intent, _plain(example.text)), example)
        if known is not example:
            yield f"{example.opening} stands twice, also in {known.path.name}"


def _near_duplicates(learned: Sequence[Example], held_out: Sequence[Example]) -> Iterator[str]:
    shingles = [_shingles(example.text) for example in learned]
    having: dict[str, list[int]] = defaultdict(list)
    for number, own in enumerate(shingles):
        for shingle in own:
            having[shingle].append(number)
    for example in held_out:
        own = _shingles(example.text)
        for number, common in Counter(n for shingle in own for n in having[shingle]).most_common(3):
            if common / len(own | shingles[number]) >= NEAR:
                yield f"{example.opening} is held out, but nearly stands in {learned[number].opening}"
                break


def _thin(examples: Sequence[Example]) -> Iterator[str]:
    complaints = [example.labels for example in examples if example.intent == "complain"]
    found = Counter(labels.get(name) for labels in complaints for name in LABELS)
    found.update(signal for labels in complaints for signal in labels.get("signals", ()))
    for label in (*(label for values in LABELS.values() for label in values), *Signal):
        if found[label] < TEXTS_A_LABEL:
            yield f"the label {label} has {found[label]} texts, fewer than {TEXTS_A_LABEL}"
    for intent, count in Counter(example.intent for example in examples).items():
        if count < TEXTS_AN_INTENT:
            yield f"the intent {intent} has {count} texts, fewer than {TEXTS_AN_INTENT}"


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text.casefold())


def _shingles(text: str) -> set[str]:
    plain = _plain(text)
    return {plain[start : start + SHINGLE] for start in range(max(1, len(plain) - SHINGLE + 1))}
