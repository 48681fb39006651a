"""What people write into data/ is what rasa learns from."""

import json
from pathlib import Path

from bot.commands.examples import read_corpus, write_for_rasa

COMPLAINTS = """\
version: "3.1"
nlu:
- intent: complain
  examples:
  - text: |
      机器把卡吞了
      等了三天
    metadata: {product: self_service, cause: systems_and_equipment, emotion: calm, tier: ordinary, signals: []}
"""
CONVERSATION = """\
version: "3.1"
nlu:
- intent: affirm
  examples: |
    - 对
    - yes, that's right
"""


def test_every_example_reaches_rasa_with_its_labels(tmp_path: Path) -> None:
    for folder, name, content in (("complaints", "self_service", COMPLAINTS), ("conversation", "affirm", CONVERSATION)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.yml").write_text(content, "utf-8")
    write_for_rasa(read_corpus(tmp_path), tmp_path / "examples.json")
    written = json.loads((tmp_path / "examples.json").read_text("utf-8"))["rasa_nlu_data"]["common_examples"]
    assert [(one["intent"], one["text"]) for one in written] == [
        ("complain", "机器把卡吞了\n等了三天"),
        ("affirm", "对"),
        ("affirm", "yes, that's right"),
    ]
    assert written[0]["example_metadata"]["product"] == "self_service"
    assert written[1]["example_metadata"] == {}
