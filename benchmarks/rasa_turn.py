"""`make bench-turn`: what `nlu/quicker.py` saves, in one run: our trained rasa with it and without it.

Both play the same conversations, by turns, so that a machine that gets slower or quicker on the way does so for both.
The last line is one JSON object: for each measure `quicker`, `as_it_is`, and `ratio`, the first divided by the second.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.customers import connected, play
from benchmarks.rasa_defaults import MANY, WARM_UP_CONVERSATIONS, say
from benchmarks.serving import our_rasa, serving
from bot.settings import settings
from tests.postgres import fresh_database, server

MEASURES = ("turn_p50_ms_1", "turn_p95_ms_1", "turns_a_second_1", "turn_p50_ms_20", "turns_a_second_20")


def main() -> None:
    """The command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--conversations", type=int, default=35, help="of each round, alone and again at once")
    arguments.add_argument("--rounds", type=int, default=2, help="how often each is measured; medians count")
    options = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that every process is ended
    with (
        tempfile.TemporaryDirectory(prefix="tingsu-bench-") as folder,
        server() as database_server,
        fresh_database(database_server) as url,
    ):
        report(*asyncio.run(measure(Path(folder), url, options.conversations, options.rounds)))


Rounds = list[dict[str, float]]


async def measure(folder: Path, url: str, conversations: int, rounds: int) -> tuple[Rounds, Rounds]:
    """Play the conversations through both, by turns."""
    quick = our_rasa("quicker", settings(), url)
    slow = our_rasa("as_it_is", settings(), url, TINGSU_RASA_AS_IT_IS="1")
    measured: dict[str, Rounds] = {quick.name: [], slow.name: []}
    async with serving(quick, folder), serving(slow, folder), connected(url) as database:
        for rasa in (quick, slow):
            await play(rasa, database, customers=1, conversations=WARM_UP_CONVERSATIONS)
        for _ in range(rounds):
            for rasa in (quick, slow):
                alone = await play(rasa, database, customers=1, conversations=conversations)
                together = await play(rasa, database, customers=MANY, conversations=conversations)
                numbers = (alone.p50_ms, alone.p95_ms, alone.turns_a_second, together.p50_ms, together.turns_a_second)
                measured[rasa.name].append(dict(zip(MEASURES, numbers, strict=True)))
                say(f"{rasa.name}: one customer waits {alone.p50_ms:.0f} ms, {MANY} wait {together.p50_ms:.0f} ms")
    return measured[quick.name], measured[slow.name]


def report(quicker: Rounds, as_it_is: Rounds) -> None:
    """Tell what was measured."""
    rows = {}
    for name in MEASURES:
        ours, theirs = (median(row[name] for row in rounds) for rounds in (quicker, as_it_is))
        rows[name] = {"quicker": round(ours, 2), "as_it_is": round(theirs, 2), "ratio": round(ours / theirs, 3)}
        say(f"{name:<20}{ours:>10.4g}{theirs:>10.4g}{ours / theirs:>8.2f}")
    say(json.dumps(rows))


if __name__ == "__main__":
    main()
