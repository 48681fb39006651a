"""The corpus is fit to learn and to measure with, and what is not is named."""

from pathlib import Path
from typing import Any

import pytest

from bot.commands.examples import Example, read_corpus
from bot.evaluation.corpus import faults_of
from bot.settings import ROOT

LABELS = {"product": "payment", "cause": "pricing", "emotion": "calm", "tier": "ordinary", "signals": []}


def an_example(text: str, *, intent: str = "complain", **labels: Any) -> Example:
    return Example(Path("complaints/payment.yml"), intent, text, LABELS | labels if intent == "complain" else {})


def faults(*learned: Example, held_out: tuple[Example, ...] = ()) -> str:
    return "\n".join(faults_of(learned, held_out))


def test_our_corpus_has_no_fault() -> None:
    assert list(faults_of(read_corpus(ROOT / "data" / "nlu"), read_corpus(ROOT / "data" / "holdout"))) == []


@pytest.mark.parametrize(
    ("example", "named"),
    [
        (an_example("转账收费太贵", cause="greed"), "no such cause: greed"),
        (an_example("转账收费太贵", signals=["noise"]), "no such signal: noise"),
        (an_example("转账收费太贵", product="savings"), "in another product's file"),
        (an_example("我的卡号是6222021234567890128"), "personal data: bank_card"),
    ],
)
def test_what_is_wrong_with_a_text_is_named(example: Example, named: str) -> None:
    assert named in faults(example)


def test_a_text_that_stands_twice_is_named_once() -> None:
    assert faults(an_example("转账收费 太贵"), an_example("转账收费太贵")).count("stands twice") == 1


def test_a_held_out_text_that_nearly_stands_in_the_training_data_is_named() -> None:
    learned = an_example("昨天在网点转账收了我五十块手续费，事先没有人说")
    near = an_example("昨天在网点转账收了我六十块手续费，事先没有人说")
    other = an_example("跨行取款每笔四块，我一个月取十次，这合理吗")
    assert "nearly stands" in faults(learned, held_out=(near,))
    assert "nearly stands" not in faults(learned, held_out=(other,))


def test_a_label_with_few_texts_is_named() -> None:
    assert "the label group has 0 texts, fewer than 40" in faults(an_example("转账收费太贵"))
