"""`tingsu classify`: what the assistant understands of texts, in bulk, a JSON object a line.

The reading is done by the trained model in rasa's own environment; the tier is the funnel's.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import IO, Any

from bot.commands.training import rasa_environment, rasa_python, train
from bot.complaints.funnel import Evidence, History, decide_tier, funnel_policy
from bot.complaints.labels import Cause, Emotion, Kind, Product, Signal, Tier
from bot.conversations.language import detect_language
from bot.settings import ROOT, Settings

AHEAD = 256
"""Lines read ahead of the answers, so that an endless input does not fill the memory."""


@dataclass(frozen=True)
class Line:
    """One line of the input.

    Attributes:
        fault: what is wrong with it; empty for a line that is classified.
    """

    number: int
    identifier: Any
    text: str = ""
    fault: str = ""


class ClassifierEnded(Exception):
    """The reading process ended before the input did; it has said why on standard error."""


def classify(config: Settings, source: Iterable[str], target: IO[str], model: Path | None = None) -> None:
    """Classify each line of `source` into a line of `target`, in order.

    A line that is no object with a string `text` gets `{"id": …, "line": …, "error": …}`, and the rest goes on.
    The model is trained first if there is none.

    Args:
        source: JSON lines `{"id": …, "text": …}`; blank lines are passed over.
        target: where the labels go.
        model: another model than the assistant's own.

    Raises:
        ClassifierEnded: the reading process died.
    """
    if model is None and not config.model_path.exists():
        print("Training the assistant first; this takes some minutes.", file=sys.stderr)
        train(config)
    reader = subprocess.Popen(
        [rasa_python(), "-m", "nlu.batch", "--model", model or config.model_path],
        cwd=ROOT,
        env=rasa_environment(config),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert reader.stdin is not None and reader.stdout is not None
    waiting: Queue[Line | None] = Queue(AHEAD)
    threading.Thread(target=_feed, args=(source, reader.stdin, waiting), daemon=True).start()
    try:
        while (line := waiting.get()) is not None:
            labels = _fault(line, line.fault) if line.fault else _labels(line, reader.stdout.readline())
            target.write(json.dumps(labels, ensure_ascii=False) + "\n")
            target.flush()
    finally:
        reader.stdout.close()
        reader.wait()


def _feed(source: Iterable[str], reader: IO[str], waiting: Queue[Line | None]) -> None:
    for number, raw in enumerate(source, start=1):
        if not raw.strip():
            continue
        line = _read(number, raw)
        waiting.put(line)
        if not line.fault:
            try:
                reader.write(json.dumps({"id": number, "text": line.text}) + "\n")
                reader.flush()
            except BrokenPipeError:
                break  # the answer that is missing tells it
    with suppress(BrokenPipeError):  # likewise
        reader.close()
    waiting.put(None)


def _read(number: int, raw: str) -> Line:
    try:
        given = json.loads(raw)
    except ValueError as error:
        return Line(number, None, fault=f"not JSON: {error}")
    if not isinstance(given, dict):
        return Line(number, None, fault="not a JSON object")
    if not isinstance(given.get("text"), str):
        return Line(number, given.get("id"), fault="no string `text`")
    if not given["text"].strip():
        return Line(number, given.get("id"), fault="`text` is empty")
    return Line(number, given.get("id"), text=given["text"])


def _fault(line: Line, fault: str) -> dict[str, Any]:
    return {"id": line.identifier, "line": line.number, "error": fault}


def _labels(line: Line, answer: str) -> dict[str, Any]:
    if not answer:
        raise ClassifierEnded("The classifier ended before the input did; it has said why above.")
    reading = json.loads(answer)
    if "error" in reading:
        return _fault(line, reading["error"])
    parse = reading["parse"]
    understood = parse["complaint"]
    is_complaint = understood["kind"] == Kind.COMPLAINT
    decision = decide_tier(_evidence(parse), History(), funnel_policy()) if is_complaint else None
    language = detect_language(line.text) or ("en" if parse.get("language") == "en" else "zh")
    return {
        "id": line.identifier,
        "language": language,
        "kind": understood["kind"],
        "product": understood["product"] if is_complaint else None,
        "cause": understood["cause"] if is_complaint else None,
        "emotion": understood["emotion"],
        "tier": decision.tier if decision else None,
        "tier_reasons": [r.zh if language == "zh" else r.en for r in decision.reasons] if decision else [],
        "signals": parse["signals"],
        "confidence": understood["confidence"],
    }


def _evidence(parse: dict[str, Any]) -> Evidence:
    understood = parse["complaint"]
    amounts = [entity for entity in parse["entities"] if entity["entity"] == "amount"]
    largest = max(amounts, key=lambda entity: int(entity["value"]), default=None)
    return Evidence(
        signals=frozenset(Signal(signal["name"]) for signal in parse["signals"]),
        tier_probabilities={Tier(tier): p for tier, p in understood["tier_evidence"].items()},
        emotion=Emotion(understood["emotion"]),
        product=Product(understood["product"]),
        cause=Cause(understood["cause"]),
        amount_fen=int(largest["value"]) if largest else None,
        currency=(largest or {}).get("currency") or "CNY",
    )
