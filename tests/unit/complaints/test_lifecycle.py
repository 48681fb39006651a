"""A case moves by legal steps only, and no case is ever stuck."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.complaints.lifecycle import INITIAL_STATE, CaseStep, IllegalStep, State, legal_steps, state_after


@pytest.mark.parametrize(
    ("story", "end"),
    [
        ("assign start propose_plan accept_plan resolve close", State.CLOSED),
        ("assign start propose_plan reject_plan assign start propose_plan accept_plan resolve", State.RESOLVED),
        ("assign start propose_plan reject_plan resolve", State.RESOLVED),
        ("assign start propose_plan accept_plan resolve close reopen assign", State.ASSIGNED),
        ("assign start resolve reopen start resolve", State.RESOLVED),
        ("assign withdraw", State.WITHDRAWN),
        ("withdraw reopen start", State.IN_PROGRESS),
        ("assign assign start assign", State.ASSIGNED),
        ("assign start propose_plan propose_plan", State.PLAN_PROPOSED),
        ("assign start propose_plan assign accept_plan assign resolve", State.RESOLVED),
        ("assign start resolve request_recheck assign decide_recheck", State.RESOLVED),
        ("assign start resolve close request_recheck withdraw", State.RESOLVED),
        ("assign start merge reopen", State.REOPENED),
    ],
)
def test_a_case_can_go_this_way(story: str, end: State) -> None:
    state = INITIAL_STATE
    for step in story.split():
        state = state_after(state, CaseStep(step))
    assert state is end


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (State.OPEN, CaseStep.CLOSE),
        (State.ASSIGNED, CaseStep.RESOLVE),
        (State.PLAN_PROPOSED, CaseStep.RESOLVE),
        (State.RESOLVED, CaseStep.PROPOSE_PLAN),
        (State.CLOSED, CaseStep.WITHDRAW),
        (State.WITHDRAWN, CaseStep.RESOLVE),
        (State.REJECTED, CaseStep.ACCEPT_PLAN),
        (State.WITHDRAWN, CaseStep.REQUEST_RECHECK),
        (State.RECHECK, CaseStep.RESOLVE),
        (State.PLAN_PROPOSED, CaseStep.MERGE),
    ],
)
def test_a_case_cannot_skip_the_customer(state: State, step: CaseStep) -> None:
    with pytest.raises(IllegalStep) as caught:
        state_after(state, step)
    assert caught.value.legal == legal_steps(state)
    assert all(possible in str(caught.value) for possible in legal_steps(state))


@given(st.lists(st.integers(0, 100)))
def test_legal_steps_always_lead_to_a_state_with_legal_steps(choices: list[int]) -> None:
    state = INITIAL_STATE
    for choice in choices:
        steps = legal_steps(state)
        assert steps
        state = state_after(state, steps[choice % len(steps)])
        assert state in State


@given(st.sampled_from(State), st.sampled_from(CaseStep))
def test_a_step_is_legal_exactly_if_it_can_be_taken(state: State, step: CaseStep) -> None:
    try:
        state_after(state, step)
    except IllegalStep:
        assert step not in legal_steps(state)
    else:
        assert step in legal_steps(state)


def test_every_state_can_be_reached() -> None:
    reached = {INITIAL_STATE}
    while more := {state_after(state, step) for state in reached for step in legal_steps(state)} - reached:
        reached |= more
    assert reached == set(State)


def test_a_customer_can_withdraw_while_anything_is_owed_and_reopen_when_nothing_is() -> None:
    for state in State:
        assert (CaseStep.WITHDRAW in legal_steps(state)) is not state.is_settled
        assert (CaseStep.REOPEN in legal_steps(state)) is state.is_settled
