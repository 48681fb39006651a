"""The vocabulary: every label can be shown, and tiers are ordered by the funnel."""

import pytest

from bot.complaints.labels import Cause, Emotion, Kind, Label, Product, Signal, Tier

VOCABULARIES = [Kind, Product, Cause, Tier, Emotion, Signal]


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_every_label_has_a_name_of_its_own_in_both_languages(vocabulary: type[Label]) -> None:
    for language in ("zh", "en"):
        names = [label.display_name(language) for label in vocabulary]
        assert all(names)
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_a_label_is_its_identifier(vocabulary: type[Label]) -> None:
    for label in vocabulary:
        assert vocabulary(str(label)) is label
        assert label == label.name.lower()


def test_tiers_are_ordered_by_the_funnel_not_by_the_alphabet() -> None:
    assert Tier.ORDINARY < Tier.COMPLEX < Tier.URGENT
    assert Tier.URGENT >= Tier.URGENT > Tier.ORDINARY
    assert max(Tier.COMPLEX, Tier.ORDINARY, Tier.URGENT) is Tier.URGENT
    assert sorted([Tier.URGENT, Tier.COMPLEX, Tier.ORDINARY]) == list(Tier)


def test_a_tier_compares_with_its_identifier_as_stored() -> None:
    assert Tier.URGENT > "complex"
    assert Tier.ORDINARY <= "ordinary"
