"""Vectors of texts over HTTP: what is asked for, what is refused, and that turns go on meanwhile."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nlu import vectors
from nlu.turns import WholeTurns
from nlu.vectors import EVERYDAY, BadRequest, vector_of, vectors_of


class LengthEncoder:
    """Encodes a text by its length and its first character."""

    name, dimension = "length", 2

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[len(text), ord(text[:1] or " ") % 7 + 1] for text in texts], dtype=np.float32)


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> LengthEncoder:
    made = LengthEncoder()
    monkeypatch.setattr(vectors, "load_encoder", lambda _: made)
    return made


def test_vectors_are_one_long_and_what_everyday_complaints_share_is_taken_off(encoder: LengthEncoder) -> None:
    answer = asyncio.run(vectors_of({"texts": ["卡被吞了", "利息算错"]}))
    assert [round(float(np.linalg.norm(vector)), 5) for vector in answer["vectors"]] == [1, 1]
    everyday = np.mean([encoder.encode([text])[0] / np.linalg.norm(encoder.encode([text])[0]) for text in EVERYDAY], 0)
    assert np.allclose(vectors.centre(encoder), everyday)
    assert answer["made_with"].startswith("length/")


def test_a_text_without_a_word_has_a_vector_too(encoder: LengthEncoder) -> None:
    assert np.isfinite(vector_of(encoder, "")).all()


@pytest.mark.parametrize("body", [None, [], {}, {"texts": "a"}, {"texts": [1]}, {"texts": ["a"] * 17}])
def test_anything_but_a_few_texts_is_refused(body: Any) -> None:
    with pytest.raises(BadRequest):
        asyncio.run(vectors_of(body))


@pytest.mark.parametrize(
    ("token", "body", "status"),
    [("right", {"texts": ["a"]}, 200), ("wrong", {"texts": ["a"]}, 401), ("right", {}, 400)],
)
def test_only_whoever_knows_the_token_is_answered(token: str, body: Any, status: int) -> None:
    async def nothing(_: Any) -> None: ...

    turns = WholeTurns("right").blueprint(nothing)
    encode = next(route.handler for route in turns._future_routes if route.uri == "/vectors")
    answer = asyncio.run(encode(SimpleNamespace(args={"token": token}, json=body)))
    assert answer.status == status
