"""LEARN, the five steps every complaint is taken through, in order: listen, empathise, apologise, react, notify.

Each step leaves a record that an auditor can read. Nothing here stores it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.complaints.labels import Label


class LearnStep(Label):
    """The steps, in their order."""

    LISTEN = "listen", "倾听", "Listen"
    EMPATHISE = "empathise", "共情", "Empathise"
    APOLOGISE = "apologise", "道歉", "Apologise"
    REACT = "react", "行动", "React"
    NOTIFY = "notify", "回复", "Notify"

    @property
    def earlier_steps(self) -> tuple["LearnStep", ...]:
        steps = tuple(LearnStep)
        return steps[: steps.index(self)]


class DoneBy(Label):
    """Who took a step."""

    BOT = "bot", "智能助手", "Assistant"
    STAFF = "staff", "工作人员", "Staff"


@dataclass(frozen=True)
class LearnRecord:
    """One step taken for one complaint.

    Attributes:
        step: which.
        what_was_done: a sentence for the auditor.
        done_at: when; aware.
        done_by: assistant or staff.
        staff_number: which member of staff; empty for the assistant.
    """

    step: LearnStep
    what_was_done: str
    done_at: datetime
    done_by: DoneBy
    staff_number: str = ""

    def __post_init__(self) -> None:
        if not self.what_was_done.strip():
            raise ValueError(f"The record of «{self.step}» says nothing; say what was done")
        if self.done_at.utcoffset() is None:
            raise ValueError(f"The record of «{self.step}» has a time without a time zone")
        if (self.done_by is DoneBy.STAFF) != bool(self.staff_number):
            raise ValueError(f"The record of «{self.step}» needs a staff number if staff did it, and only then")


class StepMissing(Exception):
    """A LEARN step would be taken before an earlier one.

    Attributes:
        step: the one that was to be taken.
        missing: the earlier ones without a record.
    """

    def __init__(self, step: LearnStep, missing: tuple[LearnStep, ...]) -> None:
        self.step = step
        self.missing = missing
        super().__init__(f"«{step}» comes after {', '.join(missing)}; take and record that first")


def missing_steps(records: Iterable[LearnRecord]) -> tuple[LearnStep, ...]:
    """The steps of which there is no record, in their order."""
    taken = {record.step for record in records}
    return tuple(step for step in LearnStep if step not in taken)


def next_step(records: Iterable[LearnRecord]) -> LearnStep | None:
    """The first step not taken yet, or None when all five were."""
    return next(iter(missing_steps(records)), None)


def check_order(step: LearnStep, records: Iterable[LearnRecord]) -> None:
    """Makes sure that a step may be taken now. A step may be taken again: one listens, and apologises, more than once.

    Raises:
        StepMissing: an earlier step has no record.
    """
    missing = missing_steps(records)
    if skipped := tuple(earlier for earlier in step.earlier_steps if earlier in missing):
        raise StepMissing(step, skipped)


def steps_out_of_order(records: Iterable[LearnRecord]) -> tuple[LearnRecord, ...]:
    """The records an auditor should look at: steps taken when an earlier step had not been taken."""
    chronological = sorted(records, key=lambda record: record.done_at)
    taken: set[LearnStep] = set()
    early: list[LearnRecord] = []
    for record in chronological:
        if not taken.issuperset(record.step.earlier_steps):
            early.append(record)
        taken.add(record.step)
    return tuple(early)
