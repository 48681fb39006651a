"""Vectors that come with the code."""

import hashlib
from pathlib import Path

import numpy as np

from nlu.encoder import CachedEncoder, MultilingualE5Small, load_encoder
from nlu.known_vectors import keep_vectors, known_vectors
from tests.unit.nlu.test_encoder import CountingEncoder

SHIPPED = Path("data/vectors/multilingual-e5-small.npz")
GREETINGS = ("你好", "谢谢", "转人工", "hello")
"""Texts of the corpus that will hardly go."""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_vector_is_kept_within_half_a_step_of_its_range(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(50)]
    vectors = np.random.default_rng(7).normal(size=(50, 384)).astype(np.float32)
    keep_vectors(tmp_path / "known.npz", {digest(text): row for text, row in zip(texts, vectors, strict=True)})
    known = known_vectors(tmp_path / "known.npz")
    half_a_step = (vectors.max(axis=0) - vectors.min(axis=0)) / 255 / 2
    for text, row in zip(texts, vectors, strict=True):
        assert (np.abs(known[digest(text)[:16]] - row) <= half_a_step * 1.001).all()


def test_what_came_with_the_code_is_not_encoded_again(tmp_path: Path) -> None:
    keep_vectors(tmp_path / "known.npz", {digest("a"): np.array([1.0]), digest("bbb"): np.array([3.0])})
    encoder = CountingEncoder()
    vectors = CachedEncoder(encoder, tmp_path / "cache", tmp_path / "known.npz").encode(["a", "bb", "bbb"])
    assert np.allclose(vectors, [[1], [2], [3]])
    assert encoder.encoded == 1


def test_without_the_file_everything_is_encoded(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    assert CachedEncoder(encoder, tmp_path, tmp_path / "none.npz").encode(["a"]).tolist() == [[1]]
    assert encoder.encoded == 1


def test_the_vectors_that_came_with_the_code_are_the_encoders_own() -> None:
    known = known_vectors(SHIPPED)
    encoder = load_encoder(f"{MultilingualE5Small.__module__}.{MultilingualE5Small.__name__}")
    for text in GREETINGS:
        assert np.dot(known[digest(text)[:16]], encoder.encode([text])[0]) > 0.999
