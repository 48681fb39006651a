"""Putting tags on a case, and taking them off."""

from collections.abc import Iterable

from bot.complaints.tags import add_tag, remove_tag, tag_policy
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, Field, Offer, Values
from bot.staff.permissions import Act


def _may_tag(case: CaseAtHand) -> bool:
    return case.is_workable and case.may(Act.RESOLVE)


def _choice(case: CaseAtHand, names: Iterable[str]) -> Iterable[Offer]:
    options = tuple((name, tag_policy().display_name(name, case.language)) for name in names)
    if options and _may_tag(case):
        yield Offer(fields=(Field("tag", "choice", options=options),), tone="quiet")


def _add(case: CaseAtHand) -> Iterable[Offer]:
    return _choice(case, [name for name in tag_policy().names if name not in case.tags])


@CASE_ACTS.act("add_tag", _add)
async def _do_add(case: CaseAtHand, _target: str, values: Values) -> None:
    await add_tag(case.session, case.complaint, values["tag"], actor=case.actor, now=case.now)


def _remove(case: CaseAtHand) -> Iterable[Offer]:
    return _choice(case, case.tags)


@CASE_ACTS.act("remove_tag", _remove)
async def _do_remove(case: CaseAtHand, _target: str, values: Values) -> None:
    await remove_tag(case.session, case.complaint, values["tag"], actor=case.actor, now=case.now)
