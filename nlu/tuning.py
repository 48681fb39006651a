"""Tune the transformer to our questions: `make tune`, an hour and more on two cores, once in a while after the corpus has grown.

`python -m nlu.tuning examples.json data/tuned/complaints.npz` goes on from what the file holds; with `--anew`, from multilingual-e5-small as it comes.
Every question is learned at once; where one makes no sense for a text, it counts nothing. Three texts in twenty are kept back (`nlu/tuned.py`): what the
assistant makes of the answers is set by them, and how well they are answered is told at the end.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Optional, Sequence

import numpy as np
import tensorflow as tf
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message

from nlu.e5 import WIDTH, ModelFile, Tokenizer
from nlu.kept_back import is_kept_back
from nlu.labels import QUESTIONS, UNLABELLED, answer_of, signals_of
from nlu.script import simplified
from nlu.signals import SIGNAL_NAMES, SIGNALS
from nlu.transformer import Transformer, in_batches
from nlu.tuned import TENSOR, TunedModel

PASSES = 3
BATCH = 32
LONGEST = 192
"""Tokens of a text."""

RATE_OF_LAYERS, RATE_OF_ANSWERS = 2e-4, 2e-3
WARM_UP = 0.06
"""Of all steps."""

WEIGHT_DECAY = 0.01
LONGEST_STEP = 1.0
"""Norm of a gradient."""

DROPOUT = 0.1
COUNTS = {INTENT: 0.5, "emotion": 0.6, SIGNALS: 8.0}
"""How much a question counts beside the others; signals are rare, and their loss is a mean over many."""

SORTED_TOGETHER = 50
"""Batches: texts of about one length are put together within so many, so that little is padded and the order stays random."""

TELL_EVERY = 50
SEED = 20


@dataclass
class Examples:
    """What is learned from, or measured with.

    Attributes:
        tokens: Of each text.
        targets: For each question the number of the right answer, -1 where it makes no sense; for signals one column each.
        has_signals: Whether its signals were written beside it.
    """

    tokens: list[list[int]]
    targets: dict[str, np.ndarray]
    has_signals: np.ndarray

    @classmethod
    def of(cls, messages: Sequence[Message], answers: dict[str, list[str]], tokenizer: Tokenizer) -> Examples:
        """Prepare messages."""
        numbers = {question: {answer: at for at, answer in enumerate(known)} for question, known in answers.items()}
        targets: dict[str, np.ndarray] = {
            question: np.array(
                [numbers[question].get(answer_of(one, question) or "", -1) for one in messages], np.int32
            )
            for question in QUESTIONS
        }
        found = [signals_of(one) for one in messages]
        targets[SIGNALS] = np.array([[name in names for name in SIGNAL_NAMES] for names in found], np.float32)
        tokens = [tokenizer.tokens(simplified(one.get(TEXT)), LONGEST) for one in messages]
        return cls(tokens, targets, np.array([one.get(INTENT) not in UNLABELLED for one in messages], np.float32))


class Rate(tf.keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Rises while the answers find their place, then falls to nothing."""

    def __init__(self, highest: float, steps: int) -> None:
        """Plan so many steps."""
        self._highest, self._steps = highest, steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate at a step."""
        done = tf.cast(step, tf.float32) / self._steps
        return self._highest * tf.minimum(done / WARM_UP, 1 - done)


class Tuning:
    """One run."""

    def __init__(self, begun: TunedModel, model: ModelFile, steps: int) -> None:
        """Prepare it.

        Args:
            begun: What to go on from.
            steps: How many there will be.
        """
        self._begun, self._transformer = begun, Transformer(model)
        self._weights = {name: tf.Variable(value) for name, value in begun.weights.items()}
        self._answering = {name: tuple(map(tf.Variable, pair)) for name, pair in begun.answering.items()}
        of_layers = list(self._weights.values())
        of_answers = [variable for pair in self._answering.values() for variable in pair]
        optimizer = tf.keras.optimizers.AdamW
        for_layers = optimizer(Rate(RATE_OF_LAYERS, steps), WEIGHT_DECAY, global_clipnorm=LONGEST_STEP)
        for_answers = optimizer(Rate(RATE_OF_ANSWERS, steps), WEIGHT_DECAY)
        for_layers.build(of_layers), for_answers.build(of_answers)
        targets = {question: TENSOR([None], tf.int32) for question in QUESTIONS} | {SIGNALS: TENSOR([None, None])}
        batch = [TENSOR([None, None, WIDTH]), TENSOR([None, None])]

        @tf.function(input_signature=[*batch, targets, TENSOR([None])], autograph=False)
        def step(
            embeddings: tf.Tensor, there: tf.Tensor, targets: dict[str, tf.Tensor], has_signals: tf.Tensor
        ) -> tf.Tensor:
            with tf.GradientTape() as tape:
                loss = _loss(self._logits(embeddings, there, DROPOUT), targets, has_signals)
            gradients = tape.gradient(loss, of_layers + of_answers)
            for_layers.apply_gradients(zip(gradients[: len(of_layers)], of_layers, strict=True))
            for_answers.apply_gradients(zip(gradients[len(of_layers) :], of_answers, strict=True))
            return loss

        @tf.function(input_signature=batch, autograph=False)
        def logits(embeddings: tf.Tensor, there: tf.Tensor) -> dict[str, tf.Tensor]:
            return self._logits(embeddings, there, 0.0)

        self._step, self._answer = step, logits

    def learn(self, examples: Examples, numbers: Sequence[int]) -> float:
        """Learn from one batch; returns its loss."""
        inputs = self._transformer.inputs([examples.tokens[number] for number in numbers])
        targets = {question: values[numbers] for question, values in examples.targets.items()}
        return float(self._step(*inputs, targets, examples.has_signals[numbers]))

    def share_right(self, examples: Examples) -> dict[str, float]:
        """How many of the answers are right, by question; of the signals, F1 over all."""
        answered: dict[str, list[np.ndarray]] = {question: [] for question in examples.targets}
        order: list[int] = []
        for batch in in_batches(examples.tokens, BATCH):
            order += batch
            for question, logits in self._answer(
                *self._transformer.inputs([examples.tokens[number] for number in batch])
            ).items():
                answered[question].append(logits.numpy())
        shares = {}
        for question, logits in answered.items():
            rows, right = np.vstack(logits), examples.targets[question][order]
            if question == SIGNALS:
                found, there = rows > 0, right > 0
                shares[question] = float(2 * (found & there).sum() / max(1, found.sum() + there.sum()))
            else:
                shares[question] = float((rows.argmax(axis=1) == right)[right >= 0].mean())
        return shares

    def finished(self) -> TunedModel:
        """What was learned."""
        return TunedModel(
            self._begun.answers,
            {name: value.numpy() for name, value in self._weights.items()},
            {name: (weights.numpy(), biases.numpy()) for name, (weights, biases) in self._answering.items()},
            self._begun.centre,
            self._begun.spread,
        )

    def _logits(self, embeddings: tf.Tensor, there: tf.Tensor, dropout: float) -> dict[str, tf.Tensor]:
        vectors = self._transformer.vectors(embeddings, there, self._weights, dropout)
        standing = (vectors - self._begun.centre) / self._begun.spread
        if dropout:
            standing = tf.nn.dropout(standing, dropout)
        return {question: standing @ weights + biases for question, (weights, biases) in self._answering.items()}


def _loss(logits: dict[str, tf.Tensor], targets: dict[str, tf.Tensor], has_signals: tf.Tensor) -> tf.Tensor:
    losses = []
    for question in QUESTIONS:
        makes_sense = tf.cast(targets[question] >= 0, tf.float32)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(targets[question], 0), logits[question])
        losses.append(COUNTS.get(question, 1.0) * tf.reduce_mean(each * makes_sense))
    of_signals = tf.nn.sigmoid_cross_entropy_with_logits(targets[SIGNALS], logits[SIGNALS])
    losses.append(COUNTS[SIGNALS] * tf.reduce_mean(tf.reduce_mean(of_signals, 1) * has_signals))
    return tf.add_n(losses)


def untuned(answers: dict[str, list[str]], model: ModelFile, sample: Sequence[list[int]]) -> TunedModel:
    """Where tuning begins: the model as it comes, and answers that say nothing.

    Args:
        sample: Tokens of some texts, by which the vectors are centred and scaled.
    """
    weights, transformer = model.weights(), Transformer(model)
    constants = {name: tf.constant(value) for name, value in weights.items()}
    vectors = np.vstack(
        [
            transformer.vectors(*transformer.inputs([sample[number] for number in batch]), constants).numpy()
            for batch in in_batches(sample, BATCH)
        ]
    )
    nothing = {
        name: (np.zeros((WIDTH, len(of_one)), np.float32), np.zeros(len(of_one), np.float32))
        for name, of_one in answers.items()
    }
    return TunedModel(answers, weights, nothing, vectors.mean(axis=0), vectors.std(axis=0) + 1e-6)


def shuffled(tokens: Sequence[list[int]], order: random.Random) -> Iterator[list[int]]:
    """One pass over all texts, in batches."""
    numbers = list(range(len(tokens)))
    order.shuffle(numbers)
    together = BATCH * SORTED_TOGETHER
    batches: list[list[int]] = []
    for start in range(0, len(numbers), together):
        some = sorted(numbers[start : start + together], key=lambda number: len(tokens[number]))
        batches += [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
    order.shuffle(batches)
    yield from batches


def tune(examples: Sequence[Message], begun: Optional[Path], passes: float) -> TunedModel:
    """Tune, and tell how it goes.

    Args:
        examples: The corpus.
        begun: A file to go on from.
        passes: How often every text is learned from.
    """
    model = ModelFile()
    tokenizer = Tokenizer(model)
    answers = {
        question: sorted({answer for one in examples if (answer := answer_of(one, question))}) for question in QUESTIONS
    }
    answers[SIGNALS] = list(SIGNAL_NAMES)
    kept_back = Examples.of([one for one in examples if is_kept_back(one.get(TEXT))], answers, tokenizer)
    learned = Examples.of([one for one in examples if not is_kept_back(one.get(TEXT))], answers, tokenizer)
    start = untuned(answers, model, learned.tokens[::10]) if begun is None else TunedModel.load(begun, model)
    if start.answers != answers:
        raise SystemExit("tuning: the labels are others than those of the file; tune anew")
    order = random.Random(SEED)  # noqa: S311 - no secret
    steps = int(passes * -(-len(learned.tokens) // BATCH))
    tuning, began, loss, done = Tuning(start, model, steps), time.monotonic(), 0.0, 0
    while done < steps:
        for batch in shuffled(learned.tokens, order):
            loss += tuning.learn(learned, batch)
            done += 1
            if done % TELL_EVERY == 0 or done == steps:
                left = (time.monotonic() - began) / done * (steps - done) / 60
                print(f"step {done} of {steps}, loss {loss / TELL_EVERY:.2f}, {left:.0f} minutes to go", flush=True)
                loss = 0.0
            if done == steps:
                break
    shares = tuning.share_right(kept_back)
    print("of the texts kept back:", ", ".join(f"{name} {share:.3f}" for name, share in shares.items()), flush=True)
    return tuning.finished()


def main() -> None:
    """The command line."""
    arguments = argparse.ArgumentParser(prog="nlu.tuning", description=__doc__)
    arguments.add_argument("examples", type=Path, help="the corpus, in a form that rasa reads")
    arguments.add_argument("file", type=Path, help="where it goes, and what it goes on from")
    arguments.add_argument("--anew", action="store_true", help="begin with the model as it comes")
    arguments.add_argument("--passes", type=float, default=PASSES)
    given = arguments.parse_args()
    begun = given.file if given.file.exists() and not given.anew else None
    examples = [one for one in load_data(str(given.examples)).intent_examples if one.get(TEXT)]
    tune(examples, begun, given.passes).save(given.file, ModelFile())
    print(f"{given.file}: {given.file.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
