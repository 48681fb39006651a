"""What an event tells of, and which steps of a case make one."""

from enum import StrEnum


class EventKind(StrEnum):
    """What happened to a complaint."""

    OPENED = "complaint.opened"
    ADDED_TO = "complaint.added_to"
    ASSIGNED = "complaint.assigned"
    STARTED = "complaint.started"
    TIER_CHANGED = "complaint.tier_changed"
    PLAN_PROPOSED = "complaint.plan_proposed"
    PLAN_ACCEPTED = "complaint.plan_accepted"
    PLAN_REJECTED = "complaint.plan_rejected"
    RESOLVED = "complaint.resolved"
    RESULT_ACCEPTED = "complaint.result_accepted"
    RESULT_REJECTED = "complaint.result_rejected"
    RATED = "complaint.rated"
    REOPENED = "complaint.reopened"
    WITHDRAWN = "complaint.withdrawn"
    CLOSED = "complaint.closed"
    COMMENTED = "complaint.commented"
    RECHECK_REQUESTED = "complaint.recheck_requested"
    RECHECK_DECIDED = "complaint.recheck_decided"
    EXTENDED = "complaint.extended"
    DEADLINE_MISSED = "complaint.deadline_missed"
    MERGED = "complaint.merged"


KIND_OF_ACTION = {
    "open_complaint": EventKind.OPENED,
    "add_to_complaint": EventKind.ADDED_TO,
    "assign": EventKind.ASSIGNED,
    "start": EventKind.STARTED,
    "raise_tier": EventKind.TIER_CHANGED,
    "sink_tier": EventKind.TIER_CHANGED,
    "approve_lower_tier": EventKind.TIER_CHANGED,
    "propose_plan": EventKind.PLAN_PROPOSED,
    "accept_plan": EventKind.PLAN_ACCEPTED,
    "reject_plan": EventKind.PLAN_REJECTED,
    "resolve": EventKind.RESOLVED,
    "accept_result": EventKind.RESULT_ACCEPTED,
    "reject_result": EventKind.RESULT_REJECTED,
    "rate": EventKind.RATED,
    "reopen": EventKind.REOPENED,
    "withdraw": EventKind.WITHDRAWN,
    "close": EventKind.CLOSED,
    "comment": EventKind.COMMENTED,
    "split": EventKind.OPENED,
    "merge": EventKind.MERGED,
    "request_recheck": EventKind.RECHECK_REQUESTED,
    "decide_recheck": EventKind.RECHECK_DECIDED,
    "approve_extension": EventKind.EXTENDED,
    "miss_deadline": EventKind.DEADLINE_MISSED,
}
"""By the action of the audit record that every use case leaves in its transaction."""
