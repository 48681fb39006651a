"""Vectors of the training texts that come with the code, so that a first training takes minutes and not half an hour.

A number is kept in one byte, which is a hundred times finer than what an encoder means by it. A text that is not there is encoded as any other; so
the file may lag behind the corpus, and training works without it. `make vectors` writes it anew from what trainings on this machine have encoded.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Mapping

import numpy as np

STEPS = 255
KEY_DIGITS = 16
"""Of the hash of a text: 64 bits tell some ten thousand texts apart."""


def known_vectors(path: Path) -> dict[str, np.ndarray]:
    """Read the vectors that came with the code.

    Args:
        path: The file; none there means that nothing is known.

    Returns:
        A float32 vector by the first digits of its text's hash.
    """
    if not path.exists():
        return {}
    with np.load(path) as stored:
        vectors = stored["least"] + stored["steps"].astype(np.float32) * stored["step"]
        return {f"{key:0{KEY_DIGITS}x}": vector for key, vector in zip(stored["keys"].tolist(), vectors, strict=True)}


def keep_vectors(path: Path, vectors: Mapping[str, np.ndarray]) -> None:
    """Write vectors for everybody's first training.

    Args:
        path: The file; its folder is made if missing.
        vectors: By the whole hash of their text.
    """
    by_key = sorted((int(digest[:KEY_DIGITS], 16), vector) for digest, vector in vectors.items())
    rows = np.stack([vector for _, vector in by_key])
    least = rows.min(axis=0)
    step = np.maximum((rows.max(axis=0) - least) / STEPS, np.finfo(np.float32).tiny)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        keys=np.array([key for key, _ in by_key], dtype=np.uint64),
        steps=np.rint((rows - least) / step).astype(np.uint8),
        least=least.astype(np.float32),
        step=step.astype(np.float32),
    )


def main() -> None:
    """Write anew what comes with the code: `make vectors`."""
    from nlu.encoder import (
        MultilingualE5Small,
        cache_path,
        cached_vectors,
    )  # not above: the cache reads what is kept here

    arguments = argparse.ArgumentParser(description=main.__doc__)
    arguments.add_argument("cache", type=Path, help="folder of what trainings on this machine have encoded")
    arguments.add_argument("known", type=Path, help="file that comes with the code")
    given = arguments.parse_args()
    vectors = cached_vectors(cache_path(given.cache, MultilingualE5Small.name))
    keep_vectors(given.known, vectors)
    print(f"{len(vectors)} vectors, {given.known.stat().st_size // 1024} kB, in {given.known}")


if __name__ == "__main__":
    main()
