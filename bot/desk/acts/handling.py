"""Whose a case is and at which tier: taking, assigning, starting, raising, keeping people out of it."""

import uuid
from collections.abc import Iterable

from bot.complaints.assignment import assign, name_lead, note_avoidance, start
from bot.complaints.labels import Tier
from bot.complaints.lifecycle import CaseStep
from bot.complaints.people import Candidate, CaseRole
from bot.complaints.tiers import raise_tier
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, Field, Offer, Values
from bot.staff.candidates import candidate
from bot.staff.permissions import Act


def _take(case: CaseAtHand) -> Iterable[Offer]:
    is_mine = case.complaint.handler_id == case.member.id
    if case.may(Act.RESOLVE) and case.can(CaseStep.ASSIGN) and not is_mine and case.works_on_cases:
        yield Offer(tone="secondary" if case.complaint.handler_id else "primary")


@CASE_ACTS.act("take", _take)
async def _do_take(case: CaseAtHand, _target: str, _values: Values) -> None:
    me = await candidate(case.session, case.member.id)
    await assign(case.session, case.complaint, me, actor=case.actor, now=case.now)


def _assign(case: CaseAtHand) -> Iterable[Offer]:
    others = [one for one in case.colleagues if one.id != case.complaint.handler_id]
    if case.may(Act.ASSIGN) and case.can(CaseStep.ASSIGN) and others:
        yield Offer(fields=case.someone(others))


@CASE_ACTS.act("assign", _assign)
async def _do_assign(case: CaseAtHand, _target: str, values: Values) -> None:
    await assign(case.session, case.complaint, await _person(case, values), actor=case.actor, now=case.now)


def _name_lead(case: CaseAtHand) -> Iterable[Offer]:
    force = [one for one in case.colleagues if one.role is CaseRole.TASK_FORCE and one.id != case.complaint.lead_id]
    if case.complaint.tier is Tier.URGENT and case.may(Act.ASSIGN) and force:
        yield Offer(fields=case.someone(force))


@CASE_ACTS.act("name_lead", _name_lead)
async def _do_name_lead(case: CaseAtHand, _target: str, values: Values) -> None:
    await name_lead(case.session, case.complaint, await _person(case, values), actor=case.actor, now=case.now)


def _start(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and case.can(CaseStep.START) and case.complaint.handler_id == case.member.id:
        yield Offer(tone="primary")


@CASE_ACTS.act("start", _start)
async def _do_start(case: CaseAtHand, _target: str, _values: Values) -> None:
    start(case.session, case.complaint, actor=case.actor, now=case.now)


def _raise(case: CaseAtHand) -> Iterable[Offer]:
    higher = [(tier.value, tier.display_name(case.language)) for tier in Tier if tier > case.complaint.tier]
    if case.may(Act.RESOLVE) and not case.complaint.state.is_settled and higher:
        yield Offer(fields=(Field("tier", "choice", options=higher), Field("reason")))


@CASE_ACTS.act("raise_tier", _raise)
async def _do_raise(case: CaseAtHand, _target: str, values: Values) -> None:
    tier = Tier(values["tier"])
    await raise_tier(case.session, case.complaint, tier, values["reason"], actor=case.actor, now=case.now)


def _keep_out(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.ASSIGN) and case.colleagues:
        yield Offer(fields=(*case.someone(case.colleagues), Field("reason", "line")), tone="quiet")


@CASE_ACTS.act("keep_out", _keep_out)
async def _do_keep_out(case: CaseAtHand, _target: str, values: Values) -> None:
    who = uuid.UUID(values["person"])
    await note_avoidance(case.session, case.complaint, who, values["reason"], actor=case.actor, now=case.now)


async def _person(case: CaseAtHand, values: Values) -> Candidate:
    return await candidate(case.session, uuid.UUID(values["person"]))
