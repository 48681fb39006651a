"""`make bench-rasa`: this project's rasa beside rasa as it comes, on the same data and machine, in one run.

"Theirs" is what `rasa init` of the same version leads to: its default pipeline and policies, its REST channel, its
SQL tracker store in the same PostgreSQL. Both learn the same nine tenths of `data/nlu`, the same rules, the same
domain, from a cold cache; both call the same action server. Both are asked for the intents of the tenth held out, then
customers play the conversations of `tests/dialogue/transcripts`, one at a time and many at once.

Their intent classifier takes one to three hours to train on two cores. `--their-epochs 2` makes a quick run, good for
latency, memory and start-up; its accuracy and training time are those of a model that has not learned to the end.

Progress is told on the way; the last line is one JSON object: for each measure `ours`, `theirs`, and `ratio`, ours
divided by theirs.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import yaml

from benchmarks.customers import connected, play
from benchmarks.heldout import Labelled, hold_out
from benchmarks.processes import finish
from benchmarks.serving import Rasa, addresses, our_rasa, serving
from bot.commands.training import rasa_environment, rasa_python
from bot.commands.up import tracker_url
from bot.settings import ROOT, Settings
from tests.postgres import fresh_database, server

MANY = 20
"""Customers at once."""

WARM_UP_CONVERSATIONS = 3

DEFAULT_CONFIG = "rasa/engine/recipes/config_files/default_config.yml"
"""What rasa trains for the config.yml of `rasa init`, in which the pipeline and the policies are left empty."""

DEFAULT_CREDENTIALS = "rest:\n"
DEFAULT_ENDPOINTS = """\
action_endpoint:
  url: ${TINGSU_ACTIONS_URL}/webhook
tracker_store:
  type: SQL
  dialect: postgresql
  url: ${TINGSU_TRACKER_URL}
"""

IS_BETTER = {"intent_accuracy": "higher", "turns_a_second_1": "higher", "turns_a_second_20": "higher"}
"""Of every other measure, less is better."""


@dataclass(frozen=True)
class Run:
    """How one rasa is trained and started.

    Attributes:
        training: the command that trains it.
    """

    rasa: Rasa
    training: Sequence[str]
    training_environment: dict[str, str]


@dataclass
class Measures:
    """What is compared; the number at a name's end says how many customers there were at once."""

    intent_accuracy: float
    turn_p50_ms_1: float
    turn_p95_ms_1: float
    turns_a_second_1: float
    turn_p50_ms_20: float
    turn_p95_ms_20: float
    turns_a_second_20: float
    unanswered_turns: int
    training_s: float
    start_up_s: float
    peak_memory_mib: float


def main() -> None:
    """The command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--conversations", type=int, default=35, help="played by one customer at a time")
    arguments.add_argument("--conversations-at-once", type=int, default=70, help=f"played by {MANY} customers at once")
    arguments.add_argument("--their-epochs", type=int, help="end their training early, for a quick run")
    options = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that every process is ended
    with tempfile.TemporaryDirectory(prefix="tingsu-bench-") as name, server() as database_server:
        folder = Path(name)
        (folder / "learned").mkdir()
        held_out = hold_out([ROOT / "data/nlu/complaints", ROOT / "data/nlu/conversation"], folder / "learned")
        say(f"{len(held_out)} texts are held out from both")
        with fresh_database(database_server) as url:
            of_ours = asyncio.run(measure(ours(folder, url), folder, url, held_out, options))
        with fresh_database(database_server) as url:
            of_theirs = asyncio.run(measure(theirs(folder, url, options.their_epochs), folder, url, held_out, options))
    report(of_ours, of_theirs, options.their_epochs)


def ours(folder: Path, url: str) -> Run:
    """Tingsu as `tingsu train` and `tingsu up` run it, with empty caches."""
    config = Settings(var_dir=folder / "ours")
    recipe = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    for component in recipe["pipeline"]:
        if "cache" in component:
            component["cache"] = str(config.var_dir / "cache")
    written = folder / "ours.yml"
    written.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    return Run(
        our_rasa("ours", config, url),
        _training(written, config.model_path, folder / "learned"),
        rasa_environment(config),
    )


def theirs(folder: Path, url: str, epochs: int | None) -> Run:
    """Rasa as it comes; with `epochs`, its training ended early."""
    var_dir = folder / "theirs"
    written = folder / "theirs.yml"
    as_it_comes = next((ROOT / ".venv-rasa").glob(f"lib/python*/site-packages/{DEFAULT_CONFIG}"))
    recipe = yaml.safe_load(as_it_comes.read_text(encoding="utf-8"))
    for component in [*recipe["pipeline"], *recipe["policies"]]:
        if epochs is not None and "epochs" in component:
            component["epochs"] = epochs
    written.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    credentials, endpoints = folder / "theirs_credentials.yml", folder / "theirs_endpoints.yml"
    credentials.write_text(DEFAULT_CREDENTIALS)
    endpoints.write_text(DEFAULT_ENDPOINTS)
    model = var_dir / "models" / "default.tar.gz"
    where = addresses(url, var_dir)
    token = Settings(var_dir=var_dir).derived_secret("rasa")
    quiet = {
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_CACHE_DIRECTORY": str(var_dir / "cache"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }
    command = [
        str(rasa_python()), "-m", "rasa", "run", "--model", str(model),
        "--endpoints", str(endpoints), "--credentials", str(credentials),
        "--enable-api", "--auth-token", token,
        "--interface", "127.0.0.1", "--port", where["TINGSU_RASA_URL"].rpartition(":")[2],
    ]  # fmt: skip
    environment = {**quiet, **where, "TINGSU_RASA_TOKEN": token, "TINGSU_TRACKER_URL": tracker_url(url)}
    rasa = Rasa("theirs", "rest", command, environment)
    return Run(rasa, _training(written, model, folder / "learned"), quiet)


def _training(recipe: Path, model: Path, learned_from: Path) -> list[str]:
    model.parent.mkdir(parents=True)
    return [
        str(rasa_python()), "-m", "rasa", "train", "--skip-validation",
        "--config", str(recipe), "--domain", str(ROOT / "domain.yml"),
        "--data", str(learned_from), str(ROOT / "data/rules"),
        "--out", str(model.parent), "--fixed-model-name", model.name.removesuffix(".tar.gz"),
    ]  # fmt: skip


async def measure(run: Run, folder: Path, url: str, held_out: list[Labelled], options: argparse.Namespace) -> Measures:
    """Train one rasa, start it, and try it."""
    rasa = run.rasa
    say(f"{rasa.name}: training from a cold cache …")
    log = folder / f"{rasa.name}_training.log"
    training_s = await asyncio.to_thread(finish, run.training, run.training_environment, log)
    say(f"{rasa.name}: trained in {training_s:.0f} s")
    async with serving(rasa, folder) as started, connected(url) as database:
        say(f"{rasa.name}: ready after {started.start_up_s:.1f} s")
        accuracy = await _accuracy(rasa.url, rasa.token, held_out)
        say(f"{rasa.name}: {accuracy:.1%} of the intents are right")
        await play(rasa, database, customers=1, conversations=WARM_UP_CONVERSATIONS)
        alone = await play(rasa, database, customers=1, conversations=options.conversations)
        say(f"{rasa.name}: one customer waits {alone.p50_ms:.0f} ms (p95 {alone.p95_ms:.0f})")
        together = await play(rasa, database, customers=MANY, conversations=options.conversations_at_once)
        say(f"{rasa.name}: {MANY} customers wait {together.p50_ms:.0f} ms (p95 {together.p95_ms:.0f})")
    return Measures(
        intent_accuracy=accuracy,
        turn_p50_ms_1=alone.p50_ms,
        turn_p95_ms_1=alone.p95_ms,
        turns_a_second_1=alone.turns_a_second,
        turn_p50_ms_20=together.p50_ms,
        turn_p95_ms_20=together.p95_ms,
        turns_a_second_20=together.turns_a_second,
        unanswered_turns=alone.unanswered + together.unanswered,
        training_s=training_s,
        start_up_s=started.start_up_s,
        peak_memory_mib=started.memory.mib,
    )


async def _accuracy(rasa_url: str, token: str, held_out: list[Labelled]) -> float:
    """The share of texts whose intent the running rasa names."""
    right = 0
    async with httpx.AsyncClient(base_url=rasa_url, params={"token": token}, timeout=60, trust_env=False) as http:
        for labelled in held_out:
            response = await http.post("/model/parse", json={"text": labelled.text})
            right += response.raise_for_status().json()["intent"]["name"] == labelled.intent
    return right / len(held_out)


def report(ours: Measures, theirs: Measures, their_epochs: int | None) -> None:
    """Tell what was measured, for readers first and for programs last."""
    rows: dict[str, object] = {}
    say(f"\n{'measure':<22}{'ours':>10}{'theirs':>10}{'ratio':>8}  better is")
    for name, our_value in asdict(ours).items():
        their_value = getattr(theirs, name)
        ratio = round(our_value / their_value, 3) if their_value else None
        rows[name] = {"ours": round(our_value, 3), "theirs": round(their_value, 3), "ratio": ratio}
        shown = "-" if ratio is None else f"{ratio:.2f}"
        say(f"{name:<22}{our_value:>10.4g}{their_value:>10.4g}{shown:>8}  {IS_BETTER.get(name, 'lower')}")
    load = os.getloadavg()[0]
    say(f"\n{os.cpu_count()} cores; load of the machine at the end: {load:.1f}\n")
    if their_epochs is not None:
        rows["their_epochs"] = their_epochs
        say(f"Their training was ended after {their_epochs} epochs: their accuracy and training time are not final.\n")
    say(json.dumps(rows))


def say(text: str) -> None:
    """Tell whoever watches."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
