"""Conversations written as a reader would write them down, and played through the trained assistant.

# a swallowed card is settled by the outlet
C: ATM把我卡吞了
B: 卡            one of the answer's bubbles contains this
B: 网点
!: 尽快          no bubble contains this
tier: ordinary   the complaint that was opened last has this tier
queue: crisis    the conversation waits for a person, for this reason (`no`: it does not wait)
C: 又来一条｜分两条发
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

LINE = re.compile(r"(?P<kind>C|B|!|tier|queue|complaints): ?(?P<text>.*)")


@dataclass
class Exchange:
    """What the customer says, and what must be true of the answer."""

    customer: str
    said: list[str] = field(default_factory=list)
    not_said: list[str] = field(default_factory=list)
    tier: str | None = None
    queue: str | None = None
    complaints: int | None = None


@dataclass
class Transcript:
    """One conversation."""

    title: str
    exchanges: list[Exchange] = field(default_factory=list)


def read_transcripts(folder: Path) -> list[Transcript]:
    """Every conversation in the folder's files.

    Raises:
        ValueError: a line is none of those above.
    """
    return [transcript for path in sorted(folder.glob("*.txt")) for transcript in _read(path)]


def _read(path: Path) -> list[Transcript]:
    transcripts: list[Transcript] = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip()
        if not line:
            continue
        if line.startswith("# "):
            transcripts.append(Transcript(line[2:]))
            continue
        match = LINE.fullmatch(line)
        if match is None or not transcripts:
            raise ValueError(f"{path.name}:{number}: «{line}» is no line of a transcript")
        _take(transcripts[-1], match["kind"], match["text"].strip())
    return transcripts


def _take(transcript: Transcript, kind: str, text: str) -> None:
    if kind == "C":
        transcript.exchanges.append(Exchange(text.replace("｜", "\n")))
        return
    exchange = transcript.exchanges[-1]
    match kind:
        case "B":
            exchange.said.append(text)
        case "!":
            exchange.not_said.append(text)
        case "tier":
            exchange.tier = text
        case "queue":
            exchange.queue = text
        case "complaints":
            exchange.complaints = int(text)
