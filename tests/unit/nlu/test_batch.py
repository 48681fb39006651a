"""The batch: one answer a line, in order, whatever is in it."""

import json
from collections.abc import Sequence
from typing import Any

from nlu.batch import answer


class Echo:
    """Understands every text as itself, except one."""

    def parse(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        if "poison" in texts:
            raise RuntimeError("no")
        return [{"text": text} for text in texts]


def test_a_bad_line_gets_an_error_and_loses_no_other() -> None:
    lines = [
        json.dumps({"id": 1, "text": "a"}),
        "not json",
        json.dumps({"id": 3, "text": "poison"}),
        json.dumps({"id": 4}),
        json.dumps({"id": 5, "text": "b"}),
    ]
    replies = list(answer(lines, Echo()))  # type: ignore[arg-type]
    assert [reply["id"] for reply in replies] == [1, None, 3, 4, 5]
    assert [("parse" in reply) for reply in replies] == [True, False, False, False, True]
    assert replies[-1]["parse"] == {"text": "b"}
