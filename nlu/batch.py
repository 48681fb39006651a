"""Understand many texts: `python -m nlu.batch --model PATH` reads JSON lines {"id", "text"} and writes {"id", "parse"} in the same order.

The model is loaded by rasa's own loader, the understanding part of it only. Lines are taken in groups that grow while more are waiting, so that a single line
is answered at once and many are quick. A line that cannot be read or understood becomes {"id", "error"}; everything else is said on stderr.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import threading
import warnings
from pathlib import Path
from queue import Queue
from typing import IO, Any, Iterator, Optional, Sequence

GROUP_SIZE = 32

logger = logging.getLogger(__name__)


class Understanding:
    """The understanding part of a trained rasa model."""

    def __init__(self, model: Path) -> None:
        """Load a model.

        Args:
            model: A `.tar.gz` of rasa, or a folder of them, of which the newest is taken.

        Raises:
            FileNotFoundError: If there is no model.
        """
        from rasa.engine.graph import ExecutionContext
        from rasa.engine.runner.dask import DaskGraphRunner
        from rasa.engine.storage.local_model_storage import LocalModelStorage
        from rasa.model import get_latest_model

        from nlu.quicker import leave_loaded_out_of_collection

        archive = get_latest_model(str(model)) if model.is_dir() else str(model)
        if not archive or not Path(archive).exists():
            raise FileNotFoundError(f"no trained model at {model}: train one first (make train)")
        with tempfile.TemporaryDirectory() as folder:
            storage, metadata = LocalModelStorage.from_model_archive(Path(folder), Path(archive))
            schema = metadata.predict_schema.minimal_graph_schema([metadata.nlu_target])
            self._target = metadata.nlu_target
            self._runner = DaskGraphRunner.create(schema, storage, ExecutionContext(schema, metadata.model_id))
        leave_loaded_out_of_collection()

    def parse(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Understand texts.

        Args:
            texts: What customers wrote.

        Returns:
            For each text what rasa's `/model/parse` would return.
        """
        from rasa.core.channels.channel import UserMessage
        from rasa.engine.constants import PLACEHOLDER_MESSAGE

        # rasa takes a leading slash for a command; a customer means nothing by it.
        messages = [UserMessage(_without_command(text)) for text in texts]
        parsed = self._runner.run(inputs={PLACEHOLDER_MESSAGE: messages}, targets=[self._target])[self._target]
        return [
            {"language": None, **message.as_dict(only_output_properties=True), "text": text}
            for message, text in zip(parsed, texts, strict=True)
        ]


def answer(lines: Sequence[str], understanding: Understanding) -> Iterator[dict[str, Any]]:
    """Answer a group of lines.

    Args:
        lines: JSON objects with `id` and `text`.
        understanding: The loaded model.

    Yields:
        One object a line, in order.
    """
    requests = [_request(line) for line in lines]
    texts = [request["text"] for request in requests if "error" not in request]
    try:
        parses = iter(understanding.parse(texts) if texts else [])
    except Exception as error:
        if len(lines) > 1:
            for line in lines:
                yield from answer([line], understanding)
        else:
            logger.exception("a text was not understood")
            yield {"id": requests[0]["id"], "error": f"{type(error).__name__}: {error}"}
        return
    for request in requests:
        yield request if "error" in request else {"id": request["id"], "parse": next(parses)}


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Read stdin to its end and write the answers."""
    parser = argparse.ArgumentParser(
        prog="nlu.batch", description="Understand JSON lines of texts with a trained model."
    )
    parser.add_argument("--model", type=Path, required=True, help="a trained model (.tar.gz), or a folder of them")
    options = parser.parse_args(arguments)
    output = _claim_stdout()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    # Old libraries warn about themselves, and switch filters off again while they are imported.
    warnings.showwarning = lambda *_args, **_kwargs: None
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    understanding = Understanding(options.model)
    for lines in _groups(sys.stdin):
        for reply in answer(lines, understanding):
            output.write(json.dumps(reply, ensure_ascii=False, default=float) + "\n")
        output.flush()


def _request(line: str) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError as error:
        return {"id": None, "error": f"not JSON: {error}"}
    if not isinstance(request, dict) or not isinstance(request.get("text"), str):
        return {"id": request.get("id") if isinstance(request, dict) else None, "error": "no text"}
    return {"id": request.get("id"), "text": request["text"]}


def _groups(source: IO[str]) -> Iterator[list[str]]:
    """Lines as they come: as many as are waiting, at most GROUP_SIZE."""
    waiting: Queue[Optional[str]] = Queue(maxsize=4 * GROUP_SIZE)

    def read() -> None:
        for line in source:
            if line.strip():
                waiting.put(line)
        waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (line := waiting.get()) is not None:
        group = [line]
        while len(group) < GROUP_SIZE and not waiting.empty():
            following = waiting.get()
            if following is None:
                waiting.put(None)
                break
            group.append(following)
        yield group


def _claim_stdout() -> IO[str]:
    """Keep stdout for the answers; whatever libraries print goes to stderr."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output


def _without_command(text: str) -> str:
    stripped = text.lstrip()
    return text.replace("/", "／", 1) if stripped.startswith("/") else text


if __name__ == "__main__":
    main()
