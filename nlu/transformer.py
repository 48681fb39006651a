"""The transformer that reads a text as a whole: multilingual-e5-small, tuned to our questions (docs/decisions/0010), in TensorFlow, which rasa brings.

Tokens' embeddings go in, one vector a text comes out: the mean over its tokens after the last layer. A linear answer to each question stands on it.
"""

from __future__ import annotations

from typing import Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from nlu.e5 import HEADS, LAYERS, WIDTH, ModelFile

Weights = Mapping[str, "tf.Tensor"]

EPSILON = 1e-12
NEVER = -1e9
"""Attention to a place behind the text's end."""

ROUND_UP_TO = 8
"""Tokens: batches of few different lengths."""


class Transformer:
    """The layers; their weights are handed in, so that they can be trained."""

    def __init__(self, model: ModelFile) -> None:
        """Keep what tuning leaves alone.

        Args:
            model: Where embeddings of words and places are read.
        """
        self._model = model
        self._positions = tf.constant(model.positions())
        self._norm = tuple(map(tf.constant, model.norm()))

    def inputs(self, texts: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
        """A batch.

        Args:
            texts: Tokens of each.

        Returns:
            Embeddings (texts × tokens × WIDTH), and 1 where a text has a token (texts × tokens).
        """
        longest = -(-max(map(len, texts)) // ROUND_UP_TO) * ROUND_UP_TO
        tokens = np.full((len(texts), longest), self._model.padding, np.int64)
        there = np.zeros((len(texts), longest), np.float32)
        for row, text in enumerate(texts):
            tokens[row, : len(text)] = text
            there[row, : len(text)] = 1
        return self._model.embeddings(tokens) * there[..., None], there

    def vectors(self, embeddings: tf.Tensor, there: tf.Tensor, weights: Weights, dropout: float = 0.0) -> tf.Tensor:
        """One vector a text: texts × WIDTH."""
        length = tf.shape(embeddings)[1]
        hidden = _normalised(embeddings + self._positions[None, :length], *self._norm)
        aside = (1 - there[:, None, None, :]) * NEVER
        for layer in range(LAYERS):
            own = {name[len(f"l{layer}.") :]: value for name, value in weights.items() if name.startswith(f"l{layer}.")}
            hidden = _layer(hidden, aside, own, dropout)
        return tf.reduce_sum(hidden * there[..., None], 1) / tf.reduce_sum(there, 1, keepdims=True)


def _layer(hidden: tf.Tensor, aside: tf.Tensor, own: Weights, dropout: float) -> tf.Tensor:
    texts, length = tf.shape(hidden)[0], tf.shape(hidden)[1]
    flat = tf.reshape(hidden, [-1, WIDTH])

    def through(part: str, values: tf.Tensor) -> tf.Tensor:
        return tf.matmul(values, own[f"{part}.w"]) + own[f"{part}.b"]

    def by_head(part: str) -> tf.Tensor:
        return tf.transpose(tf.reshape(through(part, flat), [texts, length, HEADS, WIDTH // HEADS]), [0, 2, 1, 3])

    def drop(values: tf.Tensor) -> tf.Tensor:
        return tf.nn.dropout(values, dropout) if dropout else values

    alike = tf.matmul(by_head("q"), by_head("k"), transpose_b=True) * (WIDTH // HEADS) ** -0.5
    seen = tf.matmul(drop(tf.nn.softmax(alike + aside)), by_head("v"))
    attended = through("ao", tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), [-1, WIDTH]))
    flat = _normalised(flat + drop(attended), own["aln.w"], own["aln.b"])
    inner = through("fo", tf.nn.gelu(through("fi", flat)))
    return tf.reshape(_normalised(flat + drop(inner), own["oln.w"], own["oln.b"]), [texts, length, WIDTH])


def _normalised(values: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    mean, variance = tf.nn.moments(values, [-1], keepdims=True)
    return (values - mean) * tf.math.rsqrt(variance + EPSILON) * weight + bias


def in_batches(texts: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
    """Numbers of texts of about one length, the shortest first."""
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    yield from (order[start : start + size] for start in range(0, len(order), size))
