"""What belongs to a case: tasks of departments, the same complaint told twice, a second matter in one story."""

from collections.abc import Iterable
from datetime import timedelta

from bot.complaints.casework import Statement
from bot.complaints.labels import Cause, Label, Product
from bot.complaints.lifecycle import CaseStep
from bot.complaints.links import link, merge_duplicate, split_complaint
from bot.complaints.models import LONGEST_DEPARTMENT, CaseTask, LinkKind
from bot.complaints.similar import Repeat, WhyRepeat
from bot.complaints.tasks import answer_task, ask_department, cancel_task
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, Field, Offer, Values
from bot.desk.words import word
from bot.staff.permissions import Act

DAYS_TO_ANSWER = (1, 2, 3, 5, 10)
"""What a department may be given."""


def _ask(case: CaseAtHand) -> Iterable[Offer]:
    days = tuple((str(count), word("in_days", case.language, count=count)) for count in DAYS_TO_ANSWER)
    if case.may(Act.RESOLVE) and case.is_workable:
        department = Field("department", "line", at_most=LONGEST_DEPARTMENT)
        yield Offer(fields=(department, Field("days", "choice", options=days), Field("question")))


@CASE_ACTS.act("ask_department", _ask)
async def _do_ask(case: CaseAtHand, _target: str, values: Values) -> None:
    due_at = case.now + timedelta(days=int(values["days"]))
    await ask_department(
        case.session,
        case.complaint,
        values["department"],
        values["question"],
        due_at=due_at,
        by=case.person,
        now=case.now,
    )


def _answer(case: CaseAtHand) -> Iterable[Offer]:
    for task in _open_tasks(case):
        yield Offer(f"task:{task.id}", str(task.id), (Field("answer_text"),))


@CASE_ACTS.act("answer_task", _answer)
async def _do_answer(case: CaseAtHand, target: str, values: Values) -> None:
    task = _task(case, target)
    await answer_task(case.session, case.complaint, task, values["answer_text"], by=case.person, now=case.now)


def _cancel(case: CaseAtHand) -> Iterable[Offer]:
    for task in _open_tasks(case):
        yield Offer(f"task:{task.id}", str(task.id), tone="quiet")


@CASE_ACTS.act("cancel_task", _cancel)
async def _do_cancel(case: CaseAtHand, target: str, _values: Values) -> None:
    cancel_task(case.session, case.complaint, _task(case, target), by=case.person, now=case.now)


def _merge(case: CaseAtHand) -> Iterable[Offer]:
    """Into another open case of the same conversation."""
    others = [(other.number, other.number) for other in case.siblings if not other.state.is_settled]
    if case.may(Act.RESOLVE) and case.can(CaseStep.MERGE) and others:
        yield Offer(fields=(Field("number", "choice", options=tuple(others)),), tone="quiet")


@CASE_ACTS.act("merge", _merge)
async def _do_merge(case: CaseAtHand, _target: str, values: Values) -> None:
    into = next(other for other in case.siblings if other.number == values["number"])
    await merge_duplicate(case.session, case.complaint, into, actor=case.actor, now=case.now)


def _link_repeat(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.is_workable:
        for repeat in case.repeats:
            number = repeat.complaint.number
            yield Offer(f"repeat:{number}", number)


@CASE_ACTS.act("link_repeat", _link_repeat)
async def _do_link_repeat(case: CaseAtHand, target: str, _values: Values) -> None:
    other = _repeat(case, target).complaint
    await link(case.session, case.complaint, other, LinkKind.SAME_MATTER, actor=case.actor, now=case.now)


def _merge_repeat(case: CaseAtHand) -> Iterable[Offer]:
    """Only what one customer told twice is one case; a like story may be another person's."""
    if not (case.may(Act.RESOLVE) and case.can(CaseStep.MERGE)):
        return
    for repeat in case.repeats:
        if repeat.why is WhyRepeat.SAME_CUSTOMER and not repeat.complaint.state.is_settled:
            number = repeat.complaint.number
            yield Offer(f"repeat:{number}", number, tone="quiet")


@CASE_ACTS.act("merge_repeat", _merge_repeat)
async def _do_merge_repeat(case: CaseAtHand, target: str, _values: Values) -> None:
    into = _repeat(case, target).complaint
    await merge_duplicate(case.session, case.complaint, into, actor=case.actor, now=case.now)


def _repeat(case: CaseAtHand, target: str) -> Repeat:
    return next(repeat for repeat in case.repeats if repeat.complaint.number == target)


def _split(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.is_workable:
        products = tuple((product.value, product.display_name(case.language)) for product in Product)
        causes = tuple((cause.value, cause.display_name(case.language)) for cause in Cause)
        fields = (
            Field("story"),
            Field("product", "choice", options=products),
            Field("cause", "choice", options=causes),
        )
        yield Offer(fields=fields, tone="quiet")


@CASE_ACTS.act("split", _split)
async def _do_split(case: CaseAtHand, _target: str, values: Values) -> None:
    statement = Statement(product=Product(values["product"]), cause=Cause(values["cause"]))
    await split_complaint(case.session, case.complaint, values["story"], statement, actor=case.actor, now=case.now)


def _labels(name: str, labels: Iterable[Label], case: CaseAtHand) -> Field:
    options = tuple((label.value, label.display_name(case.language)) for label in labels)
    return Field(name, "choice", options=options)


def _open_tasks(case: CaseAtHand) -> Iterable[CaseTask]:
    if case.may(Act.RESOLVE) and case.works_on_cases:
        yield from (task for task in case.tasks if task.answered_at is None and task.cancelled_at is None)


def _task(case: CaseAtHand, target: str) -> CaseTask:
    return next(task for task in case.tasks if str(task.id) == target)
