"""The states of a case and the steps that lead from one to the next. What is not in the table is not legal."""

from bot.complaints.labels import Label


class State(Label):
    """Where a case stands."""

    OPEN = "open", "已登记", "Registered"
    ASSIGNED = "assigned", "已分派", "Assigned"
    IN_PROGRESS = "in_progress", "处理中", "In progress"
    PLAN_PROPOSED = "plan_proposed", "方案待客户确认", "Plan put to the customer"
    ACCEPTED = "accepted", "客户接受方案", "Plan accepted"
    REJECTED = "rejected", "客户不接受方案", "Plan rejected"
    RESOLVED = "resolved", "已办结", "Resolved"
    CLOSED = "closed", "已归档", "Closed"
    WITHDRAWN = "withdrawn", "客户撤回", "Withdrawn"
    REOPENED = "reopened", "重新处理", "Reopened"
    RECHECK = "recheck", "核查中", "Result being re-checked"
    MERGED = "merged", "已并案", "Merged into another case"

    @property
    def is_settled(self) -> bool:
        """Whether nobody owes the customer anything at the moment."""
        return self in SETTLED


SETTLED = frozenset({State.RESOLVED, State.CLOSED, State.WITHDRAWN, State.MERGED})


class CaseStep(Label):
    """What is done with a case."""

    ASSIGN = "assign", "分派", "Assign"
    START = "start", "开始处理", "Start"
    PROPOSE_PLAN = "propose_plan", "提出方案", "Propose a plan"
    ACCEPT_PLAN = "accept_plan", "客户接受方案", "Customer accepts the plan"
    REJECT_PLAN = "reject_plan", "客户不接受方案", "Customer rejects the plan"
    RESOLVE = "resolve", "办结并告知", "Resolve and tell the customer"
    CLOSE = "close", "归档", "Close"
    WITHDRAW = "withdraw", "客户撤回", "Customer withdraws"
    REOPEN = "reopen", "重新处理", "Reopen"
    REQUEST_RECHECK = "request_recheck", "客户申请核查", "Customer asks for a re-check"
    DECIDE_RECHECK = "decide_recheck", "作出核查决定", "Decide the re-check"
    MERGE = "merge", "并案", "Merge into another case"


INITIAL_STATE = State.OPEN

_TABLE: dict[State, dict[CaseStep, State]] = {
    State.OPEN: {
        CaseStep.ASSIGN: State.ASSIGNED,
        CaseStep.MERGE: State.MERGED,
        CaseStep.WITHDRAW: State.WITHDRAWN,
    },
    State.ASSIGNED: {
        CaseStep.ASSIGN: State.ASSIGNED,
        CaseStep.START: State.IN_PROGRESS,
        CaseStep.MERGE: State.MERGED,
        CaseStep.WITHDRAW: State.WITHDRAWN,
    },
    State.IN_PROGRESS: {
        CaseStep.ASSIGN: State.ASSIGNED,
        CaseStep.PROPOSE_PLAN: State.PLAN_PROPOSED,
        # Settled on the spot, there is nothing to plan: the customer is told the result and may reject that.
        CaseStep.RESOLVE: State.RESOLVED,
        CaseStep.MERGE: State.MERGED,
        CaseStep.WITHDRAW: State.WITHDRAWN,
    },
    State.PLAN_PROPOSED: {
        # The plan stays before the customer whoever has the case by now; a better plan may replace it.
        CaseStep.ASSIGN: State.PLAN_PROPOSED,
        CaseStep.PROPOSE_PLAN: State.PLAN_PROPOSED,
        CaseStep.ACCEPT_PLAN: State.ACCEPTED,
        CaseStep.REJECT_PLAN: State.REJECTED,
        CaseStep.WITHDRAW: State.WITHDRAWN,
    },
    State.ACCEPTED: {
        CaseStep.ASSIGN: State.ACCEPTED,
        # A plan that cannot be carried out as agreed is put to the customer again.
        CaseStep.PROPOSE_PLAN: State.PLAN_PROPOSED,
        CaseStep.RESOLVE: State.RESOLVED,
        CaseStep.WITHDRAW: State.WITHDRAWN,
    },
    State.REJECTED: {
        CaseStep.ASSIGN: State.ASSIGNED,
        CaseStep.START: State.IN_PROGRESS,
        CaseStep.PROPOSE_PLAN: State.PLAN_PROPOSED,
        # The law wants a decision by a date even without consent; the customer may then ask for a re-check.
        CaseStep.RESOLVE: State.RESOLVED,
        CaseStep.WITHDRAW: State.WITHDRAWN,
    },
    State.RESOLVED: {
        CaseStep.CLOSE: State.CLOSED,
        CaseStep.REOPEN: State.REOPENED,
        CaseStep.REQUEST_RECHECK: State.RECHECK,
    },
    State.CLOSED: {
        CaseStep.REOPEN: State.REOPENED,
        CaseStep.REQUEST_RECHECK: State.RECHECK,
    },
    # A withdrawal that the customer takes back keeps its number and its record.
    State.WITHDRAWN: {CaseStep.REOPEN: State.REOPENED},
    # What was merged by mistake becomes a case of its own again.
    State.MERGED: {CaseStep.REOPEN: State.REOPENED},
    State.RECHECK: {
        CaseStep.ASSIGN: State.RECHECK,
        CaseStep.DECIDE_RECHECK: State.RESOLVED,
        # The customer lets the result stand after all.
        CaseStep.WITHDRAW: State.RESOLVED,
    },
    State.REOPENED: {
        CaseStep.ASSIGN: State.ASSIGNED,
        CaseStep.START: State.IN_PROGRESS,
        CaseStep.MERGE: State.MERGED,
        CaseStep.WITHDRAW: State.WITHDRAWN,
    },
}


class IllegalStep(Exception):
    """A step that a case's state does not allow.

    Attributes:
        state: where the case stands.
        step: what was tried.
        legal: what can be done instead.
    """

    def __init__(self, state: State, step: CaseStep, legal: tuple[CaseStep, ...]) -> None:
        self.state = state
        self.step = step
        self.legal = legal
        super().__init__(f"A case that is «{state}» cannot take the step «{step}»; possible: {', '.join(legal)}")


def legal_steps(state: State) -> tuple[CaseStep, ...]:
    """What can be done with a case in this state."""
    return tuple(_TABLE[state])


def state_after(state: State, step: CaseStep) -> State:
    """The state that a step leads to.

    Raises:
        IllegalStep: the state does not allow the step.
    """
    try:
        return _TABLE[state][step]
    except KeyError:
        raise IllegalStep(state, step, legal_steps(state)) from None
