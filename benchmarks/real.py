"""How well the trained assistant understands a judged file: `make bench-real FILE=texts.jsonl`.

Prints a table; the last line is JSON with the same figures. The file's form is in `bot/evaluation/judged.py`.
"""

import json
import sys
from pathlib import Path

from bot.commands.training import train
from bot.evaluation.judged import UnreadableFile, read_judged
from bot.evaluation.measures import FACETS, summary
from bot.evaluation.reading import understand
from bot.settings import settings


def main() -> None:
    """Measure the file that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: make bench-real FILE=texts.jsonl")
    try:
        judged = read_judged(Path(sys.argv[1]))
    except (OSError, UnreadableFile) as error:
        sys.exit(f"bench-real: {error}")
    train(settings())
    figures = summary(judged, understand(settings(), judged))
    print(f"{len(judged)} texts; a complaint that was taken for something else is wrong in every other column, too")
    print(f"{'':12}{'accuracy':>10}{'macro F1':>10}")
    for facet in FACETS:
        print(f"{facet:12}{figures[f'{facet}_accuracy']:10.3f}{figures[f'{facet}_macro_f1']:10.3f}")
    for name in ("urgent", "signals"):
        print(f"{name:12}{figures[f'{name}_precision']:10.3f} precision {figures[f'{name}_recall']:.3f} recall")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
