"""Whoever has a case may put it out of their queue for some days."""

from collections.abc import Iterable
from datetime import timedelta

from bot.complaints.snoozes import snooze, wake
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, Field, Offer, Values
from bot.desk.words import word

DAYS = (1, 2, 3, 7, 14)


def _is_theirs(case: CaseAtHand) -> bool:
    return case.is_workable and case.member.id in {case.complaint.handler_id, case.complaint.lead_id}


def _snooze(case: CaseAtHand) -> Iterable[Offer]:
    if _is_theirs(case) and not case.is_snoozed:
        days = tuple((str(count), word("in_days", case.language, count=count)) for count in DAYS)
        yield Offer(fields=(Field("days", "choice", options=days),), tone="quiet")


@CASE_ACTS.act("snooze", _snooze)
async def _do_snooze(case: CaseAtHand, _target: str, values: Values) -> None:
    until_at = case.now + timedelta(days=int(values["days"]))
    await snooze(case.session, case.complaint, case.member.id, until_at, actor=case.actor, now=case.now)


def _wake(case: CaseAtHand) -> Iterable[Offer]:
    if _is_theirs(case) and case.is_snoozed:
        yield Offer(tone="secondary")


@CASE_ACTS.act("wake", _wake)
async def _do_wake(case: CaseAtHand, _target: str, _values: Values) -> None:
    await wake(case.session, case.complaint, case.member.id, actor=case.actor, now=case.now)
