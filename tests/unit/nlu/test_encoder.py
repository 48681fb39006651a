"""The cache of sentence vectors."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nlu.encoder import CachedEncoder


class CountingEncoder:
    """Encodes a text as its length, and counts how many it was given."""

    name, dimension = "counting", 1

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += len(texts)
        return np.array([[len(text)] for text in texts], dtype=np.float32)


def test_a_text_is_encoded_once_even_across_trainings(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    CachedEncoder(encoder, tmp_path).encode(["a", "bb", "a"])
    vectors = CachedEncoder(encoder, tmp_path).encode(["bb", "a", "ccc"])
    assert vectors.tolist() == [[2], [1], [3]]
    assert encoder.encoded == 3
