"""How well the pipeline tells 77 intents of bank customers apart: `make bench-banking77 TRAIN=train.csv TEST=test.csv`.

Both files are CSV with the columns `text` and `category`. The components are those that the assistant is trained with,
up to its intent classifier. The last line is JSON: the accuracy on the test file, the seconds spent on sentence vectors
of the training file, and the seconds of all other training.
"""

import csv
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import class_from_module_path

from nlu.intents import KernelIntentClassifier
from nlu.sentence_vectors import SentenceVectors

CONFIG = Path(__file__).resolve().parent.parent / "config.yml"


def components(folder: Path) -> Iterator[Any]:
    """The untrained components of the pipeline, in order, up to the intent classifier."""
    (folder / "model").mkdir()
    storage = LocalModelStorage.create(folder / "model")
    for number, options in enumerate(yaml.safe_load(CONFIG.read_text("utf-8"))["pipeline"]):
        kind = class_from_module_path(options["name"])
        name = f"{options.pop('name')}{number}"
        if "cache" in options:
            options["cache"] = str(folder / "cache")  # nothing is known from an earlier run
        context = ExecutionContext(GraphSchema({}), node_name=name)
        yield kind.create({**kind.get_default_config(), **options}, storage, Resource(name), context)
        if kind is KernelIntentClassifier:
            return


def read(path: Path) -> list[Message]:
    """The texts of a file, as rasa's examples."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Message(data={TEXT: row["text"], INTENT: row["category"]}) for row in csv.DictReader(file)]


def train(pipeline: list[Any], examples: list[Message]) -> tuple[float, float]:
    """Train the components one after the other.

    Returns:
        Seconds for sentence vectors, seconds for everything else.
    """
    data = TrainingData(examples)
    embed_s = train_s = 0.0
    for component in pipeline:
        started = time.perf_counter()
        if hasattr(component, "train"):
            component.train(data)
        if hasattr(component, "process_training_data"):
            data = component.process_training_data(data)
        seconds = time.perf_counter() - started
        print(f"{type(component).__name__:24}{seconds:8.1f} s", flush=True)
        if isinstance(component, SentenceVectors):
            embed_s += seconds
        else:
            train_s += seconds
    return embed_s, train_s


def main() -> None:
    """Train on one file, test on the other."""
    if len(sys.argv) != 3:
        sys.exit("usage: make bench-banking77 TRAIN=train.csv TEST=test.csv")
    try:
        examples, unseen = read(Path(sys.argv[1])), read(Path(sys.argv[2]))
    except (OSError, KeyError) as error:
        sys.exit(f"bench-banking77: {type(error).__name__}: {error} (a file needs the columns text and category)")
    with tempfile.TemporaryDirectory() as folder:
        pipeline = list(components(Path(folder)))
        embed_s, train_s = train(pipeline, examples)
        truth = [message.get(INTENT) for message in unseen]
        for component in pipeline:
            unseen = component.process(unseen)
    right = sum(message.get(INTENT)["name"] == true for message, true in zip(unseen, truth, strict=True))
    print(f"{right} of {len(truth)} right")
    print(
        json.dumps(
            {"accuracy": round(right / len(truth), 4), "embed_s": round(embed_s, 1), "train_s": round(train_s, 1)}
        )
    )


if __name__ == "__main__":
    main()
