"""One matter that touches many customers or several units: cases come under a parent, and hear from it together."""

from collections.abc import Iterable, Sequence

from bot.complaints.case_number import InvalidCaseNumber, parse
from bot.complaints.casework import find_by_number
from bot.complaints.family import join_parent, leave_parent
from bot.complaints.models import Complaint
from bot.database import notify_changed
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, Field, NoSuchCase, Offer, Unfilled, Values
from bot.desk.telling_children import tell_children
from bot.staff.permissions import Act

NUMBER = Field("number", "line", at_most=20)


def _join(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.is_workable and not case.family:
        yield Offer(fields=(NUMBER,), tone="quiet")


@CASE_ACTS.act("join_parent", _join)
async def _do_join(case: CaseAtHand, _target: str, values: Values) -> None:
    parent = await _case_meant(case, values)
    await join_parent(case.session, case.complaint, parent, actor=case.actor, now=case.now)
    await notify_changed(case.session, parent.conversation_id)


def _add_child(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.is_workable and case.parent is None:
        yield Offer("children" if case.children else "case", fields=(NUMBER,), tone="quiet")


@CASE_ACTS.act("add_child", _add_child)
async def _do_add_child(case: CaseAtHand, _target: str, values: Values) -> None:
    child = await _case_meant(case, values)
    await join_parent(case.session, child, case.complaint, actor=case.actor, now=case.now)
    await notify_changed(case.session, child.conversation_id)


def _leave(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.works_on_cases and case.parent is not None and case.sees(case.parent):
        yield Offer("parent", tone="quiet")


@CASE_ACTS.act("leave_parent", _leave)
async def _do_leave(case: CaseAtHand, _target: str, _values: Values) -> None:
    await leave_parent(case.session, case.complaint, actor=case.actor, now=case.now)


def _remove(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.works_on_cases:
        for child in case.children:
            if case.sees(child):
                yield Offer(f"child:{child.number}", child.number, tone="quiet")


@CASE_ACTS.act("remove_child", _remove)
async def _do_remove(case: CaseAtHand, target: str, _values: Values) -> None:
    child = next(child for child in case.children if child.number == target)
    await leave_parent(case.session, child, actor=case.actor, now=case.now)


def _tell(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.works_on_cases and _open_children(case):
        yield Offer("children", fields=(Field("note_to_children"),))


@CASE_ACTS.act("tell_children", _tell)
async def _do_tell(case: CaseAtHand, _target: str, values: Values) -> None:
    await tell_children(
        case.session,
        case.complaint,
        _open_children(case),
        values["note_to_children"],
        by=case.member,
        now=case.now,
    )


def _open_children(case: CaseAtHand) -> Sequence[Complaint]:
    return [child for child in case.children if not child.state.is_settled]


async def _case_meant(case: CaseAtHand, values: Values) -> Complaint:
    """The case whose number was written, if the person may see it.

    Raises:
        Unfilled: it is no case number.
        NoSuchCase: no case has it, or the person may not see that case.
    """
    try:
        number = parse(values["number"])
    except InvalidCaseNumber:
        raise Unfilled("number") from None
    found = await find_by_number(case.session, number)
    if found is None or not case.sees(found):
        raise NoSuchCase(number)
    return found
