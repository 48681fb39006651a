"""`tingsu classify`: many texts at once, a JSON object a line."""

import json
import subprocess
import sys
import threading
import time
from typing import Any

import psutil
import pytest
import yaml

from bot.complaints.labels import Cause, Emotion, Kind, Product, Signal, Tier
from bot.settings import ROOT
from tests.stack import Stack

TEXTS = 200
AT_LEAST_A_SECOND = 20.0
FIELDS = {
    "id", "language", "kind", "product", "cause", "emotion", "tier", "tier_reasons", "signals", "confidence",
}  # fmt: skip

BAD_LINES = {
    10: ("not json at all", None),
    50: ('["a list"]', None),
    90: ('{"id": "no-text"}', "no-text"),
    91: ('{"id": "number", "text": 7}', "number"),
    130: ('{"id": "empty", "text": "  "}', "empty"),
}


def texts_of_the_training_data() -> list[str]:
    """Some of every file, none written in the format's own notation."""
    texts: list[list[str]] = []
    for path in sorted((ROOT / "data" / "nlu").glob("co*/*.yml")):
        found: list[str] = []
        for block in yaml.safe_load(path.read_text())["nlu"]:
            examples = block.get("examples", [])
            if isinstance(examples, str):
                found += [line.removeprefix("- ") for line in examples.splitlines() if line.startswith("- ")]
            else:
                found += [example["text"].strip().removeprefix("- ") for example in examples]
        texts.append([text.strip() for text in found if text.strip() and "](" not in text and "]{" not in text])
    mixed = [text for row in zip(*texts, strict=False) for text in row]
    return mixed[:TEXTS]


@pytest.fixture(scope="module")
def answers(stack: Stack) -> tuple[list[str], list[dict[str, Any]], float]:
    """The lines that were given, the answers, and the answers a second after the first one."""
    texts = texts_of_the_training_data()
    assert len(texts) == TEXTS
    lines = [json.dumps({"id": f"t{number}", "text": text}) for number, text in enumerate(texts)]
    for place, (line, _) in BAD_LINES.items():
        lines.insert(place, line)
    command = [sys.executable, "-m", "bot", "classify", "--input", "-", "--output", "-"]
    with subprocess.Popen(
        command, env=stack.environment, cwd=stack.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        given = process.stdin

        def give() -> None:
            given.write("\n".join(lines) + "\n")
            given.close()

        giver = threading.Thread(target=give, daemon=True)
        giver.start()
        received = [json.loads(process.stdout.readline())]
        reader = psutil.Process(process.pid).children()[0]
        since, worked_since = time.monotonic(), worked_for(reader)
        while len(received) < len(lines):
            received.append(json.loads(process.stdout.readline()))
        # On a machine that is busy with other things, the time that the reader was given is the fair measure.
        seconds = min(time.monotonic() - since, worked_for(reader) - worked_since)
        rest = process.stdout.read()
        giver.join()
    assert process.returncode == 0
    assert rest == ""
    return lines, received, (len(received) - 1) / seconds


def worked_for(process: psutil.Process) -> float:
    """Seconds that a process has computed, on all cores."""
    times = process.cpu_times()
    return times.user + times.system


def test_every_line_gets_its_answer_in_order_and_a_bad_one_an_error(answers: tuple[Any, Any, Any]) -> None:
    lines, received, _ = answers
    assert len(received) == len(lines)
    for place, (line, answer) in enumerate(zip(lines, received, strict=True)):
        if place in BAD_LINES:
            assert answer["id"] == BAD_LINES[place][1]
            assert answer["line"] == place + 1
            assert answer["error"]
        else:
            assert answer["id"] == json.loads(line)["id"]
            assert "error" not in answer


def test_every_answer_keeps_the_contract(answers: tuple[Any, Any, Any]) -> None:
    lines, received, _ = answers
    for line, answer in zip(lines, received, strict=True):
        if "error" in answer:
            continue
        text = json.loads(line)["text"]
        assert set(answer) == FIELDS
        assert answer["language"] in ("zh", "en")
        is_complaint = Kind(answer["kind"]) is Kind.COMPLAINT
        for name, labels in (("product", Product), ("cause", Cause), ("tier", Tier)):
            assert (answer[name] is not None) == is_complaint
            assert answer[name] is None or labels(answer[name])
        assert Emotion(answer["emotion"])
        assert bool(answer["tier_reasons"]) == is_complaint
        assert all(isinstance(reason, str) and reason for reason in answer["tier_reasons"])
        for signal in answer["signals"]:
            start, end, words = signal["words"]
            assert Signal(signal["name"])
            assert text[start:end] == words
        assert all(0 <= probability <= 1 for probability in answer["confidence"].values())
        assert "kind" in answer["confidence"]


def test_both_languages_and_every_tier_are_among_the_answers(answers: tuple[Any, Any, Any]) -> None:
    _, received, _ = answers
    assert {answer.get("language") for answer in received} >= {"zh", "en"}
    assert {answer.get("tier") for answer in received} >= set(Tier)


def test_after_loading_it_answers_at_least_twenty_texts_a_second(answers: tuple[Any, Any, Any]) -> None:
    _, _, rate = answers
    assert rate >= AT_LEAST_A_SECOND, f"{rate:.1f} texts a second"


def test_files_that_cannot_be_read_are_named(stack: Stack) -> None:
    refused = stack.tingsu("classify", "--input", "/nowhere/texts.jsonl", "--output", "-")
    assert refused.returncode == 1
    assert "/nowhere/texts.jsonl" in refused.stderr
    assert "Traceback" not in refused.stderr
