"""LEARN: five steps in their order, each with a record."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.complaints.learn import (
    DoneBy,
    LearnRecord,
    LearnStep,
    StepMissing,
    check_order,
    missing_steps,
    next_step,
    steps_out_of_order,
)

START = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


def a_record(step: LearnStep, minute: int = 0) -> LearnRecord:
    return LearnRecord(step, "听客户说完，没有打断", START + timedelta(minutes=minute), DoneBy.BOT)


def test_the_steps_spell_learn() -> None:
    assert "".join(step.name[0] for step in LearnStep) == "LEARN"
    assert [step.zh for step in LearnStep] == ["倾听", "共情", "道歉", "行动", "回复"]


@pytest.mark.parametrize(
    ("step", "taken", "missing"),
    [
        (LearnStep.APOLOGISE, [], (LearnStep.LISTEN, LearnStep.EMPATHISE)),
        (LearnStep.REACT, [LearnStep.LISTEN, LearnStep.APOLOGISE], (LearnStep.EMPATHISE,)),
        (LearnStep.NOTIFY, [LearnStep.LISTEN, LearnStep.EMPATHISE, LearnStep.APOLOGISE], (LearnStep.REACT,)),
    ],
)
def test_a_step_waits_for_the_ones_before_it(
    step: LearnStep, taken: list[LearnStep], missing: tuple[LearnStep, ...]
) -> None:
    with pytest.raises(StepMissing) as caught:
        check_order(step, [a_record(earlier) for earlier in taken])
    assert caught.value.missing == missing


def test_a_step_may_be_taken_again() -> None:
    records = [a_record(LearnStep.LISTEN), a_record(LearnStep.EMPATHISE)]
    check_order(LearnStep.LISTEN, records)
    check_order(LearnStep.EMPATHISE, records)


def test_an_auditor_sees_which_steps_came_too_early() -> None:
    apology_too_early = a_record(LearnStep.APOLOGISE, minute=1)
    records = [a_record(LearnStep.EMPATHISE, 2), apology_too_early, a_record(LearnStep.LISTEN, 0)]
    assert steps_out_of_order(records) == (apology_too_early,)


@given(st.sets(st.sampled_from(LearnStep)))
def test_a_step_is_either_recorded_or_missing(taken: set[LearnStep]) -> None:
    missing = missing_steps(a_record(step) for step in taken)
    assert set(missing) == set(LearnStep) - taken
    assert list(missing) == [step for step in LearnStep if step in missing]


def test_taking_the_next_step_each_time_goes_through_all_five_in_order() -> None:
    records: list[LearnRecord] = []
    while (step := next_step(records)) is not None:
        check_order(step, records)
        records.append(a_record(step, minute=len(records)))
    assert [record.step for record in records] == list(LearnStep)
    assert steps_out_of_order(records) == ()


@pytest.mark.parametrize(
    ("what", "at", "by", "staff_number", "problem"),
    [
        (" ", START, DoneBy.BOT, "", "says nothing"),
        ("道歉", START.replace(tzinfo=None), DoneBy.BOT, "", "without a time zone"),
        ("道歉", START, DoneBy.STAFF, "", "needs a staff number"),
        ("道歉", START, DoneBy.BOT, "020117", "only then"),
    ],
)
def test_a_record_that_an_auditor_could_not_use_is_refused(
    what: str, at: datetime, by: DoneBy, staff_number: str, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        LearnRecord(LearnStep.APOLOGISE, what, at, by, staff_number)
