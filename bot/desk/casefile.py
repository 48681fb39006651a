"""A case as the page shows it: what was asked, planned and done for it, and what the person can do next."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import select

from bot.api.models import ComplaintComment
from bot.api.reading import comments_of
from bot.complaints.labels import Tier
from bot.complaints.links import links_of
from bot.complaints.models import Approval, ApprovalKind, CaseTask, Closing, Complaint, LinkKind, Plan, Recheck
from bot.complaints.similar import Repeat, Similar, similar_settled
from bot.complaints.tags import tag_policy
from bot.desk.acts import CASE_ACTS, CaseAtHand, seen_by
from bot.desk.conversation import milliseconds, shown_text
from bot.desk.masked import Personal
from bot.desk.timeline import name_of, names_of, steps_of, timeline_of
from bot.desk.words import word
from bot.staff.models import StaffMember
from bot.staff.organisation import UnknownUnit, organisation
from bot.staff.permissions import Act, may

COMMENTS_SHOWN = 50
Names = Mapping[uuid.UUID | None, str]


async def casefile_of(case: CaseAtHand, revealed: Collection[Personal] = ()) -> dict[str, Any]:
    """Everything of a case that changes by casework, ready for the case component.

    Args:
        revealed: what the person has asked to see; everything else personal is masked.
    """
    complaint = case.complaint
    comments = await comments_of(case.session, complaint, limit=COMMENTS_SHOWN)
    names = await _names(case)
    steps = await steps_of(case.session, complaint.number)
    return {
        "responsible": _responsible(case, names),
        "followers": [names[follow.staff_id] for follow in complaint.follows if follow.staff_id in names],
        "parent": _relative(case, case.parent) if case.parent is not None else None,
        "children": [_relative(case, child) for child in case.children],
        "tags": [tag_policy().display_name(name, case.language) for name in case.tags],
        "asked": [_asked(case, asked, names) for asked in case.approvals],
        "plans": [_plan(case, plan, names) for plan in reversed(case.plans)],
        "tasks": [_task(case, task, names) for task in case.tasks],
        "rechecks": [_recheck(case, recheck) for recheck in case.rechecks],
        "links": await _links(case),
        "repeats": [_repeat(case, repeat) for repeat in case.repeats],
        "similar": [_similar(case, one) for one in await _like(case)],
        "closings": [_closing(case, one) for one in case.closings],
        "comments": [_comment(case, one, revealed) for one in comments],
        "mayRevealComments": may(case.member, Act.REVEAL)
        and any(shown_text(one.text, revealed) != one.text for one in comments),
        "timeline": timeline_of(steps, await names_of(case.session, steps), case.language),
        "acts": CASE_ACTS.offered(case),
    }


async def _names(case: CaseAtHand) -> Names:
    involved = {case.complaint.handler_id, case.complaint.lead_id}
    involved |= {one for plan in case.plans for one in (plan.proposed_by, plan.approved_by, plan.returned_by)}
    involved |= {one for asked in case.approvals for one in (asked.asked_by, asked.decided_by)}
    involved |= {task.asked_by for task in case.tasks}
    involved |= {follow.staff_id for follow in case.complaint.follows}
    found = await case.session.scalars(select(StaffMember).where(StaffMember.id.in_(involved - {None})))
    return {member.id: member.name for member in found}


def _responsible(case: CaseAtHand, names: Names) -> list[dict[str, str]]:
    complaint = case.complaint
    lines = [
        ("unit", _unit(complaint, case)),
        ("handler", names.get(complaint.handler_id, word("nobody", case.language))),
    ]
    if complaint.tier is Tier.URGENT:
        lines.append(("lead", names.get(complaint.lead_id, word("nobody", case.language))))
    return [{"label": word(f"responsible_{name}", case.language), "text": text} for name, text in lines]


def _unit(complaint: Complaint, case: CaseAtHand) -> str:
    return _name_of_unit(complaint.unit_code, case)


def _name_of_unit(code: str | None, case: CaseAtHand) -> str:
    if code is None:
        return word("outlet_unknown", case.language)
    try:
        return organisation().find(code).display_name(case.language)
    except UnknownUnit:
        return code


def _asked(case: CaseAtHand, asked: Approval, names: Names) -> dict[str, Any]:
    standing = _answered(asked.is_approved)
    what = asked.kind.display_name(case.language)
    if asked.kind is ApprovalKind.LOWER_TIER:
        what = f"{what}：" if case.language == "zh" else f"{what}: "
        what += Tier(asked.payload["tier"]).display_name(case.language)
    return {
        "id": asked.id,
        "what": what,
        "reason": asked.reason,
        "by": names.get(asked.asked_by, ""),
        "at": milliseconds(asked.asked_at),
        "standing": standing,
        "standingName": word(f"asked_{standing}", case.language),
        "note": _joined((names.get(asked.decided_by, ""), asked.decision_note)),
    }


def _plan(case: CaseAtHand, plan: Plan, names: Names) -> dict[str, Any]:
    name, standing = _standing_of(plan)
    note = plan.return_reason if plan.returned_at else plan.answer_text
    return {
        "id": plan.id,
        "text": plan.text,
        "by": names.get(plan.proposed_by, ""),
        "at": milliseconds(plan.put_at or plan.proposed_at),
        "standing": standing,
        "standingName": word(f"plan_{name}", case.language),
        "note": _joined((names.get(plan.returned_by, "") if plan.return_reason else "", note)),
    }


def _task(case: CaseAtHand, task: CaseTask, names: Names) -> dict[str, Any]:
    name, standing = "waiting", "waiting"
    if task.answered_at is not None:
        name, standing = "answered", "agreed"
    elif task.cancelled_at is not None:
        name, standing = "cancelled", ""
    elif task.due_at < case.now:
        name, standing = "overdue", "refused"
    return {
        "id": task.id,
        "department": task.department,
        "text": task.text,
        "answer": task.answer or "",
        "by": names.get(task.asked_by, ""),
        "dueAt": milliseconds(task.due_at),
        "standing": standing,
        "standingName": word(f"task_{name}", case.language),
    }


def _recheck(case: CaseAtHand, recheck: Recheck) -> dict[str, Any]:
    name = "waiting" if recheck.is_changed is None else "changed" if recheck.is_changed else "upheld"
    return {
        "id": recheck.id,
        "at": milliseconds(recheck.requested_at),
        "reason": recheck.reason,
        "text": recheck.text or "",
        "standing": "waiting" if name == "waiting" else "agreed",
        "standingName": word(f"recheck_{name}", case.language),
    }


async def _links(case: CaseAtHand) -> list[dict[str, str]]:
    """The linked cases by number; a link leads only to what the person may see. Parent and children stand apart."""
    shown = []
    for link in await links_of(case.session, case.complaint):
        if link.kind is LinkKind.PARENT:
            continue
        is_ours = link.complaint_id == case.complaint.id
        other = await case.session.get_one(Complaint, link.other_id if is_ours else link.complaint_id)
        shown.append(
            {
                "what": word(f"link_{link.kind}" if is_ours else f"linked_{link.kind}", case.language),
                "number": other.number,
                "address": _address_of(case, other),
            }
        )
    return shown


def _address_of(case: CaseAtHand, other: Complaint) -> str:
    return f"/conversations/{other.conversation_id}" if case.sees(other) else ""


def _relative(case: CaseAtHand, other: Complaint) -> dict[str, Any]:
    """The parent or a child in one line, without anything of its customer; a link only for whoever may see it."""
    due_at = min((deadline.due_at for deadline in other.running_deadlines), default=None)
    return {
        "number": other.number,
        "address": _address_of(case, other),
        "unit": _name_of_unit(other.unit_code, case),
        "state": other.state.display_name(case.language),
        "isSettled": other.state.is_settled,
        "dueAt": milliseconds(due_at),
    }


async def _like(case: CaseAtHand) -> list[Similar]:
    return await similar_settled(case.session, case.complaint, seen=seen_by(case.member))


def _repeat(case: CaseAtHand, repeat: Repeat) -> dict[str, str]:
    return _other(case, repeat.complaint) | {"why": repeat.why.display_name(case.language)}


def _similar(case: CaseAtHand, one: Similar) -> dict[str, Any]:
    other = one.complaint
    return _other(case, other) | {
        "days": word("settled_in_days", case.language, count=one.days_to_settle),
        "result": other.result or "",
        "rating": other.rating or 0,
    }


def _other(case: CaseAtHand, other: Complaint) -> dict[str, str]:
    """Another case in one line. The person may see it."""
    return {
        "number": other.number,
        "address": f"/conversations/{other.conversation_id}",
        "outlet": _name_of_unit(other.outlet_code, case),
        "tier": other.tier.value,
        "tierName": other.tier.display_name(case.language),
        "state": other.state.display_name(case.language),
    }


def _closing(case: CaseAtHand, closing: Closing) -> dict[str, Any]:
    told = "told" if closing.is_customer_told else "unreachable"
    unit = _name_of_unit(closing.rectify_unit, case) if closing.rectify_unit else ""
    return {
        "id": closing.id,
        "cause": closing.root_cause.display_name(case.language),
        "told": word(f"close_{told}", case.language),
        "rectification": closing.rectification or "",
        "note": _joined((unit, closing.rectify_by.isoformat() if closing.rectify_by else "", closing.note)),
        "at": milliseconds(closing.closed_at),
    }


def _comment(case: CaseAtHand, comment: ComplaintComment, revealed: Collection[Personal]) -> dict[str, Any]:
    return {
        "id": comment.id,
        "by": name_of(comment.author, {}, case.language),
        "text": shown_text(comment.text, revealed),
        "at": milliseconds(comment.written_at),
    }


def _standing_of(plan: Plan) -> tuple[str, str]:
    """What the plan's standing is called, and how it looks."""
    if plan.is_accepted is not None:
        return ("accepted", "agreed") if plan.is_accepted else ("rejected", "refused")
    if plan.put_at is not None:
        return "put", "waiting"
    if plan.returned_at is not None:
        return ("returned", "refused") if plan.return_reason else ("replaced", "")
    return ("agreed", "agreed") if plan.approved_at is not None else ("draft", "waiting")


def _answered(is_agreed: bool | None) -> str:
    if is_agreed is None:
        return "waiting"
    return "agreed" if is_agreed else "refused"


def _joined(parts: Iterable[str | None]) -> str:
    return " · ".join(part for part in parts if part)
