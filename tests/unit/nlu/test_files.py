"""Files beside the training data: training again sees them change, and works from rasa's cache."""

from pathlib import Path

import pytest

from nlu.facts.component import Facts
from nlu.hints import Hints
from nlu.signals import Signals
from nlu.tokenizer import MixedTokenizer

READERS = [(Facts, "organisation"), (Hints, "lexicon"), (Signals, "lexicon"), (MixedTokenizer, "dictionary")]


@pytest.mark.parametrize(("component", "option"), READERS)
def test_a_component_is_another_when_its_file_has_changed(component: type, option: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    digests = []
    for content in ("one", "two"):
        file.write_text(content)
        digests.append(component.fingerprint_addon({option: str(file)}))
    assert digests[0] != digests[1]


@pytest.mark.parametrize(("component", "option"), READERS)
def test_a_component_whose_result_is_cached_is_asked_without_its_configuration(component: type, option: str) -> None:
    assert component.fingerprint_addon({"output": "cached"}) == "missing"
