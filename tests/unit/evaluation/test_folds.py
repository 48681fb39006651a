"""Cross-validation judges every text once, by an assistant that has not learned from it."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.commands.examples import Example
from bot.evaluation.folds import stratified

LABELS = {"product": "payment", "cause": "pricing", "emotion": "calm", "signals": []}


def complaint(text: str, tier: str) -> Example:
    return Example(Path("complaints/payment.yml"), "complain", text, {**LABELS, "tier": tier})


@given(
    st.lists(st.builds(complaint, st.text(min_size=1), st.sampled_from(["ordinary", "complex", "urgent"]))),
    st.integers(2, 7),
)
def test_every_text_is_in_one_part_and_every_part_has_its_share_of_each_tier(
    examples: list[Example], folds: int
) -> None:
    parts = stratified(examples, folds)
    assert Counter(one.text for part in parts for one in part) == Counter(one.text for one in examples)
    for tier in ("ordinary", "complex", "urgent"):
        shares = [sum(one.labels["tier"] == tier for one in part) for part in parts]
        assert max(shares) - min(shares) <= 1


def test_the_parts_are_the_same_each_time() -> None:
    examples = [complaint(f"第{number}次了", "complex") for number in range(50)]
    assert stratified(examples, 5) == stratified(examples[::-1], 5)
