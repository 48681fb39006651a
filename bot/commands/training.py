"""`tingsu train`: the assistant, when its model is older than what it is made from; `tingsu tune`: its transformer."""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.commands.examples import Example, read_corpus, write_for_rasa
from bot.settings import ROOT, Settings

MADE_FROM = ("config.yml", "domain.yml", "data/nlu", "data/rules", "data/organisation.yml", "data/tuned", "nlu")
"""What a model is made from, besides rasa itself."""


TUNED = "data/tuned/complaints.npz"
"""What tuning has learned; comes with the code, and every training uses it."""


class TrainingFailed(Exception):
    """Rasa refused the data, or ended otherwise; it has said why."""


class RasaMissing(Exception):
    """There is no environment with rasa in it."""


def rasa_python() -> Path:
    """The interpreter of rasa's own environment.

    Raises:
        RasaMissing: it was not set up.
    """
    python = ROOT / ".venv-rasa" / "bin" / "python"
    if not python.exists():
        raise RasaMissing("There is no .venv-rasa; run `make setup`.")
    return python


def rasa_environment(config: Settings) -> dict[str, str]:
    """Environment variables for every process of rasa: quiet, no telemetry, caches in the data folder."""
    return {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_CACHE_DIRECTORY": str(config.var_dir / "cache" / "rasa"),
        "TINGSU_VAR_DIR": str(config.var_dir),
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        "TQDM_DISABLE": "1",
        # Threads that wait for each other by spinning slow the encoder down five times on a busy machine.
        "OMP_WAIT_POLICY": "passive",
        "PYTHONPATH": str(ROOT),
    }


def fingerprint() -> str:
    """A digest of everything the model is made from."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    digest.update((ROOT / "requirements" / "rasa.txt").read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for name in MADE_FROM:
        path = ROOT / name
        files = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and "__pycache__" not in file.parts)


def _stamp(config: Settings) -> Path:
    return config.model_path.with_suffix(".made-from")


def model_is_current(config: Settings) -> bool:
    """Whether there is a model and it was made from what is here now."""
    stamp = _stamp(config)
    return config.model_path.exists() and stamp.exists() and stamp.read_text() == fingerprint()


def train(config: Settings, *, even_if_current: bool = False) -> bool:
    """Train, with progress on the terminal.

    Returns:
        Whether anything was trained.

    Raises:
        RasaMissing: rasa's environment was not set up.
        TrainingFailed: rasa refused the data; it has said why.
    """
    if model_is_current(config) and not even_if_current:
        return False
    print("Training the assistant; this takes some minutes when its data is new.", flush=True)
    made_from = fingerprint()
    with _written_for_rasa(read_corpus(ROOT / "data" / "nlu")) as data:
        rules, domain = ROOT / "data" / "rules", ROOT / "domain.yml"
        _train(config, ["train", "--skip-validation", "--domain", domain, "--data", data, rules], config.model_path)
    _stamp(config).write_text(made_from)
    return True


def train_to_understand(config: Settings, examples: Iterable[Example], model: Path) -> None:
    """Train only the understanding part, on other data than the assistant's own.

    Args:
        examples: what to learn from.
        model: where the model goes, a `.tar.gz`.

    Raises:
        RasaMissing: rasa's environment was not set up.
        TrainingFailed: rasa refused the data; it has said why.
    """
    with _written_for_rasa(examples) as data:
        _train(config, ["train", "nlu", "--nlu", data], model)


def tune(config: Settings, *, anew: bool, passes: float) -> None:
    """Tune the transformer to the corpus, with progress on the terminal.

    Args:
        anew: begin with the model as it comes, not with what was learned before.
        passes: how often every text is learned from.

    Raises:
        RasaMissing: rasa's environment was not set up.
        TrainingFailed: tuning ended otherwise; it has said why.
    """
    with _written_for_rasa(read_corpus(ROOT / "data" / "nlu")) as data:
        command: list[str | Path] = [rasa_python(), "-m", "nlu.tuning", data, ROOT / TUNED, "--passes", str(passes)]
        if anew:
            command.append("--anew")
        ended = subprocess.run(command, cwd=ROOT, env=rasa_environment(config))
    if ended.returncode != 0:
        raise TrainingFailed(f"tuning ended with status {ended.returncode}; it has said why above.")


@contextmanager
def _written_for_rasa(examples: Iterable[Example]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "examples.json"
        write_for_rasa(examples, path)
        yield path


def _train(config: Settings, arguments: Sequence[str | Path], model: Path) -> None:
    model.parent.mkdir(parents=True, exist_ok=True)
    name = model.name.removesuffix(".tar.gz")
    output = ("--config", ROOT / "config.yml", "--out", model.parent, "--fixed-model-name", name)
    _run_with_progress([rasa_python(), "-m", "rasa", *arguments, *output], rasa_environment(config))


def _run_with_progress(command: Sequence[str | Path], environment: dict[str, str]) -> None:
    """Run rasa, showing a line for each part that it has trained; when it fails, all that it said."""
    said: list[str] = []
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as rasa:
        assert rasa.stdout is not None
        for line in rasa.stdout:
            said.append(line)
            if trained := re.search(r"Starting to train component '(\w+)'", line):
                print(f"  training {trained[1]} …", flush=True)
    if rasa.returncode != 0:
        print("".join(said), file=sys.stderr)
        raise TrainingFailed(f"rasa ended with status {rasa.returncode}; it has said why above.")
